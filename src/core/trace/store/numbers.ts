import type { BatchOrigin } from '../sink.ts';

/** Spans and chunks of one trace are numbered from its own number times this: 2²⁶ of them in each of 2²⁷ traces fit a double. */
export const NUMBERS_PER_TRACE = 67_108_864;

/** `trace.n` of a span's or chunk's number. */
export function traceOfNumber(n: number): number {
  return Math.floor(n / NUMBERS_PER_TRACE);
}

/** The numbers of a trace's spans and chunks: `first` to `last`. */
export function numbersOfTrace(trace: number): { readonly first: number; readonly last: number } {
  return { first: trace * NUMBERS_PER_TRACE, last: (trace + 1) * NUMBERS_PER_TRACE - 1 };
}

/** Bits of `span.flags` that only the store needs, above those of `SPAN_FLAGS` (protocol/traces), of which it keeps error, running, hiddenError, pending and hasEvents. */
export const STORED_FLAGS = {
  /** A model call that carries usage is somewhere below: the usage of this span is a repetition. */
  callBelow: 1 << 16,
  /** It carries tokens or a reported cost. */
  carriesUsage: 1 << 17,
  costReported: 1 << 18,
  /** Made from log records (spans-of-logs). */
  fromLogs: 1 << 19,
} as const;

/** `trace.origin` is a position in this list. */
export const ORIGINS = ['received', 'imported', 'tailed', 'eval', 'fetched'] as const satisfies readonly BatchOrigin['kind'][];
