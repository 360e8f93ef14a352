import * as vscode from 'vscode';
import type { Case } from '../../core/dataset/model.ts';
import { readDataset } from '../../core/dataset/read.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { readPromptFile } from '../../core/prompt/formats.ts';
import type { PromptDocument } from '../../core/prompt/model.ts';
import type { PromptSummary } from '../../protocol/engine.ts';
import { editorFiles } from '../datasets/editor-files.ts';
import { enginePath } from '../paths.ts';

/** The prompt as its file says now, saved or not: with its variables and its inline cases. */
export async function readPrompt(folder: vscode.WorkspaceFolder, prompt: Pick<PromptSummary, 'id' | 'path' | 'name'>): Promise<PromptDocument> {
  const file = await readPromptFile(prompt.path, { files: editorFiles(), root: enginePath(folder.uri) });
  const found = file.prompts.find((candidate) => candidate.id === prompt.id) ?? (file.prompts.length === 1 ? file.prompts[0] : undefined);
  if (!found) throw new TouchstoneError('invalid-prompt', vscode.l10n.t('{0} cannot be used: {1}', prompt.name, file.diagnostics[0]?.message ?? vscode.l10n.t('it holds no prompt')));
  return found;
}

/** The first cases of a prompt's dataset; a row that cannot be read ends the list. */
export async function firstCases(folder: vscode.WorkspaceFolder, prompt: PromptDocument, summary: PromptSummary, limit: number): Promise<Case[]> {
  const cases: Case[] = [];
  // touchstone.yml may name the files: the engine knows.
  const dataset = { ...prompt.dataset, files: summary.dataset?.files ?? prompt.dataset.files };
  try {
    for await (const found of readDataset(dataset, { files: editorFiles(), root: enginePath(folder.uri) })) {
      cases.push(found);
      if (cases.length >= limit) break;
    }
  } catch (error) {
    if (!(error instanceof TouchstoneError) || cases.length === 0) throw error;
  }
  return cases;
}

/** Names of the variables, in the order of the text. */
export function variableNames(prompt: PromptDocument): string[] {
  return prompt.variables.map((variable) => variable.name).filter((name) => name !== 'expected' && !name.startsWith('env.'));
}
