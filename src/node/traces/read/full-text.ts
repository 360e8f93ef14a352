import { NUMBERS_PER_TRACE } from '../../../core/trace/store/numbers.ts';
import type { Database } from '../../sqlite/database.ts';

/**
 * The words of a person as an expression of FTS5 that looks for just these words in a row: nothing of the text is syntax. Quotes are doubled;
 * what the tokenizer takes for a separator separates here too.
 */
export function phraseOf(text: string, prefix: boolean): string {
  // A NUL would end the expression.
  return `"${text.replaceAll('\u0000', ' ').replaceAll('"', '""')}"${prefix ? '*' : ''}`;
}

/** Answers that are kept: the pages of a list ask again and again for the same words. */
const KEPT = 16;
/** So few chunks that several traces carry are looked up one by one; of more, each place that was found is. */
const FEW_SHARED = 500;

/**
 * Which traces hold a phrase: one walk over the places where it stands, into a table of this connection. (To ask the index about each trace
 * costs more than the walk as soon as a thousand are asked about: it opens the list of places anew.)
 */
export class TextMatches {
  readonly #database: Database;
  /** By phrase; the one that was asked for longest ago first. */
  readonly #tables = new Map<string, { readonly table: string; version: number }>();
  readonly #free: string[] = [];
  #made = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The next query begins: what the one before asked for may be forgotten. */
  begin(): void {
    for (const [phrase, { table }] of this.#tables) {
      if (this.#tables.size <= KEPT) return;
      this.#tables.delete(phrase);
      this.#free.push(table);
    }
  }

  /** The table `temp.…` whose column `n` has the numbers of the traces; it stays until the next `begin`. */
  tableOf(phrase: string): string {
    const version = Number(this.#database.pragma('data_version', { simple: true }));
    const known = this.#tables.get(phrase);
    this.#tables.delete(phrase);
    const entry = known ?? { table: this.#free.pop() ?? this.#create(), version: -1 };
    this.#tables.set(phrase, entry);
    if (entry.version !== version) this.#fill(entry.table, phrase);
    entry.version = version;
    return entry.table;
  }

  #create(): string {
    const table = `temp.text_${++this.#made}`;
    this.#database.exec(`CREATE TABLE ${table} (n INTEGER PRIMARY KEY)`);
    return table;
  }

  #fill(table: string, phrase: string): void {
    const database = this.#database;
    database.transaction(() => {
      database.exec(`DELETE FROM ${table}`);
      database.prepare(`INSERT INTO ${table} SELECT DISTINCT rowid / ${NUMBERS_PER_TRACE} FROM trace_search WHERE trace_search MATCH ?`).run(phrase);
      this.#addCarriers(table, phrase);
    })();
  }

  /** The traces that carry a chunk which came with another one. */
  #addCarriers(table: string, phrase: string): void {
    const database = this.#database;
    const shared = database
      .prepare(`
        WITH RECURSIVE c (x) AS (SELECT min(chunk) FROM chunk_use UNION ALL SELECT (SELECT min(chunk) FROM chunk_use WHERE chunk > c.x) FROM c WHERE c.x IS NOT NULL)
        SELECT x FROM c WHERE x IS NOT NULL LIMIT ?`)
      .pluck()
      .safeIntegers()
      .all(FEW_SHARED + 1) as bigint[];
    if (shared.length > FEW_SHARED) {
      database.prepare(`INSERT OR IGNORE INTO ${table} SELECT u.trace FROM trace_search s CROSS JOIN chunk_use u ON u.chunk = s.rowid WHERE s.trace_search MATCH ?`).run(phrase);
      return;
    }
    // Whole numbers, not doubles: for a double the index does not seek.
    const holds = database.prepare('SELECT 1 FROM trace_search WHERE trace_search MATCH ? AND rowid = ?').pluck();
    const add = database.prepare(`INSERT OR IGNORE INTO ${table} SELECT trace FROM chunk_use WHERE chunk = ?`);
    for (const chunk of shared) if (holds.get(phrase, chunk) !== undefined) add.run(chunk);
  }
}
