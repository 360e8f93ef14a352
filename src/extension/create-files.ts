import * as vscode from 'vscode';
import { TouchstoneError } from '../core/errors.ts';

export async function exists(uri: vscode.Uri): Promise<boolean> {
  return Promise.resolve(vscode.workspace.fs.stat(uri)).then(() => true, () => false);
}

/** Creates files, never over others, as one edit that can be undone. */
export async function createFiles(files: readonly { readonly uri: vscode.Uri; readonly text: string }[], change = new vscode.WorkspaceEdit()): Promise<void> {
  for (const { uri, text } of files) change.createFile(uri, { contents: new TextEncoder().encode(text) });
  if (!(await vscode.workspace.applyEdit(change))) {
    throw new TouchstoneError('usage', vscode.l10n.t('{0} cannot be written: is there a file of this name, or is the folder read-only?', files.map(({ uri }) => vscode.workspace.asRelativePath(uri)).join(', ')));
  }
}

/** `Support triage` → `support-triage`. Letters of every script stay. */
export function fileStem(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '');
}
