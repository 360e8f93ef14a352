import { numbersOfTrace, traceOfNumber } from '../../core/trace/store/numbers.ts';
import type { Database } from '../sqlite/database.ts';
import { BEHIND, IndexBehind, type Range } from './index-behind.ts';

/** Pages that one step of merging writes when nothing else is to do. */
const MERGED_PAGES = 64n;
/** So many rows or characters are written at once, or what came in so many milliseconds: FTS5 makes a piece of its index of each write, and merges pieces. */
const ROWS_TOGETHER = 4096;
const CHARACTERS_TOGETHER = 8_000_000;
const LONGEST_WAIT_MS = 1000;
/** While they cannot be written, no more than these wait in memory: the rest is read again from the store. */
const MAX_ROWS = 16 * ROWS_TOGETHER;
const MAX_CHARACTERS = 4 * CHARACTERS_TOGETHER;

/** Rows that one range of `index_behind` stands for. */
interface Group {
  readonly first: number;
  readonly numbers: number[];
  readonly texts: string[];
}

interface Row {
  readonly text: string;
  /** The index may have the row with another text. */
  readonly isLater: boolean;
}

/**
 * What is found by which words. Rows wait in memory until they are many or a second old, and are then written in the order of
 * their numbers, in a transaction of their own. What waits is said in the database (`IndexBehind`).
 */
export class SearchRows {
  readonly #statements;
  readonly #behind: IndexBehind;
  /** Of transactions that have committed. */
  #groups: Group[] = [];
  /** The group that takes a trace's new rows; the group of a single number. */
  readonly #ofTrace = new Map<number, Group>();
  readonly #ofNumber = new Map<number, Group>();
  /** What the transaction that is under way adds. */
  #staged: { readonly group: Group; readonly n: number; readonly text: string }[] = [];
  #stagedGroups: Group[] = [];
  /** Rows that may be in the index already. */
  readonly #later = new Set<number>();
  #count = 0;
  #characters = 0;
  #since = Infinity;
  /** The transaction that is under way has written all of `#groups`, and these traces are found by more words once it commits. */
  #isWritten = false;
  #writtenTraces: number[] = [];
  readonly #found = new Set<number>();

