import * as vscode from 'vscode';
import type { TextOverlay } from '../protocol/engine.ts';

/** Larger unsaved texts are data that nobody types; the file on disk stands for them. */
const LARGEST_OVERLAY = 8_000_000;

/** A path as the engine writes it: absolute, with forward slashes. */
export function enginePath(uri: vscode.Uri): string {
  return uri.fsPath.replaceAll('\\', '/');
}

/** The unsaved texts of a folder: prompts, datasets, touchstone.yml, and whatever else a prompt may include. */
export function overlays(folder: vscode.WorkspaceFolder): TextOverlay[] {
  const result: TextOverlay[] = [];
  for (const document of vscode.workspace.textDocuments) {
    if (!document.isDirty || document.uri.scheme !== 'file') continue;
    if (vscode.workspace.getWorkspaceFolder(document.uri) !== folder) continue;
    const text = document.getText();
    if (text.length <= LARGEST_OVERLAY) result.push({ path: enginePath(document.uri), text });
  }
  return result;
}

export function toRange(range: { readonly start: { line: number; character: number }; readonly end: { line: number; character: number } }): vscode.Range {
  return new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
}

/** A text for people: paths within the workspace as its views show them, others whole. */
export function relativePaths(text: string): string {
  const folders = [...(vscode.workspace.workspaceFolders ?? [])].sort((a, b) => b.uri.path.length - a.uri.path.length);
  return folders.reduce((told, { uri }) => {
    // With the folder's name where there are several.
    const before = vscode.workspace.asRelativePath(vscode.Uri.joinPath(uri, 'a')).slice(0, -1);
    return [...new Set([`${enginePath(uri)}/`, vscode.Uri.joinPath(uri, 'a').fsPath.slice(0, -1)])].reduce((all, path) => all.replaceAll(whole(path), () => before), told);
  }, text);
}

/** A path that is not the end of a longer one. */
function whole(path: string): RegExp {
  return new RegExp(`(?<![\\w./\\\\~-])${path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'g');
}
