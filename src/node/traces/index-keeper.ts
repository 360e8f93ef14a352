import type { BatchWriter } from './batch-writer.ts';
import { IndexRecovery } from './index-recovery.ts';

/** After an error. */
const REST_MS = 1000;

/** Brings the indexes that batches do not write themselves (words, hashes of chunks) behind the batches, in transactions of their own. */
export class IndexKeeper {
  readonly #writer: BatchWriter;
  readonly #recovery: IndexRecovery;
  readonly #traceId;
  #pausedUntil = 0;

  constructor(writer: BatchWriter) {
    this.#writer = writer;
    this.#recovery = new IndexRecovery(writer);
    this.#traceId = writer.database.prepare('SELECT lower(hex(id)) FROM trace WHERE n = ?').pluck();
  }

  /** What another process has left behind, or this one before it was killed. */
  look(): void {
    this.#recovery.look();
  }

  /** Before the first batch: chunks that are there must be found. */
  begin(): void {
    this.look();
    try {
      this.#recovery.addAllKeys();
    } catch {
      // The store is busy: a little later.
    }
  }

  /** A batch was written: what is due follows at once, whether or not there are more. */
  follow(): void {
    const { search, spans } = this.#writer;
    const now = performance.now();
    if (now < this.#pausedUntil) return;
    if (search.dueAt <= now) this.#writer.transaction(() => search.write());
    if (spans.chunks.keys.isDue) this.#writer.transaction(() => spans.chunks.keys.step());
  }

  /** Whether there is nothing to do now. `atOnce`: somebody waits until everything is found. */
  isIdle(atOnce: boolean): boolean {
    const now = performance.now();
    if (now < this.#pausedUntil) return true;
    const { search, spans } = this.#writer;
    return this.#recovery.isIdle && !spans.chunks.keys.isDue && search.dueAt > (atOnce ? Number.MAX_VALUE : now);
  }

  /** Something will have to be done soon. */
  get isWaiting(): boolean {
    return this.#writer.search.dueAt < Infinity || !this.#recovery.isIdle;
  }

  step(): void {
    const { search, spans } = this.#writer;
    if (search.dueAt < Infinity) this.#writer.transaction(() => search.write());
    else if (!this.#recovery.isIdle) this.#recovery.step();
    else this.#writer.transaction(() => spans.chunks.keys.step());
  }

  /** Ids of the traces that are found by more words than when this was asked last: whoever has searched for them asks again. */
  *takeFound(): Iterable<string> {
    for (const trace of [...this.#writer.search.takeFound(), ...this.#recovery.takeFound()]) {
      const id = this.#traceId.get(trace) as string | undefined;
      // Deleted meanwhile
      if (id !== undefined) yield id;
    }
  }

  rest(): void {
    this.#writer.search.failed();
    this.#pausedUntil = performance.now() + REST_MS;
  }

  /** Nothing comes: all keys are written, pieces of the search index are merged. `false`: nothing is left to do. */
  tidy(): boolean {
    const { search, spans } = this.#writer;
    if (spans.chunks.keys.isEmpty) return this.#writer.transaction(() => search.merge());
    this.#writer.transaction(() => spans.chunks.keys.step());
    return true;
  }

  /** The store is closed. What cannot be written now is said in the database, and done when it is opened again. */
  finish(): void {
    const { search, spans } = this.#writer;
    try {
      if (search.dueAt < Infinity) this.#writer.transaction(() => search.write());
      while (!spans.chunks.keys.isEmpty) this.#writer.transaction(() => spans.chunks.keys.step());
    } catch {
      // Busy, or full
    }
  }
}
