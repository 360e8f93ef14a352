import { NUMBERS_PER_TRACE, numbersOfTrace } from '../../../core/trace/store/numbers.ts';
import type { Database } from '../../sqlite/database.ts';

/**
 * The words of a person as an expression of FTS5 that looks for just these words in a row: nothing of the text is syntax. Quotes are doubled;
 * what the tokenizer takes for a separator separates here too.
 */
export function phraseOf(text: string, prefix: boolean): string {
  // A NUL would end the expression.
  return `"${text.replaceAll('\u0000', ' ').replaceAll('"', '""')}"${prefix ? '*' : ''}`;
}

/** Words that a trace must hold in a row. */
export interface Phrase {
  /** As FTS5 takes it (`phraseOf`). */
  readonly expression: string;
  /** The last word may go on: the index then gathers all its words first, for each question anew. */
  readonly prefix: boolean;
}

/** Traces from one number to another, both included: outside of them nothing is said. */
export interface TraceRange {
  readonly first: number;
  readonly last: number;
}

/** Answers that are kept: the pages of a list ask again and again for the same words. */
const KEPT = 16;
const FEW_CHUNKS = 500;
const FEW_TRACES = 2000;

/**
 * Which traces hold a phrase: one walk over the places where it stands, into a table of this connection. (To ask the index about each trace
 * costs more than the walk as soon as a thousand are asked about: it opens the list of places anew.)
 */
export class TextMatches {
  readonly #database: Database;
  /** By phrase and range; the one that was asked for longest ago first. */
  readonly #tables = new Map<string, { readonly table: string; version: number }>();
  readonly #free: string[] = [];
  #made = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The next query begins: what the one before asked for may be forgotten. */
  begin(): void {
    for (const [key, { table }] of this.#tables) {
      if (this.#tables.size <= KEPT) return;
      this.#tables.delete(key);
      this.#free.push(table);
    }
  }

  /** The table `temp.…` whose column `n` has the numbers of the traces (of a range, or of all); it stays until the next `begin`. */
  tableOf(phrase: Phrase, range: TraceRange | null): string {
    const version = Number(this.#database.pragma('data_version', { simple: true }));
    const key = `${range === null ? '' : `${range.first} ${range.last}`}\n${phrase.expression}`;
    const known = this.#tables.get(key);
    this.#tables.delete(key);
    const entry = known ?? { table: this.#free.pop() ?? this.#create(), version: -1 };
    this.#tables.set(key, entry);
    if (entry.version !== version) this.#fill(entry.table, phrase, range);
    entry.version = version;
    return entry.table;
  }

  #create(): string {
    const table = `temp.text_${++this.#made}`;
    this.#database.exec(`CREATE TABLE ${table} (n INTEGER PRIMARY KEY)`);
    return table;
  }

  #fill(table: string, phrase: Phrase, range: TraceRange | null): void {
    const database = this.#database;
    database.transaction(() => {
      database.exec(`DELETE FROM ${table}`);
      const [within, bounds] = range === null ? ['', []] : ['AND rowid BETWEEN ? AND ?', [BigInt(numbersOfTrace(range.first).first), BigInt(numbersOfTrace(range.last).last)]];
      database.prepare(`INSERT INTO ${table} SELECT DISTINCT rowid / ${NUMBERS_PER_TRACE} FROM trace_search WHERE trace_search MATCH ? ${within}`).run(phrase.expression, ...bounds);
      this.#addCarriers(table, phrase, range);
    })();
  }

  /**
   * The traces that carry a chunk which came with another one. Where few chunks come into question each is looked up (some 40 µs); else
   * every place of the phrase is asked who else carries it.
   */
  #addCarriers(table: string, { expression, prefix }: Phrase, range: TraceRange | null): void {
    const database = this.#database;
    const chunks = range === null ? this.#chunksToAsk(table) : this.#chunksIn(range);
    if (chunks === null) {
      database.prepare(`INSERT OR IGNORE INTO ${table} SELECT u.trace FROM trace_search s CROSS JOIN chunk_use u ON u.chunk = s.rowid WHERE s.trace_search MATCH ?`).run(expression);
      return;
    }
    if (chunks.length === 0) return;
    if (prefix) {
      const list = `[${chunks.join(',')}]`;
      database.prepare(`
        INSERT OR IGNORE INTO ${table} SELECT u.trace FROM trace_search s CROSS JOIN chunk_use u ON u.chunk = s.rowid
         WHERE s.trace_search MATCH ? AND s.rowid BETWEEN ? AND ? AND +s.rowid IN (SELECT value FROM json_each(?))`).run(expression, chunks[0], chunks.at(-1), list);
      return;
    }
    // Whole numbers, not doubles: for a double the index does not seek.
    const holds = database.prepare('SELECT 1 FROM trace_search WHERE trace_search MATCH ? AND rowid = ?').pluck();
    const add = database.prepare(`INSERT OR IGNORE INTO ${table} SELECT trace FROM chunk_use WHERE chunk = ?`);
    for (const chunk of chunks) if (holds.get(expression, chunk) !== undefined) add.run(chunk);
  }

  /** The chunks that may add a trace, ascending; `null`: they are many. */
  #chunksToAsk(table: string): bigint[] | null {
    const missing = this.#database.prepare(`SELECT (SELECT count(*) FROM trace) - (SELECT count(*) FROM ${table})`).pluck().get() as number;
    return missing <= 0 ? [] : (this.#sharedChunks() ?? (missing <= FEW_TRACES ? this.#chunksOutside(table) : null));
  }

  /** All chunks that several traces carry, by leaps through the index; `null`: they are many. */
  #sharedChunks(): bigint[] | null {
    return this.#few(`
      WITH RECURSIVE c (x) AS (SELECT min(chunk) FROM chunk_use UNION ALL SELECT (SELECT min(chunk) FROM chunk_use WHERE chunk > c.x) FROM c WHERE c.x IS NOT NULL)
      SELECT x FROM c WHERE x IS NOT NULL LIMIT ?`);
  }

  /** Those of the traces that the phrase was not found in so far. */
  #chunksOutside(table: string): bigint[] | null {
    return this.#few(`SELECT DISTINCT u.chunk FROM trace t CROSS JOIN chunk_use u ON u.trace = t.n WHERE t.n NOT IN (SELECT n FROM ${table}) LIMIT ?`);
  }

  /** Those that traces of the range carry and others brought. */
  #chunksIn({ first, last }: TraceRange): bigint[] | null {
    return this.#few('SELECT DISTINCT chunk FROM chunk_use WHERE trace BETWEEN ? AND ? LIMIT ?', first, last);
  }

  #few(sql: string, ...values: unknown[]): bigint[] | null {
    const chunks = this.#database.prepare(sql).pluck().safeIntegers().all(...values, FEW_CHUNKS + 1) as bigint[];
    return chunks.length > FEW_CHUNKS ? null : chunks.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
}
