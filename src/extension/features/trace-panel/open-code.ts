import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import type { Span } from '../../../core/trace/model.ts';
import { isAbsolutePath } from '../../../core/text/path.ts';
import { enginePath } from '../../paths.ts';
import { bestMatches, fileNameIn } from '../../../core/code/match-path.ts';

/** Files of that name that are looked at. */
const MOST_CANDIDATES = 2000;
const LEFT_OUT = '**/{node_modules,.git,.venv,venv,__pycache__,dist,out}/**';

/** Opens the code that made a span beside the panel: a file of this workspace; another one only after a question. */
export async function openCode(folder: vscode.WorkspaceFolder, span: Pick<Span, 'codeFile' | 'codeLine' | 'codeColumn'>): Promise<void> {
  const { codeFile } = span;
  if (codeFile === null) throw new TouchstoneError('not-found', vscode.l10n.t('The span does not say which code made it.'));
  const uri = await findFile(folder, codeFile);
  if (!uri) return;
  const position = new vscode.Position(Math.max((span.codeLine ?? 1) - 1, 0), Math.max((span.codeColumn ?? 1) - 1, 0));
  const editor = await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside, preview: true, selection: new vscode.Range(position, position) });
  editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** `undefined`: the person has decided against it. */
async function findFile(folder: vscode.WorkspaceFolder, codeFile: string): Promise<vscode.Uri | undefined> {
  const here = isAbsolutePath(codeFile) ? vscode.Uri.file(codeFile) : undefined;
  if (here && vscode.workspace.getWorkspaceFolder(here) && (await isFile(here))) return here;
  const name = fileNameIn(codeFile);
  const found = name === null ? [] : await vscode.workspace.findFiles(new vscode.RelativePattern(folder, `**/${escapeGlob(name)}`), LEFT_OUT, MOST_CANDIDATES);
  const byPath = new Map(found.map((uri) => [enginePath(uri), uri]));
  const matches = bestMatches(codeFile, [...byPath.keys()]);
  if (matches.length > 0) return matches.length === 1 ? byPath.get(matches[0] ?? '') : pick(codeFile, matches, byPath);
  if (!here || !(await isFile(here))) throw new TouchstoneError('not-found', vscode.l10n.t('{0} is not in this workspace.', codeFile));
  const open = vscode.l10n.t('Open');
  const answer = await vscode.window.showWarningMessage(vscode.l10n.t('{0} lies outside of this workspace. A trace may name any file.', codeFile), { modal: true }, open);
  return answer === open ? here : undefined;
}

async function pick(codeFile: string, matches: readonly string[], byPath: ReadonlyMap<string, vscode.Uri>): Promise<vscode.Uri | undefined> {
  const items = matches.map((path) => ({ label: vscode.workspace.asRelativePath(path), path })).sort((a, b) => a.label.length - b.label.length);
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Open Code'), placeHolder: vscode.l10n.t('Several files could be {0}', codeFile) });
  return picked && byPath.get(picked.path);
}

/** A name from a trace is a name, not a pattern. */
function escapeGlob(name: string): string {
  return name.replaceAll(/[*?{}[\]!]/g, (character) => `[${character}]`);
}

async function isFile(uri: vscode.Uri): Promise<boolean> {
  return Promise.resolve(vscode.workspace.fs.stat(uri)).then((stat) => (stat.type & vscode.FileType.File) !== 0, () => false);
}
