/** Longer than this, messages do not wait for those that follow. */
const PATIENCE_MS = 5;

/**
 * Sends what is added in one turn of the event loop as one message: between threads, a message costs more than what is
 * usually in it.
 */
export class Outbox<T> {
  readonly #send: (batch: readonly T[]) => void;
  readonly #refused: (item: T, error: unknown) => void;
  #waiting: T[] = [];
  #since = 0;

  /** `refused`: an item that cannot be copied to another thread, such as a function or a proxy. The others are sent all the same. */
  constructor(send: (batch: readonly T[]) => void, refused: (item: T, error: unknown) => void) {
    this.#send = send;
    this.#refused = refused;
  }

  add(item: T): void {
    if (this.#waiting.length === 0) {
      this.#since = performance.now();
      setImmediate(() => this.#flush());
    }
    this.#waiting.push(item);
    if (performance.now() - this.#since > PATIENCE_MS) this.#flush();
  }

  #flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      this.#send(batch);
    } catch {
      for (const item of batch) this.#sendAlone(item);
    }
  }

  #sendAlone(item: T): void {
    try {
      this.#send([item]);
    } catch (error) {
      this.#refused(item, error);
    }
  }
}
