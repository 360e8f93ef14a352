import { mergeTwo, type MergedSpan } from '../../core/trace/merge.ts';
import type { RawSpan } from '../../core/trace/model.ts';
import { SPAN_FLAGS, SPAN_KINDS } from '../../core/trace/skeleton.ts';
import type { BatchOrigin } from '../../core/trace/sink.ts';
import { STORED_FLAGS } from '../../core/trace/store/numbers.ts';
import { draftBody, finishBody, readBody } from '../../core/trace/store/span-body.ts';
import { contributionOf, isCountedCall, type CountedColumns } from '../../core/trace/store/span-row.ts';
import type { Database } from '../sqlite/database.ts';
import { ChunkReader, ChunkStore } from './chunk-store.ts';
import { OWNER_CHUNKS, type PreparedSpan } from './prepare-span.ts';
import { RowBuffer } from './row-buffer.ts';
import type { SearchRows } from './search-rows.ts';
import { bitsOfSpanId, spanIdOfBits } from './span-ids.ts';
import type { TextNumbers } from './text-numbers.ts';
import type { TraceState, TraceStates } from './trace-state.ts';

/** What a span says to those above and below it. */
interface WrittenSpan extends CountedColumns {
  readonly n: number;
  readonly parent: bigint | null;
}

/** A span as the store has it. */
export interface StoredSpanRow extends WrittenSpan {
  readonly id: bigint;
  readonly start: bigint;
  readonly end: bigint | null;
  readonly name: string;
}

type SpanColumns = [n: bigint, parent: bigint | null, start: bigint, end: bigint | null, name: string, kind: bigint, flags: bigint, cost: number | null, ...tokens: (bigint | null)[]];

/** Spans that were made of log records. */
export const ORIGIN_OF_LOGS: BatchOrigin = { kind: 'received', place: 'logs' };

const LLM = SPAN_KINDS.indexOf('llm');

export interface SpanWriterOptions {
  readonly database: Database;
  readonly states: TraceStates;
  readonly texts: TextNumbers;
  readonly search: SearchRows;
  readonly prepare: (span: MergedSpan, origin: BatchOrigin) => PreparedSpan;
  /** A span that log records may belong to was written. */
  readonly onSpanWithLogs: (state: TraceState) => void;
  /** Whether log records name the session. */
  readonly hasSessionLogs: (session: string) => boolean;
  /** A trace of such a session was met. */
  readonly onSessionWithLogs: (session: string) => void;
}

/** Writes spans and keeps what their traces say of them true. Everything within the transaction of the caller. */
export class SpanWriter {
  readonly #options: SpanWriterOptions;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly chunks: ChunkStore;
  readonly #spans: RowBuffer;
  readonly #bodies: RowBuffer;
  readonly #facets: RowBuffer;
  readonly #reader: ChunkReader;
  /** How many log records a span was read with, by its number: with as many it says nothing new. */
  readonly joinedLogs = new Map<number, number>();
  /** Traces whose rows this transaction must write. */
  readonly #touched = new Set<TraceState>();
  /** Spans that came in this transaction, by their id. */
  readonly #written = new Map<TraceState, Map<bigint, WrittenSpan>>();
  /** Parents of model calls, to be told that their usage repeats that of the call. */
  #calls: { readonly state: TraceState; readonly id: bigint; readonly parent: bigint | null }[] = [];

  constructor(options: SpanWriterOptions) {
    this.#options = options;
    this.#statements = prepareStatements(options.database);
    this.chunks = new ChunkStore(options.database, options.search);
    this.#spans = new RowBuffer(options.database, `INSERT INTO span (${COLUMNS.join(', ')}, n, trace, id)`, COLUMNS.length + 3);
    this.#bodies = new RowBuffer(options.database, 'INSERT INTO span_body (n, body)', 2);
    this.#facets = new RowBuffer(options.database, 'INSERT OR IGNORE INTO trace_facet (key, value, trace)', 3);
    this.#reader = new ChunkReader(options.database);
  }

