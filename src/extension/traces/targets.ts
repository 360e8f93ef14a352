import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import type { TraceRow } from '../../protocol/traces.ts';
import { askFolders } from '../engine/ask-folders.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import { withFolder } from '../engine/pick-folder.ts';
import { createQuickPick } from '../questions.ts';
import type { Services } from '../services.ts';
import { traceDescription } from './wording.ts';

const targetSchema = v.object({ folder: v.string(), traceId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)), spanId: v.optional(v.nullable(v.string())) });

/** Arguments of commands: what the views, panels and other extensions name a trace by. */
export interface TraceTarget {
  /** Address of the workspace folder whose store has it. */
  readonly folder: string;
  readonly traceId: string;
  /** A span to show. */
  readonly spanId?: string | null;
}

export interface PickedTrace {
  readonly engine: FolderEngine;
  readonly row: TraceRow;
  readonly spanId: string | null;
}

/** How many traces are offered where one has to be picked; the Traces view has all of them. */
const OFFERED = 50;

function asTraceTarget(argument: unknown): TraceTarget | undefined {
  const parsed = v.safeParse(targetSchema, argument);
  return parsed.success ? parsed.output : undefined;
}

/** What a command of a tree is called on: the selection where the clicked one is part of it, else that one. */
export function asTraceTargets(argument: unknown, selected: unknown): TraceTarget[] {
  const many = Array.isArray(selected) ? selected.map(asTraceTarget).filter((target) => target !== undefined) : [];
  const one = asTraceTarget(argument);
  return many.length > 0 ? many : one ? [one] : [];
}

/** @throws TouchstoneError 'not-found' when the folder is not open any more */
export function engineOfTrace(services: Services, target: TraceTarget): FolderEngine {
  const engine = services.engines.forFolder(target.folder);
  if (!engine) throw new TouchstoneError('not-found', vscode.l10n.t('The folder of this trace is not open any more.'));
  return engine;
}

/** The trace that a command is about: its argument, an id (or its beginning) as text, else a pick among the latest. `undefined`: not picked. */
export async function pickTrace(services: Services, argument: unknown, title: string): Promise<PickedTrace | undefined> {
  const target = asTraceTarget(argument);
  if (target) {
    const engine = engineOfTrace(services, target);
    return { engine, row: await engine.request('traces/get', { traceId: target.traceId }), spanId: target.spanId ?? null };
  }
  if (typeof argument === 'string') return findTrace(services, argument);
  return pickAmong(services, title);
}

async function pickAmong(services: Services, title: string): Promise<PickedTrace | undefined> {
  const lists = await askFolders(services, services.engines.forTraces(), (engine) => engine.request('traces/list', { query: '', sort: 'time', descending: true, limit: OFFERED }));
  const traces = lists.flatMap(({ engine, answer }) => answer.traces.map((row) => ({ engine, row, spanId: null })));
  if (traces.length === 0) throw new TouchstoneError('not-found', vscode.l10n.t('There is no trace yet. Turn the receiver on, or import files.'));
  const picker = createQuickPick<vscode.QuickPickItem & { readonly found?: PickedTrace; readonly id?: string }>();
  picker.title = title;
  picker.placeholder = vscode.l10n.t('Pick a trace, or type the beginning of its id');
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  const items = traces.map((found) => ({ label: found.row.name, description: withFolder(services, found.engine, traceDescription(found.row, 'time')), detail: found.row.traceId, found }));
  picker.items = items;
  try {
    const picked = await new Promise<(typeof picker.items)[number] | undefined>((resolve) => {
      picker.onDidChangeValue((typed) => {
        const id = typed.trim().toLowerCase();
        const byId = /^[0-9a-f]{4,32}$/.test(id) && !traces.some(({ row }) => row.traceId.startsWith(id));
        picker.items = byId ? [{ label: vscode.l10n.t('Open the trace whose id begins with {0}', id), id, alwaysShow: true }, ...items] : items;
      });
      picker.onDidAccept(() => resolve(picker.activeItems[0]));
      picker.onDidHide(() => resolve(undefined));
      picker.show();
    });
    return picked?.id === undefined ? picked?.found : await findTrace(services, picked.id);
  } finally {
    picker.dispose();
  }
}

/**
 * The trace whose id begins so, wherever it is.
 * @throws TouchstoneError 'not-found'; 'usage' where several of a folder begin so
 */
export async function findTrace(services: Services, beginning: string): Promise<PickedTrace> {
  const traceId = beginning.trim().toLowerCase();
  const answers = await askFolders(services, services.engines.forTraces(), (engine) => engine.request('traces/get', { traceId }).catch((error: unknown) => {
    if (error instanceof TouchstoneError && (error.code === 'not-found' || error.code === 'usage')) return error;
    throw error;
  }));
  for (const { answer } of answers) if (answer instanceof TouchstoneError && answer.code === 'usage') throw answer;
  for (const { engine, answer } of answers) if (!(answer instanceof TouchstoneError)) return { engine, row: answer, spanId: null };
  throw new TouchstoneError('not-found', vscode.l10n.t('No trace of this workspace begins with {0}.', beginning.trim()));
}
