import * as vscode from 'vscode';
import { plainText } from '../core/text/plain-text.ts';

/**
 * Asks for a choice. When the palette closes, VS Code gives the focus back to the editor, and a webview takes it only a moment later
 * (microsoft/vscode#93950): over one, a picker that goes with the focus would be gone as soon as it has come. Esc closes it there.
 */
export function showQuickPick<Choice extends string | vscode.QuickPickItem>(
  choices: readonly Choice[] | Thenable<readonly Choice[]>, options: vscode.QuickPickOptions & { readonly canPickMany: true }
): Thenable<Choice[] | undefined>;
export function showQuickPick<Choice extends string | vscode.QuickPickItem>(
  choices: readonly Choice[] | Thenable<readonly Choice[]>, options: vscode.QuickPickOptions
): Thenable<Choice | undefined>;
export function showQuickPick(choices: readonly vscode.QuickPickItem[] | Thenable<readonly vscode.QuickPickItem[]>, options: vscode.QuickPickOptions): Thenable<unknown> {
  return vscode.window.showQuickPick(choices, { ignoreFocusOut: isOverWebview(), ...options });
}

/** A picker that fills itself; it stays as `showQuickPick` does. */
export function createQuickPick<Item extends vscode.QuickPickItem>(): vscode.QuickPick<Item> {
  const picker = vscode.window.createQuickPick<Item>();
  picker.ignoreFocusOut = isOverWebview();
  return picker;
}

/**
 * Asks for a text. It stays when the person looks something up elsewhere: what was typed is not lost. What it says may be of a file or a
 * server: nothing in it becomes a link.
 */
export function showInputBox(options: vscode.InputBoxOptions, token?: vscode.CancellationToken): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    ignoreFocusOut: true,
    ...options,
    ...(options.prompt === undefined ? {} : { prompt: plainText(options.prompt) }),
    ...(options.validateInput === undefined ? {} : { validateInput: async (text) => plainly(await options.validateInput?.(text)) }),
  }, token);
}

function plainly(told: string | vscode.InputBoxValidationMessage | null | undefined): string | vscode.InputBoxValidationMessage | null | undefined {
  return typeof told === 'string' ? plainText(told) : told && { ...told, message: plainText(told.message) };
}

function isOverWebview(): boolean {
  return vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview;
}
