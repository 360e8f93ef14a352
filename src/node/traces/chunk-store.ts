import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Resource, Scope } from '../../core/trace/model.ts';
import { numbersOfTrace, traceOfNumber } from '../../core/trace/store/numbers.ts';
import { searchTextOfChunk } from '../../core/trace/store/search-text.ts';
import type { ChunkSource } from '../../core/trace/store/span-body.ts';
import type { Database } from '../sqlite/database.ts';
import { ChunkKeys } from './chunk-keys.ts';
import { hashOfChunk } from './prepare-span.ts';
import { RecentChunks, type KnownChunk } from './recent-chunks.ts';
import { RowBuffer } from './row-buffer.ts';
import type { SearchRows } from './search-rows.ts';
import type { TraceState } from './trace-state.ts';

const MAX_OWNERS = 2000;
/** Longer ones are found by their hash, as other chunks are. */
const LONGEST_OWNER = 16_384;
/** Shorter texts take longer to deflate than the room is worth. */
const SHORTEST_DEFLATED = 4096;

const FORM = { text: 0, deflated: 1 } as const;

interface HashedChunk {
  readonly text: string;
  /** Its `hashOfChunk`. */
  readonly key: string;
  /** Its search text; empty: not made yet. */
  readonly search: string;
}

/** Texts that are stored once, by their hash. */
export class ChunkStore {
  readonly keys: ChunkKeys;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #rows: RowBuffer;
  readonly #search: SearchRows;
  readonly #recent = new RecentChunks();
  /** Resources and scopes by their text: every span has both, and they are few. */
  readonly #owners = new Map<string, KnownChunk>();

  constructor(database: Database, search: SearchRows) {
    this.#statements = prepare(database);
    this.#rows = new RowBuffer(database, 'INSERT INTO chunk (n, form, body)', 3);
    this.keys = new ChunkKeys(database);
    this.#search = search;
  }

  /** The number of the chunk of a resource or scope. New search texts go to `brought`. */
  addOwner(state: TraceState, span: number, text: string, brought: string[] | null): number {
    let known = this.#owners.get(text);
    if (known === undefined) {
      known = this.#find(state, span, { text, key: hashOfChunk(text), search: '' }, brought);
      if (this.#owners.size >= MAX_OWNERS) this.#owners.clear();
      if (text.length <= LONGEST_OWNER) this.#owners.set(text, known);
    }
    return this.#use(state, span, known, text);
  }

  /**
   * The number of a text's chunk; a new one is numbered behind the span that brings it, and its search text goes to `brought`.
   * `null`: a later version of the span brings it, behind which others were numbered meanwhile.
   */
  add(state: TraceState, span: number, chunk: HashedChunk, brought: string[] | null): number {
    return this.#use(state, span, this.#find(state, span, chunk, brought), chunk.text);
  }

  #find(state: TraceState, span: number, chunk: HashedChunk, brought: string[] | null): KnownChunk {
    const { text, key } = chunk;
    let known = this.#recent.get(key);
    if (known !== undefined) return known;
    const n = this.#stored(text, key);
    known = n === undefined ? this.#bring(state, span, chunk, brought) : { n, usedIn: -1, isFoundAlone: false };
    this.#recent.set(key, known);
    return known;
  }

  /** The chunk that has the text, if it is stored. A hash is no proof: what comes in may be made so that hashes meet. */
  #stored(text: string, key: string): number | undefined {
    const candidates = this.keys.candidates(key);
    if (candidates.length === 0) return undefined;
    this.write();
    for (const n of candidates) {
      const row = this.#statements.read.get(n) as [form: number, body: string | Buffer] | undefined;
      if (row !== undefined && textOfChunk(...row) === text) return n;
    }
    return undefined;
  }

  #bring(state: TraceState, span: number, { text, key, search }: HashedChunk, brought: string[] | null): KnownChunk {
    const n = state.next();
    const [form, body] = text.length < SHORTEST_DEFLATED ? [FORM.text, text] : deflated(text);
    this.#rows.add(n, form, body);
    this.keys.add(key, n);
    state.columns.bytes += typeof body === 'string' ? body.length : body.byteLength;
    const found = search === '' ? searchTextOfChunk(text) : search;
    if (brought === null) {
      this.#statements.use.run(n, state.columns.n, span);
      this.#search.add(n, found);
    } else if (found !== '') brought.push(found);
    return { n, usedIn: state.columns.n, isFoundAlone: brought === null };
  }

  #use(state: TraceState, span: number, known: KnownChunk, text: string): number {
    if (known.usedIn !== state.columns.n) {
      known.usedIn = state.columns.n;
      if (traceOfNumber(known.n) !== state.columns.n) {
        if (!known.isFoundAlone && this.#statements.isUsed.get(known.n) === undefined) this.#search.replace(known.n, searchTextOfChunk(text));
        known.isFoundAlone = true;
        this.#statements.use.run(known.n, state.columns.n, span);
      }
    }
    return known.n;
  }

  /** Search texts of the chunks that a span brought when it came first. */
  broughtBy(span: number): string[] {
    this.write();
    const trace = traceOfNumber(span);
    const rows = this.#statements.brought.all(span, span, numbersOfTrace(trace).last, trace) as [number, string | Buffer][];
    return rows.map((row) => searchTextOfChunk(textOfChunk(...row)));
  }

  /** Writes the rows that wait: before the transaction ends, and before somebody reads chunks. */
  write(): void {
    this.#rows.write();
    this.keys.write();
  }

  /** Chunks were deleted, or a transaction failed. */
  forget(): void {
    this.#recent.clear();
    this.#owners.clear();
  }

  /** The transaction failed, or another process wrote. */
  forgetAll(): void {
    this.forget();
    this.#rows.clear();
    this.keys.forget();
  }
}

function deflated(text: string): [form: number, body: string | Buffer] {
  const bytes = deflateRawSync(text, { level: 1 });
  return bytes.byteLength < text.length * 0.75 ? [FORM.deflated, bytes] : [FORM.text, text];
}

/** Reads chunks; resources and scopes that were read stay, so that spans share them. */
export class ChunkReader implements ChunkSource {
  readonly resources = new Map<number, Resource>();
  readonly scopes = new Map<number, Scope>();
  readonly #read;

  constructor(database: Database) {
    this.#read = database.prepare('SELECT form, body FROM chunk WHERE n = ?').raw();
  }

  text(chunk: number): string {
    const row = this.#read.get(chunk) as [form: number, body: string | Buffer] | undefined;
    if (row === undefined) throw new Error(`The store has no chunk ${chunk}.`);
    return textOfChunk(row[0], row[1]);
  }
}

/** The text of a row of `chunk`. */
export function textOfChunk(form: number, body: string | Buffer): string {
  return form === FORM.deflated ? inflateRawSync(body).toString('utf8') : String(body);
}

function prepare(database: Database) {
  return {
    read: database.prepare('SELECT form, body FROM chunk WHERE n = ?').raw(),
    use: database.prepare('INSERT OR IGNORE INTO chunk_use (chunk, trace, span) VALUES (?, ?, ?)'),
    isUsed: database.prepare('SELECT 1 FROM chunk_use WHERE chunk = ? LIMIT 1').pluck(),
    brought: database.prepare(`SELECT form, body FROM chunk c WHERE n > ? AND n < coalesce((SELECT min(n) FROM span WHERE n > ?), 9e15) AND n <= ? AND NOT EXISTS (SELECT 1 FROM chunk_use u WHERE u.chunk = c.n AND u.trace = ?)`).raw(),
  };
}
