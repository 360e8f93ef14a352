import { readdirSync, statSync, watch, type Dirent, type FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { IGNORED_FOLDERS } from '../core/files.ts';

/** Editors write a file in several steps, and a checkout writes many files: wait until it is quiet. */
const QUIET_MS = 200;
/** Systems limit what may be watched; folders beyond are not. */
const MOST_FOLDERS = 1000;
const PROMPT_FILE = /(\.prompt\.ya?ml|^promptfooconfig.*\.ya?ml)$/i;

/**
 * Watches files through their folders, because many editors replace a file instead of writing into it. New prompt files in
 * these folders count too, and where a whole folder is evaluated also those in new folders below it.
 */
export class FileWatch {
  #files = new Set<string>();
  readonly #folders = new Map<string, FSWatcher>();
  /** Folders that are watched with all that comes to be below them. */
  #trees = new Set<string>();
  #changed: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | null = null;

  /** Replaces what is watched. Absolute paths; folders, and those below them, are watched for new prompt files. */
  update(files: readonly string[], folders: readonly string[]): void {
    this.#files = new Set(files);
    this.#trees = new Set(folders.flatMap((folder) => treeOf(folder).folders).slice(0, MOST_FOLDERS));
    const wanted = new Set([...files.map((file) => dirname(file)), ...this.#trees]);
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
        else if (this.#trees.has(folder)) this.#watchNewTree(file);
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

  /** A folder that has just come to be, with what was written into it before anybody watched. */
  #watchNewTree(path: string): void {
    if (this.#folders.has(path) || IGNORED_FOLDERS.includes(basename(path)) || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
    const { folders, prompts } = treeOf(path);
    for (const folder of folders) {
      if (this.#trees.size >= MOST_FOLDERS) break;
      this.#trees.add(folder);
      this.#watchFolder(folder);
    }
    for (const file of prompts) this.#note(file);
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

/** A folder and those below it, and the prompt files in all of them. Links are not followed: they may lead in circles. */
function treeOf(root: string): { folders: string[]; prompts: string[] } {
  const folders = [root];
  const prompts: string[] = [];
  for (const folder of folders) {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isFile() && PROMPT_FILE.test(entry.name)) prompts.push(path);
      if (entry.isDirectory() && !IGNORED_FOLDERS.includes(entry.name) && folders.length < MOST_FOLDERS) folders.push(path);
    }
  }
  return { folders, prompts };
}

/** None for a folder that is not there any more, or that nobody may read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
