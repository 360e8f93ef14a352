import { bcaInterval, bootstrapMedians } from '../stats/bootstrap.ts';
import { exactMcNemar } from '../stats/mcnemar.ts';
import { normalQuantile } from '../stats/normal.ts';
import { differenceError, pairedMeans, type PairedMeans } from '../stats/paired-means.ts';
import { pairedMedians } from '../stats/paired-medians.ts';
import { wilsonInterval, type Interval } from '../stats/proportion.ts';
import { fewEvents, meanScoreInterval, newcombePaired, pairedScoreInterval } from '../stats/score-interval.ts';
import { signFlipTest } from '../stats/sign-flip.ts';
import { tQuantile, tTwoSided } from '../stats/student-t.ts';
import type { ComparisonTest } from './model.ts';

/** Below it, resampling or exact tests instead of Student's t. */
const FEW = 30;
/** Clusters below which their variance is not known well enough. */
const FEW_CLUSTERS = 20;
/** n·p·(1 − p) from which Student's t is even-handed: below, skewed differences let a gate pass in up to 3.7 instead of 2.5 of 100 datasets. */
const EVENTS_FOR_T = 25;
/** From here on, medians by order statistics: as good as the bootstrap (docs/statistics.md), and quick for any number of cases. */
const MANY_FOR_MEDIANS = 100;

/** Values of one metric of the cases that both sides have. */
export interface Sample {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly clusters: Int32Array | null;
  readonly statistic: 'mean' | 'median';
  /** All values lie in 0..1. */
  readonly bounded: boolean;
  /** All values are 0 or 1: one output a case. */
  readonly binary: boolean;
  readonly alpha: number;
  readonly seed: number;
}

export interface Measured {
  readonly a: number | null;
  readonly b: number | null;
  readonly intervalA: Interval | null;
  readonly intervalB: Interval | null;
  readonly delta: number | null;
  readonly interval: Interval | null;
  readonly ratio: { readonly value: number; readonly interval: Interval | null } | null;
  readonly p: number | null;
  readonly test: ComparisonTest;
  /** Of `delta`: what half of `interval` is a multiple of. */
  readonly standardError: number | null;
  /** All cases differ by the same, mostly by nothing: how much they vary is not known. */
  readonly unvaried: boolean;
  readonly clusters: number | null;
  readonly warnings: readonly string[];
}

const NOTHING: Measured = {
  a: null, b: null, intervalA: null, intervalB: null, delta: null, interval: null, ratio: null, p: null, test: 'none',
  standardError: null, unvaried: true, clusters: null, warnings: ['No case has a value on both sides.'],
};

/** Both sides of one metric: what they are, by how much they differ, and how certain that is (docs/statistics.md). */
export function measure(sample: Sample): Measured {
  if (sample.a.length === 0) return NOTHING;
  const measured = sample.statistic === 'median' ? measureMedians(sample) : measureMeans(sample);
  // Of thousands of cases p may be less than a number can be; 0 would say that nothing else is possible.
  return measured.p === 0 ? { ...measured, p: Number.MIN_VALUE } : measured;
}

function measureMeans(sample: Sample): Measured {
  const means = pairedMeans(sample.a, sample.b, sample.clusters);
  const { n, units, a, b } = means;
  const shared = { a, b, delta: b - a, clusters: sample.clusters === null ? null : units, ratio: null };
  if (n === 1) return { ...NOTHING, ...shared, warnings: ['One case has no interval.'] };
  if (units === 1) return { ...NOTHING, ...shared, warnings: ['All cases are in one cluster: there is no interval.'] };
  if (!sample.bounded) return { ...shared, ...unbounded(sample, means) };
  if (sample.binary && sample.clusters === null) return { ...shared, ...passFail(sample, means) };
  return { ...shared, ...boundedMeans(sample, means) };
}

