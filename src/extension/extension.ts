import * as vscode from 'vscode';

/**
 * The composition root. Registers everything synchronously and returns: it opens no database, starts no process, reads
 * no file. The engine starts on the first use of Touchstone in a trusted workspace.
 */
export function activate(context: vscode.ExtensionContext): void {
  void context;
}
