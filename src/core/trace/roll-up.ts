import type { Span, TokenBuckets } from './model.ts';
import type { TraceTree } from './tree.ts';

/** What a span and everything below it used. */
export interface RollUp {
  readonly tokens: TokenBuckets | null;
  /** US dollars of the calls whose cost is known. */
  readonly cost: number | null;
  /** Calls that used tokens and whose cost is unknown: the sum is a lower bound. */
  readonly unpriced: number;
  /** Spans with an error, this one among them. */
  readonly errors: number;
}

const BUCKETS = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const;

/** By position; each call is counted once, where its role is `leaf`. */
export function rollUp(spans: readonly Span[], tree: TraceTree): RollUp[] {
  const sums: { tokens: Record<keyof TokenBuckets, number | null> | null; cost: number | null; unpriced: number; errors: number }[] = spans.map((span) => {
    const counts = span.usageRole === 'leaf';
    return {
      tokens: counts && span.tokens ? { ...span.tokens } : null,
      cost: counts ? span.cost : null,
      unpriced: counts && span.tokens !== null && span.cost === null ? 1 : 0,
      errors: span.status === 'error' ? 1 : 0,
    };
  });
  for (let at = tree.order.length - 1; at >= 0; at--) {
    const index = tree.order[at]!;
    const parent = tree.parents[index]!;
    if (parent < 0) continue;
    const from = sums[index]!;
    const to = sums[parent]!;
    if (from.tokens) {
      to.tokens ??= { input: null, cacheRead: null, cacheWrite: null, output: null, reasoning: null };
      for (const bucket of BUCKETS) to.tokens[bucket] = add(to.tokens[bucket], from.tokens[bucket]);
    }
    to.cost = add(to.cost, from.cost);
    to.unpriced += from.unpriced;
    to.errors += from.errors;
  }
  return sums;
}

function add(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : a + b;
}
