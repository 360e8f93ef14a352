import { PROMPT_FORMATS } from '../../core/prompt/formats.ts';
import { findFiles } from './disk.ts';

/** Every file below `folder` whose name is that of a prompt file, sorted. Nothing is opened. */
export async function findPromptFiles(folder: string): Promise<string[]> {
  // One walk for all of them: in a large workspace the walk is what takes time.
  return findFiles(PROMPT_FORMATS.flatMap(({ patterns }) => patterns), folder);
}
