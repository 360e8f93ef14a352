import * as vscode from 'vscode';
import { SCHEMES } from './constants.ts';

/**
 * Read-only texts in VS Code's own editors. The text itself is not in the address; it is forgotten when its document is
 * closed.
 */
export class ReadOnlyTexts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #disposable: vscode.Disposable;
  #next = 1;

  constructor() {
    this.#disposable = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEMES.text, this),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.uri.scheme === SCHEMES.text) this.#texts.delete(document.uri.toString());
      }),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? vscode.l10n.t('This text is not kept any more. Open it again.');
  }

  /** `name` with the ending that tells VS Code the language; it is what the editor's tab shows. */
  add(name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEMES.text, path: `/${this.#next++}/${name.replaceAll(/[\\/\0]/g, '-')}` });
    this.#texts.set(uri.toString(), text);
    return uri;
  }

  async show(name: string, text: string, options: vscode.TextDocumentShowOptions = { preview: true }): Promise<void> {
    await vscode.window.showTextDocument(this.add(name, text), options);
  }

  async showDifference(left: vscode.Uri, right: vscode.Uri, title: string): Promise<void> {
    await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: true } satisfies vscode.TextDocumentShowOptions);
  }

  dispose(): void {
    this.#disposable.dispose();
  }
}
