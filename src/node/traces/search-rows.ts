import type { Database } from '../sqlite/database.ts';

/** Pages that one step of merging writes when nothing else is to do. */
const MERGED_PAGES = 64n;

/**
 * Rows of the search index that a transaction adds. FTS5 writes what it has gathered each time a row comes that is not behind the one
 * before, so they are kept until the end and added in their order.
 */
export class SearchRows {
  readonly #insert;
  readonly #delete;
  readonly #configure;
  readonly #changes;
  #numbers: number[] = [];
  #texts: string[] = [];
  readonly #replaced = new Set<number>();

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO trace_search (rowid, text) VALUES (?, ?)');
    this.#delete = database.prepare('DELETE FROM trace_search WHERE rowid = ?');
    this.#configure = database.prepare('INSERT INTO trace_search (trace_search, rank) VALUES (?, ?)');
    this.#changes = database.prepare('SELECT total_changes()').pluck();
  }

  add(n: number, text: string): void {
    if (text === '') return;
    this.#numbers.push(n);
    this.#texts.push(text);
  }

  /** The text of a row that may have one already. */
  replace(n: number, text: string): void {
    const at = this.#numbers.lastIndexOf(n);
    if (at >= 0) this.#texts[at] = text;
    else {
      this.#replaced.add(n);
      this.add(n, text);
    }
  }

  write(): void {
    for (const n of this.#replaced) this.#delete.run(n);
    const numbers = this.#numbers;
    const order = Array.from(numbers.keys());
    order.sort((a, b) => numbers[a]! - numbers[b]!);
    for (const at of order) this.#insert.run(numbers[at], this.#texts[at]);
    this.clear();
  }

  /** Merges a little of the index. `false`: there is nothing to merge. */
  merge(): boolean {
    const before = this.#changes.get() as number;
    this.#configure.run('merge', MERGED_PAGES);
    // As FTS5 documents it: a merge that did nothing changes less than two rows.
    return (this.#changes.get() as number) - before >= 2;
  }

  clear(): void {
    this.#numbers = [];
    this.#texts = [];
    this.#replaced.clear();
  }
}
