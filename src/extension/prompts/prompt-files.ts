import * as vscode from 'vscode';
import { errorMessage } from '../../core/errors.ts';
import { outlinePromptFile, type PromptOutlineFile } from '../../core/prompt/formats.ts';
import { scanLensPlaces, type LensPlaces } from '../../core/prompt/lens-places.ts';
import type { Diagnostic } from '../../core/text/diagnostic.ts';
import type { PromptState } from '../../protocol/engine.ts';
import { Coalesced } from '../coalesce.ts';
import { CONTEXT_KEYS } from '../constants.ts';
import type { Engines } from '../engine/engines.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import type { Log } from '../log.ts';
import { enginePath, overlays } from '../paths.ts';
import { countCases, type CaseCount } from '../cases/count-cases.ts';
import type { RunTracker } from '../runs/run-tracker.ts';

/** After the last key stroke. */
const TYPING_MS = 300;
const CHANGED_FILES = '**/*.{yml,yaml,jsonl,ndjson,json,csv}';
const PROMPT_FILE = /(\.prompt|^promptfooconfig[^/]*)\.ya?ml$/i;

const NATIVE_FILE = /\.prompt\.ya?ml$/i;

interface OpenFile {
  readonly document: vscode.TextDocument;
  readonly refresh: Coalesced;
  outline: { readonly version: number; readonly file: PromptOutlineFile } | null;
  /** What the engine last said about it; `null` before the first answer. */
  answer: { readonly version: number; readonly prompts: readonly PromptState[]; readonly diagnostics: readonly Diagnostic[] } | null;
  /** Cases of each prompt, counted here where no engine may run; `null`: not counted. */
  counts: readonly (CaseCount | null)[];
}

/**
 * The prompt files in editors: their outline at once (read here, also in an untrusted workspace), and what the engine knows
 * about them (hash, estimate, last run) a moment later. The engine is asked only for files that somebody looks at.
 */
export class PromptFiles implements vscode.Disposable {
  readonly #engines: Engines;
  readonly #log: Log;
  readonly #open = new Map<string, OpenFile>();
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly #didChangeFiles = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  /** A prompt, a dataset or a config has changed on disk, perhaps. */
  readonly onDidChangeFiles = this.#didChangeFiles.event;
  /** Something that lenses or diagnostics show has changed. */
  readonly onDidChange = this.#didChange.event;

  constructor(engines: Engines, runs: RunTracker, log: Log) {
    this.#engines = engines;
    this.#log = log;
    const watcher = vscode.workspace.createFileSystemWatcher(CHANGED_FILES);
    const changedOnDisk = (uri: vscode.Uri): void => {
      // The store's own files change with every run.
      if (uri.path.includes('/.touchstone/') || uri.path.includes('/node_modules/')) return;
      if (this.isPromptFile(uri)) this.#mayHavePrompts();
      this.refreshAll();
      this.#didChangeFiles.fire();
    };
    this.#mayHavePrompts();
    this.#disposables = [
      this.#didChange,
      this.#didChangeFiles,
      watcher,
      watcher.onDidChange(changedOnDisk),
      watcher.onDidCreate(changedOnDisk),
      watcher.onDidDelete(changedOnDisk),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#followEditors()),
      vscode.window.onDidChangeActiveTextEditor(() => this.#setContext()),
      vscode.workspace.onDidChangeTextDocument((change) => this.#onEdit(change)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#close(document.uri)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.refreshAll()),
      runs.onDidEnd(() => this.refreshAll()),
      engines.onRunsChanged(() => this.refreshAll()),
    ];
    this.#followEditors();
  }

  /** By its name only: nothing is read. */
  isPromptFile(uri: vscode.Uri): boolean {
    return uri.scheme === 'file' && PROMPT_FILE.test(uri.path.slice(uri.path.lastIndexOf('/') + 1));
  }

  /** Read from the text as it is now; the same object until the text changes. */
  outline(document: vscode.TextDocument): PromptOutlineFile {
    const file = this.#follow(document);
    if (file.outline?.version !== document.version) {
      file.outline = { version: document.version, file: outlinePromptFile(enginePath(document.uri), document.getText()) };
    }
    return file.outline.file;
  }

  /** Where lenses stand, and how many cases stand in the text itself (`null`: not looked at). Cheap enough for every key stroke. */
  lensPlaces(document: vscode.TextDocument): readonly (LensPlaces & { readonly cases: number | null })[] {
    const file = this.#follow(document);
    if (file.outline?.version !== document.version && NATIVE_FILE.test(document.uri.path)) {
      const places = scanLensPlaces(document.getText());
      if (places !== null) return [{ ...places, cases: null }];
    }
    return this.outline(document).prompts.map(({ ranges, golden, cases }) => ({ name: ranges.name, messages: ranges.messages, cases: golden === null && cases.length > 0 ? cases.length : null }));
  }

  /** What the engine last said about the prompts of a file; `null` before it has. */
  states(uri: vscode.Uri): readonly PromptState[] | null {
    return this.#open.get(uri.toString())?.answer?.prompts ?? null;
  }

  /** How many cases a prompt has, by its place in the file, where no engine may be asked. */
  countWithoutEngine(uri: vscode.Uri, index: number): CaseCount | null {
    return this.#open.get(uri.toString())?.counts[index] ?? null;
  }

  /** Why a file holds no prompt that can be run; `null`: it does, or nobody has looked yet. */
  error(uri: vscode.Uri): string | null {
    const answer = this.#open.get(uri.toString())?.answer;
    if (!answer || answer.prompts.length > 0) return null;
    return answer.diagnostics.find((found) => found.severity === 'error')?.message ?? null;
  }

  /** Of every followed file what the engine found, or the outline where there is no engine; `null`: the text has just changed, and what is shown stays. */
  *diagnostics(): Iterable<{ readonly uri: vscode.Uri; readonly diagnostics: readonly Diagnostic[] | null }> {
    for (const { document, answer, outline } of this.#open.values()) {
      const { version } = document;
      yield { uri: document.uri, diagnostics: answer?.version === version ? answer.diagnostics : outline?.version === version ? outline.file.diagnostics : null };
    }
  }

  /** Asks the engine now, with every unsaved text. */
  async request(engine: FolderEngine, path: string): Promise<readonly PromptState[]> {
    return (await engine.request('prompts/state', { path, overlays: overlays(engine.folder) })).prompts;
  }

  refreshAll(): void {
    for (const file of this.#open.values()) file.refresh.request();
  }

  dispose(): void {
    for (const file of this.#open.values()) file.refresh.dispose();
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  #followEditors(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (this.isPromptFile(editor.document.uri)) this.#follow(editor.document);
    }
    this.#setContext();
  }

  #mayHavePrompts(): void {
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.mayHavePrompts, true);
  }

