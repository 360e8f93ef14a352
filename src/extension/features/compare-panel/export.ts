import * as vscode from 'vscode';
import type { Comparison, ComparisonRef, CompareSettings } from '../../../protocol/compare.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { showInformation } from '../../messages.ts';

const ENDINGS = { markdown: 'md', html: 'html', json: 'json' } as const;

/** Puts the report of a comparison on the clipboard, or asks for a file and writes it there. */
export async function exportComparison(
  engine: FolderEngine,
  comparison: Comparison,
  { settings, format, to, together }: { readonly settings: CompareSettings; readonly format: 'markdown' | 'html' | 'json'; readonly to: 'clipboard' | 'file'; readonly together: { readonly together?: readonly ComparisonRef[] } },
): Promise<void> {
  const asked = { ref: comparison.ref, settings, format, ...together };
  if (to === 'clipboard') {
    const { text } = await engine.request('compare/export', asked);
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(vscode.l10n.t('The comparison is on the clipboard.'), 4000);
    return;
  }
  const ending = ENDINGS[format];
  const name = `${comparison.b.promptName}-${comparison.a.label}-${comparison.b.label}`.replace(/[^\p{L}\p{N}.-]+/gu, '-').replace(/^-+|-+$/g, '').toLowerCase();
  const uri = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.joinPath(engine.folder.uri, `${name}.${ending}`), filters: { [format.toUpperCase()]: [ending] } });
  if (!uri) return;
  await engine.request('compare/export', { ...asked, file: uri.fsPath });
  const open = vscode.l10n.t('Open');
  void showInformation(vscode.l10n.t('Exported to {0}.', vscode.workspace.asRelativePath(uri)), open).then(async (answer) => {
    if (answer === open) await (format === 'html' ? vscode.env.openExternal(uri) : vscode.window.showTextDocument(uri));
  });
}
