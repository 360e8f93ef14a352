/** How often values of both sides fall into the same bins. */
export interface Histogram {
  readonly from: number;
  readonly to: number;
  /** Shares of a side's values, 0..1, by bin. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** Share of all values that lie beyond `to`: a few slow ones would press all others into one bin. */
  readonly beyond: number;
  readonly medians: { readonly a: number | null; readonly b: number | null };
}

/** The last bin ends here. */
const LAST_QUANTILE = 0.98;

/** `null`: there is nothing to draw, or all is one value. */
export function histogramOf(a: Float64Array, b: Float64Array, bins: number): Histogram | null {
  const [first, second] = [a.filter(Number.isFinite).sort(), b.filter(Number.isFinite).sort()];
  const all = Float64Array.of(...first, ...second).sort();
  const [from, largest] = [all[0], all.at(-1)];
  if (from === undefined || largest === undefined || from === largest) return null;
  const cut = quantile(all, LAST_QUANTILE);
  // Only a tail that is worth cutting off: else all is shown.
  const to = largest - from > 2 * (cut - from) && cut > from ? cut : largest;
  const width = (to - from) / bins;
  const shares = (sorted: Float64Array): number[] => {
    const counts = new Array<number>(bins).fill(0);
    for (const value of sorted) if (value <= to) counts[Math.min(bins - 1, Math.floor((value - from) / width))]! += 1;
    return counts.map((count) => (sorted.length === 0 ? 0 : count / sorted.length));
  };
  return {
    from, to, a: shares(first), b: shares(second), beyond: all.filter((value) => value > to).length / all.length,
    medians: { a: first.length === 0 ? null : quantile(first, 0.5), b: second.length === 0 ? null : quantile(second, 0.5) },
  };
}

/** Of sorted values, between neighbours in proportion. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? NaN;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at));
}