type Tested = Pick<Measured, 'intervalA' | 'intervalB' | 'interval' | 'p' | 'test' | 'standardError' | 'unvaried' | 'warnings'> & Partial<Pick<Measured, 'ratio'>>;

/** One output a case that passes or fails: exact McNemar and Newcombe's interval. */
function passFail({ a, b, alpha }: Sample, means: PairedMeans): Tested {
  const n = a.length;
  let [both, onlyA, onlyB] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (a[i] === 1 && b[i] === 1) both++;
    else if (a[i] === 1) onlyA++;
    else if (b[i] === 1) onlyB++;
  }
  const z = normalQuantile(1 - alpha / 2);
  const interval = newcombePaired(both, onlyA, onlyB, n - both - onlyA - onlyB, z);
  return {
    intervalA: wilsonInterval(both + onlyA, n, z),
    intervalB: wilsonInterval(both + onlyB, n, z),
    interval,
    p: exactMcNemar(onlyB, onlyA),
    test: 'mcnemar-exact',
    standardError: halfWidth(interval) / z,
    unvaried: differenceError(means) === 0,
    warnings: eventWarnings(means),
  };
}

/** Means in 0..1 of repeats, of clusters, or of scores. */
function boundedMeans({ alpha, clusters }: Sample, means: PairedMeans): Tested {
  const { n, units, a, b, varianceA, varianceB, unitSums } = means;
  const quantile = tQuantile(1 - alpha / 2, units - 1);
  const error = differenceError(means);
  const plain = n >= FEW && units >= FEW_CLUSTERS && error > 0 && !fewEvents(n, a, EVENTS_FOR_T) && !fewEvents(n, b, EVENTS_FOR_T);
  const interval = plain ? ([Math.max(-1, b - a - quantile * error), Math.min(1, b - a + quantile * error)] as const) : pairedScoreInterval(means, quantile);
  const warnings = eventWarnings(means);
  if (clusters !== null && units < FEW_CLUSTERS) warnings.push(`Only ${units} clusters: the interval may be too narrow.`);
  return {
    intervalA: meanScoreInterval(a, varianceA, n, units, quantile),
    intervalB: meanScoreInterval(b, varianceB, n, units, quantile),
    interval,
    ...tested(means, error, unitSums),
    standardError: halfWidth(interval) / quantile,
    unvaried: error === 0,
    warnings,
  };
}

/** Means without bounds, such as tokens: their ratio too, on the log scale. */
function unbounded({ a, b, clusters, alpha, seed }: Sample, means: PairedMeans): Tested {
  const { n, units, varianceA, varianceB, covariance, unitSums } = means;
  const quantile = tQuantile(1 - alpha / 2, units - 1);
  const error = differenceError(means);
  const few = n < FEW;
  const side = (values: Float64Array, mean: number, variance: number): Interval | null =>
    few ? bcaInterval(sums(values, clusters, units), sizes(clusters, units), alpha, seed) : [mean - quantile * Math.sqrt(variance), mean + quantile * Math.sqrt(variance)];
  const interval = few ? bcaInterval(unitSums, sizes(clusters, units), alpha, seed) : ([means.b - means.a - quantile * error, means.b - means.a + quantile * error] as const);
  const warnings: string[] = [];
  if (error === 0) warnings.push(signOfEqual(means) === 0 ? 'No case differs: there is nothing to tell how certain that is.' : 'Every case differs by the same: the interval has no width, and p is that of the signs.');
  if (few || units < FEW_CLUSTERS) warnings.push(`Only ${units} ${clusters === null ? 'cases' : 'clusters'}: the interval may be too narrow.`);
  let ratio: Measured['ratio'] = null;
  if (means.a > 0 && means.b > 0) {
    // Variance of ln(b̄ / ā) by the delta method.
    const logError = Math.sqrt(Math.max(0, varianceB / means.b ** 2 + varianceA / means.a ** 2 - (2 * covariance) / (means.a * means.b)));
    const value = means.b / means.a;
    ratio = { value, interval: [value * Math.exp(-quantile * logError), value * Math.exp(quantile * logError)] };
  }
  return { intervalA: side(a, means.a, varianceA), intervalB: side(b, means.b, varianceB), interval, ratio, ...tested(means, error, unitSums), standardError: error, unvaried: error === 0, warnings };
}

