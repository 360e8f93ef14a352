import * as vscode from 'vscode';
import { formatCount, formatDuration, formatUsd } from '../../../core/text/format.ts';
import { COMMANDS } from '../../constants.ts';
import { progress } from '../../runs/wording.ts';
import type { Services } from '../../services.ts';
import { runName, type RunTarget } from '../../targets.ts';

/** One quiet item, only while a run is in progress: how far, what it has cost, and the way to it. */
export function register(services: Services): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('touchstone.status', vscode.StatusBarAlignment.Left, 0);
  item.name = 'Touchstone';
  const show = (): void => {
    const active = services.runs.active();
    const first = active[0];
    if (!first) {
      item.hide();
      return;
    }
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
  };
  show();
  return vscode.Disposable.from(item, services.runs.onDidChange(show), services.runs.onDidEnd(show));
}
