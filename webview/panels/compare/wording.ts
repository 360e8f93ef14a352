import type { ComparisonTest, Difference, MetricComparison, Verdict } from '../../../src/core/compare/model.ts';
import { differenceInterval, metricDifference, metricName, pValue } from '../../../src/core/compare/sentence.ts';
import { formatCount, formatUsd } from '../../../src/core/text/format.ts';
import type { Comparison, ComparedSide } from '../../../src/protocol/compare.ts';
import type { ComparisonChoice, ShownComparison } from '../../../src/protocol/compare-panel.ts';

/** How a verdict looks: a word, and an arrow or a sign with it. */
export type Tone = 'better' | 'worse' | 'none' | 'few';

export function toneOf(verdict: Verdict): Tone {
  return verdict === 'better' || verdict === 'worse' ? verdict : verdict === 'too-few-cases' ? 'few' : 'none';
}

export function verdictWord(verdict: ComparisonChoice['verdict']): string {
  switch (verdict) {
    case 'better': return 'better';
    case 'worse': return 'worse';
    case 'no-difference-shown': return 'no difference shown';
    case 'too-few-cases': return 'too few cases';
    case 'refused': return 'refused';
    case null: return 'no verdict yet';
  }
}

/** `about 34 more`, where it is known how many; empty otherwise. */
export function moreCases({ casesNeeded, n }: MetricComparison): string {
  return casesNeeded === null || casesNeeded <= n ? '' : `about ${formatCount(casesNeeded - n)} more`;
}

/** `+8.3 points` of a rate or score; of cost, latency and tokens the change in percent, where there is one: `−12%`. */
export function changeOf(metric: MetricComparison): string {
  if (metric.ratio !== undefined) return percentChange(metric.ratio.value);
  return metric.delta === null ? '–' : metricDifference(metric.delta, metric.unit);
}

/** The interval of what `changeOf` says, in the same unit; `null`: none. */
export function changeInterval(metric: MetricComparison): string | null {
  if (metric.ratio !== undefined) return metric.ratio.interval === null ? null : `[${percentChange(metric.ratio.interval[0])}, ${percentChange(metric.ratio.interval[1])}]`;
  return metric.interval === null ? null : differenceInterval(metric.interval, metric.unit);
}

/** The change as it is drawn: in units of which 0 is none. */
export function drawnChange({ ratio, delta, interval }: MetricComparison): { readonly value: number | null; readonly interval: readonly [number, number] | null } {
  if (ratio === undefined) return { value: delta, interval };
  return { value: ratio.value - 1, interval: ratio.interval === null ? null : [ratio.interval[0] - 1, ratio.interval[1] - 1] };
}

/** Never `−100%` of what is not gone altogether. */
function percentChange(ratio: number): string {
  const percent = (ratio - 1) * 100;
  if (percent < -99.5 && ratio > 0) return '−99.9%';
  const text = Math.abs(percent) < 10 && Math.abs(percent) >= 0.05 ? Math.abs(percent).toFixed(1).replace(/\.0$/, '') : Math.abs(percent).toFixed(0);
  return `${text === '0' ? '' : percent < 0 ? '−' : '+'}${text}%`;
}

/** `p = .012`, or with Holm's adjustment where several were tested together. */
export function pOf({ p, pAdjusted }: MetricComparison): string | null {
  const value = pAdjusted ?? p;
  return value === null ? null : pValue(value);
}

const TESTS: Readonly<Record<ComparisonTest, string>> = {
  'mcnemar-exact': 'McNemar’s exact test', 'paired-t': 'paired t test', 'sign-flip': 'sign-flip permutation test', 'bootstrap': 'bootstrap over cases',
  'paired-medians': 'order statistics of the medians', 'sequential': 'sequential test', 'none': 'no test',
};

export function testName(test: ComparisonTest): string {
  return TESTS[test];
}

/** `Sign-flip permutation test; interval at 95 %; p adjusted by Holm`, for a tooltip. */
export function howTested(metric: MetricComparison): string {
  const test = TESTS[metric.test];
  return [
    `${test.slice(0, 1).toUpperCase()}${test.slice(1)} over ${formatCount(metric.n, 'case')}${metric.clusters === null ? '' : ` in ${formatCount(metric.clusters, 'cluster')}`}`,
    ...(metric.interval === null ? [] : ['interval at 95 %']),
    ...(metric.pAdjusted === undefined ? [] : [`p adjusted by Holm (alone ${metric.p === null ? 'none' : pValue(metric.p).slice(2)})`]),
    ...(metric.warning === undefined ? [] : [metric.warning]),
  ].join('; ');
}

