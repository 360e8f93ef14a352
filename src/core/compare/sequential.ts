import { Bet, bettingInterval } from '../stats/betting.ts';
import { seededRandom } from '../stats/random.ts';
import { formatCount, formatUsd } from '../text/format.ts';
import { columnsOf } from './columns.ts';
import { compareCases, judgedAgain } from './compare.ts';
import type { CompareOptions, ComparisonResult, GateOutcome, MetricComparison, PairedCase, Verdict } from './model.ts';

/**
 * Of all false alarms that are allowed, the share that may come from looking early. The rest is left for the test over all cases when
 * the run was not stopped, so that both together stay below alpha.
 */
const EARLY_SHARE = 0.2;
const ALPHA = 0.05;

export interface SequentialOptions extends CompareOptions {
  /**
   * `verdict`: stop when `b` is better, or worse by more than the margin, which also answers the gate.
   * `gate`: stop when `b` is not worse by more than the margin, or is, whether it is better or not.
   */
  readonly until: 'verdict' | 'gate';
  /** Cases in the dataset's largest cluster; absent: 1, no clusters. */
  readonly largestCluster?: number;
}

/** What was already clear, after so many cases. */
export interface EarlyAnswer {
  readonly outcome: Extract<Verdict, 'better' | 'worse'> | Exclude<GateOutcome, 'inconclusive'>;
  readonly cases: number;
}

/**
 * Looks at the answers as cases come in, in random order (`randomOrder`), and says when more would not change what they show. Two bets run
 * against each statement (docs/statistics.md), so that looking after every case makes no more false alarms than looking once.
 * Only for means of values in 0..1: pass rate, scores, named metrics. Of others it never says that they are clear.
 */
export class SequentialComparison {
  readonly #options: SequentialOptions;
  readonly #cases: PairedCase[] = [];
  readonly #sums: number[] = [];
  readonly #sizes: number[] = [];
  readonly #limit: number;
  /** Against "b is not better", or "b is worse by the margin or more". */
  readonly #above: Bet;
  /** Against "b is not worse by more than the margin". */
  readonly #below: Bet;
  readonly #least: number;
  #valid = true;
  #answer: EarlyAnswer | null = null;

  constructor(options: SequentialOptions) {
    this.#options = options;
    this.#limit = -Math.log(this.#early / 2);
    this.#least = options.until === 'gate' ? -options.margin : 0;
    this.#above = new Bet(this.#least);
    this.#below = new Bet(options.margin);
  }

  get #early(): number {
    return (this.#options.alpha ?? ALPHA) * EARLY_SHARE;
  }

  /** What is clear; `null`: go on. */
  get answer(): EarlyAnswer | null {
    return this.#answer;
  }

  /** Adds cases that both sides have answered, or failed to; the cases of a cluster together. After an answer, it stays that one. */
  add(cases: readonly PairedCase[]): void {
    this.#cases.push(...cases);
    const column = columnsOf(cases).find(({ name }) => name === this.#options.metric);
    if (column === undefined) return;
    if (!column.bounded) this.#valid = false;
    const units = new Map<unknown, { sum: number; size: number }>();
    for (const [index, { cluster }] of cases.entries()) {
      const difference = (column.b[index] ?? Number.NaN) - (column.a[index] ?? Number.NaN);
      if (Number.isNaN(difference)) continue;
      const key = cluster ?? index;
      const unit = units.get(key) ?? { sum: 0, size: 0 };
      units.set(key, { sum: unit.sum + difference, size: unit.size + 1 });
    }
    for (const { sum, size } of units.values()) this.#look(sum, size);
  }

  #look(sum: number, size: number): void {
    const largest = this.#options.largestCluster ?? 1;
    // A cluster beyond what was announced could lose more than the bet allows for.
    if (size > largest) this.#valid = false;
    this.#sums.push(sum);
    this.#sizes.push(size);
    if (!this.#valid || this.#answer !== null) return;
    this.#above.add((sum - this.#least * size) / largest);
    this.#below.add((-sum - this.#options.margin * size) / largest);
    const above = this.#above.logCapital >= this.#limit;
    if (!above && this.#below.logCapital < this.#limit) return;
    const gate = this.#options.until === 'gate';
    this.#answer = { outcome: above ? (gate ? 'passes' : 'better') : gate ? 'fails' : 'worse', cases: this.#cases.length };
  }

  /**
   * The comparison of the cases so far. Once something was clear, the metric of the verdict has the bounds that hold at whatever time one
   * stops; else the usual ones, at the share of false alarms that is left.
   */
  result(): ComparisonResult {
    const alpha = (this.#options.alpha ?? ALPHA) - this.#early;
    const options = { ...this.#options, alpha };
    const result = compareCases(this.#cases, options);
    const [main, ...others] = result.metrics;
    if (this.#answer === null || main === undefined) return result;
    const interval = bettingInterval({ sums: this.#sums, sizes: this.#sizes, largest: this.#options.largestCluster ?? 1 }, this.#early);
    const warning = [main.warning, 'Stopped early: the interval is wider, so that it holds at whatever time one stops.'].filter(Boolean).join(' ');
    return judgedAgain(result, [{ ...main, interval, p: this.#p(), test: 'sequential', warning } satisfies MetricComparison, ...others], options);
  }

  /** Against no difference, valid at any time: the inverse of the largest capital so far. */
  #p(): number {
    const [above, below] = [new Bet(0), new Bet(0)];
    let largest = 0;
    for (const sum of this.#sums) {
      const excess = sum / (this.#options.largestCluster ?? 1);
      above.add(excess);
      below.add(-excess);
      largest = Math.max(largest, above.logCapital, below.logCapital);
    }
    return Math.min(1, 2 * Math.exp(-largest));
  }
}

/** What stopping early saved: `Stopped after 120 of 400 cases, clearly better: 280 cases on both sides not run, about $0.4200 saved`. */
export function stoppedSentence({ outcome, cases }: EarlyAnswer, of: number, savedUsd: number | null): string {
  const words = { better: 'clearly better', worse: 'clearly worse', passes: 'clearly not worse by more than the margin', fails: 'clearly worse by more than the margin' } as const;
  const money = savedUsd === null || savedUsd === 0 ? '' : `, about ${formatUsd(savedUsd)} saved`;
  return `Stopped after ${formatCount(cases)} of ${formatCount(of, 'case')}, ${words[outcome]}: ${formatCount(of - cases, 'case')} not run${money}`;
}

/**
 * Cases in random order, the same for the same seed; those of a cluster stay together and come as one unit.
 *
 * @param clusters of each case; `null`: a cluster of its own
 * @returns units of case indices
 */
export function randomOrder(clusters: readonly (string | null)[], seed: number): number[][] {
  const units = new Map<unknown, number[]>();
  for (const [index, cluster] of clusters.entries()) {
    const unit = units.get(cluster ?? index);
    if (unit === undefined) units.set(cluster ?? index, [index]);
    else unit.push(index);
  }
  const order = [...units.values()];
  const random = seededRandom(seed);
  // Fisher and Yates' shuffle
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [x, y] = [order[i] ?? [], order[j] ?? []];
    order[i] = y;
    order[j] = x;
  }
  return order;
}
