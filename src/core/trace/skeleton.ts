import type { SpanKind } from './model.ts';

/** Bits of `TraceSkeleton.flags`. */
export const SPAN_FLAGS = {
  error: 1,
  running: 2,
  /** Ends before it starts, or starts before its parent. */
  skew: 4,
  /** Its parent was never sent. */
  orphan: 8,
  /** Its status says nothing, its result (of a tool) or its verdict (of an evaluator) says that it failed. */
  hiddenError: 16,
  /** Only its start was announced. */
  pending: 32,
  /** Repeats what calls below report; not in any sum. */
  aggregate: 64,
  duplicate: 128,
  hasEvents: 256,
} as const;

/** Either counts as an error: of the list, of `status:error`, of sums. */
export const FAILED = SPAN_FLAGS.error | SPAN_FLAGS.hiddenError;

/** Positions in this list are the numbers of `TraceSkeleton.kinds`. */
export const SPAN_KINDS = ['llm', 'embedding', 'agent', 'tool', 'retriever', 'reranker', 'chain', 'guardrail', 'evaluator', 'prompt', 'memory', 'http', 'db', 'event', 'other'] as const satisfies readonly SpanKind[];

/**
 * All spans of one trace without their bodies, as arrays by position: depth first, siblings by their start, a parent before all
 * that is below it; spans without their parent come last, those of one missing parent together. About 100 bytes a span.
 */
export interface TraceSkeleton {
  readonly traceId: string;
  readonly revision: number;
  readonly count: number;
  /** Nanoseconds since 1970, decimal: zero of `starts`. */
  readonly startNs: string;
  /** Milliseconds after `startNs`: the last moment that a span tells of. */
  readonly end: number;
  /** 8 bytes a span, big endian. */
  readonly spanIds: Uint8Array;
  /** Milliseconds after `startNs`. */
  readonly starts: Float64Array;
  /** Milliseconds; NaN: running. Never negative. */
  readonly durations: Float64Array;
  /** Position of the parent; -1: none. */
  readonly parents: Int32Array;
  readonly depths: Uint16Array;
  /** How many spans are below: those of position p end at p + descendants[p]. */
  readonly descendants: Int32Array;
  readonly kinds: Uint8Array;
  readonly flags: Uint16Array;
  /** Index into `texts`. */
  readonly names: Uint32Array;
  /** Index into `texts`; 0 (always the empty text): none. */
  readonly models: Uint32Array;
  /** Why a span failed, in a line: index into `texts`; 0: it did not, or nobody said. */
  readonly reasons: Uint32Array;
  /** Milliseconds from the start of a call to its first token; NaN: not known. */
  readonly firstTokens: Float32Array;
  /** What the span itself used, NaN: not known. Input includes what came from a cache. */
  readonly inputTokens: Float64Array;
  readonly outputTokens: Float64Array;
  readonly costs: Float64Array;
  /** What the span and everything below used, each call counted once; NaN: nothing known. */
  readonly totalTokens: Float64Array;
  readonly totalCosts: Float64Array;
  /** Errors of the span and below. */
  readonly totalErrors: Int32Array;
  readonly texts: readonly string[];
  /** Parents that spans name and nobody has sent: `children` are positions with depth 1 below this node. */
  readonly missing: readonly { readonly spanId: string; readonly children: readonly number[] }[];
}
