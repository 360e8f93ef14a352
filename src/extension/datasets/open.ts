import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import type { RunInfo } from '../../core/eval/model.ts';
import type { CellDetail, PromptState } from '../../protocol/engine.ts';
import { locateCase } from './locate.ts';

/** Beside the panel, so that both are seen; the panel keeps its place. */
const BESIDE: vscode.TextDocumentShowOptions = { viewColumn: vscode.ViewColumn.Beside, preview: true };

export async function openPrompt(path: string): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(path), BESIDE);
}

/** The first file of the prompt's dataset; cases that stand in the prompt file are shown there. */
export async function openDataset(prompts: readonly PromptState[], run: RunInfo): Promise<void> {
  const dataset = prompts.find((prompt) => prompt.id === run.promptId)?.dataset;
  if (!dataset) throw new TouchstoneError('not-found', vscode.l10n.t('The prompt has no dataset any more.'));
  await vscode.window.showTextDocument(vscode.Uri.file(dataset.files[0] ?? run.promptPath), BESIDE);
}

/** The case where it stands now, which may be another line than when it ran. */
export async function openCase(found: CellDetail['case']): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(found.file));
  const range = await locateCase(document, found.id, found.range);
  await vscode.window.showTextDocument(document, { ...BESIDE, selection: new vscode.Range(range.start, range.start) });
}
