import { NUMBERS_PER_TRACE, numbersOfTrace } from '../../../core/trace/store/numbers.ts';
import type { Statement } from 'better-sqlite3';
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
  /** The beginning of a single word, as the index has it; `null`: it is another phrase, or cannot be told without the tokenizer. */
  readonly beginning: string | null;
}

export function phrase(text: string, prefix: boolean): Phrase {
  return { expression: phraseOf(text, prefix), prefix, beginning: prefix && /^[a-z0-9]+$/i.test(text) ? text.toLowerCase() : null };
}

/** Traces from one number to another, both included: outside of them nothing is said. */
interface TraceRange {
  readonly first: number;
  readonly last: number;
}

/** Some traces by their numbers, ascending: of others nothing is said. */
interface TraceList {
  readonly numbers: readonly number[];
}

export type Within = TraceRange | TraceList;

/** Answers that are kept: the pages of a list ask again and again for the same words. */
const KEPT = 16;
const FEW_CHUNKS = 500;
const FEW_TRACES = 2000;
/** A beginning that goes on to no more words than these is looked for as those. */
const MOST_WORDS = 64;
/** Chunks that are looked for in runs. A run is a seek (some 40 µs), and a walk over what lies between: traces so near to each other are one. */
const MOST_CHUNKS = 20_000;
const MOST_RUNS = 1000;
const RUN_GAP = BigInt(32 * NUMBERS_PER_TRACE);

