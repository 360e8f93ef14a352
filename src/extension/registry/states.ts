import * as vscode from 'vscode';
import { errorMessage } from '../../core/errors.ts';
import type { RegistryProblem } from '../../core/registry/model.ts';
import type { Comparison } from '../../protocol/compare.ts';
import type { EnvironmentState, PromptPlace, PromptVersions } from '../../protocol/registry.ts';
import { Coalesced } from '../coalesce.ts';
import type { Engines } from '../engine/engines.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import type { Log } from '../log.ts';
import { enginePath, overlays } from '../paths.ts';
import type { PromptFiles } from '../prompts/prompt-files.ts';
import type { RunTracker } from '../runs/run-tracker.ts';

const REFRESH_MS = 150;
/** Also where the registry lies in a folder below the workspace folder: then nobody uses it, and a refresh shows the same again. */
const REGISTRY_FILES = '**/.touchstone/registry/**';
/** The environment whose version the lens compares with, where it has one. */
const FOREMOST = 'production';

/** What is known of one prompt without running anything. */
export interface RegistryState {
  readonly versions: PromptVersions;
  /** With which environment the working copy is compared, and what was found; `null`: no environment has a version. */
  readonly against: { readonly environment: string; readonly comparison: Comparison | null } | null;
}

interface KnownFile {
  /** What the answers were about: prompts, their texts, their last runs. */
  signature: string;
  states: ReadonlyMap<string, RegistryState>;
}

/**
 * Versions, environments and last comparisons of the prompts in visible editors, for lenses; and whoever lists versions learns
 * here when to list them again. The engine is asked only about files that somebody looks at, and only when something changed.
 */
