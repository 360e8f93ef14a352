import * as vscode from 'vscode';
import { shortHash } from '../../core/registry/names.ts';
import type { RunStatus, Summary } from '../../core/eval/model.ts';
import { formatCount, formatDuration, formatRate, formatUsd } from '../../core/text/format.ts';
import type { RunSnapshot } from '../../protocol/engine.ts';

/** `55/60`; at most 15 characters up to a million cells. Errors are not in it: they have no answer to count. */
export function shortScore(summary: Summary): string {
  const answered = summary.passed + summary.failed;
  return answered === 0 ? (summary.errors > 0 ? formatCount(summary.errors, 'error') : '–') : `${formatCount(summary.passed)}/${formatCount(answered)}`;
}

/** `55/60 · 91.7% [82–96] · $0.0180 · p50 840 ms`, with what did not go well behind the rate. */
export function longScore(summary: Summary): string {
  const answered = summary.passed + summary.failed;
  const parts = [answered === 0 ? null : `${formatCount(summary.passed)}/${formatCount(answered)} · ${formatRate(summary.passRate, summary.interval)}`];
  if (summary.errors > 0) parts.push(formatCount(summary.errors, 'error'));
  parts.push(summary.cost === null ? vscode.l10n.t('cost unknown') : formatUsd(summary.cost));
  if (summary.latency.p50 !== null) parts.push(`p50 ${formatDuration(summary.latency.p50)}`);
  return parts.filter((part) => part !== null).join(' · ');
}

/** `87 of 120 · $0.0128`. */
export function progress(run: { readonly done: number; readonly total: number; readonly cost: number | null }): string {
  const count = vscode.l10n.t('{0} of {1}', formatCount(run.done), formatCount(run.total));
  return run.cost === null ? count : `${count} · ${formatUsd(run.cost)}`;
}

/** Whether a run can go on with what is missing. */
export function isResumable(status: RunStatus): boolean {
  return status === 'cancelled' || status === 'interrupted' || status === 'budget';
}

export function statusWord(status: RunStatus): string {
  switch (status) {
    case 'running':
      return vscode.l10n.t('running');
    case 'finished':
      return vscode.l10n.t('finished');
    case 'cancelled':
      return vscode.l10n.t('cancelled');
    case 'interrupted':
      return vscode.l10n.t('interrupted');
    case 'budget':
      return vscode.l10n.t('budget reached');
  }
}

/** An icon and its colour; the description says the same in words. */
export function statusIcon({ info, summary }: RunSnapshot): vscode.ThemeIcon {
  if (info.status === 'running') return new vscode.ThemeIcon('loading~spin');
  if (info.status !== 'finished') return new vscode.ThemeIcon(info.status === 'interrupted' ? 'debug-disconnect' : 'circle-slash', new vscode.ThemeColor('list.warningForeground'));
  if (summary.errors > 0) return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  // Some cases fail in most runs: what that means is for the score to say, not for a colour.
  return new vscode.ThemeIcon('checklist');
}

/** `39/60 · v2 · 09:55`, `12 of 60 · v2 · 09:55`: what tells one run of a prompt from another. `versionLabel`: `null` where nobody saved what ran. */
export function runDescription({ info, summary, done, total }: RunSnapshot, versionLabel: string | null, now = new Date()): string {
  const score = info.status === 'running' ? progress({ done, total, cost: null }) : shortScore(summary);
  return [score, versionLabel?.split(' · ')[0] ?? shortHash(info.promptHash), runTime(info.startedAt, now)].filter((part) => part !== '').join(' · ');
}

/** `09:55` today, with the date on other days; as this machine writes times. */
function runTime(startedAt: string, now: Date): string {
  const date = new Date(startedAt);
  if (Number.isNaN(date.getTime())) return '';
  const day = date.toDateString() === now.toDateString() ? {} : { month: 'short', day: 'numeric', ...(date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) } as const;
  return date.toLocaleString(undefined, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

export function runTooltip(snapshot: RunSnapshot, versionLabel: string | null): vscode.MarkdownString {
  const { info, summary } = snapshot;
  const tooltip = new vscode.MarkdownString('', true);
  // Names come from files: as text, never as Markdown.
  tooltip.appendText(`${info.title ?? info.promptName} · ${statusWord(info.status)}\n`);
  tooltip.appendText(`${longScore(summary)}\n`);
  tooltip.appendText(`${versionLabel ?? vscode.l10n.t('{0}, not saved as a version', shortHash(info.promptHash))}${info.datasetName === null ? '' : ` · ${info.datasetName}`}\n`);
  tooltip.appendText(`${info.models.map((model) => model.label).join(', ')} · ${formatCount(info.cases, 'case')} × ${formatCount(info.repeats, 'repeat')}\n`);
  tooltip.appendText(`${new Date(info.startedAt).toLocaleString()} · ${formatDuration(info.durationMs)}`);
  return tooltip;
}
