import { pairedMeans } from './paired-means.ts';
import type { Interval } from './proportion.ts';
import { quantileSorted } from './quantile.ts';
import { squareAndAdd } from './score-interval.ts';
import { tQuantile, tTwoSided } from './student-t.ts';

export interface PairedMedians {
  readonly a: number;
  readonly b: number;
  readonly intervalA: Interval;
  readonly intervalB: Interval;
  readonly difference: Interval;
  /** b / a, by logarithms; `null` where a value is not above 0. */
  readonly ratio: Interval | null;
  readonly standardError: number;
  readonly p: number;
}

/**
 * Difference and ratio of two medians over the same cases, without resampling, for many cases. Each median's interval is that of the
 * share of values below it, read off as quantiles (Woodruff 1952), with that share's cluster-robust error; the two are joined by
 * square-and-add with the correlation of being below one's median (Bonett & Price 2020 use the same correlation). Time O(n log n).
 */
export function pairedMedians(a: Float64Array, b: Float64Array, clusters: Int32Array | null, alpha: number): PairedMedians {
  const n = a.length;
  const [sortedA, sortedB] = [a.slice().sort(), b.slice().sort()];
  const [medianA, medianB] = [quantileSorted(sortedA, 0.5) ?? 0, quantileSorted(sortedB, 0.5) ?? 0];
  const below = pairedMeans(belowMedian(a, medianA), belowMedian(b, medianB), clusters);
  const quantile = tQuantile(1 - alpha / 2, below.units - 1);
  // Cases of a cluster that balance each other must not make the median look more certain than independent cases would.
  const independent = 0.25 / n;
  const [errorA, errorB] = [Math.sqrt(Math.max(below.varianceA, independent)), Math.sqrt(Math.max(below.varianceB, independent))];
  const interval = (sorted: Float64Array, half: number): Interval => [quantileSorted(sorted, Math.max(0, 0.5 - half)) ?? 0, quantileSorted(sorted, Math.min(1, 0.5 + half)) ?? 0];
  const [intervalA, intervalB] = [interval(sortedA, quantile * errorA), interval(sortedB, quantile * errorB)];
  const spread = Math.sqrt(below.varianceA * below.varianceB);
  const correlation = spread > 0 ? below.covariance / spread : 0;
  const differenceAt = (t: number): Interval => squareAndAdd(medianA, interval(sortedA, t * errorA), medianB, interval(sortedB, t * errorB), correlation);
  const difference = differenceAt(quantile);
  const positive = (sortedA[0] ?? 0) > 0 && (sortedB[0] ?? 0) > 0;
  const logs = (values: Interval): Interval => [Math.log(values[0]), Math.log(values[1])];
  const ratio = positive ? squareAndAdd(Math.log(medianA), logs(intervalA), Math.log(medianB), logs(intervalB), correlation) : null;
  const delta = medianB - medianA;
  // p of the test whose interval just reaches 0, by the half of the interval that points there.
  const towards = delta > 0 ? delta - difference[0] : difference[1] - delta;
  // Where many cases have the median's own value that half may have no width: then p is that of the narrowest interval that reaches 0.
  const t = (): number => (Math.abs(towards) <= 1e-12 * Math.abs(delta) ? narrowestAround0(differenceAt, quantile, 0.5 / Math.min(errorA, errorB)) : (delta / towards) * quantile);
  const p = delta === 0 ? 1 : tTwoSided(t(), below.units - 1);
  return {
    a: medianA, b: medianB, intervalA, intervalB, difference, p,
    ratio: ratio === null ? null : [Math.exp(ratio[0]), Math.exp(ratio[1])],
    standardError: (difference[1] - difference[0]) / 2 / quantile,
  };
}

/** The least t from `low` to `high` whose interval has 0 in it, to a thousandth; `high`, the interval between all values, where none has. */
function narrowestAround0(differenceAt: (t: number) => Interval, low: number, high: number): number {
  let [without, within] = [low, high];
  while (within - without > 1e-3) {
    const middle = (without + within) / 2;
    const [least, most] = differenceAt(middle);
    if (least <= 0 && most >= 0) within = middle;
    else without = middle;
  }
  // The last t that is not around 0 makes p larger, never smaller.
  return without;
}

/** 1 below the median, 0 above; what equals it counts half, so that the two halves stay equal. */
function belowMedian(values: Float64Array, median: number): Float64Array {
  return values.map((value) => (value < median ? 1 : value === median ? 0.5 : 0));
}
