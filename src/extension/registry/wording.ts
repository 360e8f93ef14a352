import * as vscode from 'vscode';
import { metricDifference, pValue, verdictSentence } from '../../core/compare/sentence.ts';
import { shortLabel } from '../../core/registry/names.ts';
import type { EnvironmentState, PromptVersions, VersionScore, VersionSummary } from '../../protocol/registry.ts';
import type { Comparison } from '../../protocol/compare.ts';
import { formatRate } from '../../core/text/format.ts';
import { progress, shortScore } from '../runs/wording.ts';
import { age } from './age.ts';

/** `v9`, `edited since v9`, `no version yet`. */
export function workingCopyText({ workingCopy, versions }: PromptVersions): string {
  const named = (hash: string | null): string | null => {
    const version = hash === null ? undefined : versions.find((one) => one.hash === hash);
    return version ? shortLabel(version, versions) : null;
  };
  const same = named(workingCopy.version);
  if (same !== null) return same;
  const parent = named(workingCopy.parent);
  return parent === null ? vscode.l10n.t('no version yet') : vscode.l10n.t('edited since {0}', parent);
}

/** What a version scored last, with its own dataset and models where it was run so; `null`: it has not been run. */
export function versionScore(version: Pick<VersionSummary, 'scores'> | undefined): VersionScore | null {
  return version?.scores[0] ?? null;
}

/** `47/60 · 78.3% [66–87]`; of another model or dataset than the prompt's with their names. */
export function scoreText({ summary, own, model, datasetName }: VersionScore): string {
  return [shortScore(summary), formatRate(summary.passRate, summary.interval), ...(own ? [] : [model, datasetName])].filter((part) => part !== null).join(' · ');
}

/** `v7 · 47/60`, `diverged`: what stands behind an environment in the view. */
export function environmentText(state: EnvironmentState, versions: readonly VersionSummary[]): string {
  if (state.diverged.length > 1) return vscode.l10n.t('diverged');
  const version = versions.find((one) => one.hash === state.version);
  const label = version ? shortLabel(version, versions) : state.label ?? '–';
  const score = versionScore(version);
  return score?.own !== true ? label : `${label} · ${shortScore(score.summary)}`;
}

export function ago(time: string, now = Date.now()): string {
  const at = Date.parse(time);
  if (!Number.isFinite(at)) return '';
  const { value, unit } = age(now - at);
  if (unit === 'minute' && value === 0) return vscode.l10n.t('now');
  const texts = {
    minute: [vscode.l10n.t('1 minute ago'), vscode.l10n.t('{0} minutes ago', value)],
    hour: [vscode.l10n.t('1 hour ago'), vscode.l10n.t('{0} hours ago', value)],
    day: [vscode.l10n.t('yesterday'), vscode.l10n.t('{0} days ago', value)],
    month: [vscode.l10n.t('1 month ago'), vscode.l10n.t('{0} months ago', value)],
    year: [vscode.l10n.t('1 year ago'), vscode.l10n.t('{0} years ago', value)],
  } as const;
  return texts[unit][value === 1 ? 0 : 1];
}

/** A person's name as Git knows it, without the address. */
export function authorText(author: string): string {
  return author.replace(/\s*<[^<>]*>\s*$/, '') || author;
}

/** Who, when, and what for: the second line of a version wherever versions are listed. */
export function versionDetail(version: Pick<VersionSummary, 'message' | 'author' | 'time' | 'tags' | 'useCase'>): string {
  const first = version.message.split('\n')[0] ?? '';
  return [first, authorText(version.author), ago(version.time), version.useCase, ...version.tags.map((tag) => `#${tag}`)].filter((part) => part !== null && part !== '').join(' · ');
}

/** What a comparison shows, in a few words: `+8.3 pts, p = .012`, `−1.7 pts, no difference shown`, `cannot be compared`. */
export function comparisonText(comparison: Comparison): string {
  if (comparison.refused) return vscode.l10n.t('cannot be compared');
  const running = [comparison.a, comparison.b].find((side) => side.status === 'running');
  if (running) return vscode.l10n.t('comparing, {0}', progress({ done: running.done, total: running.total, cost: null }));
  const metric = comparison.result?.metrics[0];
  if (!metric || metric.delta === null) return vscode.l10n.t('nothing to compare yet');
  const delta = metricDifference(metric.delta, metric.unit).replace(' points', ' pts');
  const p = metric.pAdjusted ?? metric.p;
  switch (metric.verdict) {
    case 'better':
    case 'worse':
      return p === null ? delta : `${delta}, ${pValue(p)}`;
    case 'no-difference-shown':
      return vscode.l10n.t('{0}, no difference shown', delta);
    case 'too-few-cases':
      return vscode.l10n.t('{0}, too few cases', delta);
  }
}

/** The same as a sentence with both values and the interval, for tooltips and questions. */
export function comparisonSentence({ refused, result }: Comparison): string {
  if (refused) return refused.message;
  return result ? verdictSentence(result) : vscode.l10n.t('No case was answered by both.');
}
