import * as vscode from 'vscode';
import { expectationEdit } from '../../core/dataset/edit.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { SourceRange } from '../../core/text/position.ts';
import { enginePath, toRange } from '../paths.ts';
import { findCase, isDatasetFile } from './locate.ts';

export interface Acceptance {
  /** Absolute path of the file that holds the case. */
  readonly file: string;
  readonly caseId: string;
  /** Where the case stood when it ran: trusted only where cases cannot be found by their id. */
  readonly range: SourceRange;
  readonly output: unknown;
}

/**
 * Writes an output as the expectation of its case: one edit in the editor, shown there and not saved, so that it can be
 * read, undone, and reviewed like any other.
 * @throws TouchstoneError 'invalid-dataset' where the case is gone or its file has no place for an expectation
 */
export async function acceptOutput({ file, caseId, range, output }: Acceptance): Promise<void> {
  if (output === null || output === undefined) throw new TouchstoneError('invalid-dataset', vscode.l10n.t('This case has no output to accept.'));
  const uri = vscode.Uri.file(file);
  const document = await vscode.workspace.openTextDocument(uri);
  const inDataset = isDatasetFile(enginePath(uri));
  const found = inDataset ? await findCase(document, caseId) : undefined;
  if (inDataset && !found) throw new TouchstoneError('invalid-dataset', vscode.l10n.t('The case {0} is not in {1} any more. Run it again first.', caseId, vscode.workspace.asRelativePath(uri)));
  const edit = expectationEdit(enginePath(uri), document.getText(), (found?.place.range ?? range).start, asExpectation(found?.expected, output));
  // Whoever accepts goes on judging in the panel.
  await applyAndShow(document, toRange(edit.range), edit.newText, { preserveFocus: true });
}

/** An output is text; where the case expects data, text that is JSON is accepted as the data that it means. */
export function asExpectation(expected: unknown, output: unknown): unknown {
  if (typeof output !== 'string' || expected === undefined || typeof expected === 'string') return output;
  try {
    return JSON.parse(output);
  } catch {
    return output;
  }
}

/** One undoable edit, revealed and selected in its editor, which takes the keyboard: it is read next, and saved. `preserveFocus`: it stays where it is. */
export async function applyAndShow(document: vscode.TextDocument, range: vscode.Range, newText: string, { preserveFocus }: { readonly preserveFocus: boolean } = { preserveFocus: false }): Promise<void> {
  const change = new vscode.WorkspaceEdit();
  change.replace(document.uri, range, newText);
  if (!(await vscode.workspace.applyEdit(change))) throw new TouchstoneError('invalid-dataset', vscode.l10n.t('{0} could not be changed: is it read-only?', vscode.workspace.asRelativePath(document.uri)));
  const start = document.offsetAt(range.start);
  const selection = new vscode.Range(document.positionAt(start + newText.length - newText.replace(/^[\s,]+/, '').length), document.positionAt(start + newText.trimEnd().length));
  const shown = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
  await vscode.window.showTextDocument(document, { selection, preserveFocus, preview: false, viewColumn: shown?.viewColumn ?? otherColumn() });
}

/** Beside what is looked at, without opening a third column. */
function otherColumn(): vscode.ViewColumn {
  const { activeTabGroup, all } = vscode.window.tabGroups;
  if (all.length === 1) return vscode.ViewColumn.Beside;
  return activeTabGroup.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Two : vscode.ViewColumn.One;
}
