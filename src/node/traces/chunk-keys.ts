import { numbersOfTrace, traceOfNumber } from '../../core/trace/store/numbers.ts';
import type { Database } from '../sqlite/database.ts';
import { BEHIND, IndexBehind, type Range } from './index-behind.ts';
import { KeyFilter } from './key-filter.ts';
import { RowBuffer } from './row-buffer.ts';

/**
 * New keys are random: written with each batch, every one of them would change a page of its own of the index, 4 KB for 20 bytes. So
 * many are gathered in memory and then written in the order of their hashes, a page's worth together.
 */
const KEYS_TOGETHER = 65_536;
/** Keys that one step writes: a few milliseconds' worth. */
const KEYS_OF_STEP = 4096;

/** While another process writes to the store, each must find the chunks of the other: keys are not gathered until nobody else has written for so long. */
const SHARED_MS = 3000;

/** Hashes that are read at once: some 10 ms. */
const FILLED_TOGETHER = 20_000;
const NONE: readonly number[] = [];

/** Of the SHA-256 so many bytes are kept in the index: a number that JavaScript has. Two texts with one such hash are told apart by themselves. */
const HASH_BYTES = 6;

/** The number under which the index has a chunk; `key`: 16 bytes of SHA-256, each as a character. */
function hashOfKey(key: string): number {
  let hash = 0;
  for (let at = 0; at < HASH_BYTES; at++) hash = hash * 256 + key.charCodeAt(at);
  return hash;
}

/** The hashes that are being written, and how far it has come. */
interface Order {
  readonly hashes: Float64Array;
  at: number;
}

/** Finds chunks by the hash of their text. */
export class ChunkKeys {
  readonly #statements;
  readonly #rows: RowBuffer;
  readonly #behind: IndexBehind;
  /** Numbers of chunks that are not in the index yet, by their hash; those that are being written. Of two texts with one hash the later stays. */
  #fresh = new Map<number, number>();
  #merging = new Map<number, number>();
  #order: Order | null = null;
  /** Ranges of `index_behind`, of the fresh ones and of those that are being written. */
  #ranges: number[] = [];
  #mergedRanges: number[] = [];
  /** Traces with a range that takes new chunks. */
  readonly #said = new Set<number>();
  /** What the index holds, as far as it was read: from which hash on it was not; -1: not at all; Infinity: all. */
  #filter = new KeyFilter(0);
  #filled = -1;
  /** What the transaction that is under way has added to the fresh ones: hashes and numbers. */
  #staged: number[] = [];
  #stagedRanges: number[] = [];
  #sharedUntil = performance.now() + SHARED_MS;
  #isMerging: { readonly next: number } | null = null;

