import { NUMBERS_PER_TRACE, numbersOfTrace, traceOfNumber } from '../../../core/trace/store/numbers.ts';
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

/** Some traces by their numbers, ascending: of others nothing is said. */
export interface Within {
  readonly numbers: readonly number[];
}

/** How much is looked at, at once; tests make it small. */
export interface TextMatchesOptions {
  /** A phrase that stands in no more rows than these is rare: each is asked who else carries it. */
  readonly rare?: number;
  /** Whether it is rare is not asked for so few traces. */
  readonly short?: number;
  /** Rows of one step of a walk through all traces, */
  readonly rows?: number;
  /** through traces that lie next to each other, */
  readonly nearRows?: number;
  /** and through those that lie apart: of the next one some rows, which may be all. */
  readonly farRows?: number;
}

/** Answers that are kept: the pages of a list ask again and again for the same words. */
const KEPT = 16;
const FEW_CHUNKS = 500;
/** A beginning that goes on to no more words than these is looked for as those. */
const MOST_WORDS = 64;
/** Chunks that are looked for in runs. A run is a seek (some 40 µs), and a walk over what lies between: traces so near to each other are one. */
const MOST_CHUNKS = 20_000;
const MOST_SEEKS = 2000;
const RUN_GAP = BigInt(32 * NUMBERS_PER_TRACE);
/** Traces lie apart when their numbers are so much further apart than they are many. */
const SPREAD = 4;
const LAST_NUMBER = BigInt(Number.MAX_SAFE_INTEGER);

type Looked = Pick<Phrase, 'expression' | 'prefix'>;

/**
 * Which traces hold a phrase, in a table of this connection. The rows where it stands are walked in the order of the traces, some at a time; then
 * the walk seeks the next trace: of a trace with a million rows a few are looked at. (To ask about each trace alone is dear twice over: it opens
 * the list of rows anew, and FTS5 looks for words in a row up to the next place where they stand, however far behind the last row that was asked for.)
 */
export class TextMatches {
  readonly #database: Database;
  /** By phrase and range; the one that was asked for longest ago first. */
  readonly #tables = new Map<string, { readonly table: string; version: number }>();
  readonly #free: string[] = [];
  #made = 0;
  #words: { readonly next: Statement; readonly count: Statement } | null = null;
  /** What stands nowhere in the store of a version. */
  readonly #nowhere = new Set<string>();
  #version = -1;
  readonly #options: Required<TextMatchesOptions>;

