import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';

/** A row of a file of recordings. */
export interface FileRecord {
  /** Zero-based. */
  readonly index: number;
  readonly value: JsonObject;
}

/**
 * The rows of a `.jsonl`, `.json` (an array, or an object of rows by their id) or `.csv` file, one after the other.
 * @throws TouchstoneError 'not-found', or 'invalid-dataset' with the line
 */
export async function* readRecords(path: string): AsyncGenerator<FileRecord> {
  try {
    if (/\.csv$/i.test(path)) yield* csvRecords(path);
    else if (/\.json$/i.test(path)) yield* jsonRecords(path);
    else yield* jsonLines(path);
  } catch (error) {
    if (error instanceof TouchstoneError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new TouchstoneError('not-found', `The recorded outputs ${path} do not exist.`, { place: { file: path } });
    throw new TouchstoneError('invalid-dataset', `The recorded outputs cannot be read: ${errorMessage(error)}`, { place: { file: path } });
  }
}

async function* jsonLines(path: string): AsyncGenerator<FileRecord> {
  const input = createReadStream(path, 'utf8');
  try {
    let line = 0;
    let index = 0;
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      line += 1;
      const trimmed = line === 1 ? text.replace(/^\uFEFF/, '').trim() : text.trim();
      if (trimmed === '') continue;
      yield { index, value: row(parse(trimmed, path, line), path, line) };
      index += 1;
    }
  } finally {
    input.destroy();
  }
}

async function* jsonRecords(path: string): AsyncGenerator<FileRecord> {
  const whole = parse((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''), path, undefined);
  const rows = Array.isArray(whole) ? whole : isObject(whole) ? Object.entries(whole).map(([id, value]) => (isObject(value) ? { id, ...value } : { id, output: value })) : [];
  for (const [index, value] of rows.entries()) yield { index, value: row(value, path, undefined) };
}

async function* csvRecords(path: string): AsyncGenerator<FileRecord> {
  const { parse: parseCsv } = await import('csv-parse');
  const input = createReadStream(path);
  try {
    let index = 0;
    const parser = input.pipe(parseCsv({ columns: true, bom: true, skip_empty_lines: true, relax_column_count: true }));
    input.once('error', (error) => parser.destroy(error));
    for await (const value of parser) {
      yield { index, value: value as JsonObject };
      index += 1;
    }
  } finally {
    input.destroy();
  }
}

function parse(text: string, path: string, line: number | undefined): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TouchstoneError('invalid-dataset', `The recorded outputs are not valid JSON: ${errorMessage(error)}`, { place: { file: path, ...(line === undefined ? {} : { line }) } });
  }
}

function row(value: unknown, path: string, line: number | undefined): JsonObject {
  if (isObject(value)) return value;
  throw new TouchstoneError('invalid-dataset', 'Each recorded output must be an object.', { place: { file: path, ...(line === undefined ? {} : { line }) } });
}
