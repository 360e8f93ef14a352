import { holmAdjust } from '../stats/holm.ts';
import { casesForDifference, casesToExclude, minimumDetectable } from '../stats/power.ts';
import { caseChange } from './change.ts';
import { clustersOf, columnsOf, repeatsOf, type Column } from './columns.ts';
import { measure, type Measured } from './measure.ts';
import type { CompareOptions, ComparisonResult, GateOutcome, MetricComparison, PairedCase, SliceComparison, Verdict } from './model.ts';

const ALPHA = 0.05;
/** Below it no verdict at all; a slice is not tested below the second, and what is not shown by so few is not called no difference. */
const NO_VERDICT = 5;
const FEW = 10;
/** Any fixed number; the same cases give the same intervals. */
const SEED = 20_260_101;

/**
 * Compares two versions, paired by case, with repeats averaged first and clusters kept whole (docs/statistics.md).
 * The other metrics than that of the verdict are adjusted by Holm together, and so are the slices of each metric.
 */
export function compareCases(cases: readonly PairedCase[], options: CompareOptions): ComparisonResult {
  const steps = compareInSteps(cases, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same for whoever has other things to do meanwhile: yields between units of work of some milliseconds. */
export function* compareInSteps(cases: readonly PairedCase[], options: CompareOptions): Generator<undefined, ComparisonResult> {
  const { columns, scoreIsPassRate } = comparedColumns(columnsOf(cases), options.metric);
  const clustered = cases.some(({ cluster }) => cluster !== null);
  yield;
  const repeats = repeatsOf(cases);
  const all = Int32Array.from(cases.keys());
  const answered = cases.filter(({ a, b }) => isAnswered(a) && isAnswered(b)).length;
  const metrics: MetricComparison[] = [];
  for (const column of columns) {
    metrics.push(compareMetric(column, cases, all, { repeats, clustered, testable: true }, options));
    yield;
  }
  const [main, ...others] = metrics;
  return {
    n: answered,
    repeats,
    unanswered: cases.length - answered,
    metrics: [...(main === undefined ? [] : [main]), ...adjusted(others, options)],
    ...(scoreIsPassRate ? { scoreIsPassRate } : {}),
    slices: yield* compareSlices(cases, columns, { repeats, clustered }, options),
    gate: main === undefined ? 'inconclusive' : gateOutcome(main, options.margin),
    margin: options.margin,
  };
}

/**
 * Adjusts several comparisons with one baseline together (Holm): of each metric, the p values of all of them. A version that is better
 * only by itself is not called better among many. Intervals and gates stay those of each comparison.
 */
export function adjustTogether(results: readonly ComparisonResult[], options: CompareOptions): ComparisonResult[] {
  const names = new Set(results.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
  const replaced = new Map<MetricComparison, MetricComparison>();
  for (const name of names) {
    const family = results.flatMap(({ metrics }) => metrics.filter((metric) => metric.name === name));
    for (const [index, metric] of adjusted(family, options).entries()) {
      const before = family[index];
      if (before !== undefined) replaced.set(before, metric);
    }
  }
  return results.map((result) => judgedAgain(result, result.metrics.map((metric) => replaced.get(metric) ?? metric), options));
}

/** A result whose metrics have other intervals or p values: verdicts and gate follow them. */
export function judgedAgain(result: ComparisonResult, metrics: readonly MetricComparison[], options: CompareOptions): ComparisonResult {
  const judged = metrics.map((metric) => withVerdict(metric, metric.pAdjusted ?? metric.p, options));
  const [main] = judged;
  return { ...result, metrics: judged, gate: main === undefined ? 'inconclusive' : gateOutcome(main, result.margin) };
}

/**
 * The result of two sides that ask one model the same and have the same outputs: nothing about `b` can be worse, and no number of cases
 * would show a difference. So a gate passes a change that leaves the prompt as it is.
 */
export function withoutDifference(result: ComparisonResult): ComparisonResult {
  const why = 'Both sides ask one model the same and have the same outputs.';
  const plain = (metric: MetricComparison): MetricComparison =>
    metric.delta === 0 ? { ...metric, verdict: 'no-difference-shown', casesNeeded: null, warning: [why, metric.warning].filter((text) => text !== undefined).join(' ') } : metric;
  const [main, ...others] = result.metrics;
  if (main?.delta !== 0) return result;
  return { ...result, metrics: [plain(main), ...others], slices: result.slices.map((slice) => ({ ...slice, metrics: slice.metrics.map((metric) => (metric.name === main.name ? { ...plain(metric), warning: metric.warning } : metric)) })), gate: 'passes' };
}

function isAnswered({ passes, scores }: PairedCase['a']): boolean {
  return passes.some((pass) => pass !== null) || scores.some((score) => score !== null);
}

/**
 * The metric of the verdict first; then the others that any case has. A score that is nothing but the pass rate once more is left out: tested
 * apart, it would stand there with the same numbers and another p, and make Holm's family larger by nothing.
 */
function comparedColumns(columns: readonly Column[], metric: string): { readonly columns: Column[]; readonly scoreIsPassRate: boolean } {
  const main = columns.find(({ name }) => name === metric) ?? { name: metric, unit: 'score', statistic: 'mean', higherIsBetter: true, bounded: true, a: new Float64Array(), b: new Float64Array() };
  const has = ({ a, b }: Column): boolean => a.some((value) => !Number.isNaN(value)) || b.some((value) => !Number.isNaN(value));
  const rate = columns.find(({ name }) => name === 'passRate');
  const isRate = (column: Column): boolean => column !== main && column.name === 'score' && has(column) && rate !== undefined && sameValues(column.a, rate.a) && sameValues(column.b, rate.b);
  const scoreIsPassRate = columns.some(isRate);
  return { columns: [main, ...columns.filter((column) => column !== main && (column.name === 'passRate' || (has(column) && !isRate(column))))], scoreIsPassRate };
}

function sameValues(values: Float64Array, others: Float64Array): boolean {
  return values.every((value, index) => Object.is(value, others[index]));
}

/** What is the same for every metric and slice of a comparison. `clustered`: any case names a cluster. */
interface Design {
  readonly repeats: number;
  readonly clustered: boolean;
}

function compareMetric(column: Column, cases: readonly PairedCase[], among: Int32Array, { repeats, clustered, testable }: Design & { readonly testable: boolean }, options: CompareOptions): MetricComparison {
  const indices = knownAmong(column, among);
  const a = valuesAt(column.a, indices);
  const b = valuesAt(column.b, indices);
  const alpha = options.alpha ?? ALPHA;
  const measured = measure({
    a, b, alpha,
    clusters: clustered ? clustersOf(cases, indices) : null,
    statistic: column.statistic,
    bounded: column.bounded,
    binary: repeats === 1 && column.bounded && a.every(isPassOrFail) && b.every(isPassOrFail),
    seed: options.seed ?? SEED,
  });
  const n = indices.length;
  const warnings = n === 0 && column.name === 'latencyMs' ? [NO_LATENCY] : measured.warnings;
  const tested = testable && n >= NO_VERDICT;
  const minimum = measured.standardError === null || measured.standardError === 0 ? null : minimumDetectable(measured.standardError, alpha);
  const metric: MetricComparison = {
    name: column.name,
    unit: column.unit,
    higherIsBetter: column.higherIsBetter,
    a: measured.a,
    b: measured.b,
    intervalA: measured.intervalA,
    intervalB: measured.intervalB,
    delta: measured.delta,
    interval: measured.interval,
    ratio: measured.ratio ?? undefined,
    p: tested ? measured.p : null,
    test: tested ? measured.test : 'none',
    verdict: 'too-few-cases',
    n,
    clusters: measured.clusters,
    minimumDetectable: minimum,
    casesNeeded: null,
    warning: warnings.length === 0 ? undefined : warnings.join(' '),
  };
  return withVerdict({ ...metric, casesNeeded: casesNeeded(metric, measured, options, alpha) }, metric.p, options);
}

/** Where this is so, it is nearly always for one of these reasons, and about the first a person can do something. */
const NO_LATENCY = 'No case has a latency on both sides: answers from the cache have none, nor have those of the built-in models. Compare without the cache to measure other models (on the command line: --no-cache).';

/** Those with a value on both sides. */
function knownAmong({ a, b }: Column, among: Int32Array): Int32Array {
  const known = new Int32Array(among.length);
  let count = 0;
  for (let i = 0; i < among.length; i++) {
    const index = among[i] ?? 0;
    if (isKnown(a[index]) && isKnown(b[index])) known[count++] = index;
  }
  return known.subarray(0, count);
}

function valuesAt(values: Float64Array, indices: Int32Array): Float64Array {
  const chosen = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) chosen[i] = values[indices[i] ?? 0] ?? Number.NaN;
  return chosen;
}

function isKnown(value: number | undefined): boolean {
  return value !== undefined && !Number.isNaN(value);
}

function isPassOrFail(value: number): boolean {
  return value === 0 || value === 1;
}

/** Whether the margin is meant for this metric: it is in the unit of the verdict's, and rates and scores share theirs. */
function marginOf(metric: Pick<MetricComparison, 'name' | 'unit'>, { margin, metric: main }: CompareOptions): number | null {
  return metric.name === main || metric.unit === 'rate' || metric.unit === 'score' ? margin : null;
}

/**
 * Cases altogether that would show the difference that was seen, or one of the margin where less was seen. Where a smaller loss than
 * the margin was seen: that would tell it from no loss, or from the margin, whichever is farther.
 */
function casesNeeded(metric: MetricComparison, measured: Measured, options: CompareOptions, alpha: number): number | null {
  const { standardError, unvaried } = measured;
  if (metric.delta === null || metric.n < NO_VERDICT) return FEW;
  const seen = Math.abs(metric.delta);
  const margin = marginOf(metric, options);
  let difference = seen;
  if (margin !== null && margin > seen) {
    const loses = metric.higherIsBetter ? metric.delta < 0 : metric.delta > 0;
    difference = loses ? Math.max(seen, margin - seen) : margin;
  }
  if (difference === 0 || standardError === null) return null;
  const needed = unvaried && margin !== null ? casesToExclude(difference, alpha) : casesForDifference(metric.n, standardError, difference, alpha);
  return Math.max(FEW, needed);
}

/**
 * `better` or `worse` only where both the test and the interval say so. What is not shown is `no-difference-shown` where the interval
 * at least excludes a loss of the margin, and `too-few-cases` where it does not.
 */
function withVerdict(metric: MetricComparison, p: number | null, options: CompareOptions): MetricComparison {
  return { ...metric, verdict: verdictOf(metric, p, options) };
}

function verdictOf(metric: MetricComparison, p: number | null, options: CompareOptions): Verdict {
  const { interval, n } = metric;
  if (n < NO_VERDICT || interval === null || p === null) return 'too-few-cases';
  const [low, high] = metric.higherIsBetter ? interval : [-interval[1], -interval[0]];
  if (p < (options.alpha ?? ALPHA)) {
    if (low > 0) return 'better';
    if (high < 0) return 'worse';
  }
  if (n < FEW) return 'too-few-cases';
  const margin = marginOf(metric, options);
  return margin === null || low >= -margin ? 'no-difference-shown' : 'too-few-cases';
}

/** Holm over metrics that were tested together; verdicts by the adjusted p. */
function adjusted(metrics: readonly MetricComparison[], options: CompareOptions): MetricComparison[] {
  const tested = metrics.filter(({ p }) => p !== null);
  if (tested.length < 2) return [...metrics];
  const values = holmAdjust(tested.map(({ p }) => p ?? 1));
  return metrics.map((metric) => {
    const pAdjusted = values[tested.indexOf(metric)];
    return pAdjusted === undefined ? metric : withVerdict({ ...metric, pAdjusted }, pAdjusted, options);
  });
}

/** `b` is not worse by more than the margin when the interval's bad end says so. Too few cases never pass. */
function gateOutcome(metric: MetricComparison, margin: number): GateOutcome {
  const { interval, verdict, n } = metric;
  if (interval === null || n < NO_VERDICT) return 'inconclusive';
  const [low, high] = metric.higherIsBetter ? interval : [-interval[1], -interval[0]];
  if (high < -margin) return 'fails';
  return low >= -margin && verdict !== 'too-few-cases' ? 'passes' : 'inconclusive';
}

/** Rates, scores and the metric of the verdict, per slice; sizes and money are compared over all cases. */
function* compareSlices(cases: readonly PairedCase[], columns: readonly Column[], design: Design, options: CompareOptions): Generator<undefined, SliceComparison[]> {
  const slices = new Map<string, number[]>();
  const wanted = options.sliceBy;
  for (let index = 0; index < cases.length; index++) {
    for (const name of cases[index]?.slices ?? []) {
      if (wanted !== undefined && sliceField(name) !== wanted) continue;
      const members = slices.get(name);
      if (members === undefined) slices.set(name, [index]);
      else members.push(index);
    }
  }
  const compared = columns.filter(({ higherIsBetter }, index) => index === 0 || higherIsBetter);
  // Those of one field stand together, in the order in which cases name them.
  const fields = [...new Set([...slices.keys()].map(sliceField))];
  const entries = [...slices]
    .map(([slice, members]) => ({ slice, field: fields.indexOf(sliceField(slice)), members: Int32Array.from(members) }))
    .sort((x, y) => x.field - y.field);
  const families: MetricComparison[][] = [];
  for (const column of compared) {
    const family: MetricComparison[] = [];
    for (const { members } of entries) {
      family.push(compareMetric(column, cases, members, { ...design, testable: knownAmong(column, members).length >= FEW }, options));
      yield;
    }
    families.push(adjusted(family, options));
  }
  const changes = entries.length === 0 ? [] : cases.map((paired) => caseChange(paired, false));
  yield;
  return entries.map(({ slice, members }, at) => {
    const metrics = families.flatMap((family) => family[at] ?? []);
    let [regressed, improved] = [0, 0];
    for (const index of members) {
      if (changes[index]?.regressed === true) regressed++;
      if (changes[index]?.improved === true) improved++;
    }
    return { slice, n: metrics[0]?.n ?? 0, regressed, improved, metrics };
  });
}

/** `field` of `field=value`; tags are of the field `tag`. */
export function sliceField(slice: string): string {
  const at = slice.indexOf('=');
  return at < 0 ? 'tag' : slice.slice(0, at);
}
