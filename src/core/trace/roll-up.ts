import { hiddenErrorOf } from './findings/result-error.ts';
import type { Span, TokenBuckets } from './model.ts';
import type { TraceTree } from './tree.ts';

/** What a span and everything below it used. */
export interface RollUp {
  readonly tokens: TokenBuckets | null;
  /** US dollars of the calls whose cost is known. */
  readonly cost: number | null;
  /** Calls that used tokens and whose cost is unknown: the sum is a lower bound. */
  readonly unpriced: number;
  /** Spans with an error, also one that only a result tells, this one among them. */
  readonly errors: number;
}

/** By position; each call is counted once, where its role is `leaf`. */
export function rollUp(spans: readonly Span[], tree: TraceTree): RollUp[] {
  const counted = spans.map((span) => (span.usageRole === 'leaf' ? span : null));
  const column = (value: (span: Span | null, index: number) => number | null | undefined): Float64Array => sumUp(tree, Float64Array.from(counted, (span, index) => value(span, index) ?? NaN));
  const buckets = { input: column((span) => span?.tokens?.input), cacheRead: column((span) => span?.tokens?.cacheRead), cacheWrite: column((span) => span?.tokens?.cacheWrite), output: column((span) => span?.tokens?.output), reasoning: column((span) => span?.tokens?.reasoning) };
  const reported = column((span) => (span?.tokens ? 1 : null));
  const costs = column((span) => span?.cost);
  const unpriced = column((span) => (span !== null && span.tokens !== null && span.cost === null ? 1 : 0));
  const errors = column((_, index) => (spans[index]!.status === 'error' || hiddenErrorOf(spans[index]!) !== null ? 1 : 0));
  const tokensAt = (index: number): TokenBuckets => ({ input: known(buckets.input[index]!), cacheRead: known(buckets.cacheRead[index]!), cacheWrite: known(buckets.cacheWrite[index]!), output: known(buckets.output[index]!), reasoning: known(buckets.reasoning[index]!) });
  return spans.map((_, index): RollUp => ({
    tokens: Number.isNaN(reported[index]!) ? null : tokensAt(index),
    cost: known(costs[index]!),
    unpriced: unpriced[index]!,
    errors: errors[index]!,
  }));
}

/** For every position the sum over it and all that is below. NaN is unknown: it adds nothing, and a sum of nothing stays unknown. */
export function sumUp(tree: Pick<TraceTree, 'order' | 'parents'>, values: Float64Array): Float64Array {
  const sums = values.slice();
  const { order, parents } = tree;
  for (let at = order.length - 1; at >= 0; at--) {
    const index = order[at]!;
    const parent = parents[index]!;
    const sum = sums[index]!;
    if (parent < 0 || Number.isNaN(sum)) continue;
    const above = sums[parent]!;
    sums[parent] = Number.isNaN(above) ? sum : above + sum;
  }
  return sums;
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
