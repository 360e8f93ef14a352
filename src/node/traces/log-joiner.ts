import type { PriceOverrides } from '../../core/model/prices.ts';
import type { MergedSpan } from '../../core/trace/merge.ts';
import type { RawLog, RawSpan } from '../../core/trace/model.ts';
import { joinLogs } from '../../core/trace/normalise/join-logs.ts';
import { spansOfLogs } from '../../core/trace/spans-of-logs.ts';
import { asMerged } from '../../core/trace/merge.ts';
import { searchTextOfChunk } from '../../core/trace/store/search-text.ts';
import type { BatchWriter } from './batch-writer.ts';
import { prepareSpan } from './prepare-span.ts';
import { bitsOfSpanId } from './span-ids.ts';
import { ORIGIN_OF_LOGS } from './span-writer.ts';
import type { TraceState } from './trace-state.ts';

/** Joining again takes time with the size of the trace: it may take this share of the time. */
const REST_FACTOR = 10;
const SHORTEST_REST_MS = 300;
/** After an error. */
const LONG_REST_MS = 5000;
/** What has failed is left alone so long, or it would keep all others waiting. */
const REST_OF_FAILED_MS = 60_000;
/** Traces of one session that new log records are looked at for. */
const MAX_TRACES_OF_SESSION = 50;
/** Log records of one trace or session that are held at once; characters of them. */
const MAX_LOGS = 100_000;
const MAX_LOG_CHARACTERS = 64_000_000;
/** Spans of a trace that are read because records name only its session. */
const MAX_SPANS = 20_000;
/** Spans of which is known with how many records they were read. */
const MAX_JOINED = 100_000;
/** How far outside of a trace the records of its session may lie. */
const AROUND_NS = 3_600_000_000_000n;
/** What SQLite's integers hold. */
const LAST_NS = (1n << 63n) - 1n;

/**
 * Brings log records and spans together that came apart: a span that records belong to is read again with them. Sessions of which there
 * are records only become traces of their own, until their spans come.
 */
export class LogJoiner {
  /** Batches were written: there may be more to do. */
  isStale = true;
  readonly #writer: BatchWriter;
  readonly #statements;
  #keys: (Buffer | string)[] = [];
  /** When a key may be worked on again, by `performance.now()`. */
  readonly #restUntil = new Map<string, number>();
  #pausedUntil = 0;

