import * as vscode from 'vscode';
import { SCHEMES } from '../constants.ts';

/**
 * Read-only texts for VS Code's diff editor: what a case expects, and what a model answered. The text itself is not in the
 * address; it is forgotten when its document is closed.
 */
export class CellDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #disposable: vscode.Disposable;
  #next = 1;

  constructor() {
    this.#disposable = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEMES.cell, this),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.uri.scheme === SCHEMES.cell) this.#texts.delete(document.uri.toString());
      }),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? vscode.l10n.t('This text is not kept any more. Open the difference again.');
  }

  /** Expected at the left, the output at the right. Data stands as indented JSON. */
  async showDifference(caseId: string, expected: unknown, output: unknown): Promise<void> {
    const data = typeof output !== 'string' || (expected !== undefined && typeof expected !== 'string');
    const id = this.#next++;
    const left = this.#add(id, 'expected', expected, data);
    const right = this.#add(id, 'output', output, data);
    await vscode.commands.executeCommand('vscode.diff', left, right, vscode.l10n.t('{0}: expected ↔ output', caseId), { preview: true } satisfies vscode.TextDocumentShowOptions);
  }

  dispose(): void {
    this.#disposable.dispose();
  }

  #add(id: number, side: 'expected' | 'output', value: unknown, data: boolean): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEMES.cell, path: `/${id}/${side}.${data ? 'json' : 'txt'}` });
    this.#texts.set(uri.toString(), typeof value === 'string' ? value : value === undefined ? '' : `${JSON.stringify(value, null, 2)}`);
    return uri;
  }
}
