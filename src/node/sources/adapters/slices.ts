import type { FetchSink } from '../source.ts';
import { findArrays, type ArrayRange, type ObjectRange } from './json-ranges.ts';

/** Up to here an answer goes into the store in one piece. */
const SMALL_BYTES = 1024 * 1024;
/** Spans of a piece: the first is shown at once. */
const FIRST_SPANS = 200;
const SPANS = 4000;
const NAMES: ReadonlySet<string> = new Set(['resourceSpans', 'batches', 'scopeSpans', 'data', 'spans']);

/** Bytes that follow one another. */
type Piece = readonly Uint8Array[];

/**
 * Puts an answer that is one large value of JSON (OTLP, or Jaeger's own form) into the store in pieces, so that its first spans are seen
 * while the others are on their way. What is of no such form goes as it is: the store says what is wrong with it.
 */
export async function takeInSlices(bytes: Uint8Array, sink: FetchSink): Promise<void> {
  const pieces = bytes.length <= SMALL_BYTES ? null : piecesOf(bytes);
  if (pieces === null) return sink.documents(bytes);
  for (const piece of pieces) await sink.documents(Buffer.concat(piece));
}

function piecesOf(bytes: Uint8Array): Iterable<Piece> | null {
  const arrays = findArrays(bytes, NAMES, 'spans')?.arrays;
  const batches = arrays?.get('resourceSpans') ?? arrays?.get('batches');
  if (batches !== undefined) return batches.items.every(hasSpans) ? otlpPieces(bytes, batches) : null;
  const traces = arrays?.get('data');
  return traces !== undefined && traces.items.length > 0 && traces.items.every((trace) => trace.arrays.has('spans')) ? jaegerPieces(bytes, traces) : null;
}

/** Whether all that the batch may hold of spans was found: older words for scopes, and elements that are no objects, are for the store to read. */
function hasSpans(batch: ObjectRange): boolean {
  return batch.arrays.get('scopeSpans')?.items.every((scope) => scope.arrays.has('spans')) === true;
}

/** Spans with the scope and resource around them, as these are written. */
function* otlpPieces(bytes: Uint8Array, batches: ArrayRange): Generator<Piece> {
  let piece: Uint8Array[] = [];
  let count = 0;
  let limit = FIRST_SPANS;
  for (const batch of batches.items) {
    const scopes = batch.arrays.get('scopeSpans');
    for (const scope of scopes?.items ?? []) {
      const spans = scope.arrays.get('spans');
      if (scopes === undefined || spans === undefined) continue;
      for (let from = 0; from < spans.items.length; ) {
        const slice = spans.items.slice(from, from + limit - count);
        piece.push(text(piece.length === 0 ? '{"resourceSpans":[' : ','), bytes.subarray(batch.start, scopes.open + 1), ...around(bytes, scope, spans, slice), bytes.subarray(scopes.close, batch.end));
        from += slice.length;
        count += slice.length;
        if (count < limit) continue;
        yield [...piece, text(']}')];
        piece = [];
        count = 0;
        limit = SPANS;
      }
    }
  }
  if (piece.length > 0) yield [...piece, text(']}')];
}

/** Each piece has the processes that its spans name. */
function* jaegerPieces(bytes: Uint8Array, traces: ArrayRange): Generator<Piece> {
  let limit = FIRST_SPANS;
  for (const trace of traces.items) {
    const spans = trace.arrays.get('spans')!;
    for (let from = 0; from < spans.items.length; limit = SPANS) {
      yield [text('{"data":['), ...around(bytes, trace, spans, spans.items.slice(from, from + limit)), text(']}')];
      from += limit;
    }
  }
}

/** An object with a part of the elements of one of its arrays. */
function around(bytes: Uint8Array, owner: ObjectRange, array: ArrayRange, items: readonly ObjectRange[]): Piece {
  return [bytes.subarray(owner.start, array.open + 1), bytes.subarray(items[0]!.start, items.at(-1)!.end), bytes.subarray(array.close, owner.end)];
}

function text(value: string): Uint8Array {
  return Buffer.from(value);
}
