import * as v from 'valibot';
import * as vscode from 'vscode';
import { COMMANDS, PANELS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { OpenPanels } from '../../panels/open-panels.ts';
import { registerCommand, type Services } from '../../services.ts';
import { pickRun, runName } from '../../targets.ts';
import { RunPanel } from './run-panel.ts';

/** What the panel keeps over a reload: which run, and how it was looked at (the panel's own business). */
const stateSchema = v.object({ runId: v.string() });

interface ShownRun {
  readonly engine: FolderEngine;
  readonly runId: string;
}

export function register(services: Services): vscode.Disposable {
  const panels = new OpenPanels<ShownRun, RunPanel>({
    viewType: PANELS.run,
    key: ({ runId }) => runId,
    create: ({ engine, runId }, panel) => new RunPanel(services, engine, runId, panel),
    restore: async (state) => {
      const parsed = v.safeParse(stateSchema, state);
      if (!parsed.success) return undefined;
      const { runId } = parsed.output;
      const engine = await findEngine(services, runId);
      return engine && { engine, runId };
    },
  });
  return vscode.Disposable.from(
    panels,
    registerCommand(services, COMMANDS.openRun, async (argument) => {
      const picked = await pickRun(services, argument, { title: vscode.l10n.t('Open Run') });
      if (!picked) return;
      const { engine, snapshot } = picked;
      services.runs.note(engine, snapshot);
      panels.show({ engine, runId: snapshot.info.id }, runName(snapshot));
    }),
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
