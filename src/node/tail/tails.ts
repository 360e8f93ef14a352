import { stat } from 'node:fs/promises';
import type { TraceSource } from '../../core/config/model.ts';
import { errorMessage } from '../../core/errors.ts';
import type { TraceSink } from '../../core/trace/sink.ts';
import type { SourcesState } from '../../protocol/traces.ts';
import { FolderWatch } from './folder-watch.ts';
import { FilePattern, type FoundFiles } from './pattern.ts';
import { TailedFile, type ReadUpTo, type Turn } from './tailed-file.ts';

export interface TailOptions {
  /** Absolute path of the workspace folder. */
  readonly folder: string;
  readonly sources: readonly TraceSource[];
  readonly sink: TraceSink;
  /** How far a path was read before, from the store. */
  readonly positionOf: (path: string) => ReadUpTo | null;
  /** Something of `status` is different. */
  readonly onChanged?: () => void;
  readonly log?: (message: string) => void;
  /** `~` of the patterns; absent: the user's home. */
  readonly home?: string;
  /** Milliseconds between two looks at all files where the system does not tell of changes. */
  readonly pollMs?: number;
  /** `false`: the system is not asked to tell of changes; they are found by looking. */
  readonly watch?: boolean;
  readonly maxDocument?: number;
}

export interface Tails {
  status(): SourcesState['tails'];
  /** Looks at everything and reads what is there now. */
  settle(): Promise<void>;
  /** Ends when what is on its way into the store is there. */
  close(): Promise<void>;
}

const POLL_MS = 2000;
/** Where the system tells of every change, looks only find what it missed. */
const WATCHED_POLL_MS = 5000;
const DEBOUNCE_MS = 50;
/** Files that are read at once, and looked at at once. */
const READERS = 4;
const STATS_AT_ONCE = 32;
/** A look at thousands of files, and reading a long session again, are followed by a rest of so many times as long. */
const REST_AFTER_LOOK = 50;
const REST_AFTER_SESSION = 10;
/** After which a file that is gone is no longer expected back. */
const GONE_MS = 10 * 60_000;
/** Of lines without an end that all files together hold. */
const MOST_HELD_BYTES = 128 * 1024 * 1024;
const MOST_SHOWN = 1000;

/** Follows files: reads what they hold and what is added to them, until closed. */
export function createTails(options: TailOptions): Tails {
  return new FileTails(options);
}

interface Followed {
  readonly file: TailedFile;
  /** Size, time of change and inode of the last look. */
  seen: string;
  /** Milliseconds (performance.now) before which it is not read again. */
  notBefore: number;
  /** When it was first missed. */
  goneAt: number | null;
}

