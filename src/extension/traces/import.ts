import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import { formatCount } from '../../core/text/format.ts';
import type { ImportedFile } from '../../protocol/traces.ts';
import { COMMANDS } from '../constants.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import { showWarning } from '../messages.ts';
import { enginePath } from '../paths.ts';
import type { Services } from '../services.ts';
import type { TraceTarget } from './targets.ts';

/** Endings of the files that the dialog shows first; any other can be chosen, too. */
const ENDINGS = ['json', 'jsonl', 'ndjson', 'traj'];
/** Rejections that are written out; the rest is counted. */
const SHOWN_REJECTIONS = 200;

export async function pickFiles(engine: FolderEngine): Promise<vscode.Uri[]> {
  const folder = vscode.workspace.getWorkspaceFolder(engine.folder.uri);
  const picked = await vscode.window.showOpenDialog({
    ...(folder === undefined ? {} : { defaultUri: folder.uri }),
    canSelectMany: true,
    title: vscode.l10n.t('Import Traces'),
    openLabel: vscode.l10n.t('Import'),
    filters: { [vscode.l10n.t('Traces')]: ENDINGS, [vscode.l10n.t('All files')]: ['*'] },
  });
  return picked ?? [];
}

/** The folder whose store takes an import: that of the first file, else the first one, or the one that is picked. */
export async function importFolder(services: Services, uris: readonly vscode.Uri[]): Promise<FolderEngine | undefined> {
  const [first] = uris;
  const own = first === undefined ? undefined : services.engines.forUri(first);
  if (own) return own;
  const engines = services.engines.forTraces();
  if (engines.length <= 1) return engines[0];
  const folder = await vscode.window.showWorkspaceFolderPick({ placeHolder: vscode.l10n.t('Import Traces') });
  return folder && services.engines.forFolder(folder.uri.toString());
}

/** Reads files into the store, with progress and Cancel, and says what came of it. Shows the trace when it is one. */
export async function importFiles(services: Services, engine: FolderEngine, uris: readonly vscode.Uri[]): Promise<readonly ImportedFile[]> {
  const unreadable = uris.find((uri) => uri.scheme !== 'file');
  if (unreadable) throw new TouchstoneError('usage', vscode.l10n.t('{0} is not a file on the disk of this workspace.', unreadable.toString(true)));
  const files = uris.map(enginePath);
  const imported = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: files.length === 1 ? vscode.l10n.t('Importing {0}', vscode.workspace.asRelativePath(uris[0] ?? '')) : vscode.l10n.t('Importing {0}', formatCount(files.length, 'file')), cancellable: true },
    async (progress, token) => {
      const controller = new AbortController();
      const subscriptions = vscode.Disposable.from(
        token.onCancellationRequested(() => controller.abort()),
        services.engines.onTracesProgress(({ engine: from, params }) => {
          if (from !== engine) return;
          const share = params.total > 0 ? `${Math.floor((params.bytes / params.total) * 100)}%` : '';
          progress.report({ message: [share, formatCount(params.spans, 'span')].filter((part) => part !== '').join(' · ') });
        }),
      );
      try {
        return (await engine.request('traces/import', { files }, controller.signal)).files;
      } finally {
        subscriptions.dispose();
      }
    },
  );
  await tell(services, engine, imported);
  return imported;
}

async function tell(services: Services, engine: FolderEngine, files: readonly ImportedFile[]): Promise<void> {
  const spans = files.reduce((sum, file) => sum + file.spans, 0);
  const logs = files.reduce((sum, file) => sum + file.logs, 0);
  const rejected = files.reduce((sum, file) => sum + file.rejected.length, 0);
  const traceIds = [...new Set(files.flatMap((file) => file.traceIds))];
  const [only] = traceIds;
  if (only !== undefined && traceIds.length === 1) {
    await vscode.commands.executeCommand(COMMANDS.openTrace, { folder: engine.folder.uri.toString(), traceId: only } satisfies TraceTarget);
  }
  const parts = [formatCount(spans, 'span'), ...(logs > 0 ? [formatCount(logs, 'log record')] : [])].join(', ');
  const what = vscode.l10n.t('{0} in {1}', parts, formatCount(files.reduce((sum, file) => sum + file.traces, 0), 'trace'));
  if (rejected === 0 && spans + logs > 0) {
    vscode.window.setStatusBarMessage(vscode.l10n.t('Imported {0}.', what), 8000);
    return;
  }
  const details = vscode.l10n.t('Show Details');
  const unknown = files.filter((file) => file.format === 'unknown').map((file) => vscode.workspace.asRelativePath(file.file));
  const message = spans + logs === 0
    ? unknown.length > 0 ? vscode.l10n.t('No known trace format: {0}', unknown.join(', ')) : vscode.l10n.t('The files hold no trace.')
    : vscode.l10n.t('Imported {0}. {1} could not be read.', what, formatCount(rejected, 'part'));
  // The import has ended; whoever called it does not wait until the message is put away.
  void showWarning(message, ...(rejected > 0 ? [details] : [])).then(async (answer) => {
    if (answer === details) await services.texts.show('import.txt', describeImport(files));
  });
}

/** One line a file, and below it what could not be taken. */
function describeImport(files: readonly ImportedFile[]): string {
  return files.map((file) => {
    const head = `${file.file}: ${file.format}, ${formatCount(file.spans, 'span')}, ${formatCount(file.logs, 'log record')}, ${formatCount(file.traces, 'trace')}`;
    const shown = file.rejected.slice(0, SHOWN_REJECTIONS).map(({ where, reason }) => `    ${where}: ${reason}`);
    const hidden = file.rejected.length - shown.length;
    return [head, ...shown, ...(hidden > 0 ? [`    … ${formatCount(hidden)} more`] : [])].join('\n');
  }).join('\n');
}
