import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Editors write a file in several steps, and a checkout writes many files: wait until it is quiet. */
const QUIET_MS = 200;
const PROMPT_FILE = /(\.prompt\.ya?ml|^promptfooconfig.*\.ya?ml)$/i;

/**
 * Watches files through their folders, because many editors replace a file instead of writing into it. New prompt files in
 * these folders count too.
 */
export class FileWatch {
  #files = new Set<string>();
  readonly #folders = new Map<string, FSWatcher>();
  #changed: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | null = null;

  /** Replaces what is watched. Absolute paths; folders are watched for new prompt files. */
  update(files: readonly string[], folders: readonly string[]): void {
    this.#files = new Set(files);
    const wanted = new Set([...files.map((file) => dirname(file)), ...folders]);
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of wanted) this.#watchFolder(folder);
  }

  get size(): number {
    return this.#files.size;
  }

  /** The next file that changed; also one that changed since the last call. `null` when the signal was aborted. */
  async next(signal: AbortSignal): Promise<string | null> {
    while (this.#changed === null || this.#timer !== undefined) {
      if (signal.aborted) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    const changed = this.#changed;
    this.#changed = null;
    return signal.aborted ? null : changed;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #watchFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name === null) return;
        const file = join(folder, name);
        if (this.#files.has(file) || PROMPT_FILE.test(basename(file))) this.#note(file);
      });
      // A folder that is deleted while it is watched: its files are gone, which the next eval says better.
      watcher.on('error', () => {
        watcher.close();
        this.#folders.delete(folder);
      });
      this.#folders.set(folder, watcher);
    } catch {
      // The folder does not exist; the eval has said so.
    }
  }

  #note(file: string): void {
    this.#changed = file;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake?.();
    }, QUIET_MS);
  }
}
