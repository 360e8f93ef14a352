import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { TouchstoneError, errorMessage } from '../../../core/errors.ts';
import type { PriceOverrides } from '../../../core/model/prices.ts';
import { encodeSpans } from '../../../core/trace/otlp-encode.ts';
import { treeLines } from '../../../core/trace/text/tree-lines.ts';
import { markdownOf } from '../../../core/trace/text/markdown.ts';
import type { Finding } from '../../../core/trace/findings/finding.ts';
import { rawSpanAt, spanAt } from './detail.ts';
import { partialOf, type ReadMethods } from './methods.ts';
import type { OpenTrace } from './open-traces.ts';

/** Spans that are encoded together. */
const PAGE = 1000;
/** A text that goes through the channel; larger ones are written to a file. */
const LONGEST_TEXT = 200_000_000;

type Request = ReadMethods['text'][0];

/**
 * A trace, or a span with all that is below it, as text.
 * @throws TouchstoneError 'not-found'; 'usage' when it is too large for anything but a file, or the file cannot be written
 */
export async function exportTrace(trace: OpenTrace, { format, spanId, file }: Request, prices: PriceOverrides, findings: () => Promise<readonly Finding[]>): Promise<string> {
  const from = spanId === undefined ? 0 : trace.positionOf(spanId);
  const to = spanId === undefined ? trace.skeleton.count : from + trace.skeleton.descendants[from]! + 1;
  const all = format === 'json' || format === 'tree' ? await findings() : [];
  const ids = spanId === undefined ? null : new Set(Array.from({ length: to - from }, (_, index) => trace.idAt(from + index)));
  const told = ids === null ? all : all.filter((finding) => finding.spanIds.some((id) => ids.has(id)));
  return write(file, piecesOf(trace, format, from, to, prices, told));
}

function* piecesOf(trace: OpenTrace, format: Request['format'], from: number, to: number, prices: PriceOverrides, findings: readonly Finding[]): Generator<string> {
  switch (format) {
    case 'json': {
      yield `{"traceId":${JSON.stringify(trace.skeleton.traceId)},"spans":[`;
      for (let at = from; at < to; at++) {
        const { traceId: _, ...span } = spanAt(trace, at, prices);
        yield `${at === from ? '' : ','}\n${JSON.stringify(span)}`;
      }
      yield `],\n"findings":${JSON.stringify(findings)}}\n`;
      return;
    }
    case 'otlp': {
      yield '{"resourceSpans":[';
      for (let at = from; at < to; at += PAGE) {
        const { resourceSpans } = encodeSpans(Array.from({ length: Math.min(PAGE, to - at) }, (_, index) => rawSpanAt(trace, at + index).span));
        if (resourceSpans.length > 0) yield `${at === from ? '' : ',\n'}${resourceSpans.map((batch) => JSON.stringify(batch)).join(',\n')}`;
      }
      yield ']}\n';
      return;
    }
    case 'tree':
      yield* treeLines(trace.skeleton, trace.stored.row, findings, from, to);
      return;
    case 'markdown':
      yield* markdownOf(trace.stored.row, from, to, (at) => spanAt(trace, at, prices), trace.skeleton);
  }
}

function write(file: string | undefined, pieces: Iterable<string>): string {
  if (file === undefined) {
    const texts: string[] = [];
    let length = 0;
    for (const piece of pieces) {
      length += piece.length;
      if (length > LONGEST_TEXT) throw new TouchstoneError('usage', 'The trace is too large to be handed over as one text: export it to a file.');
      texts.push(piece);
    }
    return texts.join('');
  }
  const partial = partialOf(file);
  try {
    const descriptor = openSync(partial, 'w', 0o600);
    try {
      for (const piece of buffered(pieces)) writeSync(descriptor, piece);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partial, file);
    return '';
  } catch (error) {
    rmSync(partial, { force: true });
    throw error instanceof TouchstoneError ? error : new TouchstoneError('usage', `Cannot write ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

function* buffered(pieces: Iterable<string>): Generator<string> {
  let waiting: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < 1_000_000) continue;
    yield waiting.join('');
    waiting = [];
    length = 0;
  }
  yield waiting.join('');
}
