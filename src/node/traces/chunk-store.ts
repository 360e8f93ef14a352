import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Resource, Scope } from '../../core/trace/model.ts';
import { traceOfNumber } from '../../core/trace/store/numbers.ts';
import { searchTextOfChunk } from '../../core/trace/store/search-text.ts';
import type { ChunkSource } from '../../core/trace/store/span-body.ts';
import type { Database } from '../sqlite/database.ts';
import { hashOfChunk } from './prepare-span.ts';
import type { SearchRows } from './search-rows.ts';
import type { TraceState } from './trace-state.ts';

const MAX_KNOWN = 100_000;
const MAX_OWNERS = 2000;
/** Shorter texts take longer to deflate than the room is worth. */
const SHORTEST_DEFLATED = 4096;

const FORM = { text: 0, deflated: 1 } as const;

interface KnownChunk {
  readonly n: number;
  /** The trace that it was last used in: most uses follow each other. */
  usedIn: number;
}

interface HashedChunk {
  readonly text: string;
  /** Its `hashOfChunk`. */
  readonly key: string;
  /** Its search text; empty: not made yet. */
  readonly search: string;
}

/** Texts that are stored once, by their hash. */
export class ChunkStore {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #search: SearchRows;
  readonly #known = new Map<string, KnownChunk>();
  /** Resources and scopes by their text: every span has both, and they are few. */
  readonly #owners = new Map<string, KnownChunk>();

  constructor(database: Database, search: SearchRows) {
    this.#statements = prepare(database);
    this.#search = search;
  }

  /** The number of the chunk of a resource or scope. */
  addOwner(state: TraceState, span: number, text: string, isLater: boolean): number {
    let known = this.#owners.get(text);
    if (known === undefined) {
      known = this.#find(state, span, { text, key: hashOfChunk(text), search: '' }, isLater);
      if (this.#owners.size >= MAX_OWNERS) this.#owners.clear();
      this.#owners.set(text, known);
    }
    return this.#use(state, span, known);
  }

  /** The number of a text's chunk; a new one is numbered behind the span that brings it. `isLater`: by a later version of the span. */
  add(state: TraceState, span: number, chunk: HashedChunk, isLater: boolean): number {
    return this.#use(state, span, this.#find(state, span, chunk, isLater));
  }

  #find(state: TraceState, span: number, { text, key, search }: HashedChunk, isLater: boolean): KnownChunk {
    let known = this.#known.get(key);
    if (known !== undefined) return known;
    const n = state.next();
    const digest = Buffer.from(key, 'latin1');
    const [form, body] = text.length < SHORTEST_DEFLATED ? [FORM.text, text] : deflated(text);
    if (this.#statements.insert.run(n, digest, form, body).changes === 1) {
      known = { n, usedIn: state.columns.n };
      state.columns.bytes += typeof body === 'string' ? body.length : body.byteLength;
      this.#search.add(n, search === '' ? searchTextOfChunk(text) : search);
      if (isLater) this.#statements.use.run(n, state.columns.n, span);
    } else {
      state.columns.nextSequence--;
      known = { n: this.#statements.find.get(digest) as number, usedIn: -1 };
    }
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, known);
    return known;
  }

  #use(state: TraceState, span: number, known: KnownChunk): number {
    if (known.usedIn !== state.columns.n) {
      known.usedIn = state.columns.n;
      if (traceOfNumber(known.n) !== state.columns.n) this.#statements.use.run(known.n, state.columns.n, span);
    }
    return known.n;
  }

  /** Chunks were deleted, or a transaction failed. */
  forget(): void {
    this.#known.clear();
    this.#owners.clear();
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
    insert: database.prepare('INSERT INTO chunk (n, hash, form, body) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING'),
    find: database.prepare('SELECT n FROM chunk WHERE hash = ?').pluck(),
    use: database.prepare('INSERT OR IGNORE INTO chunk_use (chunk, trace, span) VALUES (?, ?, ?)'),
  };
}
