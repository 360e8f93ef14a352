import { isObject } from '../../json.ts';
import { errorMessage } from '../../errors.ts';
import type { Decoded, RawLog, RawSpan, Rejection } from '../model.ts';
import { parseKeepingLongIntegers } from '../parse-json.ts';
import type { ReadOptions, TraceDocument, TraceFormat } from './format.ts';
import { FORMATS } from './index.ts';
import { splitDocuments } from './split-documents.ts';

export interface ReadTraces extends Decoded {
  /** Names of the formats that were met, in their order. */
  readonly formats: readonly string[];
}

/** Reads a file of traces in any format that is known: one JSON value, one on each line, or one after the other. */
export function readTraceText(text: string, options: ReadOptions = {}): ReadTraces {
  const documents: TraceDocument[] = [];
  const rejected: Rejection[] = [];
  for (const { where, text: piece } of splitDocuments(text)) {
    const parsed = parseKeepingLongIntegers(piece);
    if ('value' in parsed) documents.push({ where, value: parsed.value });
    else rejected.push({ where, reason: `not valid JSON: ${parsed.error}`, value: piece.slice(0, 1000) });
  }
  const read = readTraceDocuments(documents, options);
  return { ...read, rejected: [...rejected, ...read.rejected] };
}

/** Reads parsed documents; those of one format are read together, because sessions are spread over many. */
export function readTraceDocuments(documents: readonly TraceDocument[], options: ReadOptions = {}): ReadTraces {
  const groups = new Map<TraceFormat, TraceDocument[]>();
  const unknown: TraceDocument[] = [];
  for (const document of documents) {
    const format = formatOf(document.value);
    const group = format === undefined ? unknown : groups.get(format);
    if (group) group.push(document);
    else if (format) groups.set(format, [document]);
  }
  const isSession = [...groups.keys()].some((format) => format.name.endsWith('-session'));
  const rejected: Rejection[] = unknown.filter(({ value }) => !(isSession && isAside(value))).map(({ where, value }) => ({ where, reason: reasonFor(value), value }));
  const spans: RawSpan[] = [];
  const logs: RawLog[] = [];
  for (const [format, group] of groups) {
    try {
      const decoded = format.read(group, options);
      for (const span of decoded.spans) spans.push(span);
      for (const log of decoded.logs) logs.push(log);
      rejected.push(...decoded.rejected);
    } catch (error) {
      // A format that meets what it cannot have foreseen must not take the file's other formats with it.
      rejected.push({ where: group[0]!.where, reason: `cannot be read as ${format.name}: ${errorMessage(error)}`, value: null });
    }
  }
  return { formats: [...groups.keys()].map((format) => format.name), spans, logs, rejected };
}

/** The format that reads a document. */
export function formatOf(value: unknown): TraceFormat | undefined {
  return FORMATS.find((candidate) => candidate.sniff(value));
}

/** Lines between those of a session that say nothing by themselves: summaries, snapshots of files. */
function isAside(value: unknown): boolean {
  return isObject(value) && typeof value['type'] === 'string';
}

function reasonFor(value: unknown): string {
  if (isObject(value) && Object.keys(value).length === 0) return 'an empty object: GitHub Copilot Chat’s file exporter writes these when it cannot serialise a span; use its OTLP exporter';
  return 'no known format of traces';
}
