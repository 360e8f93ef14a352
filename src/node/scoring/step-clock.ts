/**
 * Memory that a worker shares with the main thread: which check it is at, and since when. The main thread reads it
 * without the worker's help, so it sees a worker that hangs. Times are of the process's monotonic clock, in nanoseconds.
 */
export class StepClock {
  static readonly BYTES = 24;
  readonly #place: Int32Array;
  readonly #since: BigInt64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#since = new BigInt64Array(memory, 0, 1);
    this.#place = new Int32Array(memory, 8, 4);
  }

  /** The worker begins step `index` of request `id`. */
  begin(id: number, index: number): void {
    this.end();
    Atomics.store(this.#place, 0, id);
    Atomics.store(this.#place, 1, index);
    Atomics.store(this.#since, 0, process.hrtime.bigint());
  }

  /** The worker is between steps. */
  end(): void {
    Atomics.store(this.#since, 0, 0n);
  }

  /** The step under way and for how long; `null` between steps. */
  read(): { id: number; index: number; elapsedMs: number } | null {
    const since = Atomics.load(this.#since, 0);
    if (since === 0n) return null;
    const id = Atomics.load(this.#place, 0);
    const index = Atomics.load(this.#place, 1);
    // The worker went on while this was read: what was read belongs together only if the time is still the same.
    if (Atomics.load(this.#since, 0) !== since) return null;
    return { id, index, elapsedMs: Number(process.hrtime.bigint() - since) / 1e6 };
  }
}
