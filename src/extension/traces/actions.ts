import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import { formatCount } from '../../core/text/format.ts';
import type { TraceMethods, TraceRow } from '../../protocol/traces.ts';
import { askFolders } from '../engine/ask-folders.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import { showInformation, showWarning } from '../messages.ts';
import { showQuickPick } from '../questions.ts';
import type { Services } from '../services.ts';
import { engineOfTrace, type TraceTarget } from './targets.ts';

export type TraceFormat = TraceMethods['traces/export'][0]['format'];

const ENDINGS: Readonly<Record<TraceFormat, string>> = { json: 'json', otlp: 'otlp.json', markdown: 'md', tree: 'txt' };

export function isTraceFormat(value: unknown): value is TraceFormat {
  return typeof value === 'string' && Object.hasOwn(ENDINGS, value);
}

export async function pickFormat(title: string): Promise<TraceFormat | undefined> {
  const formats: readonly { readonly label: string; readonly description: string; readonly format: TraceFormat }[] = [
    { label: 'JSON', description: vscode.l10n.t('spans as Touchstone reads them, with findings'), format: 'json' },
    { label: 'OTLP', description: vscode.l10n.t('exactly what was sent, for other tools'), format: 'otlp' },
    { label: 'Markdown', description: vscode.l10n.t('a conversation to paste'), format: 'markdown' },
    { label: vscode.l10n.t('Tree'), description: vscode.l10n.t('lines of text'), format: 'tree' },
  ];
  return (await showQuickPick(formats, { title, placeHolder: vscode.l10n.t('Pick a format') }))?.format;
}

/** Asks where to, writes the trace (or one span with all below) there, and offers to open it. */
export async function exportTrace(engine: FolderEngine, row: TraceRow, format: TraceFormat, spanId?: string): Promise<void> {
  const name = `${row.name.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 60).toLowerCase() || 'trace'}-${(spanId ?? row.traceId).slice(0, 8)}`;
  const ending = ENDINGS[format];
  // Nobody looks for a file in the extension's own storage.
  const folder = vscode.workspace.getWorkspaceFolder(engine.folder.uri)?.uri ?? vscode.Uri.file(homedir());
  const uri = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.joinPath(folder, `${name}.${ending}`), filters: { [format.toUpperCase()]: [ending.split('.').at(-1) ?? ending] } });
  if (!uri) return;
  if (uri.scheme !== 'file') throw new TouchstoneError('usage', vscode.l10n.t('Traces are written to files on the disk of this workspace.'));
  await engine.request('traces/export', { traceId: row.traceId, format, file: uri.fsPath, ...(spanId === undefined ? {} : { spanId }) });
  const open = vscode.l10n.t('Open');
  void showInformation(vscode.l10n.t('Exported to {0}.', vscode.workspace.asRelativePath(uri)), open).then((answer) => (answer === open ? vscode.window.showTextDocument(uri) : undefined));
}

/** Asks first. Resolves to whether they are gone. */
export async function deleteTraces(services: Services, targets: readonly TraceTarget[]): Promise<boolean> {
  const question = targets.length === 1 ? vscode.l10n.t('Delete this trace?') : vscode.l10n.t('Delete {0}?', formatCount(targets.length, 'trace'));
  if (targets.length === 0 || !(await confirmDelete(question))) return false;
  const byFolder = Map.groupBy(targets, (target) => target.folder);
  for (const group of byFolder.values()) {
    const first = group[0];
    if (first) await engineOfTrace(services, first).request('traces/delete', { traceIds: group.map((target) => target.traceId) });
  }
  return true;
}

/** Everything that a query finds, in every folder. Asks first, with the number. */
export async function deleteMatching(services: Services, query: string): Promise<void> {
  const lists = await askFolders(services, services.engines.forTraces(), (engine) => engine.request('traces/list', { query, sort: 'time', descending: true, limit: 1 }));
  const totals = lists.map(({ answer }) => answer.total);
  const count = totals.reduce((sum, total) => sum + total.count, 0);
  if (count === 0) {
    void showInformation(vscode.l10n.t('No trace matches.'));
    return;
  }
  const number = `${totals.some((total) => total.atLeast) ? vscode.l10n.t('more than ') : ''}${formatCount(count, 'trace')}`;
  const question = query === '' ? vscode.l10n.t('Delete all traces of this workspace ({0})?', number) : vscode.l10n.t('Delete {0} that match “{1}”?', number, query);
  if (!(await confirmDelete(question))) return;
  let deleted = 0;
  for (const { engine } of lists) deleted += (await engine.request('traces/delete', { query })).deleted;
  vscode.window.setStatusBarMessage(vscode.l10n.t('{0} deleted.', formatCount(deleted, 'trace')), 5000);
}

async function confirmDelete(question: string): Promise<boolean> {
  const confirm = vscode.l10n.t('Delete');
  const detail = vscode.l10n.t('This cannot be undone. Files that traces were imported from stay as they are.');
  return (await showWarning(question, { modal: true, detail }, confirm)) === confirm;
}
