import { measure } from '../../../src/core/compare/measure.ts';
import type { PairedCase } from '../../../src/core/compare/model.ts';
import { SequentialComparison } from '../../../src/core/compare/sequential.ts';
import { normalQuantile } from '../../../src/core/stats/normal.ts';
import { seededRandom, type Random } from '../../../src/core/stats/random.ts';
import { paired } from './cases.ts';

/** One way in which a comparison of pass rates may come about. */
export interface Setting {
  readonly cases: number;
  readonly repeats: number;
  /** Sources that cases share; `null`: each has its own. */
  readonly clusters: number | null;
  /** True pass rates. */
  readonly a: number;
  readonly b: number;
}

/** What came of many drawn datasets of one setting; all are shares of them. */
export interface Simulated {
  /** The interval of the difference holds the true one. */
  readonly coverage: number;
  /** The interval of b's rate alone holds the true one. */
  readonly coverageAlone: number;
  /** The result says that its interval may not be right. */
  readonly warned: number;
  /** p below 0.05 and an interval without 0. */
  readonly shown: number;
  /** The interval's lower end is at least −0.05; its upper end is below. */
  readonly passes: number;
  readonly fails: number;
}

const MARGIN = 0.05;

/** Share of the latent variance that cases of a cluster share, that both sides of a case share, that repeats of a side share; the rest is noise. */
const SHARED = { cluster: 0.2, case: 0.3, side: 0.2 } as const;

/** Normal numbers by Box and Muller's method. */
export function gaussians(random: Random): Random {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/**
 * A dataset: an output passes when a latent normal value, of which cluster, case, side and repeat each have their share, lies below the quantile
 * of its side's pass rate. So the true rates are exactly those of the setting, and cases that are hard are hard for both sides.
 *
 * @returns outputs of case i, side s, repeat k at (2 i + s) repeats + k: 1 passes
 */
function draw({ cases, repeats, clusters, a, b }: Setting, gaussian: Random): { readonly passes: Uint8Array; readonly clusters: Int32Array | null } {
  const limits = [normalQuantile(a), normalQuantile(b)];
  const shared = clusters === null ? null : Float64Array.from({ length: clusters }, () => Math.sqrt(SHARED.cluster) * gaussian());
  const ofCase = Math.sqrt(SHARED.case + (shared === null ? SHARED.cluster : 0));
  const [ofSide, noise] = [Math.sqrt(SHARED.side), Math.sqrt(1 - SHARED.cluster - SHARED.case - SHARED.side)];
  const passes = new Uint8Array(2 * cases * repeats);
  const numbers = new Int32Array(cases);
  for (let i = 0, at = 0; i < cases; i++) {
    const cluster = clusters === null ? i : Math.floor((i * clusters) / cases);
    numbers[i] = cluster;
    const hardness = (shared?.[cluster] ?? 0) + ofCase * gaussian();
    for (const limit of limits) {
      const value = hardness + ofSide * gaussian();
      for (let repeat = 0; repeat < repeats; repeat++) passes[at++] = value + noise * gaussian() < limit ? 1 : 0;
    }
  }
  return { passes, clusters: clusters === null ? null : numbers };
}

export function simulate(setting: Setting, draws: number, seed: number): Simulated {
  const gaussian = gaussians(seededRandom(seed));
  const { cases, repeats } = setting;
  const truth = setting.b - setting.a;
  let [coverage, coverageAlone, warned, shown, passed, failed] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < draws; i++) {
    const { passes, clusters } = draw(setting, gaussian);
    const share = (index: number, side: number): number => {
      let sum = 0;
      for (let repeat = 0, at = (2 * index + side) * repeats; repeat < repeats; repeat++) sum += passes[at + repeat] ?? 0;
      return sum / repeats;
    };
    const a = Float64Array.from({ length: cases }, (_, index) => share(index, 0));
    const b = Float64Array.from({ length: cases }, (_, index) => share(index, 1));
    const { interval, intervalB, p, warnings } = measure({ a, b, clusters, statistic: 'mean', bounded: true, binary: repeats === 1, alpha: 0.05, seed: 1 });
    if (interval === null || intervalB === null || p === null) throw new Error('A simulated comparison has no interval.');
    const holds = ([low, high]: readonly [number, number], value: number): boolean => low <= value + 1e-12 && value - 1e-12 <= high;
    if (holds(interval, truth)) coverage++;
    if (holds(intervalB, setting.b)) coverageAlone++;
    if (warnings.length > 0) warned++;
    if (p < 0.05 && !holds(interval, 0)) shown++;
    if (interval[0] >= -MARGIN) passed++;
    if (interval[1] < -MARGIN) failed++;
  }
  return { coverage: coverage / draws, coverageAlone: coverageAlone / draws, warned: warned / draws, shown: shown / draws, passes: passed / draws, fails: failed / draws };
}

