import type { RunInfo, Summary } from '../../../src/core/eval/model.ts';
import { formatBudget, formatCount, formatDuration, formatInterval, formatPercent, formatRate, formatUsd } from '../../../src/core/text/format.ts';
import { shortHash } from '../../../src/core/registry/names.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import type { ShownRun } from '../../../src/protocol/run-panel.ts';
import type { SliceRow } from './row-cache.ts';

/** One sentence that answers the panel's question, and what is said more quietly after it. */
export interface Answer {
  readonly main: string;
  readonly aside: string;
}

/** Below this many scored outputs nothing is concluded. */
const MIN_FOR_VERDICT = 5;

/** What the run shows, in words. Says only what its numbers carry: models are not compared pairwise here. */
export function answerOf(snapshot: RunSnapshot, slices: readonly SliceRow[]): Answer {
  const { info, models } = snapshot;
  const running = info.status === 'running';
  const stopped = stopReason(snapshot);
  const scored = models.reduce((sum, model) => sum + answered(model.summary), 0);
  if (scored === 0) {
    if (running) return { main: 'No output has been scored so far.', aside: '' };
    return { main: stopped ?? noneScored(snapshot), aside: '' };
  }
  const prefix = running ? 'So far ' : stopped === null ? '' : `${stopped} `;
  const first = models[0];
  if (models.length === 1 && first !== undefined) {
    const sentence = `${oneModel(info, first.summary)}${running || stopped !== null ? '' : weakest(first.summary, slices)}`;
    return { main: prefix + sentence, aside: joined(running ? 'No verdict before the run ends.' : tooFew(first.summary), errorsOf(snapshot.summary, running)) };
  }
  const fewest = Math.min(...models.map((model) => answered(model.summary)));
  const aside = running ? 'No verdict before the run ends.'
    : fewest < MIN_FOR_VERDICT ? 'Too few cases for a verdict.' : 'Rates of each model by itself, not a paired comparison.';
  const rates = manyModels(models);
  return { main: prefix + (running ? rates : capitalised(rates, models)), aside: joined(aside, errorsOf(snapshot.summary, running)) };
}

function oneModel(info: RunInfo, summary: Summary): string {
  const noun = info.repeats > 1 ? 'outputs ' : '';
  return `${formatCount(summary.passed)} of ${formatCount(answered(summary))} ${noun}pass${answered(summary) < MIN_FOR_VERDICT ? '.' : `: ${rateWithDecimals(summary)}.`}`;
}

function manyModels(models: RunSnapshot['models']): string {
  const ranked = models.filter((model) => model.summary.passRate !== null).sort((a, b) => (b.summary.passRate ?? 0) - (a.summary.passRate ?? 0));
  const best = ranked[0];
  const last = ranked.at(-1);
  if (best === undefined || last === undefined) return 'no model has a scored output.';
  const one = (model: RunSnapshot['models'][number]): string =>
    `${model.label} passes ${formatCount(model.summary.passed)} of ${formatCount(answered(model.summary))}${answered(model.summary) < MIN_FOR_VERDICT ? '' : `, ${formatRate(model.summary.passRate, model.summary.interval)}`}`;
  if (ranked.length === 1) return `${one(best)}.`;
  if (ranked.length === 2) return `${one(best)}; ${one(last)}.`;
  return `pass rates of ${ranked.length} models go from ${formatRate(last.summary.passRate, last.summary.interval)} (${last.label}) to ${formatRate(best.summary.passRate, best.summary.interval)} (${best.label}).`;
}

/**
 * The slice with the lowest pass rate, when its whole interval lies below the interval of all: a cautious sign, since a slice
 * is part of the whole and was picked as the lowest of several.
 */
function weakest(all: Summary, slices: readonly SliceRow[]): string {
  if (all.interval === null || slices.length < 2) return '';
  let lowest: { readonly slice: string; readonly passRate: number; readonly interval: readonly [number, number]; readonly n: number } | undefined;
  for (const { slice, models: [model] } of slices) {
    if (model === undefined || model.passRate === null || model.interval === null || model.n < MIN_FOR_VERDICT) continue;
    if (lowest === undefined || model.passRate < lowest.passRate) lowest = { slice, passRate: model.passRate, interval: model.interval, n: model.n };
  }
  if (lowest === undefined || lowest.interval[1] >= all.interval[0]) return '';
  return ` Weakest slice: ${lowest.slice}, ${formatRate(lowest.passRate, lowest.interval)} of ${formatCount(lowest.n)}.`;
}