  constructor(database: Database, { rare = 4096, short = 50, rows = 8192, nearRows = 256, farRows = 16 }: TextMatchesOptions = {}) {
    this.#database = database;
    this.#options = { rare, short, rows, nearRows, farRows };
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
  tableOf(phrase: Phrase, asked: Within | null): string {
    const isRare = this.rowsAtMost(phrase, asked) <= this.#options.rare;
    // All its rows are as soon looked at as some.
    const within = isRare ? null : asked;
    const version = Number(this.#database.pragma('data_version', { simple: true }));
    if (version !== this.#version) this.#nowhere.clear();
    this.#version = version;
    const key = `${within === null ? 'all' : within.numbers.join(' ')}\n${phrase.expression}`;
    const known = this.#tables.get(key);
    this.#tables.delete(key);
    const entry = known ?? { table: this.#free.pop() ?? this.#create(), version: -1 };
    this.#tables.set(key, entry);
    if (entry.version !== version) this.#fill(entry.table, phrase, within, isRare);
    entry.version = version;
    return entry.table;
  }

  #create(): string {
    const table = `temp.text_${++this.#made}`;
    this.#database.exec(`CREATE TABLE ${table} (n INTEGER PRIMARY KEY)`);
    return table;
  }

  #fill(table: string, asked: Phrase, within: Within | null, isRare: boolean): void {
    const database = this.#database;
    const looked = this.lookedFor(asked);
    database.transaction(() => {
      database.exec(`DELETE FROM ${table}`);
      if (looked === null || within?.numbers.length === 0) return;
      if (isRare) return this.#addPlaces(table, this.#places(looked));
      // Each step would gather the words anew.
      if (looked.prefix) this.#fillAtOnce(table, looked, within);
      else if (within === null) this.#fillAll(table, looked);
      else if (this.#standsAnywhere(looked)) {
        this.#walk(table, looked, within);
        this.#addCarriers(table, looked, this.#chunksOf(table, within));
      }
    })();
  }

  /** What the index is asked for: in place of the beginning of a word the words that begin so, where these are few; `null`: none does. */
  lookedFor(asked: Phrase): Looked | null {
    const words = asked.beginning === null ? null : this.#wordsFrom(asked.beginning);
    if (words === null) return asked;
    return words.length === 0 ? null : { expression: words.map((word) => phraseOf(word, false)).join(' OR '), prefix: false };
  }

  /** Common words that nowhere stand in a row are a walk through all their rows: one, not one for what is asked about each of some traces and again for all. */
  #standsAnywhere({ expression }: Looked): boolean {
    if (this.#nowhere.has(expression)) return false;
    const stands = this.#database.prepare('SELECT 1 FROM trace_search WHERE trace_search MATCH ? LIMIT 1').get(expression) !== undefined;
    if (!stands) this.#nowhere.add(expression);
    return stands;
  }

  /** In how many rows it stands at most, by its rarest word; `Infinity`: in more than are counted, or so few traces are asked for that this is no matter. What the tokenizer would split otherwise is told wrong. */
  rowsAtMost({ expression, prefix, beginning }: Phrase, within: Within | null): number {
    const { rare, short } = this.#options;
    if (within !== null && within.numbers.length <= short) return Infinity;
    const count = this.#database.prepare('SELECT count(*) FROM (SELECT 1 FROM trace_search WHERE trace_search MATCH ? LIMIT ?)').pluck();
    const words = (expression.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, prefix ? -1 : undefined);
    const least = beginning === null ? Math.min(...words.map((word) => count.get(phraseOf(word, false), rare + 1) as number)) : this.#rowsFrom(beginning);
    return least > rare ? Infinity : least;
  }

  #fillAtOnce(table: string, looked: Looked, within: Within | null): void {
    const [first, last] = within === null ? [0n, LAST_NUMBER] : [firstOf(within.numbers[0]!), lastOf(within.numbers.at(-1)!)];
    this.#database.prepare(`INSERT INTO ${table} SELECT DISTINCT rowid / ${NUMBERS_PER_TRACE} FROM trace_search WHERE trace_search MATCH ? AND rowid BETWEEN ? AND ?`).run(looked.expression, first, last);
    this.#addCarriers(table, looked, within === null ? this.#chunksToAsk(table) : this.#chunksOf(table, within));
  }

  /** The traces of rows, and who else carries these. */
  #addPlaces(table: string, places: readonly number[]): void {
    this.#addTraces(table, places);
    this.#database.prepare(`INSERT OR IGNORE INTO ${table} SELECT u.trace FROM json_each(?) p CROSS JOIN chunk_use u ON u.chunk = p.value`).run(JSON.stringify(places));
  }

