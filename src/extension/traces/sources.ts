import * as vscode from 'vscode';
import { errorMessage } from '../../core/errors.ts';
import type { SourcesState } from '../../protocol/traces.ts';
import { CONTEXT_KEYS, SETTINGS } from '../constants.ts';
import { Coalesced } from '../coalesce.ts';
import type { Engines } from '../engine/engines.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import type { Log } from '../log.ts';
import { receiverEnabled, receiverPorts } from '../settings.ts';
import { namesSources } from './named-sources.ts';

/** Counts of a busy receiver are read at most so often, in milliseconds. */
const REFRESH_MS = 500;
/** A remembered switch, and files that touchstone.yml names, are followed so long after the window opened: by then what the person is waiting for has happened. */
const START_MS = 1500;

/**
 * Where traces come from, by folder: the latest state of receiver, tailed files and store, and the switch of the receiver.
 * The switch is remembered for this workspace, beside its files and not in them: who works on the same repository decides
 * for themselves.
 */
export class Sources implements vscode.Disposable {
  readonly #engines: Engines;
  readonly #memory: vscode.Memento;
  readonly #log: Log;
  readonly #states = new Map<FolderEngine, SourcesState>();
  readonly #refreshers = new Map<FolderEngine, Coalesced>();
  readonly #didChange = new vscode.EventEmitter<FolderEngine>();
  readonly #disposables: vscode.Disposable[];
  readonly #startTimer: NodeJS.Timeout;
  /** Folders whose files are tailed: their touchstone.yml names some, or somebody looks at their traces. */
  readonly #followed = new Set<FolderEngine>();
  #watchers = 0;
  /** A folder's state differs from what it was, or its switch. */
  readonly onDidChange = this.#didChange.event;

  constructor(engines: Engines, memory: vscode.Memento, log: Log) {
    this.#engines = engines;
    this.#memory = memory;
    this.#log = log;
    this.#startTimer = setTimeout(() => this.#startAll(), START_MS);
    this.#disposables = [
      this.#didChange,
      engines.onDidStart((engine) => void this.#follow(engine)),
      engines.onSourcesChanged((engine) => {
        if (this.#watchers > 0 || this.isEnabled(engine)) this.#refresher(engine).request();
      }),
      engines.onDidCrash(({ engine }) => {
        this.#states.delete(engine);
        this.#changed(engine);
        // Senders are waiting at the door: the next start waits as long as the engine's back-off says.
        // Files that are tailed wait, too.
        if (this.isEnabled(engine) || this.#followed.has(engine)) void this.#attempt(engine, async () => void (await engine.request('sources/get', {})));
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#startAll()),
      ...this.#watchConfig(),
      vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
        for (const [engine, refresher] of this.#refreshers) {
          if (!removed.includes(engine.folder)) continue;
          refresher.dispose();
          this.#refreshers.delete(engine);
          this.#states.delete(engine);
          this.#followed.delete(engine);
        }
        this.#startAll();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SETTINGS.receiverEnabled)) this.#followSetting();
        for (const engine of this.#states.keys()) {
          const moved = change.affectsConfiguration(SETTINGS.receiverHttpPort, engine.folder) || change.affectsConfiguration(SETTINGS.receiverGrpcPort, engine.folder);
          if (moved && this.isEnabled(engine)) void this.#attempt(engine, async () => {
            await engine.request('sources/receiver', { on: false });
            await this.#turnOn(engine);
          });
        }
      }),
    ];
  }

  /** The latest that is known; `undefined` before anybody asked. */
  state(engine: FolderEngine): SourcesState | undefined {
    return this.#states.get(engine);
  }

  isEnabled(engine: FolderEngine): boolean {
    return this.#memory.get<boolean>(switchKey(engine)) ?? receiverEnabled(engine.folder);
  }

  /** Turns the receiver of a folder on or off, now and when the workspace is opened again. */
  async turn(engine: FolderEngine, on: boolean): Promise<void> {
    await this.#memory.update(switchKey(engine), on);
    this.#changed(engine);
    if (on) await this.#turnOn(engine);
    else if (engine.pid !== null) await engine.request('sources/receiver', { on: false });
    await this.refresh(engine);
  }

