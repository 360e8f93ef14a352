import * as vscode from 'vscode';
import { formatCount, formatDuration, formatUsd } from '../../../core/text/format.ts';
import { COMMANDS, VIEWS } from '../../constants.ts';
import { progress } from '../../runs/wording.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import type { Services } from '../../services.ts';
import { runName, type RunTarget } from '../../targets.ts';

/** So long after the last spans came the item says that they come, in milliseconds. */
const RECEIVING_MS = 10_000;

/** One quiet item: how far runs in progress are and what they have cost; else, while spans come in, how many came. */
export function register(services: Services): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('touchstone.status', vscode.StatusBarAlignment.Left, 0);
  item.name = 'Touchstone';
  let silence: NodeJS.Timeout | undefined;
  /** Spans that a folder had when it was silent last. */
  const before = new Map<FolderEngine, number>();
  const show = (): void => {
    clearTimeout(silence);
    if (showRuns(item, services)) return;
    const since = showReceiving(item, services, before);
    if (since === null) item.hide();
    else silence = setTimeout(show, Math.max(RECEIVING_MS - since, 0) + 100);
  };
  show();
  return vscode.Disposable.from(item, services.runs.onDidChange(show), services.runs.onDidEnd(show), services.sources.onDidChange(show), { dispose: () => clearTimeout(silence) });
}

/** Milliseconds since the last spans came; `null`: not lately, and nothing is shown. */
function showReceiving(item: vscode.StatusBarItem, { engines, sources }: Services, before: Map<FolderEngine, number>): number | null {
  let since = Infinity;
  let came = 0;
  for (const engine of engines.all()) {
    const state = sources.state(engine);
    if (state?.receiver.state !== 'on') continue;
    const age = Date.now() - (state.counts.lastAt ?? 0);
    since = Math.min(since, age);
    if (age > RECEIVING_MS || !before.has(engine)) before.set(engine, state.counts.spans);
    came += state.counts.spans - (before.get(engine) ?? 0);
  }
  if (since > RECEIVING_MS || came <= 0) return null;
  const spans = formatCount(came, 'span');
  item.text = `$(broadcast)\u00a0${spans}`;
  item.tooltip = vscode.l10n.t('The receiver of Touchstone takes spans in.');
  item.accessibilityInformation = { label: vscode.l10n.t('Touchstone receiver: {0}', spans) };
  item.command = { command: `${VIEWS.traces}.focus`, title: vscode.l10n.t('Show Traces') };
  item.show();
  return Math.max(since, 0);
}

/** Whether a run is in progress. */
function showRuns(item: vscode.StatusBarItem, { runs }: Services): boolean {
  const active = runs.active();
  const first = active[0];
  if (!first) return false;
  const done = active.reduce((sum, run) => sum + run.snapshot.done, 0);
  const total = active.reduce((sum, run) => sum + run.snapshot.total, 0);
  const costs = active.map((run) => run.snapshot.costSoFar);
  const cost = costs.includes(null) ? null : costs.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  item.text = `$(loading~spin)\u00a0${progress({ done, total, cost })}`;
  item.accessibilityInformation = { label: vscode.l10n.t('Touchstone run: {0}', progress({ done, total, cost })) };
  const target: RunTarget = { folder: first.engine.folder.uri.toString(), runId: first.snapshot.info.id };
  item.command = active.length === 1
    ? { command: COMMANDS.openRun, title: vscode.l10n.t('Open Run'), arguments: [target] }
    : { command: 'workbench.view.extension.touchstone', title: vscode.l10n.t('Show Runs') };
  const tooltip = new vscode.MarkdownString('', true);
  for (const { snapshot } of active) {
    tooltip.appendText(`${runName(snapshot)}: ${formatCount(snapshot.done)} of ${formatCount(snapshot.total)}`);
    tooltip.appendText(` · ${formatUsd(snapshot.costSoFar)} of about ${formatUsd(snapshot.info.estimate.usd)}`);
    if (snapshot.remainingMs !== null) tooltip.appendText(` · about ${formatDuration(snapshot.remainingMs)} left`);
    tooltip.appendText('\n');
  }
  // Trusted for this one command only; the rest of the text is escaped.
  tooltip.isTrusted = { enabledCommands: [COMMANDS.cancelRun] };
  tooltip.appendMarkdown(`\n[${vscode.l10n.t('Cancel')}](command:${COMMANDS.cancelRun}?${encodeURIComponent(JSON.stringify(active.length === 1 ? [target] : []))})`);
  item.tooltip = tooltip;
  item.show();
  return true;
}