export class RegistryStates implements vscode.Disposable {
  readonly #engines: Engines;
  readonly #prompts: PromptFiles;
  readonly #log: Log;
  readonly #known = new Map<string, KnownFile>();
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly #didChangeRegistry = new vscode.EventEmitter<void>();
  readonly #didCheck = new vscode.EventEmitter<void>();
  readonly #found = new Map<FolderEngine, readonly RegistryProblem[]>();
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('touchstone-registry');
  readonly #refresh = new Coalesced(() => this.#ask(), REFRESH_MS);
  readonly #changed = new Coalesced(() => {
    this.#didChangeRegistry.fire();
    return this.#checkAll();
  }, REFRESH_MS);
  readonly #disposables: vscode.Disposable[];
  /** What lenses show has changed. */
  readonly onDidChange = this.#didChange.event;
  /** Versions or pointers have changed, perhaps: by whomever. */
  readonly onDidChangeRegistry = this.#didChangeRegistry.event;
  /** Problems of the registry's files were looked for. */
  readonly onDidCheck = this.#didCheck.event;

  constructor(engines: Engines, prompts: PromptFiles, runs: RunTracker, log: Log) {
    this.#engines = engines;
    this.#prompts = prompts;
    this.#log = log;
    // A pull or a checkout changes these files behind the engine's back, and it may not be running.
    const watcher = vscode.workspace.createFileSystemWatcher(REGISTRY_FILES);
    const registryChanged = (): void => {
      this.#forget();
      this.#changed.request();
    };
    this.#disposables = [
      this.#didChange,
      this.#didChangeRegistry,
      this.#didCheck,
      this.#diagnostics,
      this.#refresh,
      this.#changed,
      watcher,
      watcher.onDidCreate(registryChanged),
      watcher.onDidChange(registryChanged),
      watcher.onDidDelete(registryChanged),
      // Watchers of a busy machine may be late.
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (vscode.languages.match({ pattern: REGISTRY_FILES }, document) > 0) registryChanged();
      }),
      engines.onRegistryChanged(registryChanged),
      engines.onDidStart((engine) => void this.#check(engine)),
      prompts.onDidChange(() => this.#refresh.request()),
      prompts.onDidChangeFiles(() => this.#forget()),
      runs.onDidEnd(() => this.#forget()),
      engines.onRunsChanged(() => this.#forget()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#refresh.request()),
      vscode.workspace.onDidCloseTextDocument((document) => this.#known.delete(document.uri.toString())),
    ];
  }

  /** `null` before the engine has answered. */
  get(uri: vscode.Uri, promptId: string): RegistryState | null {
    return this.#known.get(uri.toString())?.states.get(promptId) ?? null;
  }

  /** Files of the registry that are not as they were written: shown on themselves, and counted in the view. */
  get problems(): { readonly count: number } {
    return { count: [...this.#found.values()].reduce((sum, found) => sum + found.length, 0) };
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  /** What is shown stays until the new answers are there. */
  #forget(): void {
    for (const file of this.#known.values()) file.signature = '';
    this.#refresh.request();
  }

  /** Of engines that run: looking for problems starts none. */
  async #checkAll(): Promise<void> {
    for (const engine of this.#engines.available ? this.#engines.all() : []) if (engine.pid !== null) await this.#check(engine);
  }

  async #check(engine: FolderEngine): Promise<void> {
    try {
      const { problems } = await engine.request('registry/check', {});
      this.#found.set(engine, problems);
    } catch (error) {
      this.#log.warn(`The registry of ${engine.folder.name} cannot be checked: ${errorMessage(error)}`);
      return;
    }
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const problem of [...this.#found.values()].flat()) byFile.set(problem.file, [...(byFile.get(problem.file) ?? []), diagnosticOf(problem)]);
    this.#diagnostics.clear();
    this.#diagnostics.set([...byFile].map(([file, found]): [vscode.Uri, vscode.Diagnostic[]] => [vscode.Uri.file(file), found]));
    this.#didCheck.fire();
  }

  async #ask(): Promise<void> {
    if (!this.#engines.available) return;
    const documents = new Set(vscode.window.visibleTextEditors.map((editor) => editor.document));
    let changed = false;
    for (const document of documents) {
      if (this.#prompts.isPromptFile(document.uri)) changed = (await this.#look(document)) || changed;
    }
    if (changed) this.#didChange.fire();
  }

  async #look(document: vscode.TextDocument): Promise<boolean> {
    const engine = this.#engines.forUri(document.uri);
    const prompts = this.#prompts.states(document.uri);
    if (!engine || !prompts) return false;
    const key = document.uri.toString();
    const signature = JSON.stringify(prompts.map(({ id, hash, lastRun }) => [id, hash, lastRun?.id, lastRun?.status]));
    if (this.#known.get(key)?.signature === signature) return false;
    const states = new Map<string, RegistryState>();
    for (const prompt of prompts) {
      const state = await stateOf(engine, { path: enginePath(document.uri), prompt: prompt.id, overlays: overlays(engine.folder) }).catch((error: unknown) => {
        this.#log.warn(`The versions of ${prompt.id} cannot be listed: ${errorMessage(error)}`);
        return null;
      });
      if (state) states.set(prompt.id, state);
    }
    this.#known.set(key, { signature, states });
    return true;
  }
}

function diagnosticOf({ line, message }: RegistryProblem): vscode.Diagnostic {
  const at = Math.max((line ?? 1) - 1, 0);
  const diagnostic = new vscode.Diagnostic(new vscode.Range(at, 0, at, Number.MAX_SAFE_INTEGER), message, vscode.DiagnosticSeverity.Warning);
  diagnostic.source = 'Touchstone';
  diagnostic.code = 'registry';
  return diagnostic;
}

async function stateOf(engine: FolderEngine, place: PromptPlace): Promise<RegistryState> {
  const versions = await engine.request('versions/list', place);
  const environment = comparedEnvironment(versions.environments);
  if (environment === null) return { versions, against: null };
  return { versions, against: { environment, comparison: await engine.request('compare/last', { ...place, environment }) } };
}

/** Production where it has a version, else the last one that has: environments stand in the order in which a version passes through them. */
export function comparedEnvironment(environments: readonly EnvironmentState[]): string | null {
  const filled = environments.filter((state) => state.version !== null);
  return (filled.find((state) => state.environment === FOREMOST) ?? filled.at(-1))?.environment ?? null;
}
