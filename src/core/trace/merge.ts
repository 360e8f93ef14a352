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
  const versions = new Map<string, MergedSpan[]>();
  for (const span of spans) {
    const next = asMerged(span);
    const key = `${next.span.traceId}${next.span.spanId}`;
    const known = versions.get(key);
    if (known) known.push(next);
    else versions.set(key, [next]);
  }
  return [...versions.values()].map((list) => (list.length === 1 ? list[0]! : mergeAll(list)));
}

/** The span itself, or the one that it announces. */
export function asMerged(span: RawSpan): MergedSpan {
  const announced = announcedBy(span);
  return announced ? { span: announced, pending: true } : { span, pending: false };
}

/** Two of one id, in the order of their arrival. */
export function mergeTwo(earlier: MergedSpan, later: MergedSpan): MergedSpan {
  return mergeAll([earlier, later]);
}

/** All of one id, in the order of their arrival, in one go: a sender may repeat a span without end. */
function mergeAll(versions: readonly MergedSpan[]): MergedSpan {
  const real = versions.filter(({ pending }) => !pending);
  return real.length < 2 ? (real[0] ?? versions[0]!) : { span: mergeVersions(real.map(({ span }) => span)), pending: false };
}

function mergeVersions(versions: readonly RawSpan[]): RawSpan {
  const latestFirst = versions.toReversed();
  const byAuthority = [...latestFirst.filter((span) => span.endTimeUnixNano !== null), ...latestFirst.filter((span) => span.endTimeUnixNano === null)];
  const base = byAuthority[0]!;
  const keys = new Set<string>();
  const attributes: KeyValue[] = [];
  for (const span of byAuthority) {
    // A key that one version has twice stays twice
    const missing = span.attributes.filter(({ key }) => !keys.has(key));
    for (const attribute of missing) attributes.push(attribute);
    for (const { key } of missing) keys.add(key);
  }
  const longest = <T>(lists: readonly (readonly T[])[]): readonly T[] => lists.reduce((kept, list) => (list.length > kept.length ? list : kept));
  return {
    ...base,
    name: byAuthority.find(({ name }) => name !== '')?.name ?? '',
    kind: byAuthority.find(({ kind }) => kind !== 0)?.kind ?? 0,
    parentSpanId: byAuthority.find(({ parentSpanId }) => parentSpanId !== null)?.parentSpanId ?? null,
    startTimeUnixNano: byAuthority.find(({ startTimeUnixNano }) => startTimeUnixNano !== '0')?.startTimeUnixNano ?? '0',
    attributes: attributes.length === base.attributes.length ? base.attributes : attributes,
    events: longest(byAuthority.map(({ events }) => events)),
    links: longest(byAuthority.map(({ links }) => links)),
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
