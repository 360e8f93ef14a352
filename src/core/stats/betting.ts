import type { Interval } from './proportion.ts';

/** Shares of the largest bet that cannot lose everything. Together they grow nearly as fast as the best one, whatever the difference is. */
const BETS = Array.from({ length: 12 }, (_, i) => 0.98 / 1.5 ** i);

/**
 * A bet against "the mean of x is at most `mean`", for x in −1..1 (Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables
 * by betting", JRSS B 86): a capital of 1, split over fixed bets, gains (1 + λ (x − mean)) with every x and cannot be expected to grow while
 * the statement is true. So it ever reaches 1/α with a chance of at most α, however often one looks (Ville's inequality).
 */
export class Bet {
  readonly #mean: number;
  readonly #logs = new Float64Array(BETS.length);

  constructor(mean: number) {
    this.#mean = mean;
  }

  /** @param excess Σ (x − mean) of one unit, divided by the size of the largest unit */
  add(excess: number): void {
    for (const [i, bet] of BETS.entries()) this.#logs[i] = (this.#logs[i] ?? 0) + Math.log1p((bet * excess) / (1 + this.#mean));
  }

  /** Logarithm of the capital. */
  get logCapital(): number {
    const largest = Math.max(...this.#logs);
    let sum = 0;
    for (const log of this.#logs) sum += Math.exp(log - largest);
    return largest + Math.log(sum / BETS.length);
  }
}

/** Units of a mean of values in −1..1: sum and size of each, in the order in which they came. */
export interface BettingUnits {
  readonly sums: readonly number[];
  readonly sizes: readonly number[];
  /** Size of the largest unit that can come. */
  readonly largest: number;
}

/**
 * Confidence sequence of the mean: what neither bet has refuted at α/2 each, then or at any time before. It covers the mean at all times
 * together with a chance of at least 1 − α, so also at a time that was chosen by looking; and what was clear once stays so.
 */
export function bettingInterval(units: BettingUnits, alpha: number): Interval {
  const low = lowerBound(units, alpha / 2);
  const high = -lowerBound({ ...units, sums: units.sums.map((sum) => -sum) }, alpha / 2);
  // Both sides of a mean are refuted with a chance below α: what is left is where they meet.
  return low <= high ? [low, high] : [high, low];
}

/** The largest mean that "the mean is at most this" was ever refuted for; capital falls as the mean rises, so by bisection. */
function lowerBound({ sums, sizes, largest }: BettingUnits, alpha: number): number {
  const refuted = (mean: number): boolean => {
    const bet = new Bet(mean);
    return sums.some((sum, i) => {
      bet.add((sum - mean * (sizes[i] ?? 0)) / largest);
      return bet.logCapital >= -Math.log(alpha);
    });
  };
  let [low, high] = [-1, 1];
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (refuted(middle)) low = middle;
    else high = middle;
  }
  return low;
}
