import * as vscode from 'vscode';
import { plainText } from '../core/text/plain-text.ts';

/**
 * When a question over a webview takes the keys again, in milliseconds after it came. As the palette or the question before it closes, VS Code
 * gives the focus back to the editor, and a webview takes it only a moment later (microsoft/vscode#93950): what is typed would go there.
 */
const TAKE_KEYS_AFTER_MS = [50, 150, 400, 1000];

/** Asks for a choice. Over a webview it does not go with the focus, which would be gone as soon as it has come; Esc closes it. */
export function showQuickPick<Choice extends string | vscode.QuickPickItem>(
  choices: readonly Choice[] | Thenable<readonly Choice[]>, options: vscode.QuickPickOptions & { readonly canPickMany: true }
): Thenable<Choice[] | undefined>;
export function showQuickPick<Choice extends string | vscode.QuickPickItem>(
  choices: readonly Choice[] | Thenable<readonly Choice[]>, options: vscode.QuickPickOptions
): Thenable<Choice | undefined>;
export function showQuickPick(choices: readonly vscode.QuickPickItem[] | Thenable<readonly vscode.QuickPickItem[]>, options: vscode.QuickPickOptions): Thenable<unknown> {
  const isOver = isOverWebview();
  return withKeys(isOver, vscode.window.showQuickPick(choices, { ignoreFocusOut: isOver, ...options }));
}

/** A picker that fills itself, to be shown at once; it stays as `showQuickPick` does. */
export function createQuickPick<Item extends vscode.QuickPickItem>(): vscode.QuickPick<Item> {
  const picker = vscode.window.createQuickPick<Item>();
  picker.ignoreFocusOut = isOverWebview();
  void withKeys(picker.ignoreFocusOut, hidden(picker));
  return picker;
}

/** A text field with steps and buttons, to be shown at once. It stays as `showInputBox` does. */
export function createInputBox(): vscode.InputBox {
  const input = vscode.window.createInputBox();
  input.ignoreFocusOut = true;
  void withKeys(isOverWebview(), hidden(input));
  return input;
}

/**
 * Asks for a text. It stays when the person looks something up elsewhere: what was typed is not lost. What it says may be of a file or a
 * server: nothing in it becomes a link.
 */
export function showInputBox(options: vscode.InputBoxOptions, token?: vscode.CancellationToken): Thenable<string | undefined> {
  return withKeys(isOverWebview(), vscode.window.showInputBox({
    ignoreFocusOut: true,
    ...options,
    ...(options.prompt === undefined ? {} : { prompt: plainText(options.prompt) }),
    ...(options.validateInput === undefined ? {} : { validateInput: async (text) => plainly(await options.validateInput?.(text)) }),
  }, token));
}

function plainly(told: string | vscode.InputBoxValidationMessage | null | undefined): string | vscode.InputBoxValidationMessage | null | undefined {
  return typeof told === 'string' ? plainText(told) : told && { ...told, message: plainText(told.message) };
}

function hidden(input: vscode.QuickInput): Promise<void> {
  return new Promise((resolve) => input.onDidHide(resolve));
}

/** Gives the keys to a question until it is answered or gone. */
async function withKeys<Answer>(isOver: boolean, asked: Thenable<Answer>): Promise<Answer> {
  const timers = isOver ? TAKE_KEYS_AFTER_MS.map((ms) => setTimeout(() => void vscode.commands.executeCommand('workbench.action.focusQuickOpen'), ms)) : [];
  try {
    return await asked;
  } finally {
    timers.forEach(clearTimeout);
  }
}

function isOverWebview(): boolean {
  return vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview;
}
