import { bcaInterval } from './bootstrap.ts';
import type { Interval } from './proportion.ts';
import { tQuantile } from './student-t.ts';

/**
 * 95 % interval of the mean of case means: Student's t for n ≥ 30, else BCa bootstrap over cases with a fixed seed
 * (docs/statistics: repeats are averaged first, then cases are the units). `null` for fewer than two cases; a point when all are equal.
 * `bounds` clips, for rates and scores.
 */
export function meanInterval(values: readonly number[], bounds: Interval = [-Infinity, Infinity]): Interval | null {
  const n = values.length;
  if (n < 2) return null;
  if (n < 30) return clip(bcaInterval(values, null, 0.05, n) ?? [Number.NaN, Number.NaN], bounds);
  let average = 0;
  for (const value of values) average += value / n;
  let squares = 0;
  for (const value of values) squares += (value - average) ** 2;
  const half = tQuantile(0.975, n - 1) * Math.sqrt(squares / (n - 1) / n);
  return clip([average - half, average + half], bounds);
}

function clip([low, high]: Interval, bounds: Interval): Interval {
  return [Math.max(bounds[0], low), Math.min(bounds[1], high)];
}
