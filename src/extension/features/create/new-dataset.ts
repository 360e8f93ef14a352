import * as vscode from 'vscode';
import { appendLine } from '../../../core/dataset/edit-text.ts';
import { datasetRow } from '../../../core/dataset/edit.ts';
import { TouchstoneError } from '../../../core/errors.ts';
import { fileNameOf } from '../../../core/text/path.ts';
import type { PromptDocument } from '../../../core/prompt/model.ts';
import { addCase, askExpected } from '../../cases/add-case.ts';
import { askVariables } from '../../cases/ask.ts';
import { readPrompt, variableNames } from '../../cases/prompt-cases.ts';
import type { Services } from '../../services.ts';
import { pickPrompt } from '../../targets.ts';
import { createFiles, exists } from '../../create-files.ts';

/** A dataset begins with its first case: asks for it, writes `<prompt>.golden.jsonl` beside the prompt, and links it. */
export async function newDataset(services: Services, argument: unknown): Promise<vscode.Uri | undefined> {
  const title = vscode.l10n.t('New Dataset');
  const picked = await pickPrompt(services, argument, title);
  if (!picked) return undefined;
  const prompt = await readPrompt(picked.engine.folder, picked.prompt);
  const vars = await askVariables(vscode.l10n.t('First case of {0}', prompt.name), variableNames(prompt), {});
  if (!vars) return undefined;
  // A promptfoo config keeps its tests in itself.
  if (prompt.format === 'promptfoo') {
    await addCase({ ...picked, vars });
    return undefined;
  }
  const expected = await askExpected();
  if (expected === undefined) return undefined;
  const uri = await freeName(prompt);
  const row = datasetRow({ vars, ...(expected === '' ? {} : { expected }) });
  const change = new vscode.WorkspaceEdit();
  await link(change, prompt, fileNameOf(uri.path));
  await createFiles([{ uri, text: `${JSON.stringify(row)}\n` }], change);
  await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside });
  return uri;
}

async function freeName(prompt: PromptDocument): Promise<vscode.Uri> {
  const stem = prompt.path.replace(/\.prompt\.ya?ml$/i, '');
  for (const suffix of ['', '-2', '-3', '-4', '-5']) {
    const uri = vscode.Uri.file(`${stem}${suffix}.golden.jsonl`);
    if (!(await exists(uri))) return uri;
  }
  throw new TouchstoneError('usage', vscode.l10n.t('There are several datasets of this name already: {0}', `${stem}.golden.jsonl`));
}

/** Adds `golden:` at the end of the prompt file. A prompt that names datasets already keeps them: the person decides. */
async function link(change: vscode.WorkspaceEdit, prompt: PromptDocument, name: string): Promise<void> {
  if (prompt.dataset.files.length > 0) return;
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(prompt.path));
  const edit = appendLine(document.getText(), `golden: ${name}`);
  change.insert(document.uri, document.positionAt(edit.start), edit.newText);
}
