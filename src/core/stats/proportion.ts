/** Two-sided 95 %. */
const Z95 = 1.959963984540054;

export type Interval = readonly [number, number];

/**
 * Wilson's score interval of a proportion without continuity correction (Wilson 1927; R: prop.test(correct = FALSE)).
 * `null` when nothing was counted.
 */
export function wilsonInterval(passed: number, n: number, z: number = Z95): Interval | null {
  if (n <= 0) return null;
  const p = passed / n;
  const z2 = z * z;
  const denominator = 1 + z2 / n;
  const centre = (p + z2 / (2 * n)) / denominator;
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  // At p = 0 and p = 1 one bound is exactly 0 or 1; rounding must not push it outside.
  return [passed === 0 ? 0 : Math.max(0, centre - half), passed === n ? 1 : Math.min(1, centre + half)];
}