  /** The files that the touchstone.yml of a folder names are read from now on, as they grow. */
  follow(engine: FolderEngine): void {
    if (this.#followed.has(engine)) return;
    this.#followed.add(engine);
    void this.#attempt(engine, async () => void (await this.refresh(engine)));
  }

  /** Asks the engine; starts it when it does not run. */
  async refresh(engine: FolderEngine): Promise<SourcesState> {
    const state = await engine.request('sources/get', {});
    this.#states.set(engine, state);
    this.#changed(engine);
    return state;
  }

  /** From now on changes are followed although the receiver may be off, until the result is disposed of. */
  watch(): vscode.Disposable {
    this.#watchers++;
    let watching = true;
    return { dispose: () => {
      if (watching) this.#watchers--;
      watching = false;
    } };
  }

  dispose(): void {
    clearTimeout(this.#startTimer);
    for (const refresher of this.#refreshers.values()) refresher.dispose();
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  /** The setting counts where nobody has switched by hand. */
  #followSetting(): void {
    this.#startRemembered();
    for (const [engine, state] of this.#states) {
      if (this.isEnabled(engine) || state.receiver.state === 'off' || engine.pid === null) continue;
      void this.#attempt(engine, async () => {
        await engine.request('sources/receiver', { on: false });
        await this.refresh(engine);
      });
    }
  }

  /** Which files are tailed stands in touchstone.yml; the engine looks when it is asked. */
  #watchConfig(): vscode.Disposable[] {
    const watcher = vscode.workspace.createFileSystemWatcher('**/touchstone.{yml,yaml}');
    const look = (uri: vscode.Uri): void => {
      const engine = this.#engines.forUri(uri);
      if (!engine) return;
      if (this.#followed.has(engine) || this.isEnabled(engine)) this.#refresher(engine).request();
      else this.#followNamed();
    };
    return [watcher, watcher.onDidChange(look), watcher.onDidCreate(look), watcher.onDidDelete(look)];
  }

  #startAll(): void {
    this.#startRemembered();
    this.#followNamed();
  }

  /** Files are followed although nobody looks: what they hold when they are rotated away would be lost. */
  #followNamed(): void {
    if (!this.#engines.takesTraces) return;
    for (const engine of this.#engines.forTraces()) {
      if (this.#followed.has(engine)) continue;
      void this.#attempt(engine, async () => {
        if (await namesSources(engine.folder)) this.follow(engine);
      });
    }
  }

  #startRemembered(): void {
    if (!this.#engines.takesTraces) return;
    for (const engine of this.#engines.forTraces()) {
      if (!this.isEnabled(engine)) continue;
      // Starting the engine is enough: `onDidStart` follows the switch.
      if (engine.pid === null) void this.#attempt(engine, async () => void (await engine.request('sources/get', {})));
      else void this.#follow(engine);
    }
  }

  async #follow(engine: FolderEngine): Promise<void> {
    const enabled = this.isEnabled(engine);
    if (!enabled && !this.#followed.has(engine)) return;
    await this.#attempt(engine, async () => {
      if (enabled) await this.#turnOn(engine);
      await this.refresh(engine);
    });
  }

  async #turnOn(engine: FolderEngine): Promise<void> {
    const status = await engine.request('sources/receiver', { on: true, ...receiverPorts(engine.folder) });
    if (status.state === 'failed') this.#log.error(`The receiver of ${engine.folder.name} could not be started: ${status.reason}`);
    if (status.state === 'on') this.#log.info(`The receiver of ${engine.folder.name} listens on port ${status.http}${status.grpc === null ? '' : `, gRPC on ${status.grpc}`}.`);
  }

  async #attempt(engine: FolderEngine, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#log.error(`The receiver of ${engine.folder.name}: ${errorMessage(error)}`);
    }
  }

  #refresher(engine: FolderEngine): Coalesced {
    let refresher = this.#refreshers.get(engine);
    if (!refresher) {
      // A process that has ended has nothing new, and is not started for a notification that is still on its way.
      refresher = new Coalesced(() => (engine.pid === null ? undefined : this.#attempt(engine, async () => void (await this.refresh(engine)))), REFRESH_MS);
      this.#refreshers.set(engine, refresher);
    }
    return refresher;
  }

  #changed(engine: FolderEngine): void {
    const on = this.#engines.forTraces().some((one) => this.isEnabled(one));
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.receiverOn, on);
    this.#didChange.fire(engine);
  }
}

function switchKey(engine: FolderEngine): string {
  return `receiver:${engine.folder.uri.toString()}`;
}
