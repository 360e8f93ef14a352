import * as vscode from 'vscode';
import { shortLabel } from '../../core/registry/names.ts';
import { stringify } from 'yaml';
import { TouchstoneError } from '../../core/errors.ts';
import type { Version } from '../../core/registry/model.ts';
import { fileNameOf } from '../../core/text/path.ts';
import type { VersionSummary } from '../../protocol/registry.ts';
import type { ReadOnlyTexts } from '../read-only-texts.ts';
import type { PickedPrompt } from '../targets.ts';
import { pathBelow, placeOf } from './pick.ts';

export interface FullVersion {
  readonly version: Version;
  readonly summary: VersionSummary;
}

export function getVersion(picked: PickedPrompt, ref: string): Promise<FullVersion> {
  return picked.engine.request('versions/get', { ...placeOf(picked), ref });
}

/** The prompt file as it was saved: the first of a version's files. @throws TouchstoneError 'not-found' where a version has none */
export function promptText({ version }: FullVersion): { readonly path: string; readonly text: string } {
  const file = version.files[0];
  if (!file) throw new TouchstoneError('not-found', vscode.l10n.t('This version was saved without its file.'));
  return file;
}

/** The content that makes a version, as YAML: for versions whose files are written in different formats. */
function contentText({ version }: FullVersion): string {
  return stringify(version.content, { lineWidth: 0, blockQuote: 'literal' });
}

/** A version as it was saved, in an editor that cannot be changed. */
export async function showVersion(texts: ReadOnlyTexts, full: FullVersion): Promise<void> {
  const { path, text } = promptText(full);
  await texts.show(`${shortLabel(full.summary)} ${fileNameOf(path)}`, text);
}

/** Two versions in VS Code's diff editor, the older content at the left: as files, or as content where their formats differ. */
export async function showVersionDifference(texts: ReadOnlyTexts, picked: PickedPrompt, left: FullVersion, right: FullVersion): Promise<void> {
  const title = vscode.l10n.t('{0}: {1} ↔ {2}', picked.prompt.name, shortLabel(left.summary), shortLabel(right.summary));
  const [leftFile, rightFile] = [promptText(left), promptText(right)];
  const comparable = formatOf(leftFile.path) === formatOf(rightFile.path);
  const side = (full: FullVersion): vscode.Uri => {
    const file = promptText(full);
    return comparable
      ? texts.add(`${shortLabel(full.summary)} ${fileNameOf(file.path)}`, file.text)
      : texts.add(`${shortLabel(full.summary)}.yml`, contentText(full));
  };
  await texts.showDifference(side(left), side(right), title);
}

/** A version against the file in the editor, which can be edited there. */
export async function showDifferenceWithWorkingCopy(texts: ReadOnlyTexts, picked: PickedPrompt, full: FullVersion): Promise<void> {
  const { path, text } = promptText(full);
  const title = vscode.l10n.t('{0}: {1} ↔ working copy', picked.prompt.name, shortLabel(full.summary));
  if (formatOf(path) === formatOf(picked.prompt.path)) {
    await texts.showDifference(texts.add(`${shortLabel(full.summary)} ${fileNameOf(path)}`, text), vscode.Uri.file(picked.prompt.path), title);
    return;
  }
  const now = await getVersion(picked, 'working');
  await texts.showDifference(texts.add(`${shortLabel(full.summary)}.yml`, contentText(full)), texts.add('working copy.yml', contentText(now)), title);
}

/**
 * Writes a version's files over those of the working copy: one edit that can be undone, and is not saved. The prompt file is the
 * prompt's own, wherever it stands now.
 */
export async function restoreVersion(picked: PickedPrompt, full: FullVersion): Promise<void> {
  const { folder } = picked.engine;
  const own = promptText(full);
  if (formatOf(own.path) !== formatOf(picked.prompt.path)) {
    throw new TouchstoneError('usage', vscode.l10n.t('{0} was saved from {1}, which has another format than {2}. Compare them, and take over what you need.', shortLabel(full.summary), own.path, pathBelow(folder, picked.prompt.path)));
  }
  const change = new vscode.WorkspaceEdit();
  for (const file of full.version.files) {
    // A registry is a file of the repository like any other: it does not decide where on this machine is written.
    if (file !== own && !liesBelow(file.path)) throw new TouchstoneError('usage', vscode.l10n.t('{0} lies outside of the workspace folder; it is not written.', file.path));
    const uri = file === own ? vscode.Uri.file(picked.prompt.path) : vscode.Uri.joinPath(folder.uri, file.path);
    const document = await Promise.resolve(vscode.workspace.openTextDocument(uri)).catch(() => null);
    if (document === null) change.createFile(uri, { contents: new TextEncoder().encode(file.text), ignoreIfExists: true });
    else if (document.getText() !== file.text) change.replace(uri, wholeOf(document), file.text);
  }
  if (change.size > 0 && !(await vscode.workspace.applyEdit(change))) {
    throw new TouchstoneError('usage', vscode.l10n.t('{0} could not be changed: is it read-only?', pathBelow(folder, picked.prompt.path)));
  }
  await vscode.window.showTextDocument(vscode.Uri.file(picked.prompt.path), { preview: false });
}

function liesBelow(path: string): boolean {
  return !/^([\\/]|[A-Za-z]:)/.test(path) && !path.split(/[\\/]/).includes('..');
}

function wholeOf(document: vscode.TextDocument): vscode.Range {
  return new vscode.Range(new vscode.Position(0, 0), document.lineAt(document.lineCount - 1).range.end);
}

function formatOf(path: string): 'prompt' | 'config' {
  return /\.prompt\.ya?ml$/i.test(path) ? 'prompt' : 'config';
}
