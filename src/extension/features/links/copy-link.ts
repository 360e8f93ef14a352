import * as vscode from 'vscode';
import { COMMANDS } from '../../constants.ts';
import { showInformation } from '../../messages.ts';
import { showQuickPick } from '../../questions.ts';
import type { Services } from '../../services.ts';
import { pickTrace, type TraceTarget } from '../../traces/targets.ts';

/** A link that a colleague can open: the page of the trace, the same through their editor, or Markdown. */
export async function copyTraceLink(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Copy Trace Link');
  const picked = await pickTrace(services, argument, title);
  if (!picked) return;
  const { engine, row: { traceId }, spanId } = picked;
  const { link, editor, markdown } = await engine.request('links/make', { traceId, ...(spanId === null ? {} : { spanId }) });
  const offered = [
    { label: `$(link) ${vscode.l10n.t('Link')}`, detail: link },
    { label: `$(vscode) ${vscode.l10n.t('Link into the editor')}`, detail: editor },
    { label: `$(markdown) ${vscode.l10n.t('Markdown')}`, detail: markdown },
  ].flatMap(({ label, detail }) => (detail === null ? [] : [{ label, detail }]));
  if (offered.length === 0) {
    const exportIt = vscode.l10n.t('Export…');
    const answer = await showInformation(vscode.l10n.t('This trace is only here: no link leads to it. Exported to a file it can be sent.'), exportIt);
    if (answer === exportIt) await vscode.commands.executeCommand(COMMANDS.exportTrace, { folder: engine.folder.uri.toString(), traceId } satisfies TraceTarget);
    return;
  }
  const chosen = await showQuickPick(offered, { title, placeHolder: vscode.l10n.t('What to copy') });
  if (!chosen) return;
  await vscode.env.clipboard.writeText(chosen.detail);
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied.'), 3000);
}
