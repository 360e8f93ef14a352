import { normalDistribution, normalQuantile } from './normal.ts';
import type { Interval } from './proportion.ts';
import { tTwoSided } from './student-t.ts';

export interface Correlation {
  /** −1..1 */
  readonly estimate: number;
  /** Two-sided, of no association. */
  readonly p: number;
  /** 95 %, where there is one. */
  readonly interval: Interval | null;
}

/**
 * Pearson's correlation with Fisher's interval (R: `cor.test`). `null` for fewer than three pairs, or when one side does not vary:
 * then there is nothing to go together with.
 */
export function pearson(x: readonly number[], y: readonly number[]): Correlation | null {
  const n = x.length;
  const estimate = productMoment(x, y);
  if (n < 3 || estimate === null) return null;
  const half = n > 3 ? normalQuantile(0.975) / Math.sqrt(n - 3) : Number.NaN;
  const z = Math.atanh(estimate);
  return { estimate, p: correlationP(estimate, n), interval: n > 3 ? [Math.tanh(z - half), Math.tanh(z + half)] : null };
}

/** Spearman's rank correlation, ties at their average rank, p by Student's t (R: `cor.test(method = "spearman", exact = FALSE)`). `null` as for Pearson's. */
export function spearman(x: readonly number[], y: readonly number[]): Correlation | null {
  const estimate = productMoment(ranks(x), ranks(y));
  return x.length < 3 || estimate === null ? null : { estimate, p: correlationP(estimate, x.length), interval: null };
}

/** Kendall's τ-b, p by the normal approximation with its variance under ties (R: `cor.test(method = "kendall", exact = FALSE)`). Time O(n²). `null` as for Pearson's. */
export function kendallTauB(x: readonly number[], y: readonly number[]): Correlation | null {
  const n = x.length;
  const pairs = (n * (n - 1)) / 2;
  const [tiesX, tiesY] = [tieSums(x), tieSums(y)];
  if (n < 3 || tiesX.pairs === pairs || tiesY.pairs === pairs) return null;
  let concordance = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) concordance += Math.sign((x[i] ?? 0) - (x[j] ?? 0)) * Math.sign((y[i] ?? 0) - (y[j] ?? 0));
  }
  const all = n * (n - 1) * (2 * n + 5);
  const variance = (all - tiesX.weighted - tiesY.weighted) / 18
    + (4 * tiesX.pairs * tiesY.pairs) / (2 * n * (n - 1))
    + (tiesX.triples * tiesY.triples) / (9 * n * (n - 1) * (n - 2));
  return {
    estimate: concordance / Math.sqrt((pairs - tiesX.pairs) * (pairs - tiesY.pairs)),
    p: Math.min(1, 2 * normalDistribution(-Math.abs(concordance) / Math.sqrt(variance))),
    interval: null,
  };
}

function correlationP(estimate: number, n: number): number {
  return Math.abs(estimate) >= 1 ? 0 : tTwoSided(estimate * Math.sqrt((n - 2) / (1 - estimate ** 2)), n - 2);
}

function productMoment(x: readonly number[], y: readonly number[]): number | null {
  const n = x.length;
  const meanX = x.reduce((sum, value) => sum + value, 0) / n;
  const meanY = y.reduce((sum, value) => sum + value, 0) / n;
  let [xx, yy, xy] = [0, 0, 0];
  for (const [i, value] of x.entries()) {
    const [dx, dy] = [value - meanX, (y[i] ?? 0) - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx > 0 && yy > 0 ? Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy))) : null;
}

function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const ranked = Array<number>(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to++;
    for (let at = from; at < to; at++) ranked[order[at] ?? 0] = (from + to + 1) / 2;
    from = to;
  }
  return ranked;
}

/** Over groups of t equal values: Σ t(t−1)/2, Σ t(t−1)(t−2), Σ t(t−1)(2t+5). */
function tieSums(values: readonly number[]): { readonly pairs: number; readonly triples: number; readonly weighted: number } {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let [pairs, triples, weighted] = [0, 0, 0];
  for (const t of counts.values()) {
    pairs += (t * (t - 1)) / 2;
    triples += t * (t - 1) * (t - 2);
    weighted += t * (t - 1) * (2 * t + 5);
  }
  return { pairs, triples, weighted };
}
