import { normalDistribution, normalQuantile } from './normal.ts';
import type { Interval } from './proportion.ts';
import { seededRandom, type Random } from './random.ts';

const DRAWS = 10_000;

/**
 * BCa bootstrap interval of a mean (Efron 1987): bias-corrected by the share of draws below the estimate, accelerated by the jackknife.
 * Whole clusters are drawn; the draws are seeded, so the same data give the same interval. `null` for a single unit.
 *
 * @param unitSums sum of the values of each case or cluster
 * @param unitSizes how many values that is; `null`: one each
 */
export function bcaInterval(unitSums: ArrayLike<number>, unitSizes: ArrayLike<number> | null, alpha: number, seed: number): Interval | null {
  const units = unitSums.length;
  if (units < 2) return null;
  let [sum, size] = [0, 0];
  for (let i = 0; i < units; i++) {
    sum += unitSums[i] ?? 0;
    size += unitSizes?.[i] ?? 1;
  }
  const estimate = sum / size;
  const influences = Float64Array.from({ length: units }, (_, i) => estimate - (sum - (unitSums[i] ?? 0)) / (size - (unitSizes?.[i] ?? 1)));
  if (influences.every((influence) => Math.abs(influence) < 1e-12)) return [estimate, estimate];
  const random = seededRandom(seed);
  const draws = new Float64Array(DRAWS);
  for (let draw = 0; draw < DRAWS; draw++) {
    let [drawnSum, drawnSize] = [0, 0];
    for (let i = 0; i < units; i++) {
      const unit = Math.floor(random() * units);
      drawnSum += unitSums[unit] ?? 0;
      drawnSize += unitSizes?.[unit] ?? 1;
    }
    draws[draw] = drawnSum / drawnSize;
  }
  draws.sort();
  // Draws that tie with the estimate count half: with few distinct values, counting none or all of them biases the correction.
  let below = 0;
  for (const draw of draws) below += draw < estimate - 1e-12 ? 1 : draw <= estimate + 1e-12 ? 0.5 : 0;
  // An estimate beyond all draws would have no bias that can be said.
  const bias = normalQuantile(Math.min(1 - 0.5 / DRAWS, Math.max(0.5 / DRAWS, below / DRAWS)));
  let [cubes, squares] = [0, 0];
  for (const influence of influences) {
    cubes += influence ** 3;
    squares += influence ** 2;
  }
  const acceleration = cubes / (6 * squares ** 1.5);
  const bound = (p: number): number => {
    const z = bias + normalQuantile(p);
    const adjusted = normalDistribution(bias + z / (1 - acceleration * z));
    const index = Math.min(DRAWS - 1, Math.max(0, Math.floor(adjusted * DRAWS)));
    return draws[index] ?? estimate;
  };
  return [bound(alpha / 2), bound(1 - alpha / 2)];
}

/** Medians of two sides over the same cases, with what a bootstrap says of their difference and ratio. */
export interface MedianBootstrap {
  readonly difference: Interval;
  /** b / a; `null` where a median of 0 was drawn. */
  readonly ratio: Interval | null;
  /** Standard error of the difference. */
  readonly standardError: number;
  /** Two-sided, from the share of draws on the other side of 0; at least 2 / (draws + 1). */
  readonly p: number;
}

/**
 * Percentile bootstrap of median(b) − median(a) and of the ratio on the log scale; cases, or whole clusters, are drawn with both their sides.
 * Each draw counts how often a case was drawn and walks the cases in order up to half of them: time O(draws · n).
 */
export function bootstrapMedians(a: Float64Array, b: Float64Array, clusters: Int32Array | null, alpha: number, seed: number): MedianBootstrap {
  const n = a.length;
  const members = clusters === null ? null : membersOf(clusters);
  const [orderA, orderB] = [ascending(a), ascending(b)];
  const random = seededRandom(seed);
  const counts = new Int32Array(n);
  const differences = new Float64Array(DRAWS);
  const logRatios = new Float64Array(DRAWS);
  for (let draw = 0; draw < DRAWS; draw++) {
    counts.fill(0);
    const drawn = members === null ? drawCases(counts, random) : drawClusters(counts, members, random);
    const medianA = countedMedian(a, orderA, counts, drawn);
    const medianB = countedMedian(b, orderB, counts, drawn);
    differences[draw] = medianB - medianA;
    logRatios[draw] = Math.log(medianB / medianA);
  }
  let [sum, squares, below, above] = [0, 0, 0, 0];
  for (const value of differences) {
    sum += value;
    squares += value * value;
    if (value <= 0) below++;
    if (value >= 0) above++;
  }
  differences.sort();
  logRatios.sort();
  const [low, high] = percentiles(logRatios, alpha);
  return {
    difference: percentiles(differences, alpha),
    ratio: logRatios.every(Number.isFinite) ? [Math.exp(low), Math.exp(high)] : null,
    standardError: Math.sqrt(Math.max(0, squares / DRAWS - (sum / DRAWS) ** 2)),
    p: Math.min(1, (2 * (1 + Math.min(below, above))) / (DRAWS + 1)),
  };
}

function percentiles(sorted: Float64Array, alpha: number): Interval {
  const at = (p: number): number => sorted[Math.min(DRAWS - 1, Math.floor(p * DRAWS))] ?? Number.NaN;
  return [at(alpha / 2), at(1 - alpha / 2)];
}

/** Counts each case that is drawn. @returns how many were */
function drawCases(counts: Int32Array, random: Random): number {
  const n = counts.length;
  for (let i = 0; i < n; i++) {
    const index = Math.floor(random() * n);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return n;
}

/** The same for whole clusters, as many as there are. */
function drawClusters(counts: Int32Array, members: readonly (readonly number[])[], random: Random): number {
  let drawn = 0;
  for (let i = 0; i < members.length; i++) {
    for (const index of members[Math.floor(random() * members.length)] ?? []) {
      counts[index] = (counts[index] ?? 0) + 1;
      drawn++;
    }
  }
  return drawn;
}

/** The cases of each cluster. */
function membersOf(clusters: Int32Array): readonly (readonly number[])[] {
  const members: number[][] = [];
  for (const [index, cluster] of clusters.entries()) (members[cluster] ??= []).push(index);
  return members;
}

function ascending(values: Float64Array): Int32Array {
  return Int32Array.from(values.keys()).sort((x, y) => (values[x] ?? 0) - (values[y] ?? 0));
}

/** Median of `values`, each as often as `counts` says; the mean of the middle two where their number is even. */
function countedMedian(values: Float64Array, order: Int32Array, counts: Int32Array, total: number): number {
  let passed = 0;
  for (let i = 0; i < order.length; i++) {
    const index = order[i] ?? 0;
    passed += counts[index] ?? 0;
    if (2 * passed < total) continue;
    const value = values[index] ?? 0;
    if (2 * passed > total) return value;
    let next = i + 1;
    while ((counts[order[next] ?? 0] ?? 0) === 0) next++;
    return (value + (values[order[next] ?? 0] ?? 0)) / 2;
  }
  return Number.NaN;
}
