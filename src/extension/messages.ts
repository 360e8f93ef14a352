import * as vscode from 'vscode';
import { plainText } from '../core/text/plain-text.ts';

/** Messages of the window with whatever text: of a trace, a server, a file. Nothing in them becomes a link. */
export const showInformation = plainly((...args) => vscode.window.showInformationMessage(...args));
export const showWarning = plainly((...args) => vscode.window.showWarningMessage(...args));
export const showFailure = plainly((...args) => vscode.window.showErrorMessage(...args));

type Shown<Item extends string> = Thenable<Item | undefined>;

interface Show {
  <Item extends string>(message: string, ...items: Item[]): Shown<Item>;
  <Item extends string>(message: string, options: vscode.MessageOptions, ...items: Item[]): Shown<Item>;
}

function plainly(show: (message: string, options: vscode.MessageOptions, ...items: string[]) => Thenable<string | undefined>): Show {
  return (message: string, first?: vscode.MessageOptions | string, ...items: string[]) =>
    typeof first === 'object' ? show(plainText(message), first, ...items) : show(plainText(message), {}, ...(first === undefined ? [] : [first]), ...items);
}