  constructor(database: Database) {
    this.#behind = new IndexBehind(database, BEHIND.keys);
    this.#rows = new RowBuffer(database, 'INSERT OR IGNORE INTO chunk_key (hash, n)', 2);
    this.#statements = {
      find: database.prepare('SELECT n FROM chunk_key WHERE hash = ?').pluck(),
      count: database.prepare('SELECT count(*) FROM (SELECT 1 FROM chunk_key LIMIT 4000000)').pluck(),
      from: database.prepare(`SELECT hash FROM chunk_key WHERE hash >= ? ORDER BY hash LIMIT ${FILLED_TOGETHER}`).pluck(),
      delete: database.prepare('DELETE FROM chunk_key WHERE hash = ? AND n = ?'),
    };
  }

  /** Chunks that may have this text: nothing says that they still exist. */
  candidates(key: string): readonly number[] {
    const hash = hashOfKey(key);
    // Most of what comes is new: to look for it in the index takes longer than to store it.
    if (this.#filled === Infinity && !this.#filter.mayHold(hash)) return NONE;
    const known = this.#fresh.get(hash) ?? this.#merging.get(hash);
    if (known !== undefined) return [known];
    return this.#statements.find.all(hash) as number[];
  }

  /** Another process has written. */
  share(): void {
    this.#sharedUntil = performance.now() + SHARED_MS;
    this.#filled = -1;
  }

  /** Reads some of the index into the filter, as long as nobody else writes to it. */
  #fill(): void {
    if (this.#filled === Infinity && !this.#filter.isFull) return;
    if (this.#filled < 0 || this.#filled === Infinity) {
      this.#filter = new KeyFilter(2 * (this.#statements.count.get() as number));
      this.#filled = 0;
      for (const keys of [this.#fresh, this.#merging]) for (const hash of keys.keys()) this.#filter.add(hash);
    }
    const hashes = this.#statements.from.all(this.#filled) as number[];
    for (const hash of hashes) this.#filter.add(hash);
    this.#filled = hashes.length < FILLED_TOGETHER ? Infinity : hashes.at(-1)!;
  }

  /** A chunk that is new. Within a transaction. */
  add(key: string, n: number): void {
    const hash = hashOfKey(key);
    if (this.#filled >= 0) this.#filter.add(hash);
    if (performance.now() < this.#sharedUntil) {
      this.#rows.add(hash, n);
      return;
    }
    const trace = traceOfNumber(n);
    if (!this.#said.has(trace)) {
      this.#behind.say(n, numbersOfTrace(trace).last);
      this.#said.add(trace);
      this.#stagedRanges.push(n);
    }
    this.#fresh.set(hash, n);
    this.#staged.push(hash, n);
  }

  /** A chunk was deleted. Within a transaction. */
  delete(key: string, n: number): void {
    const hash = hashOfKey(key);
    this.#statements.delete.run(hash, n);
    for (const numbers of [this.#fresh, this.#merging]) if (numbers.get(hash) === n) numbers.delete(hash);
  }

  /** The transaction has committed. */
  committed(): void {
    for (const range of this.#stagedRanges) this.#ranges.push(range);
    this.#staged = [];
    this.#stagedRanges = [];
    if (this.#isMerging !== null && this.#order !== null) {
      this.#order.at = this.#isMerging.next;
      if (this.#order.at >= this.#order.hashes.length) {
        this.#order = null;
        this.#merging = new Map();
        this.#mergedRanges = [];
      }
    }
    this.#isMerging = null;
    if (performance.now() >= this.#sharedUntil) this.#fill();
  }

  /** The transaction failed, or another process wrote: it may have taken ranges from us. */
  forget(): void {
    for (let at = 0; at < this.#staged.length; at += 2) if (this.#fresh.get(this.#staged[at]!) === this.#staged[at + 1]) this.#fresh.delete(this.#staged[at]!);
    this.#staged = [];
    this.#stagedRanges = [];
    this.#isMerging = null;
    this.#said.clear();
    this.#rows.clear();
  }

  /** Whether so many keys wait that some should be written. */
  get isDue(): boolean {
    return this.#order !== null || this.#fresh.size >= KEYS_TOGETHER || (this.#fresh.size > 0 && performance.now() < this.#sharedUntil);
  }

  /** Writes the rows that wait, before the transaction ends. */
  write(): void {
    this.#rows.write();
  }

  get isEmpty(): boolean {
    return this.#order === null && this.#fresh.size === 0;
  }

  /** Writes some of the keys that wait. Within a transaction. */
  step(): void {
    const order = (this.#order ??= this.#begin());
    const next = Math.min(order.at + KEYS_OF_STEP, order.hashes.length);
    for (let at = order.at; at < next; at++) {
      const hash = order.hashes[at]!;
      const n = this.#merging.get(hash);
      // Deleted since
      if (n !== undefined) this.#rows.add(hash, n);
    }
    this.#rows.write();
    if (next === order.hashes.length) for (const range of this.#mergedRanges) this.#behind.takeBack(range);
    this.#isMerging = { next };
  }

  #begin(): Order {
    this.#merging = this.#fresh;
    this.#fresh = new Map();
    this.#mergedRanges = this.#ranges;
    this.#ranges = [];
    this.#said.clear();
    return { hashes: Float64Array.from(this.#merging.keys()).sort(), at: 0 };
  }

  /** Ranges that other processes have said, or said before they were killed. */
  foreign(): Range[] {
    const own = new Set([...this.#ranges, ...this.#mergedRanges, ...this.#stagedRanges]);
    return this.#behind.all().filter(({ first }) => !own.has(first));
  }

  /** Writes keys of a range that another process has said; `next`: up to there; `null`: all of it. Within a transaction. */
  takeOver({ first, last }: Range, keys: readonly (readonly [key: string, n: number])[], next: number | null): void {
    if (!this.#behind.takeBack(first)) return;
    if (next !== null) this.#behind.say(next, last);
    for (const [key, n] of keys) {
      const hash = hashOfKey(key);
      if (this.#filled >= 0) this.#filter.add(hash);
      this.#rows.add(hash, n);
    }
    this.#rows.write();
  }
}
