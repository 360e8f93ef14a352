import type { RawLog, RawSpan, SpanKind } from '../../core/trace/model.ts';
import { openingOfSpan } from '../../core/trace/normalise/normalise-span.ts';
import { previewOfSpan } from '../../core/trace/store/preview.ts';

const MAX_TRACES = 20_000;
/** Where the first model call of a trace began that this thread has read: messages are read of one call of a trace, not of all. */
const firstCalls = new Map<string, bigint>();

/** What the span can give its trace as preview; `null`: nothing, or an earlier call of the trace has given it. */
export function firstWordsOf(span: RawSpan, kind: SpanKind, logs: readonly RawLog[]): string | null {
  const isCall = kind === 'llm';
  if (!isCall && span.parentSpanId !== null) return null;
  const first = firstCalls.get(span.traceId);
  const start = BigInt(span.startTimeUnixNano);
  if (first !== undefined && (!isCall || start > first)) return null;
  const preview = previewOfSpan(openingOfSpan(span, logs));
  if (isCall && preview !== null) {
    if (firstCalls.size >= MAX_TRACES) firstCalls.clear();
    firstCalls.set(span.traceId, start);
  }
  return preview;
}
