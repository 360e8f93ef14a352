import type { Database } from '../sqlite/database.ts';

const MAX_KNOWN = 50_000;
/** Longer ones are looked up again: what somebody sends as the name of a span may be a book. */
const LONGEST_KNOWN = 500;

/** Numbers of short texts that many rows repeat (`trace_text`). */
export class TextNumbers {
  readonly #known = new Map<string, number>();
  readonly #find;
  readonly #insert;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT n FROM trace_text WHERE text = ?').pluck();
    this.#insert = database.prepare('INSERT INTO trace_text (text) VALUES (?)');
  }

  /** Within a transaction only: a text that is new is stored. */
  of(text: string): number {
    let n = this.#known.get(text);
    if (n === undefined) {
      n = (this.#find.get(text) as number | undefined) ?? Number(this.#insert.run(text).lastInsertRowid);
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      if (text.length <= LONGEST_KNOWN) this.#known.set(text, n);
    }
    return n;
  }

  orNull(text: string | null): number | null {
    return text === null || text === '' ? null : this.of(text);
  }

  /** A transaction failed: numbers that it gave are none. */
  forget(): void {
    this.#known.clear();
  }
}
