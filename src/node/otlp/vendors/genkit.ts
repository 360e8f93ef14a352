import type { Decoded, RawSpan } from '../../../core/trace/model.ts';

/** Where Genkit's own server keeps the trace id that a span was sent with. */
const SENT_TRACE_ID = 'genkit:otlp-traceId';

/** Spans as parts of another trace's span: what Genkit asks for when a program it started sends OTLP of its own. */
export function adopt(decoded: Decoded, traceId: string, parentSpanId: string): Decoded {
  const spans = decoded.spans.map((span): RawSpan => ({
    ...span,
    traceId,
    parentSpanId: span.parentSpanId ?? parentSpanId,
    attributes: [...span.attributes, { key: SENT_TRACE_ID, value: { stringValue: span.traceId } }],
  }));
  return { spans, logs: decoded.logs.map((log) => (log.traceId === null ? log : { ...log, traceId })), rejected: decoded.rejected };
}