  /** `false`: the store has just this span. */
  write(prepared: PreparedSpan, origin: BatchOrigin): boolean {
    const raw = prepared.identity;
    const state = this.#options.states.open(raw.traceId, origin);
    const id = bitsOfSpanId(raw.spanId);
    const n = state.next();
    const callBelow = state.awaited.has(id);
    const flags = prepared.row.flags | (callBelow ? STORED_FLAGS.callBelow : 0);
    if (!this.#insert(state, n, id, prepared, flags)) {
      state.columns.nextSequence--;
      return this.#merge(state, id, prepared, origin);
    }
    this.#touch(state);
    const parent = raw.parentSpanId === null ? null : bitsOfSpanId(raw.parentSpanId);
    const start = BigInt(raw.startTimeUnixNano);
    if (callBelow) {
      state.awaited.delete(id);
      this.#statements.arrived.run(state.columns.n, id);
      state.above.add(id);
    }
    const brought: string[] = [];
    this.#bodies.add(n, this.#body(state, n, prepared, brought));
    this.#options.search.add(n, brought.length === 0 ? prepared.search : `${prepared.search}\n${brought.join('\n')}`);
    state.offerName(raw.name, start, parent === null);
    state.offerTimes(start, raw.endTimeUnixNano === null ? null : BigInt(raw.endTimeUnixNano));
    state.columns.spans++;
    state.count(contributionOf({ ...prepared.row, flags }), 1);
    this.#share(state, prepared, parent === null, start, origin);
    this.#writtenOf(state).set(id, { n, parent, kind: prepared.row.kind, flags, tokens: prepared.row.tokens, cost: prepared.row.cost });
    if (callBelow || isCountedCall(prepared.row)) this.#calls.push({ state, id, parent });
    if (state.hasLogs) this.#options.onSpanWithLogs(state);
    return true;
  }

  /** Ends the transaction's writing: tells wrappers of the calls below them, and writes the rows of the traces. The ids of those traces. */
  finish(now: number): string[] {
    this.#flush();
    for (const { state, id, parent } of this.#calls) this.#tellAbove(state, id, parent);
    this.#calls = [];
    const ids: string[] = [];
    for (const state of this.#touched) {
      this.#options.states.save(state, now);
      this.#options.states.touch(state);
      ids.push(state.id);
    }
    this.#touched.clear();
    this.#written.clear();
    return ids;
  }

  /** The transaction failed, or another process wrote. */
  forget(): void {
    this.#calls = [];
    this.#touched.clear();
    this.#written.clear();
    this.chunks.forgetAll();
    this.#spans.clear();
    this.#bodies.clear();
    this.#facets.clear();
    this.joinedLogs.clear();
  }

  /** Writes the rows that wait, before they are read. */
  #flush(): void {
    this.chunks.write();
    this.#spans.write();
    this.#bodies.write();
    this.#facets.write();
  }

  /** The span of an id as it was sent. */
  read(state: TraceState, id: bigint): { readonly row: StoredSpanRow; readonly span: MergedSpan } | undefined {
    this.#flush();
    const row = this.#find(state, id);
    if (row === undefined) return undefined;
    const body = this.#statements.body.get(row.n) as string;
    const span = readBody(body, row.n, {
      traceId: state.id, spanId: spanIdOfBits(id), parentSpanId: row.parent === null ? null : spanIdOfBits(row.parent), name: row.name,
      startTimeUnixNano: row.start.toString(), endTimeUnixNano: row.end?.toString() ?? null,
    }, this.#reader);
    return { row, span: { span, pending: (row.flags & SPAN_FLAGS.pending) !== 0 } };
  }

  /** Replaces what the store says of a span: a later version of it, or its log records came. */
  update(state: TraceState, old: StoredSpanRow, prepared: PreparedSpan, origin: BatchOrigin): void {
    this.#touch(state);
    const raw = prepared.identity;
    const parent = raw.parentSpanId === null ? null : bitsOfSpanId(raw.parentSpanId);
    const start = BigInt(raw.startTimeUnixNano);
    const end = raw.endTimeUnixNano === null ? null : BigInt(raw.endTimeUnixNano);
    const flags = prepared.row.flags | (old.flags & STORED_FLAGS.callBelow);
    this.#statements.update.run(...this.#columns(prepared, parent, start, end, flags), old.n);
    const written = this.#written.get(state);
    if (written?.has(old.id) === true) written.set(old.id, { n: old.n, parent, kind: prepared.row.kind, flags, tokens: prepared.row.tokens, cost: prepared.row.cost });
    this.#statements.updateBody.run(this.#body(state, old.n, prepared, null), old.n);
    this.#options.search.replace(old.n, [prepared.search, ...this.chunks.broughtBy(old.n)].join('\n'));
    state.count(contributionOf(old), -1);
    state.count(contributionOf({ ...prepared.row, flags }), 1);
    const { columns } = state;
    const gaveName = columns.nameStart === old.start && columns.nameOfRoot === (old.parent === null ? 1 : 0) && columns.name === old.name;
    if (old.start !== start || (gaveName && (old.parent === null) !== (parent === null)) || (old.end !== null && end !== null && end < old.end)) this.#measureAgain(state);
    else {
      if (gaveName) columns.name = raw.name;
      else state.offerName(raw.name, start, parent === null);
      state.offerTimes(start, end);
    }
    this.#share(state, prepared, parent === null, start, origin);
    if (isCountedCall({ kind: prepared.row.kind, flags }) || (flags & STORED_FLAGS.callBelow) !== 0) this.#calls.push({ state, id: old.id, parent });
  }

  /** `false`: the store has a span of this id. */
  #insert(state: TraceState, n: number, id: bigint, prepared: PreparedSpan, flags: number): boolean {
    const raw = prepared.identity;
    const parent = raw.parentSpanId === null ? null : bitsOfSpanId(raw.parentSpanId);
    const columns = this.#columns(prepared, parent, BigInt(raw.startTimeUnixNano), raw.endTimeUnixNano === null ? null : BigInt(raw.endTimeUnixNano), flags);
    if (state.isNew) {
      // Of a trace that begins with this transaction nothing else is stored.
      if (this.#written.get(state)?.has(id) === true) return false;
      this.#spans.add(...columns, n, state.columns.n, id);
      return true;
    }
    return this.#statements.insert.run(...columns, n, state.columns.n, id).changes === 1;
  }

  #columns({ row }: PreparedSpan, parent: bigint | null, start: bigint, end: bigint | null, flags: number): unknown[] {
    const { texts } = this.#options;
    return [parent, start, end, texts.of(row.name), row.kind, flags, row.status, texts.orNull(row.model), texts.orNull(row.tool), texts.orNull(row.service), texts.orNull(row.error), ...row.tokens, row.cost, row.firstTokenNs];
  }