/**
 * Few units: every choice of signs of cases, or of whole clusters. Else Student's t, which equal differences leave without a variance
 * (R's `t.test` refuses them); of these only the two choices that give all units one sign are as far from 0.
 */
function tested(means: PairedMeans, error: number, unitSums: Float64Array): { p: number; test: ComparisonTest } {
  const { a, b, units } = means;
  if (units < FEW) return { p: signFlipTest(unitSums), test: 'sign-flip' };
  if (error === 0) return { p: signOfEqual(means) === 0 ? 1 : 2 ** (1 - units), test: 'sign-flip' };
  return { p: tTwoSided((b - a) / error, units - 1), test: 'paired-t' };
}

/** Of differences that are all equal; 0 also where rounding alone tells the means apart. */
function signOfEqual({ a, b }: PairedMeans): number {
  return Math.abs(b - a) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b)) ? 0 : Math.sign(b - a);
}

function measureMedians({ a, b, clusters, alpha, seed }: Sample): Measured {
  const exact = pairedMedians(a, b, clusters, alpha);
  const units = clusters === null ? a.length : Math.max(...clusters) + 1;
  const shared = { a: exact.a, b: exact.b, delta: exact.b - exact.a, clusters: clusters === null ? null : units };
  const value = exact.a > 0 && exact.b > 0 ? exact.b / exact.a : null;
  const ratio = (interval: Interval | null): Measured['ratio'] => (value === null ? null : { value, interval });
  if (units === 1) return { ...NOTHING, ...shared, ratio: ratio(null), warnings: [a.length === 1 ? 'One case has no interval.' : 'All cases are in one cluster: there is no interval.'] };
  const warnings = units < FEW_CLUSTERS ? [`Only ${units} ${clusters === null ? 'cases' : 'clusters'}: the interval may be too narrow.`] : [];
  const sides = { intervalA: exact.intervalA, intervalB: exact.intervalB };
  if (a.length >= MANY_FOR_MEDIANS) {
    return { ...shared, ...sides, interval: exact.difference, ratio: ratio(exact.ratio), p: exact.p, test: 'paired-medians', standardError: exact.standardError, unvaried: exact.standardError === 0, warnings };
  }
  const drawn = bootstrapMedians(a, b, clusters, alpha, seed);
  return { ...shared, ...sides, interval: drawn.difference, ratio: ratio(drawn.ratio), p: drawn.p, test: 'bootstrap', standardError: drawn.standardError, unvaried: drawn.standardError === 0, warnings };
}

function eventWarnings({ n, a, b }: PairedMeans): string[] {
  if (!fewEvents(n, a) && !fewEvents(n, b)) return [];
  const rare = Math.min(a, 1 - a) <= Math.min(b, 1 - b) ? a : b;
  return [`Too few cases ${rare > 0.5 ? 'fail' : 'pass'} for a precise interval: it is an approximation.`];
}

function halfWidth(interval: Interval | null): number {
  return interval === null ? 0 : (interval[1] - interval[0]) / 2;
}

function sums(values: Float64Array, clusters: Int32Array | null, units: number): Float64Array {
  if (clusters === null) return values;
  const added = new Float64Array(units);
  for (const [index, cluster] of clusters.entries()) added[cluster] = (added[cluster] ?? 0) + (values[index] ?? 0);
  return added;
}

function sizes(clusters: Int32Array | null, units: number): Int32Array | null {
  if (clusters === null) return null;
  const counted = new Int32Array(units);
  for (const cluster of clusters) counted[cluster] = (counted[cluster] ?? 0) + 1;
  return counted;
}
