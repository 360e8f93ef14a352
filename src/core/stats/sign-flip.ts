/** Sums of all 2^k choices of signs, ascending: each value merges the list minus itself with the list plus itself. */
function signedSums(values: readonly number[]): Float64Array {
  let sums = new Float64Array([0]);
  for (const value of values) {
    const size = sums.length;
    const next = new Float64Array(2 * size);
    for (let i = 0, j = 0, k = 0; k < 2 * size; k++) {
      const low = i < size ? (sums[i] ?? 0) - value : Infinity;
      const high = j < size ? (sums[j] ?? 0) + value : Infinity;
      if (low <= high) {
        next[k] = low;
        i++;
      } else {
        next[k] = high;
        j++;
      }
    }
    sums = next;
  }
  return sums;
}

/** Above it the two halves' lists would no longer be small. */
const SIGN_FLIP_UNITS = 40;

/**
 * Exact two-sided sign-flip permutation test (Fisher 1935): the share of all 2^C choices of signs under which the sum of differences is at
 * least as far from 0 as it is. All choices are counted, not drawn: the sums of each half of the units are listed in order, and a walk
 * over both lists counts the pairs beyond the observed sum.
 *
 * @param unitSums sum of b − a of each case, or of each whole cluster; at most 40
 */
export function signFlipTest(unitSums: ArrayLike<number>): number {
  // The sign of nothing does not matter; magnitudes suffice, since every choice of signs is counted.
  const magnitudes: number[] = [];
  let observed = 0;
  let total = 0;
  for (let i = 0; i < unitSums.length; i++) {
    const value = unitSums[i] ?? 0;
    observed += value;
    total += Math.abs(value);
    if (Math.abs(value) > 1e-12) magnitudes.push(Math.abs(value));
  }
  if (magnitudes.length > SIGN_FLIP_UNITS) throw new RangeError(`${magnitudes.length} units are too many to count every choice of signs`);
  // Sums that are equal in exact arithmetic count as equal.
  const bound = Math.abs(observed) - 1e-9 * total;
  if (bound <= 0) return 1;
  const half = magnitudes.length >> 1;
  const [first, second] = [signedSums(magnitudes.slice(0, half)), signedSums(magnitudes.slice(half))];
  let beyond = 0;
  let from = second.length;
  for (const sum of first) {
    while (from > 0 && sum + (second[from - 1] ?? 0) >= bound) from--;
    beyond += second.length - from;
  }
  // As many sums lie below −bound as above bound.
  return Math.min(1, (2 * beyond) / 2 ** magnitudes.length);
}
