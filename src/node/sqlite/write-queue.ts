import type { Database } from './database.ts';
import { storeError } from './database.ts';

/**
 * Groups the writes of one turn of the event loop into one transaction. A burst of a hundred answers costs one commit,
 * and a single answer is still on disk before anything else happens.
 */
export class WriteQueue {
  readonly #database: Database;
  #pending: (() => void)[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #failure: unknown;
  readonly #onCommit: (() => void)[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  add(write: () => void): void {
    this.#pending.push(write);
    this.#scheduled ??= setImmediate(() => this.commit());
  }

  /** Called after each commit that wrote something. */
  afterCommit(listener: () => void): () => void {
    this.#onCommit.push(listener);
    return () => void this.#onCommit.splice(this.#onCommit.indexOf(listener), 1);
  }

  /** Commits what is pending now. A failure is kept for `flush`, because nobody awaits single writes. */
  commit(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const writes = this.#pending;
    if (writes.length === 0) return;
    this.#pending = [];
    try {
      this.#database.transaction(() => {
        for (const write of writes) write();
      }).immediate();
    } catch (error) {
      this.#failure ??= error;
    }
    for (const listener of [...this.#onCommit]) listener();
  }

  /** The first failure, once; the run that meets it must stop, since its journal is no longer whole. */
  takeFailure(): unknown {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? undefined : storeError(failure, this.#database.name);
  }
}