  constructor(writer: BatchWriter) {
    this.#writer = writer;
    const { database } = writer;
    this.#statements = {
      keys: database.prepare('SELECT key FROM trace_unjoined LIMIT 1000').pluck(),
      done: database.prepare('DELETE FROM trace_unjoined WHERE key = ?'),
      logsOfTrace: database.prepare(`SELECT body FROM trace_log WHERE trace_id = ? LIMIT ${MAX_LOGS}`).pluck(),
      logsOfSession: database.prepare(`SELECT body FROM trace_log WHERE session = ? AND time_ns BETWEEN ? AND ? LIMIT ${MAX_LOGS}`).pluck(),
      spans: database.prepare(`SELECT id FROM span WHERE trace = ? ORDER BY n DESC LIMIT ${MAX_SPANS}`).pluck().safeIntegers(),
      tracesOfSession: database.prepare(`SELECT lower(hex(id)) FROM trace WHERE session = ? ORDER BY start_ns DESC LIMIT ${MAX_TRACES_OF_SESSION}`).pluck(),
      origin: database.prepare('SELECT origin FROM trace WHERE n = ?').pluck(),
    };
  }

  /** Nothing can be done now. */
  get isIdle(): boolean {
    if (performance.now() < this.#pausedUntil) return true;
    if (this.isStale) this.look();
    return this.#next() === undefined;
  }

  /** Something waits, perhaps not yet to be worked on. */
  get isWaiting(): boolean {
    return this.#keys.length > 0;
  }

  /** Reads again what waits. */
  look(): void {
    this.#keys = this.#statements.keys.all() as (Buffer | string)[];
    this.isStale = false;
  }

  /** An error: not at once again. */
  rest(): void {
    this.#pausedUntil = performance.now() + LONG_REST_MS;
  }

  /** Works on one trace or session. The ids of the traces that changed. */
  step(): string[] {
    const key = this.#next();
    if (key === undefined) return [];
    const began = performance.now();
    const name = nameOf(key);
    // Replaced when it went well.
    this.#restUntil.set(name, began + REST_OF_FAILED_MS);
    const changed = this.#writer.transaction(() => {
      this.#statements.done.run(key);
      if (typeof key === 'string') this.#joinSession(key.replace(/^session /, ''));
      else this.#joinTrace(key.toString('hex'));
      return this.#writer.finish(Date.now());
    });
    this.#keys.splice(this.#keys.indexOf(key), 1);
    const took = performance.now() - began;
    if (this.#restUntil.size > 10_000) this.#restUntil.clear();
    this.#restUntil.set(name, performance.now() + Math.max(SHORTEST_REST_MS, took * REST_FACTOR));
    return changed;
  }

  #next(): Buffer | string | undefined {
    const now = performance.now();
    return this.#keys.find((key) => (this.#restUntil.get(nameOf(key)) ?? 0) <= now);
  }

  #joinTrace(traceId: string): void {
    const state = this.#writer.states.find(traceId);
    // Its spans have not come: they will say so.
    if (state === undefined) return;
    const { session, start, end } = state.columns;
    const logs = this.#parse(bodiesOf(this.#statements.logsOfTrace.iterate(Buffer.from(traceId, 'hex'))));
    if (session !== null) {
      const known = new Set(logs.map((log) => JSON.stringify(log)));
      const others = bodiesOf(this.#statements.logsOfSession.iterate(session, start - AROUND_NS, earlier((end ?? BigInt(Date.now()) * 1_000_000n) + AROUND_NS, LAST_NS)));
      for (const log of this.#parse(others.filter((body) => !known.has(body)))) if (log.traceId === null || log.traceId === traceId) logs.push(log);
    }
    this.#join(state, logs);
  }

  #join(state: TraceState, logs: readonly RawLog[]): void {
    if (logs.length === 0) return;
    const named = new Set<string>();
    let isNamed = true;
    for (const { traceId, spanId } of logs) {
      if (traceId === state.id && spanId !== null) named.add(spanId);
      else isNamed = false;
    }
    const spans = this.#readSpans(state, isNamed ? [...named].map(bitsOfSpanId) : (this.#statements.spans.all(state.columns.n) as bigint[]).reverse());
    const { joinedLogs } = this.#writer.spans;
    if (joinedLogs.size > MAX_JOINED) joinedLogs.clear();
    const byRaw = new Map(spans.map((stored) => [stored.span.span, stored]));
    for (const [raw, joined] of joinLogs([...byRaw.keys()], logs)) {
      const { row, span } = byRaw.get(raw)!;
      if (joinedLogs.get(row.n) === joined.length) continue;
      this.#writer.spans.update(state, row, this.#prepare(span, joined), ORIGIN_OF_LOGS);
      joinedLogs.set(row.n, joined.length);
    }
  }

  #prepare(span: MergedSpan, logs: readonly RawLog[]) {
    const prices: PriceOverrides = this.#writer.prices;
    const prepared = prepareSpan(span, { prices, logs });
    const texts = logs.map(({ body, attributes }) => searchTextOfChunk(JSON.stringify([body, attributes.map(({ value }) => value)])));
    return { ...prepared, search: [prepared.search, ...texts].join('\n') };
  }

  #readSpans(state: TraceState, ids: readonly bigint[]) {
    return ids.map((id) => this.#writer.spans.read(state, id)).filter((stored) => stored !== undefined);
  }

  #joinSession(session: string): void {
    const logs = this.#parse(bodiesOf(this.#statements.logsOfSession.iterate(session, 0n, LAST_NS)));
    const derived = spansOfLogs(logs);
    const traceIds = this.#statements.tracesOfSession.all(session) as string[];
    const own = new Set(derived.map(({ traceId }) => traceId));
    const real = traceIds.filter((traceId) => !own.has(traceId));
    if (real.length === 0) return this.#writeDerived(derived);
    for (const traceId of own) this.#removeDerived(traceId);
    for (const traceId of real) this.#joinTrace(traceId);
  }

  #writeDerived(spans: readonly RawSpan[]): void {
    for (const span of spans) this.#writer.spans.write(prepareSpan(asMerged(span), { prices: this.#writer.prices }), ORIGIN_OF_LOGS);
  }

  /** The session's own spans have come. */
  #removeDerived(traceId: string): void {
    const state = this.#writer.states.find(traceId);
    if (state !== undefined) this.#writer.hide(state);
  }

  #parse(bodies: readonly string[]): RawLog[] {
    return bodies.map((body) => JSON.parse(body) as RawLog);
  }
}

/** Records of a trace may hold its whole content, over and over: a thread that runs out of memory would try it again at every start. */
function bodiesOf(rows: Iterable<unknown>): string[] {
  const bodies: string[] = [];
  let characters = 0;
  for (const body of rows as Iterable<string>) {
    characters += body.length;
    if (characters > MAX_LOG_CHARACTERS) break;
    bodies.push(body);
  }
  return bodies;
}

function earlier(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function nameOf(key: Buffer | string): string {
  return typeof key === 'string' ? key : key.toString('latin1');
}