/** The same datasets as cases, for what looks at them one after the other. */
export function drawCases(setting: Setting, random: Random): PairedCase[] {
  const { passes } = draw(setting, gaussians(random));
  const { repeats } = setting;
  const side = (index: number, which: number): boolean[] => Array.from({ length: repeats }, (_, repeat) => passes[(2 * index + which) * repeats + repeat] === 1);
  return Array.from({ length: setting.cases }, (_, i) => paired(i, { passes: side(i, 0) }, { passes: side(i, 1) }));
}

export const RATES = [0.5, 0.8, 0.9, 0.95, 0.98] as const;
export const CASES = [20, 50, 200] as const;
export const REPEATS = [1, 3, 5] as const;
export const CLUSTERS = [null, 10, 20, 40] as const;

/** True differences at which a rate is simulated: none, and one that takes away two fifths of the failures. */
export function comparedWith(rate: number): readonly [number, number] {
  return [rate, rate + 0.4 * (1 - rate)];
}

/** Where an interval must hold in 93 of 100 datasets without a warning: enough passes and failures, and clusters. */
export function mustHold({ cases, clusters, a }: Pick<Setting, 'cases' | 'clusters' | 'a'>): boolean {
  return cases * a * (1 - a) >= 5 && (clusters ?? cases) >= 20;
}

/** All settings of the published table; more clusters than cases cannot be. */
export function settings(): Setting[] {
  return RATES.flatMap((a) => CASES.flatMap((cases) => REPEATS.flatMap((repeats) => CLUSTERS.filter((clusters) => clusters === null || clusters <= cases)
    .flatMap((clusters) => comparedWith(a).map((b) => ({ cases, repeats, clusters, a, b }))))));
}

/** What a sequential run said of many drawn datasets, looking after every case; shares of them. */
export interface SimulatedSequence {
  /** It was shown, early or at the end, that b is better, or worse. */
  readonly better: number;
  readonly worse: number;
  /** The gate passed, or failed. */
  readonly passes: number;
  readonly fails: number;
  /** The interval that is reported in the end holds the true difference. */
  readonly coverage: number;
  /** Of all cases, on average. */
  readonly saved: number;
}

export function simulateSequence(setting: Setting, until: 'verdict' | 'gate', draws: number, seed: number): SimulatedSequence {
  const random = seededRandom(seed);
  const truth = setting.b - setting.a;
  let [better, worse, passes, fails, coverage, saved] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < draws; i++) {
    const cases = drawCases(setting, random);
    const sequence = new SequentialComparison({ margin: MARGIN, metric: 'passRate', until });
    for (const one of cases) {
      sequence.add([one]);
      if (sequence.answer !== null) break;
    }
    const { metrics: [metric], gate } = sequence.result();
    if (metric?.verdict === 'better') better++;
    if (metric?.verdict === 'worse') worse++;
    if (gate === 'passes') passes++;
    if (gate === 'fails') fails++;
    const [low, high] = metric?.interval ?? [-1, 1];
    if (low <= truth && truth <= high) coverage++;
    saved += 1 - (sequence.answer?.cases ?? setting.cases) / setting.cases;
  }
  return { better: better / draws, worse: worse / draws, passes: passes / draws, fails: fails / draws, coverage: coverage / draws, saved: saved / draws };
}
