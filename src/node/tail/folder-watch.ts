import { watch, type FSWatcher } from 'node:fs';
import { joinPath } from '../../core/text/path.ts';

/** Watches cost a handle each; what is beyond is found by looking now and then. */
const MOST_FOLDERS = 1000;

/** Tells of changes in folders as far as the system does: on network drives, in containers and above its limits it may not. */
export class FolderWatch {
  readonly #onChange: (path: string | null) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #isComplete = true;

  /** `path`: the file that changed; `null`: the system does not say which. */
  constructor(onChange: (path: string | null) => void) {
    this.#onChange = onChange;
  }

  /** Every folder that was asked for is watched. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  update(folders: ReadonlySet<string>): void {
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    this.#isComplete = folders.size <= MOST_FOLDERS;
    for (const folder of folders) {
      if (!this.#watchers.has(folder) && this.#watchers.size < MOST_FOLDERS && !this.#add(folder)) this.#isComplete = false;
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(folder: string): boolean {
    try {
      // Not persistent: a command that has nothing else to do ends.
      const watcher = watch(folder, { persistent: false }, (_event, name) => this.#onChange(name === null ? null : joinPath(folder, name)));
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
        this.#isComplete = false;
      });
      this.#watchers.set(folder, watcher);
      return true;
    } catch {
      return false;
    }
  }
}
