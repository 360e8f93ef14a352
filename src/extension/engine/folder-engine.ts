import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import type { HostNotifications } from '../../protocol/engine.ts';
import type { RpcHandler, RpcListener } from '../../protocol/rpc-peer.ts';
import type { Log } from '../log.ts';
import { engineSettings } from '../settings.ts';
import { startEngineProcess, type AskedMethods, type EngineExit, type EngineProcess } from './engine-process.ts';

/** Waits before the next start after 1, 2, 3, … crashes in a row, in milliseconds. */
const BACKOFF_MS = [0, 500, 2000, 5000, 15_000] as const;
/** An engine that lived this long has recovered: its next crash counts as the first. */
const STEADY_MS = 60_000;
/** After so many crashes in a row nothing starts it again but *Restart Engine*. */
const MOST_CRASHES = 5;
/** A request that took longer is worth a line in the log. */
const SLOW_MS = 1000;

export interface EngineStop {
  readonly exit: EngineExit;
  /** Crashes in a row, this one included. */
  readonly crashes: number;
}

/**
 * The engine of one workspace folder. The process starts with the first request, never in an untrusted workspace, and
 * again after a crash with the next one. Requests that were waiting when it stopped are rejected with 'engine-stopped'.
 */
export class FolderEngine implements vscode.Disposable {
  readonly folder: vscode.WorkspaceFolder;
  readonly #entry: string;
  readonly #log: Log;
  readonly #handlers: Readonly<Record<string, RpcHandler>>;
  readonly #listeners: Readonly<Record<string, RpcListener>>;
  readonly #didCrash = new vscode.EventEmitter<EngineStop>();
  readonly #didStart = new vscode.EventEmitter<void>();
  readonly onDidCrash = this.#didCrash.event;
  /** A process of this engine runs and has its settings. */
  readonly onDidStart = this.#didStart.event;
  #process: EngineProcess | null = null;
  #starting: Promise<EngineProcess> | null = null;
  #crashes = 0;
  #disposed = false;

  constructor(folder: vscode.WorkspaceFolder, options: { entry: string; log: Log; handlers: Readonly<Record<string, RpcHandler>>; listeners: Readonly<Record<string, RpcListener>> }) {
    this.folder = folder;
    this.#entry = options.entry;
    this.#log = options.log;
    this.#handlers = options.handlers;
    this.#listeners = options.listeners;
  }

  /** The process id while the engine runs. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  async request<M extends keyof AskedMethods & string>(method: M, params: AskedMethods[M][0], signal?: AbortSignal): Promise<AskedMethods[M][1]> {
    const running = this.#process ?? (await this.#start());
    const started = Date.now();
    try {
      return await running.peer.request(method, params, signal);
    } finally {
      const took = Date.now() - started;
      if (took > SLOW_MS) this.#log.info(`[engine ${this.folder.name}] ${method} took ${took} ms.`);
    }
  }

  /** Tells a running engine; one that has stopped has nobody who would listen. */
  notify<N extends keyof HostNotifications>(name: N, params: HostNotifications[N]): void {
    this.#process?.peer.notify(name, params);
  }

  /** Tells a running engine the settings; one that starts later reads them then, and one that is starting has read them already. */
  async configure(): Promise<void> {
    // That it could not start is told to whoever asked for it.
    const running = this.#process ?? (await this.#starting?.catch(() => null));
    await running?.peer.request('engine/configure', engineSettings(this.folder));
  }

  /** Ends the process; the next request starts a new one. */
  stop(): void {
    const running = this.#process;
    this.#process = null;
    running?.stop();
  }

  /** After *Restart Engine*: the next start does not wait. */
  forgetCrashes(): void {
    this.#crashes = 0;
  }

  dispose(): void {
    this.#disposed = true;
    this.stop();
    this.#didCrash.dispose();
    this.#didStart.dispose();
  }

  #start(): Promise<EngineProcess> {
    this.#starting ??= this.#launch().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #launch(): Promise<EngineProcess> {
    if (!vscode.workspace.isTrusted) throw new TouchstoneError('untrusted-workspace', vscode.l10n.t('Trust this workspace to run prompts.'));
    if (this.#crashes >= MOST_CRASHES) {
      throw new TouchstoneError('engine-stopped', vscode.l10n.t('The engine stopped {0} times in a row. See the log, then run "Touchstone: Restart Engine".', MOST_CRASHES));
    }
    const wait = BACKOFF_MS[Math.min(this.#crashes, BACKOFF_MS.length - 1)] ?? 0;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (this.#disposed) throw new TouchstoneError('engine-stopped', vscode.l10n.t('The workspace folder was closed.'));
    const started = Date.now();
    const child = startEngineProcess({
      entry: this.#entry,
      handlers: this.#handlers,
      listeners: this.#listeners,
      onOutput: (line) => this.#log.warn(`[engine ${this.folder.name}] ${line}`),
      onProblem: (error) => this.#log.error(`[engine ${this.folder.name}] ${error.message}`),
    });
    void child.exited.then((exit) => this.#onExit(child, exit, started));
    try {
      const { version, database } = await child.peer.request('engine/configure', engineSettings(this.folder));
      this.#log.info(`Engine ${version} of ${this.folder.name} started in ${Date.now() - started} ms (process ${child.pid}, ${database ?? 'no database'}).`);
    } catch (error) {
      this.#crashes += 1;
      child.stop();
      throw error;
    }
    if (this.#disposed) {
      child.stop();
      throw new TouchstoneError('engine-stopped', vscode.l10n.t('The workspace folder was closed.'));
    }
    this.#process = child;
    this.#didStart.fire();
    return child;
  }

  #onExit(child: EngineProcess, exit: EngineExit, started: number): void {
    const how = exit.signal ?? `code ${exit.code ?? 'unknown'}`;
    if (this.#process !== child) {
      this.#log.info(`The engine of ${this.folder.name} ended (${how}).`);
      return;
    }
    this.#process = null;
    if (Date.now() - started > STEADY_MS) this.#crashes = 0;
    this.#crashes += 1;
    this.#log.error(`The engine of ${this.folder.name} stopped unexpectedly (${how}).`);
    this.#didCrash.fire({ exit, crashes: this.#crashes });
  }
}
