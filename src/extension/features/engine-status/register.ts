import * as vscode from 'vscode';
import { COMMANDS, WALKTHROUGH, EXTENSION_ID } from '../../constants.ts';
import type { EngineCrash } from '../../engine/engines.ts';
import { resumeRun } from '../../runs/start-run.ts';
import { registerCommand, showError, type Services } from '../../services.ts';
import { formatCount } from '../../../core/text/format.ts';
import { showWarning } from '../../messages.ts';

/** What a person sees of the engine: that it stopped, the log, and how to start it anew. */
export function register(services: Services): vscode.Disposable {
  const { engines, runs, log } = services;
  return vscode.Disposable.from(
    // The tracker hears of a crash first: it was there first.
    engines.onDidCrash((crash) => {
      void tell(services, crash, runs.cutBy(crash.engine)).catch((error: unknown) => showError(log, error));
    }),
    registerCommand(services, COMMANDS.showLog, () => log.show()),
    registerCommand(services, COMMANDS.restartEngine, async () => {
      for (const engine of engines.forTraces()) {
        engine.stop();
        engine.forgetCrashes();
        await engine.request('runs/list', { limit: 1 });
      }
      await vscode.commands.executeCommand(COMMANDS.refresh);
    }),
    registerCommand(services, COMMANDS.clearCache, async () => {
      let entries = 0;
      for (const engine of engines.all()) entries += (await engine.request('cache/clear', {})).entries;
      vscode.window.setStatusBarMessage(vscode.l10n.t('{0} cleared from the response cache.', formatCount(entries, 'answer')), 5000);
    }),
    registerCommand(services, COMMANDS.openWalkthrough, () => vscode.commands.executeCommand('workbench.action.openWalkthrough', `${EXTENSION_ID}#${WALKTHROUGH}`, false)),
  );
}

async function tell(services: Services, { engine, crashes }: EngineCrash, cut: readonly string[]): Promise<void> {
  const showLog = vscode.l10n.t('Show Log');
  if (cut.length === 0) {
    // Nobody was waiting: it starts again with the next request. Said only when it keeps stopping.
    if (crashes < 2) return;
    if ((await showWarning(vscode.l10n.t('The engine stopped again. Finished results are kept.'), showLog)) === showLog) services.log.show();
    return;
  }
  const resume = cut.length === 1 ? vscode.l10n.t('Resume Run') : vscode.l10n.t('Resume Runs');
  const answer = await showWarning(vscode.l10n.t('The engine stopped. Your finished results are kept.'), resume, showLog);
  if (answer === showLog) services.log.show();
  if (answer !== resume) return;
  for (const runId of cut) await resumeRun(services, engine, runId);
}