  #setContext(): void {
    const active = vscode.window.activeTextEditor?.document.uri;
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.promptEditor, active !== undefined && this.isPromptFile(active));
  }

  #follow(document: vscode.TextDocument): OpenFile {
    const key = document.uri.toString();
    const known = this.#open.get(key);
    if (known?.document === document) return known;
    known?.refresh.dispose();
    const file: OpenFile = { document, outline: null, answer: null, counts: [], refresh: new Coalesced(() => this.#ask(file), TYPING_MS, { restart: true }) };
    this.#open.set(key, file);
    file.refresh.request();
    return file;
  }

  #close(uri: vscode.Uri): void {
    const file = this.#open.get(uri.toString());
    if (!file) return;
    file.refresh.dispose();
    this.#open.delete(uri.toString());
    this.#didChange.fire();
  }

  #onEdit({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    // Saving and becoming dirty arrive here, too, without a change.
    if (contentChanges.length === 0 || document.uri.scheme !== 'file') return;
    const own = this.#open.get(document.uri.toString());
    if (own) {
      own.refresh.request();
      this.#didChange.fire();
    }
    const path = enginePath(document.uri);
    for (const file of this.#open.values()) {
      if (file !== own && dependsOn(file, path)) file.refresh.request();
    }
  }

  async #ask(file: OpenFile): Promise<void> {
    const { document } = file;
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    const engine = this.#engines.available ? this.#engines.forUri(document.uri) : undefined;
    if (!vscode.workspace.isTrusted && folder) {
      // Reading is all that is allowed here, and all that it takes.
      file.counts = await countCases(document, folder).catch((error: unknown) => {
        this.#log.debug(`${enginePath(document.uri)} could not be counted: ${errorMessage(error)}`);
        return [];
      });
    } else if (engine && !document.isClosed) {
      try {
        const { version } = document;
        file.answer = { version, ...(await engine.request('prompts/state', { path: enginePath(document.uri), overlays: overlays(engine.folder) })) };
        if (file.answer.prompts.some(({ lastRun }) => lastRun !== null)) void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.hasRuns, true);
      } catch (error) {
        this.#log.warn(`${enginePath(document.uri)} could not be looked up: ${errorMessage(error)}`);
      }
    }
    // Without an answer to this text the outline says what is wrong with it.
    if (file.answer?.version !== document.version && !document.isClosed) this.outline(document);
    this.#didChange.fire();
  }
}

function dependsOn(file: OpenFile, path: string): boolean {
  if (/\/touchstone\.ya?ml$/.test(path)) return true;
  return (file.answer?.prompts ?? []).some((prompt) => prompt.dataset?.files.includes(path) || prompt.dependencies?.includes(path));
}
