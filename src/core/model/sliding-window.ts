/** An amount that was taken at one moment. */
export interface WindowEntry {
  readonly at: number;
  amount: number;
  /** Left the window. */
  expired: boolean;
}

/** What was taken in the last `spanMs`, and when more may be. An amount above the whole capacity counts as the capacity. */
export class SlidingWindow {
  readonly #capacity: number;
  readonly #spanMs: number;
  readonly #entries: WindowEntry[] = [];
  #head = 0;
  #sum = 0;

  constructor(capacity: number, spanMs: number) {
    this.#capacity = Math.max(1, capacity);
    this.#spanMs = spanMs;
  }

  /** Milliseconds until `amount` fits; 0: now. */
  waitFor(amount: number, now: number): number {
    this.#expire(now);
    let free = this.#capacity - this.#sum;
    const needed = Math.min(amount, this.#capacity);
    for (let i = this.#head; free < needed; i += 1) {
      const entry = this.#entries[i];
      if (entry === undefined) return 0;
      free += entry.amount;
      if (free >= needed) return entry.at + this.#spanMs - now;
    }
    return 0;
  }

  add(amount: number, now: number): WindowEntry {
    const entry: WindowEntry = { at: now, amount: Math.min(amount, this.#capacity), expired: false };
    this.#entries.push(entry);
    this.#sum += entry.amount;
    return entry;
  }

  /** Replaces an estimate by what it came to. */
  correct(entry: WindowEntry, amount: number): void {
    const taken = Math.max(0, amount);
    if (!entry.expired) this.#sum += taken - entry.amount;
    entry.amount = taken;
  }

  #expire(now: number): void {
    for (let entry = this.#entries[this.#head]; entry !== undefined && entry.at + this.#spanMs <= now; entry = this.#entries[this.#head]) {
      this.#sum -= entry.amount;
      entry.expired = true;
      this.#head += 1;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
