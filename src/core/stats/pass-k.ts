/**
 * pass^k of one case: the share of choices of `k` of its `repeats` outputs that pass all, C(passed, k) / C(repeats, k)
 * (Yao et al. 2024, τ-bench, §3). Averaged over cases it estimates how often k runs in a row succeed. `null` when `k > repeats`.
 */
export function passHatK(passed: number, repeats: number, k: number): number | null {
  if (k > repeats) return null;
  let share = 1;
  for (let i = 0; i < k; i++) share *= (passed - i) / (repeats - i);
  // Below k passes one factor is 0; those after it would be negative.
  return passed < k ? 0 : share;
}
