import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import type { ProductionUse } from '../../../protocol/spans.ts';
import { Coalesced } from '../../coalesce.ts';
import { enginePath } from '../../paths.ts';
import { isCancelled, type Services } from '../../services.ts';

const LOOK_MS = 250;
/** While traces come in, at most so often, in milliseconds. */
const CHANGED_MS = 3000;

interface KnownFile {
  /** Of which prompts; empty: to be asked again. */
  signature: string;
  uses: readonly ProductionUse[];
}

/**
 * What production says of the prompts in visible editors. An engine that runs is asked, and no other; what is known stays until it
 * has answered.
 */
export class ProductionUses implements vscode.Disposable {
  readonly #services: Services;
  readonly #known = new Map<string, KnownFile>();
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly #look = new Coalesced(() => this.#ask(), LOOK_MS);
  readonly #changed = new Coalesced(() => {
    for (const file of this.#known.values()) file.signature = '';
    this.#look.request();
  }, CHANGED_MS);
  readonly #disposables: vscode.Disposable[];
  readonly onDidChange = this.#didChange.event;

  constructor(services: Services) {
    this.#services = services;
    const { engines, prompts } = services;
    this.#disposables = [
      this.#didChange,
      this.#look,
      this.#changed,
      prompts.onDidChange(() => this.#look.request()),
      engines.onTracesChanged(() => this.#changed.request()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#look.request()),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#known.delete(uri.toString())),
    ];
  }

  /** `null`: nothing is known. */
  get(uri: vscode.Uri, promptId: string): ProductionUse | null {
    return this.#known.get(uri.toString())?.uses.find((use) => use.promptId === promptId) ?? null;
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  async #ask(): Promise<void> {
    const { engines, prompts, log } = this.#services;
    if (!engines.available) return;
    let changed = false;
    for (const { uri } of new Set(vscode.window.visibleTextEditors.map((editor) => editor.document))) {
      const engine = prompts.isPromptFile(uri) ? engines.forUri(uri) : undefined;
      const states = prompts.states(uri);
      if (!engine || engine.pid === null || !states) continue;
      const key = uri.toString();
      const signature = JSON.stringify(states.map(({ id, hash }) => [id, hash]));
      if (this.#known.get(key)?.signature === signature) continue;
      const file: KnownFile = { signature, uses: this.#known.get(key)?.uses ?? [] };
      this.#known.set(key, file);
      try {
        file.uses = (await engine.request('prompts/production', { path: enginePath(uri) })).uses;
        changed = true;
      } catch (error) {
        if (!isCancelled(error)) log.warn(`What production says of ${uri.path} could not be read: ${errorMessage(error)}`);
      }
    }
    if (changed) this.#didChange.fire();
  }
}