type Looked = Pick<Phrase, 'expression' | 'prefix'>;

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
  #next: Statement | null = null;

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

  /** The table `temp.…` whose column `n` has the numbers of the traces (of some, or of all); it stays until the next `begin`. */
  tableOf(phrase: Phrase, within: Within | null): string {
    const version = Number(this.#database.pragma('data_version', { simple: true }));
    const key = `${within === null ? '' : 'numbers' in within ? within.numbers.join(' ') : `${within.first} to ${within.last}`}\n${phrase.expression}`;
    const known = this.#tables.get(key);
    this.#tables.delete(key);
    const entry = known ?? { table: this.#free.pop() ?? this.#create(), version: -1 };
    this.#tables.set(key, entry);
    if (entry.version !== version) this.#fill(entry.table, phrase, within);
    entry.version = version;
    return entry.table;
  }

  #create(): string {
    const table = `temp.text_${++this.#made}`;
    this.#database.exec(`CREATE TABLE ${table} (n INTEGER PRIMARY KEY)`);
    return table;
  }

  #fill(table: string, asked: Phrase, within: Within | null): void {
    const database = this.#database;
    const words = asked.beginning === null ? null : this.#wordsFrom(asked.beginning);
    database.transaction(() => {
      database.exec(`DELETE FROM ${table}`);
      if (words?.length === 0) return;
      const looked = words === null ? asked : { expression: words.map((word) => phraseOf(word, false)).join(' OR '), prefix: false };
      if (within === null || !('numbers' in within)) this.#fillRange(table, looked, within);
      // Each question would gather the words anew.
      else if (looked.prefix) this.#fillRange(table, looked, null);
      else this.#fillList(table, looked.expression, within.numbers);
    })();
  }

  #fillRange(table: string, looked: Looked, range: TraceRange | null): void {
    const [within, bounds] = range === null ? ['', []] : ['AND rowid BETWEEN ? AND ?', [BigInt(numbersOfTrace(range.first).first), BigInt(numbersOfTrace(range.last).last)]];
    this.#database.prepare(`INSERT INTO ${table} SELECT DISTINCT rowid / ${NUMBERS_PER_TRACE} FROM trace_search WHERE trace_search MATCH ? ${within}`).run(looked.expression, ...bounds);
    this.#addCarriers(table, looked, range === null ? this.#chunksToAsk(table) : this.#chunksIn(range));
  }

  #fillList(table: string, expression: string, numbers: readonly number[]): void {
    const holds = this.#database.prepare('SELECT 1 FROM trace_search WHERE trace_search MATCH ? AND rowid BETWEEN ? AND ? LIMIT 1').pluck();
    const add = this.#database.prepare(`INSERT INTO ${table} VALUES (?)`);
    const others: number[] = [];
    for (const n of numbers) {
      const { first, last } = numbersOfTrace(n);
      if (holds.get(expression, BigInt(first), BigInt(last)) === undefined) others.push(n);
      else add.run(n);
    }
    const chunks = others.length === 0 ? [] : this.#few(MOST_CHUNKS, 'SELECT DISTINCT chunk FROM chunk_use WHERE trace IN (SELECT value FROM json_each(?)) LIMIT ?', JSON.stringify(others));
    this.#addCarriers(table, { expression, prefix: false }, chunks);
  }

  /**
   * The words that begin so, by leaps through the index; `null`: they are many. (The index can look for a beginning itself: it then reads all
   * places of all those words before it gives the first, whatever range is asked for.)
   */
  #wordsFrom(beginning: string): string[] | null {
    this.#next ??= this.#prepareNext();
    const words: string[] = [];
    for (let from = beginning; ; ) {
      const word = this.#next.get(from) as string | undefined;
      if (word === undefined || !word.startsWith(beginning)) return words;
      if (words.push(word) > MOST_WORDS) return null;
      // No word holds this character.
      from = `${word}\u0001`;
    }
  }

  #prepareNext(): Statement {
    this.#database.exec('CREATE VIRTUAL TABLE temp.search_word USING fts5vocab (main, trace_search, instance)');
    return this.#database.prepare('SELECT term FROM temp.search_word WHERE term >= ? LIMIT 1').pluck();
  }

  /**
   * The traces that carry a chunk which came with another one, of the chunks that come into question (ascending; `null`: too many to look for
   * each). Those are looked for in runs; else every place of the phrase is asked who else carries it.
   */
  #addCarriers(table: string, { expression, prefix }: Looked, chunks: readonly bigint[] | null): void {
    const database = this.#database;
    const carriers = `INSERT OR IGNORE INTO ${table} SELECT u.trace FROM trace_search s CROSS JOIN chunk_use u ON u.chunk = s.rowid WHERE s.trace_search MATCH ?`;
    const runs = chunks === null ? null : runsOf(chunks);
    if (chunks === null || runs === null) database.prepare(carriers).run(expression);
    else if (runs.length > 0 && prefix) database.prepare(`${carriers} AND s.rowid BETWEEN ? AND ? AND +s.rowid IN (SELECT value FROM json_each(?))`).run(expression, chunks[0], chunks.at(-1), `[${chunks.join(',')}]`);
    else {
      // Whole numbers, not doubles: for a double the index does not seek.
      const within = database.prepare(`${carriers} AND s.rowid BETWEEN ? AND ?`);
      for (const [first, last] of runs) within.run(expression, first, last);
    }
  }

  /** The chunks that may add a trace, ascending; `null`: they are many. */
  #chunksToAsk(table: string): bigint[] | null {
    const missing = this.#database.prepare(`SELECT (SELECT count(*) FROM trace) - (SELECT count(*) FROM ${table})`).pluck().get() as number;
    return missing <= 0 ? [] : (this.#sharedChunks() ?? (missing <= FEW_TRACES ? this.#chunksOutside(table) : null));
  }

  /** All chunks that several traces carry, by leaps through the index; `null`: they are many. */
  #sharedChunks(): bigint[] | null {
    return this.#few(FEW_CHUNKS, `
      WITH RECURSIVE c (x) AS (SELECT min(chunk) FROM chunk_use UNION ALL SELECT (SELECT min(chunk) FROM chunk_use WHERE chunk > c.x) FROM c WHERE c.x IS NOT NULL)
      SELECT x FROM c WHERE x IS NOT NULL LIMIT ?`);
  }

  /** Those of the traces that the phrase was not found in so far. */
  #chunksOutside(table: string): bigint[] | null {
    return this.#few(FEW_CHUNKS, `SELECT DISTINCT u.chunk FROM trace t CROSS JOIN chunk_use u ON u.trace = t.n WHERE t.n NOT IN (SELECT n FROM ${table}) LIMIT ?`);
  }

  /** Those that traces of the range carry and others brought. */
  #chunksIn({ first, last }: TraceRange): bigint[] | null {
    return this.#few(MOST_CHUNKS, 'SELECT DISTINCT chunk FROM chunk_use WHERE trace BETWEEN ? AND ? LIMIT ?', first, last);
  }

  #few(most: number, sql: string, ...values: unknown[]): bigint[] | null {
    const chunks = this.#database.prepare(sql).pluck().safeIntegers().all(...values, most + 1) as bigint[];
    return chunks.length > most ? null : chunks.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
}

/** First and last of those that lie near to each other; `null`: there are too many such runs. */
function runsOf(chunks: readonly bigint[]): (readonly [first: bigint, last: bigint])[] | null {
  const runs: [bigint, bigint][] = [];
  for (const chunk of chunks) {
    const run = runs.at(-1);
    if (run !== undefined && chunk - run[1] <= RUN_GAP) run[1] = chunk;
    else if (runs.push([chunk, chunk]) > MOST_RUNS) return null;
  }
  return runs;
}
