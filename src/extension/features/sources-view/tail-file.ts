import * as vscode from 'vscode';
import { addTraceSource } from '../../../core/config/edit-sources.ts';
import { isInside, relativePath } from '../../../core/text/path.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { enginePath } from '../../paths.ts';
import { showInputBox, showQuickPick } from '../../questions.ts';

/** What people tail most, beside files of their own. */
const KNOWN = ['~/.claude/projects/*/*.jsonl', '~/.codex/sessions/**/*.jsonl'] as const;

/** Adds a file or a pattern to touchstone.yml, saves it (what is tailed follows the file) and shows where it stands. */
export async function tailFile(engine: FolderEngine, given: vscode.Uri | undefined): Promise<void> {
  const source = given ? sourceOf(engine.folder, given) : await ask(engine.folder);
  if (source === undefined) return;
  const uri = await configUri(engine.folder);
  const document = await vscode.workspace.openTextDocument(uri);
  const edit = addTraceSource(enginePath(uri), document.getText(), source);
  if (edit) {
    const change = new vscode.WorkspaceEdit();
    change.replace(uri, new vscode.Range(document.positionAt(edit.start), document.positionAt(edit.end)), edit.newText);
    await vscode.workspace.applyEdit(change);
    await document.save();
  }
  const at = document.getText().indexOf(source, edit?.start ?? 0);
  const position = document.positionAt(Math.max(at, 0));
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(position, position), preview: true });
}

async function ask(folder: vscode.WorkspaceFolder): Promise<string | undefined> {
  const file = { label: vscode.l10n.t('Choose a file…'), description: '', pattern: null };
  const typed = { label: vscode.l10n.t('Type a pattern…'), description: vscode.l10n.t('such as logs/*.jsonl'), pattern: '' };
  const known = KNOWN.map((pattern) => ({ label: pattern, description: pattern.includes('.claude') ? vscode.l10n.t('sessions of Claude Code') : vscode.l10n.t('sessions of Codex'), pattern }));
  const title = vscode.l10n.t('Tail a File');
  const picked = await showQuickPick([file, typed, ...known], { title, placeHolder: vscode.l10n.t('What is read as it grows, and written to touchstone.yml') });
  if (!picked) return undefined;
  if (picked.pattern === null) {
    const [uri] = (await vscode.window.showOpenDialog({ defaultUri: folder.uri, title, openLabel: vscode.l10n.t('Tail') })) ?? [];
    return uri && sourceOf(folder, uri);
  }
  if (picked.pattern !== '') return picked.pattern;
  return showInputBox({ title, prompt: vscode.l10n.t('A path or pattern, from the folder of touchstone.yml'), placeHolder: 'logs/*.jsonl', validateInput: (value) => (value.trim() === '' ? vscode.l10n.t('Type a path or pattern.') : undefined) });
}

/** From the folder where the file lies in it: other people have the repository elsewhere. */
function sourceOf(folder: vscode.WorkspaceFolder, uri: vscode.Uri): string {
  const root = enginePath(folder.uri);
  const path = enginePath(uri);
  return isInside(path, root) ? relativePath(root, path) : path;
}

async function configUri(folder: vscode.WorkspaceFolder): Promise<vscode.Uri> {
  const uris = ['touchstone.yml', 'touchstone.yaml'].map((name) => vscode.Uri.joinPath(folder.uri, name));
  for (const uri of uris) {
    if (await Promise.resolve(vscode.workspace.fs.stat(uri)).then(() => true, () => false)) return uri;
  }
  const uri = vscode.Uri.joinPath(folder.uri, 'touchstone.yml');
  const create = new vscode.WorkspaceEdit();
  create.createFile(uri);
  await vscode.workspace.applyEdit(create);
  return uri;
}