export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** A metric's name as the label of a row or column: `Pass rate`. */
export function metricLabel(name: string): string {
  const words = metricName(name);
  return words === name && !['score', 'tokens'].includes(name) ? name : capitalised(words);
}

/** `60 cases in 4 slices × 3 repeats`. */
export function sizeOf(comparison: Comparison): string {
  const repeats = comparison.result?.repeats ?? 1;
  const slices = comparison.result?.slices.length ?? 0;
  return `${formatCount(comparison.cases, 'case')}${slices > 0 ? ` in ${formatCount(slices, 'slice')}` : ''}${repeats > 1 ? ` × ${formatCount(repeats, 'repeat')}` : ''}`;
}

/** What a side is, for a tooltip: version, model, when, what of it was answered. */
export function describeSide(side: ComparedSide): string {
  const what = side.version !== null ? side.version.label : side.workingCopy ? `working copy of ${side.promptPath}` : side.promptPath;
  const cost = side.cost === null ? 'cost unknown' : formatUsd(side.cost);
  return `${what}; ${side.model}; ${formatCount(side.done)} of ${formatCount(side.total, 'output')}${side.cached > 0 ? `, ${formatCount(side.cached)} from the cache` : ''}; ${cost}`;
}

const DIFFERS: Readonly<Record<Difference, string>> = { dataset: 'the dataset', assertions: 'the assertions', judge: 'the judge' };

/** `The dataset and the judge differ`. */
export function differsSentence(differs: readonly Difference[]): string {
  const names = differs.map((what) => DIFFERS[what]);
  const list = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}` : names[0] ?? 'something';
  return capitalised(`${list} ${names.length > 1 || differs[0] === 'assertions' ? 'differ' : 'differs'}`);
}

/** What to do about it. */
export function remedyFor(differs: readonly Difference[]): string {
  if (differs.includes('dataset')) return 'Numbers of two datasets say nothing about the prompts. Run again evaluates both sides on the dataset as it is now.';
  if (differs.includes('judge')) return 'Two judges score differently. Run again scores both sides with the judge that is set now.';
  return 'What one side had to fulfil, the other had not. Run again judges both sides by the assertions as they are now.';
}

const ENDED: Readonly<Record<string, string>> = { cancelled: 'was cancelled', interrupted: 'was interrupted', budget: 'was stopped by its budget' };

/** `working copy was cancelled: 31 of 180 outputs are there`; `null`: the side is whole, or at work. */
export function incompleteSentence(side: ComparedSide): string | null {
  const ended = ENDED[side.status];
  return ended === undefined || side.done >= side.total ? null : `${side.label} ${ended}: ${formatCount(side.done)} of ${formatCount(side.total, 'output')} are there.`;
}

/** Where `b` can be promoted to, and where it has been: `is v3, in production` stands beside it. No target is left where all environments point to it. */
export function promotionOf({ comparison: { b }, environments, promoted }: ShownComparison): { readonly targets: readonly string[]; readonly title: string; readonly badge: string | null } {
  if (promoted === undefined) return { targets: environments, title: `Promotes ${b.label} to ${listed(environments, 'or')}`, badge: null };
  const targets = environments.filter((name) => !promoted.environments.includes(name));
  const version = promoted.label.split(' · ')[0] ?? promoted.label;
  const there = `${listed(promoted.environments, 'and')} ${promoted.environments.length === 1 ? 'points' : 'point'} to ${version} already`;
  // The label of a version that was asked for by its environment says both.
  const isSaid = b.version?.environment !== null && b.version?.environment !== undefined;
  return { targets, title: targets.length === 0 ? there : `${there}. Promotes it to ${listed(targets, 'or')}`, badge: isSaid ? null : `${b.label.includes(version) ? '' : `is ${version}, `}in ${listed(promoted.environments, 'and')}` };
}

function listed(names: readonly string[], word: 'and' | 'or'): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1) ?? ''}` : names[0] ?? '';
}
