import type { RawSpan, SpanKind } from '../../core/trace/model.ts';
import type { SpanOpening } from '../../core/trace/normalise/normalise-span.ts';
import { previewOfSpan } from '../../core/trace/store/preview.ts';

const MAX_TRACES = 20_000;
/** Where the first model call of a trace began that this thread has read: messages are read of one call of a trace, not of all. */
const firstCalls = new Map<string, bigint>();

/** Whether the span can give its trace a preview: it is a root or a model call, and no earlier call of the trace has given one. */
export function mayHaveFirstWords(span: RawSpan, kind: SpanKind): boolean {
  const isCall = kind === 'llm';
  if (!isCall && span.parentSpanId !== null) return false;
  const first = firstCalls.get(span.traceId);
  return first === undefined || (isCall && BigInt(span.startTimeUnixNano) <= first);
}

/** The preview that the span gives its trace; `null`: it says nothing that would be one. */
export function firstWordsOf(span: RawSpan, opening: SpanOpening): string | null {
  const preview = previewOfSpan(opening);
  if (opening.kind === 'llm' && preview !== null) {
    if (firstCalls.size >= MAX_TRACES) firstCalls.clear();
    firstCalls.set(span.traceId, BigInt(span.startTimeUnixNano));
  }
  return preview;
}