class FileTails implements Tails {
  readonly #options: TailOptions;
  readonly #patterns: readonly FilePattern[];
  readonly #found = new Map<FilePattern, FoundFiles>();
  readonly #files = new Map<string, Followed>();
  readonly #watch: FolderWatch;
  readonly #stop = new AbortController();
  readonly #queue = new Set<Followed>();
  readonly #reading = new Map<Followed, Promise<void>>();
  readonly #resting = new Map<Followed, NodeJS.Timeout>();
  readonly #changed = new Set<string>();
  readonly #idle: (() => void)[] = [];
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #isFirstLook = true;
  #restsUntil = 0;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#patterns = options.sources.map((source) => new FilePattern(source, options.folder, options.home));
    this.#watch = new FolderWatch((path) => void this.#hear(path));
    void this.#look();
  }

  status(): SourcesState['tails'] {
    return this.#patterns.map((pattern) => {
      const { files, links, problem } = this.#found.get(pattern) ?? { files: [], links: [], problem: null };
      const followed = files.flatMap((path) => this.#files.get(path)?.file ?? []);
      const shown = followed.length <= MOST_SHOWN ? followed : [...followed].sort((a, b) => Number(b.problem !== null) - Number(a.problem !== null)).slice(0, MOST_SHOWN);
      const linked = links.map((path) => ({ path, offset: 0, size: 0, spans: 0, problem: 'this is a link, and links are not followed: name its target in touchstone.yml' }));
      return {
        pattern: pattern.source.path,
        files: [...shown.map(({ path, offset, size, spans, problem: reason }) => ({ path, offset, size, spans, problem: reason })), ...linked],
        problem: problem ?? (followed.length > shown.length ? `${followed.length - shown.length} more files are followed` : null),
      };
    });
  }

  async settle(): Promise<void> {
    await this.#looking;
    for (const followed of this.#files.values()) followed.notBefore = 0;
    for (const followed of [...this.#resting.keys()]) this.#enqueue(followed);
    await this.#look();
    if (this.#queue.size > 0 || this.#reading.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#soon);
    for (const timer of this.#resting.values()) clearTimeout(timer);
    this.#watch.close();
    this.#queue.clear();
    await Promise.all([this.#looking, ...this.#reading.values()]);
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #look(): Promise<void> {
    this.#looking ??= this.#lookAtAll()
      .catch((error: unknown) => this.#options.log?.(`Looking for files of traces failed: ${errorMessage(error)}`))
      .finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #lookAtAll(): Promise<void> {
    clearTimeout(this.#timer);
    const began = performance.now();
    const before = JSON.stringify([...this.#found.values()]);
    const folders = new Set<string>();
    for (const pattern of this.#patterns) {
      const found = await pattern.find();
      if (this.#stop.signal.aborted) return;
      this.#found.set(pattern, found);
      for (const folder of found.folders) folders.add(folder);
      for (const path of found.files) if (!this.#files.has(path)) this.#files.set(path, this.#follow(path, pattern));
    }
    if (this.#options.watch !== false) this.#watch.update(folders);
    const paths = [...new Set([...this.#found.values()].flatMap(({ files }) => files))];
    for (let at = 0; at < paths.length; at += STATS_AT_ONCE) await Promise.all(paths.slice(at, at + STATS_AT_ONCE).map((path) => this.#lookAt(path)));
    if (this.#stop.signal.aborted) return;
    this.#isFirstLook = false;
    this.#forgetGone(new Set(paths));
    if (JSON.stringify([...this.#found.values()]) !== before) this.#options.onChanged?.();
    const usual = this.#options.pollMs ?? (this.#options.watch !== false && this.#watch.isComplete && folders.size > 0 ? WATCHED_POLL_MS : POLL_MS);
    const rest = REST_AFTER_LOOK * (performance.now() - began);
    this.#restsUntil = performance.now() + rest;
    this.#timer = setTimeout(() => void this.#look(), Math.max(usual, rest)).unref();
  }

  #follow(path: string, pattern: FilePattern): Followed {
    const { sink, positionOf, maxDocument, onChanged } = this.#options;
    const file = new TailedFile({
      path,
      // A file that comes into being while its folder is watched is new from its first byte on.
      skipContent: pattern.source.from === 'end' && this.#isFirstLook,
      sink,
      positionOf,
      readBefore: (node) => [...this.#files.values()].flatMap(({ file: other }) => other.readOf(node)),
      ...(maxDocument === undefined ? {} : { maxDocument }),
      ...(onChanged === undefined ? {} : { onWait: onChanged }),
    });
    return { file, seen: '', notBefore: 0, goneAt: null };
  }

  async #lookAt(path: string): Promise<void> {
    const followed = this.#files.get(path);
    if (followed === undefined) return;
    const stats = await stat(path, { bigint: true }).catch(() => null);
    // Gone: it may be back under this name in a moment, as another file. What was read of it stays known.
    const seen = stats === null ? 'gone' : `${stats.ino} ${stats.size} ${stats.mtimeNs}`;
    if (seen === followed.seen) return;
    followed.seen = seen;
    if (stats !== null) this.#enqueue(followed);
  }

  async #hear(path: string | null): Promise<void> {
    if (this.#stop.signal.aborted) return;
    if (path !== null && this.#files.has(path)) {
      this.#changed.add(path);
      this.#soon ??= setTimeout(() => this.#lookAtChanged(), DEBOUNCE_MS).unref();
      return;
    }
    // Folders where logs are written change all the time: only what may concern a pattern is worth a look.
    const concerns = path === null || this.#patterns.some((pattern) => pattern.matches(path)) || ((await stat(path).catch(() => null))?.isDirectory() ?? false);
    await this.#looking;
    if (!concerns || this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), Math.max(DEBOUNCE_MS, this.#restsUntil - performance.now())).unref();
  }

  #lookAtChanged(): void {
    this.#soon = undefined;
    const paths = [...this.#changed];
    this.#changed.clear();
    for (const path of paths) void this.#lookAt(path);
  }

  #forgetGone(present: ReadonlySet<string>): void {
    const now = performance.now();
    for (const [path, followed] of this.#files) {
      if (present.has(path)) followed.goneAt = null;
      else if (now - (followed.goneAt ??= now) > GONE_MS && !this.#reading.has(followed)) this.#files.delete(path);
    }
  }

  #enqueue(followed: Followed): void {
    clearTimeout(this.#resting.get(followed));
    this.#resting.delete(followed);
    this.#queue.add(followed);
    this.#work();
  }

  #work(): void {
    for (const followed of this.#queue) {
      if (this.#reading.size >= READERS || this.#stop.signal.aborted) return;
      if (this.#reading.has(followed)) continue;
      const wait = followed.notBefore - performance.now();
      if (wait > 0) {
        this.#queue.delete(followed);
        if (!this.#resting.has(followed)) this.#resting.set(followed, setTimeout(() => this.#enqueue(followed), wait).unref());
        continue;
      }
      this.#queue.delete(followed);
      this.#reading.set(followed, this.#read(followed));
    }
  }

  async #read(followed: Followed): Promise<void> {
    const { file } = followed;
    const before = [file.offset, file.spans, file.problem].join(' ');
    const began = performance.now();
    let turn: Turn = 'failed';
    try {
      turn = await file.turn(this.#stop.signal);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.log?.(`${file.path}: ${errorMessage(error)}`);
    }
    // The reason may pass without any change of the file: the next look reads it again.
    if (turn === 'failed') followed.seen = '';
    if (file.isReadWhole || turn === 'failed') followed.notBefore = performance.now() + REST_AFTER_SESSION * (performance.now() - began);
    this.#limitHeld();
    this.#reading.delete(followed);
    if (this.#stop.signal.aborted) return;
    if ([file.offset, file.spans, file.problem].join(' ') !== before) this.#options.onChanged?.();
    if (turn === 'more') this.#queue.add(followed);
    this.#work();
    if (this.#queue.size === 0 && this.#reading.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #limitHeld(): void {
    let held = 0;
    for (const { file } of this.#files.values()) {
      held += file.held;
      if (held > MOST_HELD_BYTES && !this.#isBeingRead(file)) file.release();
    }
  }

  #isBeingRead(file: TailedFile): boolean {
    return [...this.#reading.keys()].some((followed) => followed.file === file);
  }
}
