import type { PriceOverrides } from '../../../core/model/prices.ts';
import type { SerializedError } from '../../../core/errors.ts';
import type { SourcesState, TraceMethods } from '../../../protocol/traces.ts';
import type { CodeSpan } from './code-spans.ts';

/** Reads that take milliseconds, in a thread of their own so that none of them waits for a large trace. */
export const QUICK_METHODS = ['traces/list', 'traces/sessions', 'traces/complete', 'traces/get', 'ids', 'sources', 'sources/rejection'] as const;
/** Reads of one trace, which may be large. */
const TRACE_METHODS = ['traces/skeleton', 'traces/span', 'traces/value', 'traces/find', 'traces/findings', 'traces/breakdown', 'traces/memory'] as const;
/** Reads in which nothing is priced: they do not wait for touchstone.yml. */
export const UNPRICED_METHODS: readonly ReadMethod[] = [...QUICK_METHODS, 'traces/skeleton', 'traces/find', 'traces/breakdown'];
/** Reads of every body of a trace, which nobody who looks at one should wait for. */
export const LONG_METHODS = ['text', 'code'] as const;

export type ReadMethod = (typeof QUICK_METHODS)[number] | (typeof TRACE_METHODS)[number] | (typeof LONG_METHODS)[number];

export interface ReadMethods extends Pick<TraceMethods, Exclude<ReadMethod, 'ids' | 'sources' | 'text' | 'code'>> {
  /** Ids of what a query finds, the trace that came last first, at most `limit`. `before`: from there on; traces that came meanwhile are not among them. */
  ids: [{ readonly query: string; readonly limit: number; readonly before?: number }, { readonly traceIds: readonly string[]; readonly next: number | null }];
  sources: [Record<string, never>, Pick<SourcesState, 'counts' | 'senders' | 'rejections' | 'store'>];
  /** The spans of a trace that say which code made them, as far as they are looked at. */
  code: [{ readonly traceId: string }, readonly CodeSpan[]];
  /** A trace as text; with `file` it is written there, piece by piece, and the answer is empty. */
  text: [{ readonly traceId: string; readonly format: 'json' | 'otlp' | 'tree' | 'markdown'; readonly spanId?: string; readonly file?: string }, string];
}

/** A file that is written has another name until it is whole: half an export must not look like one. */
export function partialOf(file: string): string {
  return `${file}.part`;
}

export interface ReadContext {
  /** Prices of touchstone.yml. */
  readonly prices: PriceOverrides;
}

export interface ReadRequest {
  readonly id: number;
  readonly method: ReadMethod;
  readonly params: unknown;
  readonly context: ReadContext;
}

export type ReadReply = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: SerializedError };
