import { isObject } from '../../json.ts';
import type { Rejection } from '../model.ts';
import { parseKeepingLongIntegers } from '../parse-json.ts';
import type { ReadOptions, TraceDocument } from './format.ts';
import { formatOf, readTraceDocuments, type ReadTraces } from './read.ts';
import { splitDocuments } from './split-documents.ts';

const KEPT_OF_REJECTED = 1000;

/** Whole documents of a file, and the number of their first line in it. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly firstLine: number;
}

/** The documents of a run, with their lines in the file, one at a time. */
export function* documentsOfRun(run: Piece): Generator<TraceDocument | Rejection> {
  for (const { where, text } of splitDocuments(new TextDecoder().decode(run.bytes))) {
    const parsed = parseKeepingLongIntegers(text);
    const line = lineOfFile(where, run.firstLine);
    if ('value' in parsed) yield { where: line, value: parsed.value };
    else yield { where: line, reason: `not valid JSON: ${parsed.error}`, value: text.slice(0, KEPT_OF_REJECTED) };
  }
}

/** Reads the documents of a run by their formats; rejections name the lines of the file. */
export function readRun(run: Piece, options: ReadOptions = {}): ReadTraces {
  const documents: TraceDocument[] = [];
  const rejected: Rejection[] = [];
  for (const item of documentsOfRun(run)) {
    if ('reason' in item) rejected.push(item);
    else documents.push(item);
  }
  const read = readTraceDocuments(documents, options);
  return { ...read, rejected: [...rejected, ...read.rejected] };
}

/** Places are told within a piece of a file; the file's own lines are what a person can look up. */
function lineOfFile(where: string, firstLine: number): string {
  const match = /^line (\d+)/.exec(where);
  if (match === null) return firstLine === 1 ? where : [`line ${firstLine}`, where].filter((part) => part !== '').join(': ');
  return `line ${Number(match[1]) + firstLine - 1}${where.slice(match[0].length)}`;
}

/**
 * How the documents of an input must be read: each `alone`, or all of them `together` because their format is spread. `null`:
 * they are only lines such as sessions have between those that speak, so the next ones decide.
 */
export function readingOf(documents: Iterable<TraceDocument | Rejection>): 'alone' | 'together' | null {
  let asides = 0;
  for (const document of documents) {
    if ('reason' in document) return 'alone';
    const format = formatOf(document.value);
    if (format !== undefined) return format.isSpread === true ? 'together' : 'alone';
    if (!isObject(document.value) || typeof document.value['type'] !== 'string' || ++asides > MOST_ASIDES) return 'alone';
  }
  return null;
}

const MOST_ASIDES = 1000;
