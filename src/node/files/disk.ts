import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { IGNORED_FOLDERS, type FileReader } from '../../core/files.ts';
import { isInside } from '../../core/text/path.ts';

const IGNORED: readonly string[] = IGNORED_FOLDERS.map((name) => `**/${name}/**`);

/** A file that is read whole: prompts, YAML and JSON datasets. jsonl and csv are streamed and have no limit. */
const MOST_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

export interface FileReaderOptions {
  readonly maxBytes?: number;
  /**
   * The workspace folder. What lies in it by its path must lie in it in fact: a repository can bring a link to a file of one's
   * home, which a prompt would then send to a model. Files that a person names elsewhere are read.
   */
  readonly root?: string;
}

/** Reads the user's files from disk. Text is UTF-8, with or without a byte order mark; anything else is an error. */
export function createFileReader({ maxBytes = MOST_BYTES, root }: FileReaderOptions = {}): FileReader {
  const whole = async (path: string): Promise<Uint8Array> => {
    await refuseWayOut(path, root);
    return readWhole(path, maxBytes);
  };
  return {
    readText: async (path) => decode(path, await whole(path)),
    readBytes: whole,
    async *readChunks(path) {
      await refuseWayOut(path, root);
      yield* readChunks(path);
    },
    isFile: async (path) => (await statOf(path))?.isFile() ?? false,
    glob: (pattern, base) => findFiles([pattern], base),
  };
}

/** Files below a folder whose paths match any of the patterns, absolute, with forward slashes, sorted. */
export async function findFiles(patterns: readonly string[], base: string): Promise<string[]> {
  // Read when a pattern is: most commands name their files.
  const { glob } = await import('tinyglobby');
  // Links are not followed: they may lead out of the workspace, or in circles.
  const found = await glob([...patterns], { cwd: base, absolute: true, onlyFiles: true, ignore: [...IGNORED], followSymbolicLinks: false, expandDirectories: false });
  return found.map((path) => path.replaceAll('\\', '/')).sort();
}

export async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory() ?? false;
}

/** Changes whenever the file does: its size and the time of its last change; `null`: there is no such file. */
export async function fileStamp(path: string): Promise<string | null> {
  const stats = await statOf(path);
  return stats?.isFile() ? `${stats.size}-${stats.mtimeMs}` : null;
}

async function statOf(path: string): Promise<Awaited<ReturnType<typeof stat>> | null> {
  try {
    return await stat(path);
  } catch {
    return null;
  }
}

async function refuseWayOut(path: string, root: string | undefined): Promise<void> {
  if (root === undefined || !isInside(path, root)) return;
  let real: string;
  let folder: string;
  try {
    [real, folder] = await Promise.all([realpath(path), realpath(root)]);
  } catch {
    return; // reading says why
  }
  if (isInside(real.replaceAll('\\', '/'), folder.replaceAll('\\', '/'))) return;
  throw new TouchstoneError('not-found', 'This is a link that leads out of the workspace folder, and is not read.', { place: { file: path } });
}

async function readWhole(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) {
      throw new TouchstoneError('usage', `The file has ${megabytes(size)}, and at most ${megabytes(maxBytes)} are read at once. Large datasets are streamed from .jsonl or .csv.`, { place: { file: path } });
    }
    return await readFile(path);
  } catch (error) {
    throw asTouchstone(path, error);
  }
}

async function* readChunks(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let first = true;
  try {
    for await (const bytes of stream as AsyncIterable<Uint8Array>) {
      if (first) refuseUtf16(path, bytes);
      first = false;
      const text = decoder.decode(bytes, { stream: true });
      if (text !== '') yield text;
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  } catch (error) {
    throw asTouchstone(path, error);
  } finally {
    stream.destroy();
  }
}

function decode(path: string, bytes: Uint8Array): string {
  refuseUtf16(path, bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw asTouchstone(path, error);
  }
}

function refuseUtf16(path: string, bytes: Uint8Array): void {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new TouchstoneError('usage', 'The file is UTF-16: save it as UTF-8.', { place: { file: path } });
  }
}

function asTouchstone(path: string, error: unknown): TouchstoneError {
  if (error instanceof TouchstoneError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return new TouchstoneError('not-found', 'There is no such file.', { cause: error, place: { file: path } });
  if (code === 'EISDIR') return new TouchstoneError('not-found', 'This is a folder, not a file.', { cause: error, place: { file: path } });
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return new TouchstoneError('usage', 'The file is not UTF-8 text.', { cause: error, place: { file: path } });
  return new TouchstoneError('not-found', `The file cannot be read: ${errorMessage(error)}`, { cause: error, place: { file: path } });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}
