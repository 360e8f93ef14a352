import * as vscode from 'vscode';
import { appendCaseEdit } from '../../core/dataset/edit.ts';
import type { NewCase } from '../../core/dataset/edit-text.ts';
import type { JsonObject } from '../../core/json.ts';
import type { PromptSummary } from '../../protocol/engine.ts';
import { COMMANDS } from '../constants.ts';
import { applyAndShow } from '../datasets/accept.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import { showInformation } from '../messages.ts';
import { enginePath, toRange } from '../paths.ts';
import { showInputBox, showQuickPick } from '../questions.ts';
import type { PromptTarget } from '../targets.ts';
import { readPrompt } from './prompt-cases.ts';

export interface CaseToAdd {
  readonly engine: FolderEngine;
  readonly prompt: PromptSummary;
  readonly vars: JsonObject;
  /** An output that may be what is expected. */
  readonly suggestion?: string;
}

/** Asks what is expected and appends the case to the prompt's dataset as one edit: not saved, undoable. */
export async function addCase({ engine, prompt, vars, suggestion }: CaseToAdd): Promise<void> {
  const place = await datasetPlace(engine.folder, prompt);
  if (!place) return;
  const expected = await askExpected(suggestion);
  if (expected === undefined) return;
  const added: NewCase = { vars, ...(expected === '' ? {} : { expected }) };
  const document = await vscode.workspace.openTextDocument(place.uri);
  const edit = appendCaseEdit(enginePath(place.uri), document.getText(), added, place.key);
  await applyAndShow(document, toRange(edit.range), edit.newText);
}

/** An empty text: the case expects nothing by itself. */
export async function askExpected(suggestion?: string): Promise<string | undefined> {
  // An input box holds one line: a longer output is taken as it is, or not at all.
  if (suggestion?.includes('\n')) {
    const take = vscode.l10n.t('Expect this output');
    const nothing = vscode.l10n.t('Expect nothing: assertions decide');
    const picked = await showQuickPick([{ label: take, description: suggestion.split('\n')[0] ?? '' }, { label: nothing }], { title: vscode.l10n.t('Add Case') });
    return picked === undefined ? undefined : picked.label === take ? suggestion : '';
  }
  return showInputBox({
    title: vscode.l10n.t('Add Case'),
    prompt: vscode.l10n.t('What is expected. Empty: nothing, the assertions of the prompt decide.'),
    value: suggestion ?? '',
  });
}

interface DatasetPlace {
  readonly uri: vscode.Uri;
  /** For cases that stand in the prompt file. */
  readonly key?: 'testData' | 'tests';
}

/** Where a new case of a prompt goes. `undefined`: it has no dataset yet, and *New Dataset* was offered instead. */
export async function datasetPlace(folder: vscode.WorkspaceFolder, prompt: PromptSummary): Promise<DatasetPlace | undefined> {
  const files = prompt.dataset?.files ?? [];
  if (files.length === 1) return { uri: vscode.Uri.file(files[0] ?? '') };
  if (files.length > 1) {
    const picked = await showQuickPick(files.map((file) => ({ label: vscode.workspace.asRelativePath(file), file })), { title: vscode.l10n.t('Add Case'), placeHolder: vscode.l10n.t('Pick a dataset') });
    return picked && { uri: vscode.Uri.file(picked.file) };
  }
  const document = await readPrompt(folder, prompt);
  if (document.format === 'promptfoo') return { uri: vscode.Uri.file(prompt.path), key: 'tests' };
  if (document.dataset.inline.length > 0) return { uri: vscode.Uri.file(prompt.path), key: 'testData' };
  const create = vscode.l10n.t('New Dataset');
  const answer = await showInformation(vscode.l10n.t('{0} has no dataset yet.', prompt.name), create);
  if (answer === create) await vscode.commands.executeCommand(COMMANDS.newDataset, { path: prompt.path, promptId: prompt.id } satisfies PromptTarget);
  return undefined;
}
