import * as vscode from 'vscode';
import { addCase } from '../../cases/add-case.ts';
import { askVariables } from '../../cases/ask.ts';
import { readPrompt, variableNames } from '../../cases/prompt-cases.ts';
import { COMMANDS } from '../../constants.ts';
import { registerCommand, type Services } from '../../services.ts';
import { pickPrompt } from '../../targets.ts';
import { newDataset } from './new-dataset.ts';
import { newPrompt } from './new-prompt.ts';

/** *New Prompt*, *New Dataset*, *Add Case*. What they write is an edit in the editor: undoable, for review. */
export function register(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.newPrompt, (argument) => newPrompt(services, argument instanceof vscode.Uri ? argument : undefined)),
    registerCommand(services, COMMANDS.newDataset, (argument) => newDataset(services, argument)),
    registerCommand(services, COMMANDS.addCase, async (argument) => {
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Add Case'));
      if (!picked) return;
      const names = variableNames(await readPrompt(picked.engine.folder, picked.prompt));
      const vars = await askVariables(vscode.l10n.t('Add a case to {0}', picked.prompt.name), names, {});
      if (vars) await addCase({ ...picked, vars });
    }),
  );
}
