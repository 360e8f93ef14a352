/** Means of paired case values, and how uncertain they are. */
export interface PairedMeans {
  readonly n: number;
  /** Independent units: clusters, or cases where there are no clusters. */
  readonly units: number;
  readonly a: number;
  readonly b: number;
  /** Variances of the two means, and their covariance; 0 for a single unit. */
  readonly varianceA: number;
  readonly varianceB: number;
  readonly covariance: number;
  /** Sum of b − a of each unit. */
  readonly unitSums: Float64Array;
}

/**
 * Means of `a` and `b` with cluster-robust variances (Liang & Zeger 1986; Miller 2024, §4):
 * Σ_c (Σ_{i∈c} (x_i − x̄))² / n² · C / (C − 1), which is the usual variance of a mean when every case is a cluster of its own.
 *
 * @param clusters number of each case's cluster, 0 … C − 1; `null`: every case is one
 */
export function pairedMeans(a: Float64Array, b: Float64Array, clusters: Int32Array | null): PairedMeans {
  const n = a.length;
  let units = n;
  if (clusters !== null) {
    units = 0;
    for (const cluster of clusters) units = Math.max(units, cluster + 1);
  }
  let meanA = 0;
  let meanB = 0;
  for (let i = 0; i < n; i++) {
    meanA += a[i] ?? 0;
    meanB += b[i] ?? 0;
  }
  meanA /= n;
  meanB /= n;
  const residualsA = new Float64Array(units);
  const residualsB = new Float64Array(units);
  const unitSums = new Float64Array(units);
  for (let i = 0; i < n; i++) {
    const unit = clusters === null ? i : (clusters[i] ?? 0);
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    residualsA[unit] = (residualsA[unit] ?? 0) + x - meanA;
    residualsB[unit] = (residualsB[unit] ?? 0) + y - meanB;
    unitSums[unit] = (unitSums[unit] ?? 0) + y - x;
  }
  let [squaresA, squaresB, products] = [0, 0, 0];
  for (let unit = 0; unit < units; unit++) {
    const x = residualsA[unit] ?? 0;
    const y = residualsB[unit] ?? 0;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  const scale = units < 2 ? 0 : units / (units - 1) / n ** 2;
  return { n, units, a: meanA, b: meanB, varianceA: squaresA * scale, varianceB: squaresB * scale, covariance: products * scale, unitSums };
}

/** Standard error of the mean of b − a. 0 when all differences are equal, but for rounding. */
export function differenceError({ varianceA, varianceB, covariance }: PairedMeans): number {
  const variance = varianceA + varianceB - 2 * covariance;
  // What is left of equal variances after subtraction is rounding, not variance.
  return variance <= 1e-12 * (varianceA + varianceB) ? 0 : Math.sqrt(variance);
}
