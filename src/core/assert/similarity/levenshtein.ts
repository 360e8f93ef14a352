import { binary, CheckError, type Evaluate } from '../outcome.ts';

const DEFAULT_THRESHOLD = 5;

export const levenshtein: Evaluate = ({ value, threshold = DEFAULT_THRESHOLD }, { output }) => {
  if (typeof value !== 'string' && typeof value !== 'number') throw new CheckError('levenshtein needs a text to compare with.');
  const distance = editDistance(output, String(value));
  return binary(distance <= threshold, `Edit distance ${distance}; at most ${threshold} allowed.`);
};

/**
 * Insertions, deletions and substitutions of UTF-16 units that turn one text into the other (Levenshtein 1966), by the
 * two-row form of the Wagner–Fischer algorithm: O(n·m) time, O(min(n, m)) space.
 */
export function editDistance(a: string, b: string): number {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let row = Uint32Array.from({ length: short.length + 1 }, (_, i) => i);
  let next = new Uint32Array(short.length + 1);
  for (let j = 1; j <= long.length; j++) {
    next[0] = j;
    const unit = long.charCodeAt(j - 1);
    for (let i = 1; i <= short.length; i++) {
      const substituted = (row[i - 1] ?? 0) + (short.charCodeAt(i - 1) === unit ? 0 : 1);
      next[i] = Math.min(substituted, (row[i] ?? 0) + 1, (next[i - 1] ?? 0) + 1);
    }
    [row, next] = [next, row];
  }
  return row[short.length] ?? 0;
}