  constructor(database: Database) {
    this.#behind = new IndexBehind(database, BEHIND.search);
    this.#statements = {
      // One row with each call: before a statement of several, FTS5 writes out what it has gathered.
      insert: database.prepare('INSERT INTO trace_search (rowid, text) VALUES (?, ?)'),
      delete: database.prepare('DELETE FROM trace_search WHERE rowid = ?'),
      configure: database.prepare('INSERT INTO trace_search (trace_search, rank) VALUES (?, ?)'),
      changes: database.prepare('SELECT total_changes()').pluck(),
      exists: database.prepare('SELECT 1 FROM chunk WHERE n = ? UNION ALL SELECT 1 FROM span WHERE n = ?').pluck(),
    };
  }

  /** A number that is new to its trace. Within a transaction. */
  add(n: number, text: string): void {
    if (text === '') return;
    const trace = traceOfNumber(n);
    let group = this.#ofTrace.get(trace);
    if (group === undefined) {
      group = this.#stage(n, numbersOfTrace(trace).last);
      this.#ofTrace.set(trace, group);
    }
    this.#staged.push({ group, n, text });
  }

  /** The text of a number that may have one already. Within a transaction. */
  replace(n: number, text: string): void {
    const open = this.#ofTrace.get(traceOfNumber(n));
    let group = open !== undefined && open.first <= n ? open : this.#ofNumber.get(n);
    if (group === undefined) {
      group = this.#stage(n, n);
      this.#ofNumber.set(n, group);
    }
    this.#later.add(n);
    this.#staged.push({ group, n, text });
  }

  #stage(first: number, last: number): Group {
    const group: Group = { first, numbers: [], texts: [] };
    this.#behind.say(first, last);
    this.#stagedGroups.push(group);
    return group;
  }

  /** The transaction has committed. */
  committed(): void {
    if (this.#isWritten) {
      for (const trace of this.#writtenTraces) this.#found.add(trace);
      // What was replaced after the writing waits as well.
      const later = this.#staged.filter(({ n }) => this.#later.has(n));
      this.#reset();
      for (const { n } of later) this.#later.add(n);
    }
    if (this.#staged.length === 0) return;
    for (const group of this.#stagedGroups) this.#groups.push(group);
    for (const { group, n, text } of this.#staged) {
      group.numbers.push(n);
      group.texts.push(text);
      this.#characters += text.length;
    }
    this.#count += this.#staged.length;
    if (this.#since === Infinity) this.#since = performance.now();
    this.#staged = [];
    this.#stagedGroups = [];
  }

  /** The transaction failed, or another process wrote: it may have taken ranges from us, so that new rows need ranges of their own. */
  forget(): void {
    this.#staged = [];
    this.#stagedGroups = [];
    this.#isWritten = false;
    this.#writtenTraces = [];
    this.#ofTrace.clear();
    this.#ofNumber.clear();
  }

  /** When the rows that wait must be written, by `performance.now()`; Infinity: none wait. */
  get dueAt(): number {
    return this.#count >= ROWS_TOGETHER || this.#characters >= CHARACTERS_TOGETHER ? 0 : this.#since + LONGEST_WAIT_MS;
  }

  /** Rows in memory. */
  get waiting(): number {
    return this.#count;
  }

  /** Writes all that waits, within a transaction. */
  write(): void {
    const rows = new Map<number, Row>();
    const taken = new Set([...this.#groups, ...this.#stagedGroups].filter(({ first }) => this.#behind.takeBack(first)));
    const set = (n: number, text: string): void => { rows.set(n, { text, isLater: this.#later.has(n) }); };
    for (const { numbers, texts } of taken) for (const [at, n] of numbers.entries()) set(n, texts[at]!);
    for (const { group, n, text } of this.#staged) if (taken.has(group)) set(n, text);
    this.put(rows);
    // A transaction that deletes several traces writes for each of them.
    const traces = [...this.#writtenTraces, ...[...taken].map(({ first }) => traceOfNumber(first))];
    this.forget();
    this.#isWritten = true;
    this.#writtenTraces = traces;
  }

  /** Numbers of the traces that are found by more words than when this was asked last. */
  takeFound(): number[] {
    const found = [...this.#found];
    this.#found.clear();
    return found;
  }

  /** The rows that wait could not be written. What is too much to keep is left to whoever adds what a killed process has left. */
  failed(): void {
    if (this.#count <= MAX_ROWS && this.#characters <= MAX_CHARACTERS) return;
    this.forget();
    this.#reset();
  }

  #reset(): void {
    this.#isWritten = false;
    this.#writtenTraces = [];
    this.#groups = [];
    this.#later.clear();
    this.#count = 0;
    this.#characters = 0;
    this.#since = Infinity;
  }

  /** Writes rows at once. FTS5 ends a piece of its index each time a row comes that is not behind the one before: in their order. Within a transaction. */
  put(rows: ReadonlyMap<number, Row>): void {
    for (const [n, { isLater }] of rows) if (isLater) this.#statements.delete.run(n);
    for (const n of Float64Array.from(rows.keys()).sort()) {
      const { text, isLater } = rows.get(n)!;
      // It may have been deleted since.
      if (text !== '' && (!isLater || this.#statements.exists.get(n, n) !== undefined)) this.#statements.insert.run(n, text);
    }
  }

  /** Ranges that no row here stands for: other processes say them, or have said them before they were killed. */
  foreign(): Range[] {
    const own = new Set([...this.#groups, ...this.#stagedGroups].map(({ first }) => first));
    return this.#behind.all().filter(({ first }) => !own.has(first));
  }

  /** Takes over what another process has said of a range: up to `next` it is done. Within a transaction. `false`: it has been done meanwhile. */
  takeOver({ first, last }: Range, next: number | null): boolean {
    if (!this.#behind.takeBack(first)) return false;
    if (next !== null) this.#behind.say(next, last);
    return true;
  }

  /** A trace is deleted: nothing of it will be found. Within a transaction. */
  forgetTrace(numbers: Range): void {
    this.#behind.forgetTrace(numbers);
  }

  /** Merges a little of the index. `false`: there is nothing to merge. */
  merge(): boolean {
    const before = this.#statements.changes.get() as number;
    this.#statements.configure.run('merge', MERGED_PAGES);
    // As FTS5 documents it: a merge that did nothing changes less than two rows.
    return (this.#statements.changes.get() as number) - before >= 2;
  }
}
