import * as vscode from 'vscode';
import type { EngineNotifications, HostMethods } from '../../protocol/engine.ts';
import type { RegistryNotifications } from '../../protocol/registry.ts';
import type { RpcHandler, RpcListener } from '../../protocol/rpc-peer.ts';
import { errorMessage } from '../../core/errors.ts';
import type { Log } from '../log.ts';
import { ENGINE_SETTING_SECTIONS } from '../settings.ts';
import { FolderEngine, type EngineStop } from './folder-engine.ts';

export interface EngineEvent<T> {
  readonly engine: FolderEngine;
  readonly params: T;
}

export interface EngineCrash extends EngineStop {
  readonly engine: FolderEngine;
}

/** Answers what an engine asks of the extension; the engine is there by the time that it asks. */
export type HostHandlers = (engine: () => FolderEngine) => Readonly<Record<keyof HostMethods, RpcHandler>>;

/** The engines of this window, one a workspace folder, each started by its first request. */
export class Engines implements vscode.Disposable {
  readonly #entry: string;
  readonly #storage: vscode.Uri;
  readonly #log: Log;
  readonly #handlers: HostHandlers;
  readonly #engines = new Map<string, FolderEngine>();
  readonly #disposables: vscode.Disposable[] = [];
  readonly #runChanged = new vscode.EventEmitter<EngineEvent<EngineNotifications['run/changed']>>();
  readonly #runsChanged = new vscode.EventEmitter<FolderEngine>();
  readonly #onceText = new vscode.EventEmitter<EngineNotifications['once/text']>();
  readonly #tracesChanged = new vscode.EventEmitter<EngineEvent<EngineNotifications['traces/changed']>>();
  readonly #tracesProgress = new vscode.EventEmitter<EngineEvent<EngineNotifications['traces/progress']>>();
  readonly #remoteProgress = new vscode.EventEmitter<EngineEvent<EngineNotifications['remote/progress']>>();
  readonly #replayProgress = new vscode.EventEmitter<EngineEvent<EngineNotifications['replay/progress']>>();
  readonly #sourcesChanged = new vscode.EventEmitter<FolderEngine>();
  readonly #registryChanged = new vscode.EventEmitter<FolderEngine>();
  readonly #didStart = new vscode.EventEmitter<FolderEngine>();
  readonly #didCrash = new vscode.EventEmitter<EngineCrash>();
  readonly onRunChanged = this.#runChanged.event;
  readonly onRunsChanged = this.#runsChanged.event;
  readonly onOnceText = this.#onceText.event;
  readonly onTracesChanged = this.#tracesChanged.event;
  readonly onTracesProgress = this.#tracesProgress.event;
  readonly onRemoteProgress = this.#remoteProgress.event;
  readonly onReplayProgress = this.#replayProgress.event;
  readonly onSourcesChanged = this.#sourcesChanged.event;
  /** Versions or pointers changed: by this window, another one, the command line, or Git. */
  readonly onRegistryChanged = this.#registryChanged.event;
  readonly onDidStart = this.#didStart.event;
  readonly onDidCrash = this.#didCrash.event;

  /** `storage`: the extension's own folder on this machine. */
  constructor(options: { entry: string; storage: vscode.Uri; log: Log; handlers: HostHandlers }) {
    this.#entry = options.entry;
    this.#storage = vscode.Uri.joinPath(options.storage, 'traces');
    this.#log = options.log;
    this.#handlers = options.handlers;
    this.#disposables.push(
      this.#runChanged, this.#runsChanged, this.#onceText, this.#tracesChanged, this.#tracesProgress, this.#remoteProgress, this.#replayProgress, this.#sourcesChanged, this.#registryChanged, this.#didStart, this.#didCrash,
      vscode.workspace.onDidChangeWorkspaceFolders((change) => {
        for (const { uri } of change.removed) this.#forget(uri);
        if (this.#hasFolders) this.#forget(this.#storage);
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!ENGINE_SETTING_SECTIONS.some((section) => change.affectsConfiguration(section))) return;
        for (const engine of this.#engines.values()) void engine.configure().catch((error: unknown) => this.#log.error(errorMessage(error)));
      }),
    );
  }

  /** Whether a request may start a process at all: a trusted workspace with a folder. */
  get available(): boolean {
    return vscode.workspace.isTrusted && this.#hasFolders;
  }

  /** The same of what is about traces, which a window without a folder has, too. */
  get takesTraces(): boolean {
    return vscode.workspace.isTrusted;
  }

  /** Those that keep traces: one a folder; in a window without one, that of the extension's own storage, which all such windows share. */
  forTraces(): FolderEngine[] {
    return this.#hasFolders ? this.all() : [this.#of({ uri: this.#storage, name: vscode.l10n.t('no folder'), index: 0 })];
  }

  /** One a folder, in the order of the workspace; asking for them starts nothing. */
  all(): FolderEngine[] {
    return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file').map((folder) => this.#of(folder));
  }

  /** The engine of the folder that holds a file; `undefined` for a file outside of the workspace. */
  forUri(uri: vscode.Uri): FolderEngine | undefined {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    return folder === undefined || folder.uri.scheme !== 'file' ? undefined : this.#of(folder);
  }

  /** By the folder's address, as panels remember it. */
  forFolder(folder: string): FolderEngine | undefined {
    return this.forTraces().find((engine) => engine.folder.uri.toString() === folder);
  }

  dispose(): void {
    for (const engine of this.#engines.values()) engine.dispose();
    this.#engines.clear();
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  get #hasFolders(): boolean {
    return (vscode.workspace.workspaceFolders?.length ?? 0) > 0;
  }

  #forget(folder: vscode.Uri): void {
    this.#engines.get(folder.toString())?.dispose();
    this.#engines.delete(folder.toString());
  }

  #of(folder: vscode.WorkspaceFolder): FolderEngine {
    const key = folder.uri.toString();
    const known = this.#engines.get(key);
    if (known) return known;
    const engine: FolderEngine = new FolderEngine(folder, { entry: this.#entry, log: this.#log, handlers: this.#handlers(() => engine), listeners: this.#listeners(() => engine) });
    engine.onDidStart(() => this.#didStart.fire(engine));
    engine.onDidCrash((stop) => this.#didCrash.fire({ engine, ...stop }));
    this.#engines.set(key, engine);
    return engine;
  }

  #listeners(engine: () => FolderEngine): Readonly<Record<keyof EngineNotifications | keyof RegistryNotifications, RpcListener>> {
    return {
      'run/changed': (params) => this.#runChanged.fire({ engine: engine(), params: params as EngineNotifications['run/changed'] }),
      'runs/changed': () => this.#runsChanged.fire(engine()),
      'once/text': (params) => this.#onceText.fire(params as EngineNotifications['once/text']),
      'traces/changed': (params) => this.#tracesChanged.fire({ engine: engine(), params: params as EngineNotifications['traces/changed'] }),
      'traces/progress': (params) => this.#tracesProgress.fire({ engine: engine(), params: params as EngineNotifications['traces/progress'] }),
      'remote/progress': (params) => this.#remoteProgress.fire({ engine: engine(), params: params as EngineNotifications['remote/progress'] }),
      'replay/progress': (params) => this.#replayProgress.fire({ engine: engine(), params: params as EngineNotifications['replay/progress'] }),
      'sources/changed': () => this.#sourcesChanged.fire(engine()),
      'registry/changed': () => this.#registryChanged.fire(engine()),
      'log': (params) => {
        const { level, message } = params as EngineNotifications['log'];
        this.#log[level](`[engine ${engine().folder.name}] ${message}`);
      },
    };
  }
}
