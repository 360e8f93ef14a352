import * as vscode from 'vscode';
import { Coalesced } from './coalesce.ts';

/** Lenses are looked at again at most so often, in milliseconds. */
const REPAINT_MS = 250;
/** Between an icon and its words: VS Code trims a plain space there. */
export const SPACE = '\u00a0';

/**
 * Lenses that VS Code is asked to draw again only when they differ from those that it shows: drawing replaces them, and a
 * click in that moment is lost.
 */
export abstract class SteadyLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #shown = new Map<string, { readonly document: vscode.TextDocument; readonly signature: string }>();
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly #repaint = new Coalesced(() => this.#compare(), REPAINT_MS);
  readonly #disposables: vscode.Disposable[] = [this.#didChange, this.#repaint];
  readonly onDidChangeCodeLenses = this.#didChange.event;

  /** Cheap and without side effects: from what is known already. */
  protected abstract lensesOf(document: vscode.TextDocument): vscode.CodeLens[];

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const lenses = this.lensesOf(document);
    this.#shown.set(document.uri.toString(), { document, signature: signatureOf(lenses) });
    return lenses;
  }

  /** Something that lenses show may have changed. */
  refresh(): void {
    this.#repaint.request();
  }

  protected keep(...disposables: vscode.Disposable[]): void {
    this.#disposables.push(...disposables);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  #compare(): void {
    let changed = false;
    for (const [key, { document, signature }] of this.#shown) {
      if (document.isClosed) this.#shown.delete(key);
      else changed ||= signatureOf(this.lensesOf(document)) !== signature;
    }
    if (changed) this.#didChange.fire();
  }
}

function signatureOf(lenses: readonly vscode.CodeLens[]): string {
  return JSON.stringify(lenses.map(({ range, command }) => [range.start.line, command?.title, command?.tooltip, command?.command, command?.arguments]));
}