  /** The text of the span's body. Search texts of chunks that it brings go to `brought` (see ChunkStore.add). */
  #body(state: TraceState, n: number, { template, chunks, hashes, chunkSearches }: PreparedSpan, brought: string[] | null): string {
    const numbers = chunks.map((text, index) => {
      const at = index - OWNER_CHUNKS;
      return at < 0 ? this.chunks.addOwner(state, n, text, brought) : this.chunks.add(state, n, { text, key: hashes[at]!, search: chunkSearches[at]! }, brought);
    });
    const text = finishBody(template, n, numbers);
    state.columns.bytes += text.length;
    return text;
  }

  #share(state: TraceState, { share, row, preview }: PreparedSpan, isRoot: boolean, start: bigint, origin: BatchOrigin): void {
    state.offerPreview(preview, start, row.kind === LLM);
    if (state.lastShare !== share) {
      for (const [key, value] of share.facets) {
        if (state.addFacet(key, value)) this.#facets.add(key, this.#options.texts.of(value), state.columns.n);
      }
      state.lastShare = share;
    }
    const before = state.columns.session;
    state.offerShare(share, isRoot, row.model, origin);
    const { session } = state.columns;
    if (session === before || session === null || !this.#options.hasSessionLogs(session)) return;
    state.hasLogs = true;
    // Their own session has been looked at: spans were made of it.
    if (origin !== ORIGIN_OF_LOGS) this.#options.onSessionWithLogs(session);
  }

  #merge(state: TraceState, id: bigint, prepared: PreparedSpan, origin: BatchOrigin): boolean {
    const stored = this.read(state, id)!;
    const merged = mergeTwo(stored.span, { span: spanOf(prepared), pending: prepared.pending });
    if (merged === stored.span || (merged.pending === stored.span.pending && isSameSpan(merged.span, stored.span.span))) return false;
    this.update(state, stored.row, this.#options.prepare(merged, origin), origin);
    this.joinedLogs.delete(stored.row.n);
    if (state.hasLogs) this.#options.onSpanWithLogs(state);
    return true;
  }

  /** Usage of what stands above a model call repeats the call's: it counts no longer. Stops where that is known, and where a cycle of parents comes back to the call. */
  #tellAbove(state: TraceState, call: bigint, from: bigint | null): void {
    const written = this.#written.get(state);
    for (let id = from; id !== null && id !== call && !state.above.has(id); ) {
      const row = written?.get(id) ?? this.#find(state, id);
      if (row === undefined) {
        if (!state.awaited.has(id)) this.#statements.await.run(state.columns.n, id);
        state.awaited.add(id);
        return;
      }
      if ((row.flags & STORED_FLAGS.callBelow) === 0 && isCountedCall(row) && this.#isBelow(state, call, row)) return;
      state.above.add(id);
      if ((row.flags & STORED_FLAGS.callBelow) !== 0) return;
      const flags = row.flags | STORED_FLAGS.callBelow;
      this.#statements.setFlags.run(flags, row.n);
      if (written?.has(id) === true) written.set(id, { ...row, flags });
      state.count(contributionOf(row), -1);
      state.count(contributionOf({ ...row, flags }), 1);
      this.#touch(state);
      id = row.parent;
    }
  }

  /** Whether a cycle of parents leads from a span above back to `id`: then it is the call that all of them repeat. */
  #isBelow(state: TraceState, id: bigint, above: Pick<StoredSpanRow, 'parent'>): boolean {
    const seen = new Set<bigint>();
    for (let parent = above.parent; parent !== null && !seen.has(parent); parent = this.#find(state, parent)?.parent ?? null) {
      if (parent === id) return true;
      seen.add(parent);
    }
    return false;
  }

  /** Times and name from all spans: one of them became later, shorter, or no root. */
  #measureAgain(state: TraceState): void {
    const { columns } = state;
    const [start, end] = this.#statements.times.get(columns.n) as [bigint, bigint | null];
    columns.start = start;
    columns.end = end;
    const [name, nameStart, isRoot] = this.#statements.naming.get(columns.n) as [string, bigint, bigint];
    columns.name = name;
    columns.nameStart = nameStart;
    columns.nameOfRoot = Number(isRoot);
  }

  #writtenOf(state: TraceState): Map<bigint, WrittenSpan> {
    let written = this.#written.get(state);
    if (written === undefined) this.#written.set(state, (written = new Map<bigint, WrittenSpan>()));
    return written;
  }

  #touch(state: TraceState): void {
    if (state.isTouched) return;
    state.isTouched = true;
    this.#touched.add(state);
  }

  #find(state: TraceState, id: bigint): StoredSpanRow | undefined {
    const row = this.#statements.find.get(state.columns.n, id) as SpanColumns | undefined;
    if (row === undefined) return undefined;
    const [n, parent, start, end, name, kind, flags, cost, ...tokens] = row;
    return { n: Number(n), id, parent, start, end, name, kind: Number(kind), flags: Number(flags), cost, tokens: tokens.map((count) => (count === null ? null : Number(count))) };
  }
}

