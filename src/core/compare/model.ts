import type { Interval } from '../stats/proportion.ts';

/** `a` is the baseline, `b` what is compared with it, everywhere. */
export type Side = 'a' | 'b';

/** What a difference shows. Never `better` or `worse` where the dataset is too small to tell. */
export type Verdict = 'better' | 'worse' | 'no-difference-shown' | 'too-few-cases';

/**
 * How p and the interval of a difference were found (docs/statistics.md). `paired-medians`: order statistics of many cases;
 * `sequential`: a bound that holds however often one looks.
 */
export type ComparisonTest = 'mcnemar-exact' | 'paired-t' | 'sign-flip' | 'bootstrap' | 'paired-medians' | 'sequential' | 'none';

/** Of whole cases: `rate` and `score` are in 0..1. */
export type MetricUnit = 'rate' | 'score' | 'usd' | 'ms' | 'tokens';

/** One side's outputs of one case, one entry a repeat, in their order. `null`: no answer, or nothing known. */
export interface CaseOutputs {
  readonly passes: readonly (boolean | null)[];
  readonly scores: readonly (number | null)[];
  /** Milliseconds; `null` also for outputs from the cache. */
  readonly latencyMs: readonly (number | null)[];
  /** US dollars. */
  readonly costs: readonly (number | null)[];
  /** Input and output together. */
  readonly tokens: readonly (number | null)[];
  /** Named metrics, by name. */
  readonly named: Readonly<Record<string, readonly (number | null)[]>>;
}

/** One case of a comparison: both sides judged by the same checks. */
export interface PairedCase {
  readonly caseId: string;
  /** Cases that share a source, such as one conversation; `null`: a cluster of its own. */
  readonly cluster: string | null;
  /** Slices that it belongs to, as `tag` or `field=value`. */
  readonly slices: readonly string[];
  readonly a: CaseOutputs;
  readonly b: CaseOutputs;
}

export interface CompareOptions {
  /** By how much `b` may be worse and still pass, in the metric's unit (0.05: five points). */
  readonly margin: number;
  /** The metric that the verdict is about: `passRate`, `score`, `cost`, `latencyMs`, `tokens` or a named one. */
  readonly metric: string;
  /** Only slices of this field (or `tag`); absent: all slices that the cases have. */
  readonly sliceBy?: string;
  /** Of the resampling; absent: a fixed one, so that the same cases give the same numbers. */
  readonly seed?: number;
  /** Share of false alarms; intervals are of 1 − alpha. Absent: 0.05. The sequential mode keeps back a part of it for its looks. */
  readonly alpha?: number;
}

export interface MetricComparison {
  readonly name: string;
  readonly unit: MetricUnit;
  readonly higherIsBetter: boolean;
  readonly a: number | null;
  readonly b: number | null;
  /** Interval of each side alone, 95 %; `null` where there is none. */
  readonly intervalA: Interval | null;
  readonly intervalB: Interval | null;
  /** b − a in the metric's unit; of cost and latency the difference of medians. */
  readonly delta: number | null;
  /** Of `delta`, 95 %. */
  readonly interval: Interval | null;
  /** b / a with its interval, of cost, latency and tokens. */
  readonly ratio?: { readonly value: number; readonly interval: Interval | null };
  readonly p: number | null;
  /** After Holm's adjustment, where several were tested together. */
  readonly pAdjusted?: number;
  readonly test: ComparisonTest;
  readonly verdict: Verdict;
  /** Cases that both sides answered, and the clusters they are in (`null`: no clusters). */
  readonly n: number;
  readonly clusters: number | null;
  /** The smallest difference that so many cases would show (80 % power). */
  readonly minimumDetectable: number | null;
  /** How many cases would be needed altogether to show a difference as large as this one, or as the margin where there is none. */
  readonly casesNeeded: number | null;
  /** Why there is no interval, or why it may be too narrow; in words. */
  readonly warning?: string;
}

export interface SliceComparison {
  readonly slice: string;
  readonly n: number;
  readonly regressed: number;
  readonly improved: number;
  readonly metrics: readonly MetricComparison[];
}

/** What a gate makes of it: `b` is not worse by more than the margin, it is, or that cannot be told. */
export type GateOutcome = 'passes' | 'fails' | 'inconclusive';

export interface ComparisonResult {
  readonly n: number;
  /** Repeats of a case; the larger where sides differ. */
  readonly repeats: number;
  /** Cases that one side or both did not answer: not in the metrics. */
  readonly unanswered: number;
  /** The metric of the verdict first, then pass rate, score, named metrics, cost, latency, tokens. */
  readonly metrics: readonly MetricComparison[];
  /** The score is the pass rate once more, as every output that passes has 1 and every other 0: `metrics` has it under that name only. */
  readonly scoreIsPassRate?: true;
  readonly slices: readonly SliceComparison[];
  readonly gate: GateOutcome;
  readonly margin: number;
}

/** What makes two runs no comparison. */
export type Difference = 'dataset' | 'assertions' | 'judge';

/** How one case changed. `disagreement`: repeats of one side do not agree among themselves. */
export interface CaseChange {
  readonly delta: number | null;
  readonly regressed: boolean;
  readonly improved: boolean;
  /** The outputs differ, whatever their scores. */
  readonly changed: boolean;
  /** A repeat of `b` fails. */
  readonly failing: boolean;
  readonly disagreement: boolean;
}
