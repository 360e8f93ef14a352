import * as vscode from 'vscode';
import { showInputBox } from '../../questions.ts';

/** Values of variables that a recorded call does not tell, asked for one by one; they may be empty. `undefined`: not given. */
export async function askValues(names: readonly string[], title: string): Promise<Record<string, string> | undefined> {
  const values: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const value = await showInputBox({
      title: names.length === 1 ? title : vscode.l10n.t('{0} ({1}/{2})', title, at + 1, names.length),
      prompt: vscode.l10n.t('The call does not tell the value of {0}.', name),
    });
    if (value === undefined) return undefined;
    values[name] = value;
  }
  return values;
}