/** The span that was prepared, from what its rows would hold. */
function spanOf({ identity, template, chunks }: PreparedSpan): RawSpan {
  const body = finishBody(template, -1, chunks.map((_, index) => index));
  return readBody(body, -1, identity, { text: (chunk) => chunks[chunk]!, resources: new Map(), scopes: new Map() });
}

/** What is stored of both is the same. */
function isSameSpan(a: RawSpan, b: RawSpan): boolean {
  if (a === b) return true;
  if (a.name !== b.name || a.parentSpanId !== b.parentSpanId || a.startTimeUnixNano !== b.startTimeUnixNano || a.endTimeUnixNano !== b.endTimeUnixNano) return false;
  const [one, other] = [draftBody(a), draftBody(b)];
  return one.template === other.template && one.chunks.every((chunk, index) => chunk === other.chunks[index]);
}

/** Of `span`, in the order of `#columns`. */
const COLUMNS = ['parent', 'start_ns', 'end_ns', 'name', 'kind', 'flags', 'status', 'model', 'tool', 'service', 'error', 'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens', 'cost', 'first_token_ns'];

function prepareStatements(database: Database) {
  return {
    insert: database.prepare(`INSERT INTO span (${COLUMNS.join(', ')}, n, trace, id) VALUES (${COLUMNS.map(() => '?').join(', ')}, ?, ?, ?) ON CONFLICT (trace, id) DO NOTHING`),
    update: database.prepare(`UPDATE span SET ${COLUMNS.map((column) => `${column} = ?`).join(', ')} WHERE n = ?`),
    setFlags: database.prepare('UPDATE span SET flags = ? WHERE n = ?'),
    find: database.prepare('SELECT s.n, s.parent, s.start_ns, s.end_ns, t.text, s.kind, s.flags, s.cost, s.input_tokens, s.cache_read_tokens, s.cache_write_tokens, s.output_tokens, s.reasoning_tokens FROM span s JOIN trace_text t ON t.n = s.name WHERE s.trace = ? AND s.id = ?').raw().safeIntegers(),
    times: database.prepare('SELECT min(start_ns), max(end_ns) FROM span WHERE trace = ?').raw().safeIntegers(),
    naming: database.prepare('SELECT t.text, s.start_ns, s.parent IS NULL FROM span s JOIN trace_text t ON t.n = s.name WHERE s.trace = ? ORDER BY s.parent IS NULL DESC, s.start_ns, s.n LIMIT 1').raw().safeIntegers(),
    body: database.prepare('SELECT body FROM span_body WHERE n = ?').pluck(),
    updateBody: database.prepare('UPDATE span_body SET body = ? WHERE n = ?'),
    await: database.prepare('INSERT OR IGNORE INTO span_awaited (trace, id) VALUES (?, ?)'),
    arrived: database.prepare('DELETE FROM span_awaited WHERE trace = ? AND id = ?'),
  };
}
