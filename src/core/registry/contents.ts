import picomatch from 'picomatch';
import { TouchstoneError } from '../errors.ts';
import type { FileReader } from '../files.ts';
import { contentHash, promptHash } from '../prompt/canonical.ts';
import { readPromptFile } from '../prompt/formats.ts';
import type { PromptDocument } from '../prompt/model.ts';
import { isInside, joinPath, relativePath } from '../text/path.ts';
import type { Version } from './model.ts';

/** The largest file of a registry that is read, in bytes. */
export const MOST_RECORD_BYTES = 8 * 1024 * 1024;

type SavedFile = Version['files'][number];

/** A prompt as it is read without its cases and checks, and the files that say it: its own first, then those that it includes. */
export interface PromptContents {
  readonly document: PromptDocument;
  readonly files: readonly SavedFile[];
  /** Ids of all prompts of the file. */
  readonly ids: readonly string[];
}

/**
 * What a prompt file and its includes hold now.
 * @param id `PromptDocument.id`; absent: the only prompt of the file
 * @throws TouchstoneError 'invalid-prompt' | 'not-found' | 'usage', with the place
 */
export async function readContents(path: string, id: string | undefined, options: { readonly files: FileReader; readonly root: string }): Promise<PromptContents> {
  const file = await readPromptFile(path, { ...options, contentOnly: true });
  const problem = file.diagnostics.find(({ severity }) => severity === 'error');
  if (problem !== undefined) {
    const { line, character } = problem.range.start;
    throw new TouchstoneError('invalid-prompt', problem.message, { place: { file: problem.file ?? path, line: line + 1, column: character + 1 } });
  }
  const matching = file.prompts.filter((prompt) => id === undefined || prompt.id === id);
  const [document, ...others] = matching;
  if (document === undefined) throw new TouchstoneError('not-found', id === undefined ? 'The file holds no prompt.' : `There is no prompt ${id} in this file. It has ${file.prompts.map((prompt) => prompt.id).join(', ')}.`, { place: { file: path } });
  if (others.length > 0) throw new TouchstoneError('usage', `The file holds ${file.prompts.length} prompts: ${file.prompts.map((prompt) => prompt.id).join(', ')}. Name one.`, { place: { file: path } });
  const outside = [path, ...file.dependencies].find((one) => !isInside(one, options.root));
  if (outside !== undefined) throw new TouchstoneError('usage', 'This file lies outside of the workspace folder, whose registry can hold no versions of it.', { place: { file: outside } });
  const files: SavedFile[] = [];
  for (const one of [path, ...file.dependencies.filter((other) => other !== path)]) {
    files.push({ path: relativePath(options.root, one), text: withPlainLineEnds(await options.files.readText(one)) });
  }
  return { document, files, ids: file.prompts.map((prompt) => prompt.id) };
}

/**
 * The prompt that a version's files hold, read from these files alone. What it holds must be what the version says: else `problem` says
 * what is wrong, and the version is not to be used.
 * @param root the workspace folder below which the files are taken to lie
 */
export async function verifyContents(version: Version, root: string): Promise<{ readonly document: PromptDocument } | { readonly problem: string }> {
  if (contentHash(version.content) !== version.hash) return { problem: 'its content is another one than its hash says' };
  const [main] = version.files;
  if (main === undefined) return { problem: 'it has no file' };
  try {
    const read = await readPromptFile(joinPath(root, main.path), { files: savedFiles(version.files, root), root, contentOnly: true });
    const document = read.prompts.find((prompt) => promptHash(prompt) === version.hash);
    return document === undefined ? { problem: 'its files hold another prompt than its content says' } : { document };
  } catch (error) {
    if (!(error instanceof TouchstoneError)) throw error;
    return { problem: `its files hold no prompt: ${error.message}` };
  }
}

/** Nothing but the files of a version. */
function savedFiles(files: readonly SavedFile[], root: string): FileReader {
  const texts = new Map(files.map(({ path, text }) => [joinPath(root, path), text]));
  const read = (path: string): string => {
    const text = texts.get(path);
    if (text === undefined) throw new TouchstoneError('not-found', 'The version does not have this file.', { place: { file: path } });
    return text;
  };
  return {
    readText: async (path) => read(path),
    async *readChunks(path) {
      yield read(path);
    },
    readBytes: async (path) => new TextEncoder().encode(read(path)),
    isFile: async (path) => texts.has(path),
    async glob(pattern, base) {
      const matches = picomatch(pattern);
      return [...texts.keys()].filter((path) => isInside(path, base) && matches(relativePath(base, path))).sort();
    },
  };
}

/** So that a checkout on Windows saves the same files. */
function withPlainLineEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

/**
 * A version's prompt in the place of the working copy: it asks as the version does, and is judged as the working copy is. Relative paths
 * of its models start where the file is now.
 */
export function inPlaceOf(working: PromptDocument, saved: PromptDocument): PromptDocument {
  const baseDir = working.models[0]?.baseDir ?? working.path.slice(0, working.path.lastIndexOf('/'));
  const { template: _template, env: _env, source: _source, responseFormat: _format, toolChoice: _choice, ...judged } = working;
  const { syntax, messages, template, env, models, parameters, responseFormat, tools, toolChoice, variables, source } = saved;
  return {
    ...judged,
    syntax,
    messages,
    models: models.map((model) => ({ ...model, baseDir })),
    parameters,
    tools,
    variables,
    ...(template === undefined ? {} : { template }),
    ...(env === undefined ? {} : { env }),
    ...(source === undefined ? {} : { source }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
  };
}
