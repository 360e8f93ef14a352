import * as vscode from 'vscode';
import { errorMessage } from '../../core/errors.ts';
import type { RemoteSource } from '../../protocol/remote.ts';
import type { Engines } from '../engine/engines.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import type { Log } from '../log.ts';
import { namesBackends } from './named-sources.ts';

/** The sources that touchstone.yml names, by folder. Listing them contacts nobody. */
export class Remotes implements vscode.Disposable {
  readonly #log: Log;
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly #watcher = vscode.workspace.createFileSystemWatcher('**/touchstone.{yml,yaml}');
  readonly #disposables: vscode.Disposable[];
  /** Sources, their keys or their entries may differ from what was listed. */
  readonly onDidChange = this.#didChange.event;

  constructor(engines: Engines, log: Log) {
    this.#log = log;
    const changed = (uri: vscode.Uri): void => {
      if (engines.forUri(uri)) this.#didChange.fire();
    };
    this.#disposables = [this.#didChange, this.#watcher, this.#watcher.onDidChange(changed), this.#watcher.onDidCreate(changed), this.#watcher.onDidDelete(changed)];
  }

  /** @throws TouchstoneError */
  async list(engine: FolderEngine): Promise<readonly RemoteSource[]> {
    // Most workspaces have none: then nothing is started for them.
    if (!(await namesBackends(engine.folder))) return [];
    return (await engine.request('remote/sources', {})).sources;
  }

  /** For views: what is wrong stands in the log, and with the file itself. */
  async listed(engine: FolderEngine): Promise<readonly RemoteSource[]> {
    try {
      return await this.list(engine);
    } catch (error) {
      this.#log.error(`The sources of ${engine.folder.name} cannot be listed: ${errorMessage(error)}`);
      return [];
    }
  }

  /** A key was set or removed. */
  refresh(): void {
    this.#didChange.fire();
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }
}
