import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import type { TracedFunction } from '../../../protocol/spans.ts';
import { Coalesced } from '../../coalesce.ts';
import { INTERNAL_COMMANDS, SETTINGS } from '../../constants.ts';
import { enginePath } from '../../paths.ts';
import { isCancelled, type Services } from '../../services.ts';
import { codeLenses } from '../../settings.ts';
import { SPACE, SteadyLenses } from '../../steady-lenses.ts';
import { isCodeFile } from './code-files.ts';
import { functionLines } from './function-lines.ts';
import type { TracedCalls } from './pick-traced-call.ts';
import { callsText } from './wording.ts';

/** After an editor was opened, in milliseconds. */
const LOOK_MS = 250;
/** While traces come in, files are looked at again at most so often, in milliseconds: it reads the newest traces. */
const CHANGED_MS = 3000;

interface KnownFile {
  functions: readonly TracedFunction[];
  stale: boolean;
}

/**
 * `3 calls · p50 820 ms · 1 error` over functions that were traced. Only files that somebody looks at are asked about, and only
 * an engine that runs already: looking at code starts none.
 */
export class CallLenses extends SteadyLenses {
  readonly #services: Services;
  readonly #known = new Map<string, KnownFile>();
  readonly #look = new Coalesced(() => this.#ask(), LOOK_MS);
  readonly #changed = new Coalesced(() => this.#forget(), CHANGED_MS);

  constructor(services: Services) {
    super();
    this.#services = services;
    this.keep(
      this.#look,
      this.#changed,
      vscode.window.onDidChangeVisibleTextEditors(() => this.#look.request()),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#known.delete(uri.toString())),
      services.engines.onDidStart(() => this.#forget()),
      services.engines.onTracesChanged(() => this.#changed.request()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration(SETTINGS.codeLenses)) return;
        this.#look.request();
        this.refresh();
      }),
    );
    this.#look.request();
  }

  protected override lensesOf(document: vscode.TextDocument): vscode.CodeLens[] {
    const { functions } = this.#known.get(document.uri.toString()) ?? { functions: [] };
    const engine = this.#services.engines.forUri(document.uri);
    if (functions.length === 0 || !engine || !codeLenses(document)) return [];
    const lines = functionLines(document.getText(), functions);
    return functions.flatMap((called, i) => {
      const line = lines[i] ?? null;
      if (line === null) return [];
      const calls: TracedCalls = { folder: engine.folder.uri.toString(), name: called.name, calls: called.last };
      return [new vscode.CodeLens(new vscode.Range(line - 1, 0, line - 1, 0), {
        title: `$(list-tree)${SPACE}${callsText(called)}`,
        tooltip: vscode.l10n.t('The last calls, in the newest traces'),
        command: INTERNAL_COMMANDS.pickTracedCall,
        arguments: [calls],
      })];
    });
  }

  /** What is shown stays until the new answers are there. */
  #forget(): void {
    for (const file of this.#known.values()) file.stale = true;
    this.#look.request();
  }

  async #ask(): Promise<void> {
    const { engines, log } = this.#services;
    if (!engines.available) return;
    for (const document of new Set(vscode.window.visibleTextEditors.map((editor) => editor.document))) {
      const { uri } = document;
      const key = uri.toString();
      const engine = isCodeFile(uri) && codeLenses(document) && this.#known.get(key)?.stale !== false ? engines.forUri(uri) : undefined;
      if (!engine || engine.pid === null) continue;
      const file: KnownFile = { functions: this.#known.get(key)?.functions ?? [], stale: false };
      this.#known.set(key, file);
      try {
        file.functions = (await engine.request('code/functions', { file: enginePath(uri) })).functions;
      } catch (error) {
        if (!isCancelled(error)) log.warn(`The calls of ${uri.path} could not be read: ${errorMessage(error)}`);
      }
      if (document.isClosed) this.#known.delete(key);
    }
    this.refresh();
  }
}
