import { pairedMeans } from './paired-means.ts';
import type { Interval } from './proportion.ts';
import { meanScoreInterval } from './score-interval.ts';
import { tQuantile } from './student-t.ts';

/** 95 % interval of the mean of case means in 0..1: repeats are averaged first, then cases are the units. `null` for fewer than two cases. */
export function meanInterval(values: readonly number[]): Interval | null {
  const n = values.length;
  if (n < 2) return null;
  const column = Float64Array.from(values);
  const { a, varianceA } = pairedMeans(column, column, null);
  return meanScoreInterval(a, varianceA, n, n, tQuantile(0.975, n - 1));
}
