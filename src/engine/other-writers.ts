import type { Database } from '../node/sqlite/database.ts';

/** How soon a window shows what a terminal wrote. A look reads one number of the shared memory. */
const LOOK_EVERY_MS = 2000;

/**
 * Notices that another process (`touchstone eval`, `import` or `serve`, another window) has written to the workspace's
 * database: SQLite counts the commits of all other connections (`data_version`). Our own writing thread is such a
 * connection too; while it tells of its commits nothing is said here, and once afterwards, because what others wrote
 * in between may have been missed.
 */
export class OtherWriters {
  readonly #tell: () => void;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #version: number | undefined;
  #ownTold = false;
  #untold = false;

  constructor(tell: () => void, everyMs: number = LOOK_EVERY_MS) {
    this.#tell = tell;
    this.#everyMs = everyMs;
  }

  /** From now on this connection is asked; it may be closed before `close`. */
  watch(database: Database): void {
    if (this.#timer !== undefined) return;
    this.#version = versionOf(database);
    this.#timer = setInterval(() => {
      const version = versionOf(database) ?? this.#version;
      if (version !== this.#version) this.#untold = true;
      this.#version = version;
      const quiet = !this.#ownTold;
      this.#ownTold = false;
      if (!this.#untold || !quiet) return;
      this.#untold = false;
      this.#tell();
    }, this.#everyMs).unref();
  }

  /** Our own threads have written, and said so. */
  own(): void {
    this.#ownTold = true;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** `undefined`: closed, or cannot be read in this moment; whoever needs the database will be told why. */
function versionOf(database: Database): number | undefined {
  try {
    return database.open ? Number(database.pragma('data_version', { simple: true })) : undefined;
  } catch {
    return undefined;
  }
}
