import { PROMPT_FORMATS } from '../../core/prompt/formats.ts';
import { createFileReader } from './disk.ts';

/** Every file below `folder` whose name is that of a prompt file, sorted. Nothing is opened. */
export async function findPromptFiles(folder: string): Promise<string[]> {
  const files = createFileReader();
  const found = await Promise.all(PROMPT_FORMATS.flatMap(({ patterns }) => patterns.map((pattern) => files.glob(pattern, folder))));
  return [...new Set(found.flat())].sort();
}
