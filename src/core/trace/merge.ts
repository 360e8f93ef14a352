import type { AnyValue, KeyValue, RawSpan } from './model.ts';

/** A span with what is known of its being unfinished. */
export interface MergedSpan {
  readonly span: RawSpan;
  /** Only its start was reported (Logfire's pending spans); the span itself has not come yet. */
  readonly pending: boolean;
}

const PENDING_PARENT = 'logfire.pending_parent_id';

/**
 * One span for each id. A span comes twice when a sender repeats a batch whose answer it missed, or sends what it has now and
 * the rest later: the later one with an end stands, and keeps the attributes that only the earlier one had. Logfire's pending
 * spans become placeholders of the spans they announce, until those come.
 */
export function mergeSpans(spans: Iterable<RawSpan>): MergedSpan[] {
  const merged = new Map<string, MergedSpan>();
  for (const span of spans) {
    const next = asMerged(span);
    const key = `${next.span.traceId}${next.span.spanId}`;
    const known = merged.get(key);
    merged.set(key, known ? mergeTwo(known, next) : next);
  }
  return [...merged.values()];
}

/** The span itself, or the one that it announces. */
export function asMerged(span: RawSpan): MergedSpan {
  const announced = announcedBy(span);
  return announced ? { span: announced, pending: true } : { span, pending: false };
}

/** Two of one id, in the order of their arrival. */
export function mergeTwo(earlier: MergedSpan, later: MergedSpan): MergedSpan {
  if (later.pending) return earlier;
  if (earlier.pending) return later;
  return { span: mergeVersions(earlier.span, later.span), pending: false };
}

/** Two versions of one span, in the order of their arrival. */
function mergeVersions(earlier: RawSpan, later: RawSpan): RawSpan {
  const [base, other] = later.endTimeUnixNano === null && earlier.endTimeUnixNano !== null ? [earlier, later] : [later, earlier];
  const keys = new Set(base.attributes.map(({ key }) => key));
  const missing = other.attributes.filter(({ key }) => !keys.has(key));
  return {
    ...base,
    name: base.name === '' ? other.name : base.name,
    kind: base.kind === 0 ? other.kind : base.kind,
    parentSpanId: base.parentSpanId ?? other.parentSpanId,
    startTimeUnixNano: base.startTimeUnixNano === '0' ? other.startTimeUnixNano : base.startTimeUnixNano,
    attributes: missing.length === 0 ? base.attributes : [...base.attributes, ...missing],
    events: base.events.length >= other.events.length ? base.events : other.events,
    links: base.links.length >= other.links.length ? base.links : other.links,
  };
}

/** The span that a pending span announces: its parent, whose own parent it names. */
function announcedBy(span: RawSpan): RawSpan | null {
  if (span.parentSpanId === null || textAttribute(span.attributes, 'logfire.span_type') !== 'pending_span') return null;
  const parent = textAttribute(span.attributes, PENDING_PARENT);
  return { ...span, spanId: span.parentSpanId, parentSpanId: parent === null || /^0*$/.test(parent) ? null : parent, endTimeUnixNano: null };
}

function textAttribute(attributes: readonly KeyValue[], key: string): string | null {
  const value: AnyValue | undefined = attributes.find((attribute) => attribute.key === key)?.value;
  return value !== undefined && 'stringValue' in value ? value.stringValue : null;
}
