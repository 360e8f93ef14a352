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

  /** Resolves after the commit of what is pending; a failed commit resolves too and is told by `failure`. */
  committed(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve();
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }

  /** Commits what is pending now. A failure is kept in `failure`. */
  commit(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const writes = this.#pending;
    if (writes.length === 0) return;
    this.#pending = [];
    try {
      this.#transaction.immediate(writes);
    } catch (error) {
      this.#failure ??= storeError(error, this.#database.name);
    }
    const next = this.#next;
    this.#next = undefined;
    next?.resolve();
  }

  /** The first failure since `clearFailure`: single writes are not awaited, so whoever depends on them asks here. */
  get failure(): TouchstoneError | undefined {
    return this.#failure;
  }

  clearFailure(): void {
    this.#failure = undefined;
  }
}
