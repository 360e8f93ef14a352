import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { COMMANDS, CONTEXT_KEYS, INTERNAL_COMMANDS, PANELS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { OpenPanels } from '../../panels/open-panels.ts';
import { registerCommand, type Services } from '../../services.ts';
import { asRunTarget } from '../../targets.ts';
import { pickTrace, type TraceTarget } from '../../traces/targets.ts';
import { titleOf, TracePanel } from './trace-panel.ts';

/** What the panel keeps over a reload: which trace, and how it was looked at (the panel's own business). */
const stateSchema = v.object({ traceId: v.string() });

/** How it is opened, where a command of ours opens it. */
const showSchema = v.object({ preserveFocus: v.boolean() });

const position = v.pipe(v.number(), v.integer(), v.minValue(0));
const cellSchema = v.object({ caseIndex: position, modelIndex: position, repeat: position });

interface ShownTrace {
  readonly engine: FolderEngine;
  readonly traceId: string;
}

export function register(services: Services): vscode.Disposable {
  const panels = new OpenPanels<ShownTrace, TracePanel>({
    viewType: PANELS.trace,
    // Traces of two folders may have the same id: both were imported.
    key: ({ engine, traceId }) => `${engine.folder.uri.toString()} ${traceId}`,
    create: ({ engine, traceId }, panel) => {
      // The view that lists it may never have been opened.
      void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.hasTraces, true);
      return new TracePanel(services, engine, traceId, panel);
    },
    restore: async (state) => {
      const parsed = v.safeParse(stateSchema, state);
      if (!parsed.success) return undefined;
      const { traceId } = parsed.output;
      const engine = await findEngine(services, traceId);
      return engine && { engine, traceId };
    },
  });
  return vscode.Disposable.from(
    panels,
    registerCommand(services, COMMANDS.openTrace, async (argument, show) => {
      const picked = await pickTrace(services, argument, vscode.l10n.t('Open Trace'));
      if (!picked) return;
      const { engine, row, spanId } = picked;
      const panel = panels.show({ engine, traceId: row.traceId }, titleOf(row), v.is(showSchema, show) && show.preserveFocus);
      if (spanId !== null) panel.revealSpan(spanId);
    }),
    registerCommand(services, INTERNAL_COMMANDS.openCellTrace, async (run, cell) => {
      const target = asRunTarget(run);
      const engine = target && services.engines.forFolder(target.folder);
      if (!engine) throw new TouchstoneError('not-found', vscode.l10n.t('The folder of this run is not open any more.'));
      const { traceId } = await engine.request('cells/trace', { runId: target.runId, key: v.parse(cellSchema, cell) });
      await vscode.commands.executeCommand(COMMANDS.openTrace, { folder: target.folder, traceId } satisfies TraceTarget);
    }),
  );
}

/** The folder whose store has it. One that cannot say (its engine fails) may have it: the panel then shows what is wrong. */
async function findEngine(services: Services, traceId: string): Promise<FolderEngine | undefined> {
  if (!services.engines.takesTraces) return undefined;
  let unknown: FolderEngine | undefined;
  for (const engine of services.engines.forTraces()) {
    const found = await engine.request('traces/get', { traceId }).then(() => true, (error: unknown) => (error instanceof TouchstoneError && error.code === 'not-found' ? false : null));
    if (found === true) return engine;
    if (found === null) unknown ??= engine;
  }
  return unknown;
}
