import * as vscode from 'vscode';
import { formatDuration } from '../../../core/text/format.ts';
import { textOf } from '../../../core/dataset/edit-text.ts';
import type { CaseView } from '../../datasets/dataset-files.ts';

const LONGEST = 60;

/** First line, shortened: a lens and a diagnostic are one line. */
function oneLine(value: unknown): string {
  const text = textOf(value).trim();
  const line = text.split(/\r?\n/)[0] ?? '';
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line === text ? line : `${line}…`;
}

/** `✓ billing · 910 ms`, `✗ technical, expected billing · 1.1 s`. */
export function outcomeTitle(view: CaseView): string | null {
  const { outcome } = view;
  if (!outcome) return null;
  const icon = outcome.error !== null ? 'warning' : outcome.pass === true ? 'check' : outcome.pass === false ? 'close' : 'circle-outline';
  const text = outcome.error !== null
    ? oneLine(outcome.error)
    : outcome.pass === false && view.case.expected !== undefined
      ? vscode.l10n.t('{0}, expected {1}', oneLine(outcome.output), oneLine(view.case.expected))
      : oneLine(outcome.output);
  const time = outcome.latencyMs === null ? '' : ` · ${formatDuration(outcome.latencyMs)}`;
  return `$(${icon})\u00a0${text}${time}${view.stale ? ` (${vscode.l10n.t('stale: edited')})` : ''}`;
}

/** What the warning on a failing case says. */
export function failureMessage({ case: found, outcome }: CaseView): string {
  if (outcome?.error != null) return vscode.l10n.t('No answer: {0}', oneLine(outcome.error));
  if (found.expected === undefined) return vscode.l10n.t('The output does not pass its assertions: {0}', oneLine(outcome?.output));
  return vscode.l10n.t('Expected {0}, the output is {1}.', oneLine(found.expected), oneLine(outcome?.output));
}
