import type { PairedMeans } from './paired-means.ts';
import { wilsonInterval, type Interval } from './proportion.ts';

/**
 * Interval of a difference `b − a` from an interval of each and their correlation: "square and add" (Newcombe 1998;
 * Zou & Donner 2008 call it MOVER). Each bound of the difference takes the half of each interval that leads to it.
 */
export function squareAndAdd(a: number, intervalA: Interval, b: number, intervalB: Interval, correlation: number): Interval {
  const half = (x: number, y: number): number => Math.sqrt(Math.max(0, x * x - 2 * correlation * x * y + y * y));
  return [b - a - half(b - intervalB[0], intervalA[1] - a), b - a + half(intervalB[1] - b, a - intervalA[0])];
}

/**
 * Newcombe's interval of the difference b − a of two pass rates over the same cases, one output each: method 10 of his paper
 * (Statistics in Medicine 17 (1998) 2635–2650), Wilson's intervals joined with a phi that is corrected for continuity.
 *
 * @param both cases that pass on both sides; `onlyA`, `onlyB` on one; `neither` on none
 */
export function newcombePaired(both: number, onlyA: number, onlyB: number, neither: number, z: number): Interval | null {
  const n = both + onlyA + onlyB + neither;
  const [passedA, passedB] = [both + onlyA, both + onlyB];
  const intervalA = wilsonInterval(passedA, n, z);
  const intervalB = wilsonInterval(passedB, n, z);
  if (intervalA === null || intervalB === null) return null;
  const margins = passedA * (n - passedA) * passedB * (n - passedB);
  const product = both * neither - onlyA * onlyB;
  const phi = margins === 0 ? 0 : (product > 0 ? Math.max(product - n / 2, 0) : product) / Math.sqrt(margins);
  return squareAndAdd(passedA / n, intervalA, passedB / n, intervalB, phi);
}

/**
 * How many independent outputs would make a mean in 0..1 as certain as its variance says: m (1 − m) / variance.
 * Without variance nothing is known but the number of units.
 */
function effectiveSize(mean: number, variance: number, units: number): number {
  const binomial = mean * (1 - mean);
  return varies(variance) && binomial > 0 ? binomial / variance : units;
}

/** Equal values may leave a variance of rounding errors. */
function varies(variance: number): boolean {
  return variance > 1e-24;
}

function scoreInterval(mean: number, variance: number, units: number, quantile: number): Interval | null {
  const size = effectiveSize(mean, variance, units);
  return wilsonInterval(mean * size, size, quantile);
}

/** Below so many expected passes times failures over n, n·m·(1 − m), every interval of a rate is an approximation. */
const FEW_EVENTS = 5;

/** Whether `n` values with this mean are too few of one kind: nearly all pass, or nearly none. */
export function fewEvents(n: number, mean: number, least: number = FEW_EVENTS): boolean {
  return n * mean * (1 - mean) < least;
}

/**
 * Interval of a mean of `n` case means in 0..1, for repeats, scores and clusters: Wilson's at the effective sample size. It covers what the t
 * interval misses beside 0 and 1 (docs/statistics.md).
 *
 * @param quantile of Student's t with units − 1 degrees of freedom
 */
export function meanScoreInterval(mean: number, variance: number, n: number, units: number, quantile: number): Interval | null {
  // With few passes or failures their variance is a guess too: repeats are then not counted as more than their cases.
  return scoreInterval(mean, fewEvents(n, mean) ? Math.max(variance, (mean * (1 - mean)) / n) : variance, units, quantile);
}

/**
 * Newcombe's method for means of repeats and for clusters: Wilson's intervals at the effective sample sizes, joined with the
 * cluster-robust correlation of the two means, corrected for continuity as in `newcombePaired`. Where rates are near 0 or 1, or
 * cases few, it covers what the t interval and the bootstrap miss (docs/statistics.md).
 */
export function pairedScoreInterval(means: PairedMeans, quantile: number): Interval | null {
  const { a, b, varianceA, varianceB, covariance, units } = means;
  const intervalA = scoreInterval(a, varianceA, units, quantile);
  const intervalB = scoreInterval(b, varianceB, units, quantile);
  if (intervalA === null || intervalB === null) return null;
  let correlation = varies(varianceA) && varies(varianceB) ? covariance / Math.sqrt(varianceA * varianceB) : 0;
  if (correlation > 0) {
    const size = Math.min(effectiveSize(a, varianceA, units), effectiveSize(b, varianceB, units));
    correlation = Math.max(0, correlation - 0.5 / size / Math.sqrt(a * (1 - a) * b * (1 - b)));
  }
  return squareAndAdd(a, intervalA, b, intervalB, correlation);
}