/** A sentence begins with a capital, unless it begins with a model's name. */
function capitalised(sentence: string, models: RunSnapshot['models']): string {
  return models.some((model) => sentence.startsWith(model.label)) ? sentence : `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
}

function rateWithDecimals(summary: Summary): string {
  if (summary.passRate === null) return '–';
  return summary.interval === null ? formatPercent(summary.passRate) : `${formatPercent(summary.passRate)} ${formatInterval(summary.interval, 1)}`;
}

function tooFew(summary: Summary): string {
  return answered(summary) < MIN_FOR_VERDICT ? 'Too few cases for a verdict.' : '';
}

function errorsOf(summary: Summary, running: boolean): string {
  if (running || summary.errors === 0) return '';
  return summary.errors === 1 ? '1 cell gave no output and is not counted.' : `${formatCount(summary.errors)} cells gave no output and are not counted.`;
}

function noneScored(snapshot: RunSnapshot): string {
  if (snapshot.total === 0) return 'No case was planned: nothing matched what was asked for.';
  if (snapshot.summary.errors > 0) return `No output: ${snapshot.summary.errors === 1 ? 'the only finished cell' : `all ${formatCount(snapshot.summary.errors)} finished cells`} ended with an error.`;
  return 'No output has been scored.';
}

function stopReason({ info, done, total }: RunSnapshot): string | null {
  const kept = `${formatCount(done)} of ${formatCount(total)} cells are kept`;
  switch (info.status) {
    case 'cancelled':
      return `Cancelled: ${kept}.`;
    case 'interrupted':
      return `Interrupted, its process is gone: ${kept}.`;
    case 'budget':
      return `Stopped at its limit${info.budgetUsd === null ? '' : ` of ${formatBudget(info.budgetUsd)}`}: ${kept}.`;
    default:
      return null;
  }
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

/** Outputs that have a verdict: the denominator of the pass rate. */
export function answered(summary: Summary): number {
  return summary.passed + summary.failed;
}

/** `2 models × 60 cases × 1 repeat = 120 cells` */
export function sizeOf({ info, total }: RunSnapshot): string {
  return `${formatCount(info.models.length, 'model')} × ${formatCount(info.cases, 'case')} × ${formatCount(info.repeats, 'repeat')} = ${formatCount(total, 'cell')}`;
}

/** `$0.0128 of about $0.0180`; unknown prices are said, never counted as nothing. */
export function costOf({ info, costSoFar, summary }: RunSnapshot): string {
  if (info.status !== 'running') return summary.cost === null ? 'cost unknown' : formatUsd(summary.cost);
  if (costSoFar === null && info.estimate.usd === null) return 'cost unknown';
  const estimate = info.estimate.usd === null ? '' : ` of about ${formatUsd(info.estimate.usd)}`;
  return costSoFar === 0 && info.estimate.usd === 0 ? '$0' : `${costSoFar === null ? 'unknown cost' : formatUsd(costSoFar)}${estimate}`;
}

/** `about 6 s left` */
export function remainingOf({ remainingMs }: RunSnapshot): string | null {
  if (remainingMs === null) return null;
  return `about ${remainingMs < 60_000 ? `${Math.max(1, Math.round(remainingMs / 1000))} s` : formatDuration(remainingMs)} left`;
}

/** Which text ran: `v2 · 3ccf5d86` as the lens says it, `3ccf5d86` of one that nobody saved as a version, `working copy · 3ccf5d86` of one that was not even saved to its file. */
export function versionOf({ info, versionLabel }: ShownRun): string {
  if (versionLabel !== undefined) return versionLabel;
  const hash = shortHash(info.promptHash);
  return info.workingCopy ? `working copy · ${hash}` : hash;
}
