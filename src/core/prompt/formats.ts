import { TouchstoneError } from '../errors.ts';
import { fileNameOf } from '../text/path.ts';
import { outlineGithubModels, readGithubModels } from './github-models-format.ts';
import type { PromptFile, PromptFormat } from './model.ts';
import type { PromptOutlineFile } from './outline.ts';
import { outlinePromptfoo, readPromptfoo } from './promptfoo/format.ts';
import type { PromptReadOptions } from './reading.ts';

export type { PromptReadOptions } from './reading.ts';
export type { PromptOutlineFile } from './outline.ts';

/** One way in which prompts are written down. */
export interface PromptFileFormat {
  readonly id: PromptFormat;
  /** How files of this format are found in a folder: glob patterns. */
  readonly patterns: readonly string[];
  /** By the file's name alone (no folder). */
  readonly hasName: (name: string) => boolean;
  /** By the text, for a file with another name that a person points at. */
  readonly hasText: (text: string) => boolean;
  /** @throws TouchstoneError only when the file system fails; everything in the text becomes a diagnostic */
  readonly read: (path: string, text: string, options: PromptReadOptions) => Promise<PromptFile>;
  /** Without reading another file, fast enough for every key stroke. */
  readonly outline: (path: string, text: string) => PromptOutlineFile;
}

/** Every format that Touchstone reads: a new one is one more row and one more file. */
export const PROMPT_FORMATS: readonly PromptFileFormat[] = [
  {
    id: 'github-models',
    patterns: ['**/*.prompt.{yml,yaml}'],
    hasName: (name) => /\.prompt\.ya?ml$/i.test(name),
    hasText: (text) => /^messages\s*:/m.test(text),
    read: readGithubModels,
    outline: outlineGithubModels,
  },
  {
    id: 'promptfoo',
    patterns: ['**/promptfooconfig*.{yaml,yml}'],
    hasName: (name) => /^promptfooconfig.*\.ya?ml$/i.test(name),
    hasText: (text) => /^"?prompts"?\s*:/m.test(text) && /^\s*"?(?:providers|targets|tests|scenarios)"?\s*:/m.test(text),
    read: readPromptfoo,
    outline: outlinePromptfoo,
  },
];

/** The format of a file by its name, else (when a text is given) by its text; `null`: not a prompt file. */
export function formatOf(path: string, text?: string): PromptFileFormat | null {
  const name = fileNameOf(path);
  const named = PROMPT_FORMATS.find((format) => format.hasName(name));
  if (named) return named;
  if (text === undefined || !/\.(?:ya?ml|json)$/i.test(name)) return null;
  return PROMPT_FORMATS.find((format) => format.hasText(text)) ?? null;
}

/**
 * The prompts of a file, with everything that is wrong in it. A file that cannot be used has no prompts and at least one
 * error; an error in what a usable file refers to (a missing dataset, an assertion) leaves its prompts.
 * @throws TouchstoneError 'not-found' (no such file), 'invalid-prompt' (a file of no known format)
 */
export async function readPromptFile(path: string, options: PromptReadOptions): Promise<PromptFile> {
  const text = options.text ?? (await options.files.readText(path));
  const format = formatOf(path, text);
  if (!format) {
    const list = /^-\s+["']?role\b/m.test(text);
    if (list) throw new TouchstoneError('invalid-prompt', 'A list of messages is a prompt that a promptfoo config names under `prompts:`; point at the config.', { place: { file: path, line: 1 } });
    throw new TouchstoneError('invalid-prompt', 'This is not a prompt file: it needs `messages:` (GitHub Models), or `prompts:`, `providers:` and `tests:` (promptfoo).', { place: { file: path, line: 1 } });
  }
  return format.read(path, text, options);
}

/** What an editor shows of a file before anything else is read. Synchronous and without I/O. */
export function outlinePromptFile(path: string, text: string): PromptOutlineFile {
  const format = formatOf(path, text);
  return format ? format.outline(path, text) : { format: 'github-models', path, prompts: [], diagnostics: [] };
}
