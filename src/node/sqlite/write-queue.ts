import type { TouchstoneError } from '../../core/errors.ts';
import type { Transaction } from 'better-sqlite3';
import type { Database } from './database.ts';
import { storeError } from './database.ts';

/**
 * Groups the writes of one turn of the event loop into one transaction. A burst of a hundred answers costs one commit,
 * and a single answer is still on disk before anything else happens.
 */
export class WriteQueue {
  readonly #database: Database;
  readonly #transaction: Transaction<(writes: readonly (() => void)[]) => void>;
  #pending: (() => void)[] = [];
  #next: PromiseWithResolvers<void> | undefined;
  #scheduled: NodeJS.Immediate | undefined;
  #failure: TouchstoneError | undefined;
  #failures = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#transaction = database.transaction((writes) => {
      for (const write of writes) write();
    });
  }

  add(write: () => void): void {
    this.#pending.push(write);
    this.#scheduled ??= setImmediate(() => this.commit());
  }

  /** Resolves after the commit of what is pending; a failed commit resolves too and is told by `failureSince`. */
  committed(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve();
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }

  /** Commits what is pending now. A failure is told by `failureSince`. */
  commit(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const writes = this.#pending;
    if (writes.length === 0) return;
    this.#pending = [];
    try {
      this.#transaction.immediate(writes);
    } catch (error) {
      this.#failure = storeError(error, this.#database.name);
      this.#failures++;
    }
    const next = this.#next;
    this.#next = undefined;
    next?.resolve();
  }

  /** Commits that failed so far. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * The last failure, when more commits than `failures` have failed. Single writes are not awaited: whoever depends on them remembers
   * the number when it begins and asks here. Several do so at a time, and none may take a failure from another.
   */
  failureSince(failures: number): TouchstoneError | undefined {
    return this.#failures > failures ? this.#failure : undefined;
  }
}