  #addTraces(table: string, places: readonly number[]): void {
    const add = this.#database.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?)`);
    for (const n of new Set(places.map(traceOfNumber))) add.run(n);
  }

  /** Rows of a phrase, ascending, at most `limit` (-1: all). */
  #places({ expression }: Looked, limit = -1): number[] {
    return this.#database.prepare('SELECT rowid FROM trace_search WHERE trace_search MATCH ? ORDER BY rowid LIMIT ?').pluck().all(expression, limit) as number[];
  }

  #fillAll(table: string, looked: Looked): void {
    if (this.#nowhere.has(looked.expression)) return;
    // Common words in a row may be rare all the same.
    const { rare } = this.#options;
    const places = this.#places(looked, rare + 1);
    if (places.length <= rare) return this.#addPlaces(table, places);
    this.#addTraces(table, places);
    this.#walk(table, looked, null, traceOfNumber(places.at(-1)!) + 1);
    this.#addCarriers(table, looked, this.#chunksToAsk(table));
  }

  /** Adds the traces, of some or of all from one on, that hold it in rows of their own; of others between them, some. The table holds none of them yet. */
  #walk(table: string, { expression }: Looked, within: Within | null, from = within?.numbers[0] ?? 0): void {
    const step = this.#database.prepare(`INSERT INTO ${table} SELECT DISTINCT rowid / ${NUMBERS_PER_TRACE} FROM (SELECT rowid FROM trace_search WHERE trace_search MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid LIMIT ?)`);
    const found = this.#database.prepare(`SELECT max(n) FROM ${table}`).pluck();
    const end = within === null ? LAST_NUMBER : lastOf(within.numbers.at(-1)!);
    const rows = this.#rowsOfStep(within);
    for (let n: number | undefined = from; n !== undefined; ) {
      if (step.run(expression, firstOf(n), end, rows).changes === 0) return;
      const last = found.get() as number;
      n = within === null ? last + 1 : within.numbers[firstAt(within.numbers, last + 1)];
    }
  }

  #rowsOfStep(within: Within | null): number {
    if (within === null) return this.#options.rows;
    const { numbers } = within;
    return numbers.at(-1)! - numbers[0]! < SPREAD * numbers.length ? this.#options.nearRows : this.#options.farRows;
  }

  /**
   * The words that begin so, by leaps through the index; `null`: they are many. (The index can look for a beginning itself: it then reads all
   * places of all those words before it gives the first, whatever range is asked for.)
   */
  #wordsFrom(beginning: string): string[] | null {
    const { next } = this.#vocabulary();
    const words: string[] = [];
    for (let from = beginning; ; ) {
      const word = next.get(from) as string | undefined;
      if (word === undefined || !word.startsWith(beginning)) return words;
      if (words.push(word) > MOST_WORDS) return null;
      // No word holds this character.
      from = `${word}\u0001`;
    }
  }

  /** Places of words that begin so, those of deleted rows too; counted no further than they are rare. */
  #rowsFrom(beginning: string): number {
    // No word goes on with a later character.
    return this.#vocabulary().count.get(beginning, `${beginning}\u{10FFFF}`, this.#options.rare + 1) as number;
  }

  #vocabulary(): { readonly next: Statement; readonly count: Statement } {
    if (this.#words !== null) return this.#words;
    this.#database.exec('CREATE VIRTUAL TABLE temp.search_word USING fts5vocab (main, trace_search, instance)');
    this.#words = {
      next: this.#database.prepare('SELECT term FROM temp.search_word WHERE term >= ? LIMIT 1').pluck(),
      count: this.#database.prepare('SELECT count(*) FROM (SELECT 1 FROM temp.search_word WHERE term >= ? AND term < ? LIMIT ?)').pluck(),
    };
    return this.#words;
  }

  /**
   * The traces that carry a chunk which came with another one, of the chunks that come into question (ascending; `null`: too many to look for
   * each). Those are looked for in runs; else every place of the phrase is asked who else carries it.
   */
  #addCarriers(table: string, { expression, prefix }: Looked, chunks: readonly bigint[] | null): void {
    const database = this.#database;
    const carriers = `INSERT OR IGNORE INTO ${table} SELECT u.trace FROM trace_search s CROSS JOIN chunk_use u ON u.chunk = s.rowid WHERE s.trace_search MATCH ?`;
    if (chunks?.length === 0) return;
    if (chunks === null) database.prepare(carriers).run(expression);
    else if (prefix) database.prepare(`${carriers} AND s.rowid BETWEEN ? AND ? AND +s.rowid IN (SELECT value FROM json_each(?))`).run(expression, chunks[0], chunks.at(-1), `[${chunks.join(',')}]`);
    else if (!this.#addCarriersOfRuns(expression, database.prepare(`${carriers} AND s.rowid BETWEEN ? AND ?`), runsOf(chunks))) database.prepare(carriers).run(expression);
  }

  /** `false`: it would take too many seeks, and not all are added. */
  #addCarriersOfRuns(expression: string, add: Statement, runs: readonly Run[]): boolean {
    const next = this.#database.prepare('SELECT rowid FROM trace_search WHERE trace_search MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid LIMIT 1').pluck().safeIntegers();
    const end = runs.at(-1)![1];
    let at = 0;
    for (let seeks = 0; seeks < MOST_SEEKS; seeks++) {
      const place = next.get(expression, runs[at]![0], end) as bigint | undefined;
      if (place === undefined) return true;
      while (runs[at]![1] < place) at++;
      const [first, last] = runs[at]!;
      if (first <= place) {
        add.run(expression, place, last);
        at++;
      }
      if (at === runs.length) return true;
    }
    return false;
  }

  /** The chunks that may add a trace, ascending; `null`: they are many. */
  #chunksToAsk(table: string): bigint[] | null {
    const missing = this.#database.prepare(`SELECT (SELECT count(*) FROM trace) - (SELECT count(*) FROM ${table})`).pluck().get() as number;
    return missing <= 0 ? [] : (this.#sharedChunks() ?? this.#chunksOutside(table));
  }

  /** All chunks that several traces carry, by leaps through the index; `null`: they are many. */
  #sharedChunks(): bigint[] | null {
    return this.#few(FEW_CHUNKS, `
      WITH RECURSIVE c (x) AS (SELECT min(chunk) FROM chunk_use UNION ALL SELECT (SELECT min(chunk) FROM chunk_use WHERE chunk > c.x) FROM c WHERE c.x IS NOT NULL)
      SELECT x FROM c WHERE x IS NOT NULL LIMIT ?`);
  }

  /** Those of the traces that the phrase was not found in so far. */
  #chunksOutside(table: string): bigint[] | null {
    return this.#few(MOST_CHUNKS, `SELECT DISTINCT u.chunk FROM trace t CROSS JOIN chunk_use u ON u.trace = t.n WHERE t.n NOT IN (SELECT n FROM ${table}) LIMIT ?`);
  }

  /** Those that such of the traces carry and others brought. */
  #chunksOf(table: string, { numbers }: Within): bigint[] | null {
    return this.#few(MOST_CHUNKS, `SELECT DISTINCT u.chunk FROM json_each(?) t CROSS JOIN chunk_use u ON u.trace = t.value WHERE t.value NOT IN (SELECT n FROM ${table}) LIMIT ?`, JSON.stringify(numbers));
  }

  #few(most: number, sql: string, ...values: unknown[]): bigint[] | null {
    const chunks = this.#database.prepare(sql).pluck().safeIntegers().all(...values, most + 1) as bigint[];
    return chunks.length > most ? null : chunks.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
}

type Run = readonly [first: bigint, last: bigint];

/** First and last of those that lie near to each other. */
function runsOf(chunks: readonly bigint[]): Run[] {
  const runs: [bigint, bigint][] = [];
  for (const chunk of chunks) {
    const run = runs.at(-1);
    if (run !== undefined && chunk - run[1] <= RUN_GAP) run[1] = chunk;
    else runs.push([chunk, chunk]);
  }
  return runs;
}

/** Whole numbers, not doubles: for a double the index does not seek. */
function firstOf(trace: number): bigint {
  return BigInt(numbersOfTrace(trace).first);
}

function lastOf(trace: number): bigint {
  return BigInt(numbersOfTrace(trace).last);
}

/** Position of the first that is not below `least`, of ascending ones. */
function firstAt(numbers: readonly number[], least: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
