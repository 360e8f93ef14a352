import type { Database } from '../sqlite/database.ts';

/**
 * Rows of the search index that a transaction adds. FTS5 writes what it has gathered each time a row comes that is not behind the one
 * before, so they are kept until the end and added in their order.
 */
export class SearchRows {
  readonly #insert;
  readonly #delete;
  readonly #rows = new Map<number, string>();
  readonly #replaced = new Set<number>();

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO trace_search (rowid, text) VALUES (?, ?)');
    this.#delete = database.prepare('DELETE FROM trace_search WHERE rowid = ?');
  }

  add(n: number, text: string): void {
    if (text !== '') this.#rows.set(n, text);
  }

  replace(n: number, text: string): void {
    // One that this transaction adds is not in the index yet.
    if (!this.#rows.has(n)) this.#replaced.add(n);
    this.#rows.set(n, text);
  }

  write(): void {
    for (const n of this.#replaced) this.#delete.run(n);
    for (const n of [...this.#rows.keys()].sort((a, b) => a - b)) this.#insert.run(n, this.#rows.get(n)!);
    this.clear();
  }

  clear(): void {
    this.#rows.clear();
    this.#replaced.clear();
  }
}
