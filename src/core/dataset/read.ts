import { TouchstoneError } from '../errors.ts';
import type { FileReader } from '../files.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import { endingOf, folderOf, isGlob, isInside } from '../text/path.ts';
import { readCsv } from './csv.ts';
import { CaseIds } from './ids.ts';
import { readJson } from './json.ts';
import { readJsonl } from './jsonl.ts';
import type { Case, DatasetRef } from './model.ts';
import type { DatasetItem, DatasetSource } from './source.ts';
import { readYaml } from './yaml.ts';

export interface DatasetReadOptions {
  readonly files: FileReader;
  /** Workspace folder, absolute: files outside of it (and of the dataset's own folder) are not read through patterns. */
  readonly root: string;
}

/** One reader per file ending. */
const READERS: Readonly<Record<string, (source: DatasetSource) => AsyncGenerator<DatasetItem>>> = {
  jsonl: readJsonl,
  ndjson: readJsonl,
  csv: readCsv,
  yaml: readYaml,
  yml: readYaml,
  json: readJson,
};

/** Endings of files that hold datasets. */
export const DATASET_ENDINGS: readonly string[] = Object.keys(READERS);

/**
 * The cases of a dataset: those that stand in the prompt file, then its files in order. Streamed for jsonl and csv.
 * @throws TouchstoneError 'invalid-dataset' at the first row that cannot be read, with file, line and column; 'not-found'
 */
export async function* readDataset(ref: DatasetRef, options: DatasetReadOptions): AsyncGenerator<Case> {
  for await (const item of readItems(ref, options)) {
    if ('case' in item) yield item.case;
    else if (item.problem.severity === 'error') throw problemError(item.problem);
  }
}

/** All cases at once. @throws as readDataset */
export async function collectDataset(ref: DatasetRef, options: DatasetReadOptions): Promise<Case[]> {
  const cases: Case[] = [];
  for await (const item of readDataset(ref, options)) cases.push(item);
  return cases;
}

/** Everything that is wrong with a dataset, not only the first; at most `limit` findings. Missing files are findings too. */
export async function checkDataset(ref: DatasetRef, options: DatasetReadOptions & { readonly limit?: number }): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  try {
    for await (const item of readItems(ref, options)) {
      if ('problem' in item) found.push(item.problem);
      if (found.length >= (options.limit ?? 200)) break;
    }
  } catch (error) {
    if (!(error instanceof TouchstoneError)) throw error;
    found.push({ severity: 'error', code: error.code, message: error.message, range: ref.range });
  }
  return found;
}

async function* readItems(ref: DatasetRef, options: DatasetReadOptions): AsyncGenerator<DatasetItem> {
  const ids = new CaseIds();
  for (const item of ref.inline) {
    // Inline cases got their ids when the prompt file was read; cases in files must not take them again.
    ids.claim(item.id, item.place);
    yield { case: item };
  }
  for (const file of await expandFiles(ref.files, options)) {
    const read = READERS[endingOf(file)];
    if (!read) throw new TouchstoneError('invalid-dataset', `a dataset ends in ${DATASET_ENDINGS.map((ending) => `.${ending}`).join(', ')}`, { place: { file } });
    yield* read({ file, files: options.files, baseDir: folderOf(file), ids });
  }
}

async function expandFiles(paths: readonly string[], options: DatasetReadOptions): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (!isGlob(path)) {
      found.push(path);
      continue;
    }
    const base = isInside(path, options.root) ? options.root : folderOf(path.slice(0, path.search(/[*?{[]/)));
    const matches = await options.files.glob(path.slice(base.length).replace(/^\//, ''), base);
    if (matches.length === 0) throw new TouchstoneError('not-found', `no dataset matches ${path}`, { place: { file: path } });
    found.push(...matches);
  }
  return [...new Set(found)];
}

function problemError(problem: Diagnostic): TouchstoneError {
  const { start } = problem.range;
  return new TouchstoneError('invalid-dataset', problem.message, { place: { file: problem.file ?? '', line: start.line + 1, column: start.character + 1 } });
}

/** A dataset that is one file, for the command line's `--dataset`. */
export function datasetOfFile(path: string): DatasetRef {
  return { name: path.slice(path.lastIndexOf('/') + 1), files: [path], inline: [], range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } };
}
