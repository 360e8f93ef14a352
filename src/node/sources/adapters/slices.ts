import { isObject, type JsonObject } from '../../../core/json.ts';
import { parseKeepingLongIntegers } from '../../../core/trace/parse-json.ts';
import type { FetchSink } from '../source.ts';

/** Up to here an answer goes into the store in one piece. */
const SMALL_BYTES = 1024 * 1024;
/** Spans of a piece: the first is shown at once. */
const FIRST_SPANS = 500;
const SPANS = 4000;

/**
 * Puts an answer that is one large value of JSON (OTLP, or Jaeger's own form) into the store in pieces, so that its first spans are seen
 * while the others are on their way. What is of no such form goes as it is: the store says what is wrong with it.
 */
export async function takeInSlices(bytes: Uint8Array, sink: FetchSink): Promise<void> {
  if (bytes.length <= SMALL_BYTES) return sink.documents(bytes);
  const parsed = parseKeepingLongIntegers(new TextDecoder().decode(bytes));
  const pieces = 'value' in parsed ? piecesOf(parsed.value) : null;
  if (pieces === null) return sink.documents(bytes);
  for (const piece of pieces) await sink.documents(new TextEncoder().encode(JSON.stringify(piece)));
}

function piecesOf(value: unknown): Iterable<JsonObject> | null {
  if (!isObject(value)) return null;
  const request = [value['result'], value['trace'], value].find((inner): inner is JsonObject => isObject(inner) && [inner['resourceSpans'], inner['batches']].some(Array.isArray));
  if (request !== undefined) return otlpPieces((request['resourceSpans'] ?? request['batches']) as unknown[]);
  const { data } = value;
  return Array.isArray(data) && data.length > 0 && (data as unknown[]).every((trace) => isObject(trace) && Array.isArray(trace['spans'])) ? jaegerPieces(data as JsonObject[]) : null;
}

function* otlpPieces(batches: readonly unknown[]): Generator<JsonObject> {
  let piece: JsonObject[] = [];
  let count = 0;
  let limit = FIRST_SPANS;
  for (const batch of batches) {
    if (!isObject(batch) || !Array.isArray(batch['scopeSpans'])) {
      if (isObject(batch)) piece.push(batch);
      continue;
    }
    for (const scope of batch['scopeSpans'] as unknown[]) {
      if (!isObject(scope) || !Array.isArray(scope['spans'])) continue;
      const spans = scope['spans'] as unknown[];
      for (let from = 0; from < spans.length; ) {
        const slice = spans.slice(from, from + limit - count);
        piece.push({ ...batch, scopeSpans: [{ ...scope, spans: slice }] });
        from += slice.length;
        count += slice.length;
        if (count < limit) continue;
        yield { resourceSpans: piece };
        piece = [];
        count = 0;
        limit = SPANS;
      }
    }
  }
  if (piece.length > 0) yield { resourceSpans: piece };
}

/** Each piece has the processes that its spans name. */
function* jaegerPieces(traces: readonly JsonObject[]): Generator<JsonObject> {
  let limit = FIRST_SPANS;
  for (const trace of traces) {
    const spans = trace['spans'] as unknown[];
    for (let from = 0; from < spans.length; limit = SPANS) {
      yield { data: [{ ...trace, spans: spans.slice(from, from + limit) }] };
      from += limit;
    }
  }
}
