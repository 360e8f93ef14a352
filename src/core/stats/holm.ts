/**
 * Holm's step-down adjustment of p values that were tested together (Holm 1979; R: `p.adjust(p, 'holm')`), in their order.
 * The share of families with any false alarm stays below alpha, however the tests depend on each other.
 */
export function holmAdjust(values: readonly number[]): number[] {
  const adjusted = Array<number>(values.length).fill(1);
  let largest = 0;
  const order = values.map((value, index) => ({ value, index })).sort((x, y) => x.value - y.value);
  for (const [rank, { value, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * value));
    adjusted[index] = largest;
  }
  return adjusted;
}
