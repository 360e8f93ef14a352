import type { Interval } from './proportion.ts';
import { seededRandom } from './random.ts';
import { normalDistribution, normalQuantile } from './normal.ts';
import { tQuantile } from './student-t.ts';

const BOOTSTRAP_DRAWS = 10_000;

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/**
 * 95 % interval of the mean of case means: Student's t for n ≥ 30, else BCa bootstrap over cases with a fixed seed
 * (docs/statistics: repeats are averaged first, then cases are the units). `null` for fewer than two cases; a point when all are equal.
 * `bounds` clips, for rates and scores.
 */
export function meanInterval(values: readonly number[], bounds: Interval = [-Infinity, Infinity]): Interval | null {
  const n = values.length;
  if (n < 2) return null;
  const average = mean(values);
  if (n < 30) return clip(bcaInterval(values), bounds);
  let squares = 0;
  for (const value of values) squares += (value - average) ** 2;
  const half = tQuantile(0.975, n - 1) * Math.sqrt(squares / (n - 1) / n);
  return clip([average - half, average + half], bounds);
}

function clip([low, high]: Interval, bounds: Interval): Interval {
  return [Math.max(bounds[0], low), Math.min(bounds[1], high)];
}

/** Bias-corrected and accelerated bootstrap of the mean (Efron 1987); acceleration by the jackknife. */
function bcaInterval(values: readonly number[]): Interval {
  const n = values.length;
  const average = mean(values);
  if (values.every((value) => value === values[0])) return [average, average];
  const random = seededRandom(n);
  const draws = new Float64Array(BOOTSTRAP_DRAWS);
  for (let b = 0; b < BOOTSTRAP_DRAWS; b++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[Math.floor(random() * n)] ?? 0;
    draws[b] = sum / n;
  }
  draws.sort();
  // Draws that tie with the estimate count half: with few distinct values, counting none or all of them biases z0.
  let below = 0;
  for (const draw of draws) below += draw < average - 1e-12 ? 1 : draw <= average + 1e-12 ? 0.5 : 0;
  const z0 = normalQuantile(below / BOOTSTRAP_DRAWS);
  let cubes = 0;
  let squares = 0;
  for (const value of values) {
    const influence = (value - average) / (n - 1);
    cubes += influence ** 3;
    squares += influence ** 2;
  }
  const acceleration = cubes / (6 * squares ** 1.5);
  const bound = (p: number): number => {
    const z = z0 + normalQuantile(p);
    const adjusted = normalDistribution(z0 + z / (1 - acceleration * z));
    const index = Math.min(BOOTSTRAP_DRAWS - 1, Math.max(0, Math.floor(adjusted * BOOTSTRAP_DRAWS)));
    return draws[index] ?? average;
  };
  return [bound(0.025), bound(0.975)];
}
