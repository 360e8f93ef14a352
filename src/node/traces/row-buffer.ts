import type { Database } from '../sqlite/database.ts';

/** Half of the time of a small insert is its call. More rows than these in one call save little more. */
const ROWS_OF_CALL = 8;

/**
 * New rows of one table, several with each call. Whoever reads the table, or ends the transaction, writes what is left first.
 * Rows must not depend on whether they conflict: nobody is told.
 */
export class RowBuffer {
  readonly #one;
  readonly #many;
  readonly #width: number;
  readonly #full: number;
  #values: unknown[] = [];

  /** @param insert up to `VALUES`: `INSERT INTO t (a, b)` */
  constructor(database: Database, insert: string, width: number) {
    const row = `(${Array.from({ length: width }, () => '?').join(', ')})`;
    this.#one = database.prepare(`${insert} VALUES ${row}`);
    this.#many = database.prepare(`${insert} VALUES ${Array.from({ length: ROWS_OF_CALL }, () => row).join(', ')}`);
    this.#width = width;
    this.#full = width * ROWS_OF_CALL;
  }

  add(...row: readonly unknown[]): void {
    this.#values.push(...row);
    if (this.#values.length < this.#full) return;
    this.#many.run(this.#values);
    this.#values = [];
  }

  write(): void {
    if (this.#values.length === 0) return;
    for (let at = 0; at < this.#values.length; at += this.#width) this.#one.run(this.#values.slice(at, at + this.#width));
    this.#values = [];
  }

  /** The transaction failed. */
  clear(): void {
    this.#values = [];
  }
}
