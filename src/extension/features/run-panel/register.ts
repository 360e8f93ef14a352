import * as v from 'valibot';
import * as vscode from 'vscode';
import { COMMANDS, PANELS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { registerCommand, type Services } from '../../services.ts';
import { pickRun, runName } from '../../targets.ts';
import { RunPanel } from './run-panel.ts';

/** What the panel keeps over a reload: which run, and how it was looked at (the panel's own business). */
const stateSchema = v.object({ runId: v.string() });

export function register(services: Services): vscode.Disposable {
  const open = new Map<string, RunPanel>();

  const attach = (engine: FolderEngine, runId: string, panel: vscode.WebviewPanel): void => {
    const view = new RunPanel(services, engine, runId, panel);
    open.set(runId, view);
    view.onDidDispose(() => {
      view.dispose();
      if (open.get(runId) === view) open.delete(runId);
    });
  };

  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.openRun, async (argument) => {
      const picked = await pickRun(services, argument, { title: vscode.l10n.t('Open Run') });
      if (!picked) return;
      const runId = picked.snapshot.info.id;
      services.runs.note(picked.engine, picked.snapshot);
      const shown = open.get(runId);
      if (shown) shown.reveal();
      else attach(picked.engine, runId, vscode.window.createWebviewPanel(PANELS.run, runName(picked.snapshot), vscode.ViewColumn.Active, { enableScripts: true }));
    }),
    vscode.window.registerWebviewPanelSerializer(PANELS.run, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const parsed = v.safeParse(stateSchema, state);
        const engine = parsed.success ? await findEngine(services, parsed.output.runId) : undefined;
        // A run that is gone, or a workspace that is not trusted (any more): a panel without data is closed.
        if (parsed.success && engine) attach(engine, parsed.output.runId, panel);
        else panel.dispose();
      },
    }),
    { dispose: () => [...open.values()].forEach((panel) => panel.dispose()) },
  );
}

async function findEngine(services: Services, runId: string): Promise<FolderEngine | undefined> {
  if (!services.engines.available) return undefined;
  for (const engine of services.engines.all()) {
    const found = await engine.request('runs/get', { runId }).then(() => true, () => false);
    if (found) return engine;
  }
  return undefined;
}
