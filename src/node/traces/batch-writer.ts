import { hash } from 'node:crypto';
import type { PriceOverrides } from '../../core/model/prices.ts';
import type { RawLog } from '../../core/trace/model.ts';
import { logName } from '../../core/trace/normalise/span-view.ts';
import { numbersOfTrace } from '../../core/trace/store/numbers.ts';
import type { Ingested } from '../../core/trace/sink.ts';
import { countRejected } from '../../core/trace/reject.ts';
import type { Database } from '../sqlite/database.ts';
import { prepareSpan, type PreparedSpan } from './prepare-span.ts';
import type { PreparedBatch } from './prepared-batch.ts';
import { Rejections, type KeptRejection } from './rejections.ts';
import { SearchRows } from './search-rows.ts';
import { bitsOfSpanId } from './span-ids.ts';
import { SpanWriter } from './span-writer.ts';
import { TextNumbers } from './text-numbers.ts';
import { TraceStates, type TraceState } from './trace-state.ts';

/** Writes batches, several of them in one transaction. */
export class BatchWriter {
  readonly database: Database;
  readonly states: TraceStates;
  readonly spans: SpanWriter;
  readonly search: SearchRows;
  prices: PriceOverrides = {};
  readonly #texts: TextNumbers;
  readonly #rejections: Rejections;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #transaction;
  /** Grows with each commit of another connection. */
  #dataVersion = -1;
  readonly #unjoined = new Set<string>();

  constructor(database: Database) {
    this.database = database;
    this.states = new TraceStates(database);
    this.#texts = new TextNumbers(database);
    this.search = new SearchRows(database);
    this.#rejections = new Rejections(database);
    this.#statements = prepare(database);
    this.spans = new SpanWriter({
      database, states: this.states, texts: this.#texts, search: this.search,
      prepare: (span, origin) => prepareSpan(span, { prices: this.prices, project: origin.project }),
      onSpanWithLogs: (state) => this.#await(state.id),
      onSessionWithLogs: (session) => this.#await(`session ${session}`),
      hasSessionLogs: (session) => this.#statements.sessionLogs.get(session) !== undefined,
    });
    this.#transaction = database.transaction((work: () => unknown) => {
      this.#lookAround();
      return work();
    });
  }

  /** All of them, or none. @throws SqliteError */
  write(batches: readonly PreparedBatch[]): Ingested[] {
    return this.transaction(() => {
      const now = Date.now();
      const counts = { spans: 0, logs: 0, metrics: 0, rejected: 0, requests: batches.length };
      const senders = new Map<string, { service: string; scope: string; spans: number }>();
      const results = batches.map((batch): Ingested => {
        const { spans } = batch;
        const traceIds = new Set<string>();
        for (const span of spans) {
          this.spans.write(span, batch.origin);
          traceIds.add(span.identity.traceId);
          addSender(senders, span);
        }
        for (const log of batch.logs) this.#writeLog(log, now, traceIds);
        this.#rejections.add(now, batch);
        if (batch.position !== null) this.#statements.position.run(batch.position.path, batch.position.identity, batch.position.offset, batch.sent, now);
        counts.spans += batch.sent;
        counts.logs += batch.logs.length;
        counts.metrics += batch.metrics;
        counts.rejected += countRejected(batch.rejected);
        return { spans: batch.sent, logs: batch.logs.length, metrics: batch.metrics, rejected: batch.rejected.map(({ where, reason, count }) => ({ where, reason, ...(count === undefined ? {} : { count }) })), traceIds: [...traceIds], formats: batch.formats };
      });
      this.finish(now);
      for (const [key, value] of Object.entries(counts)) if (value > 0) this.#statements.count.run(key, value);
      this.#statements.countAt.run('lastAt', now);
      for (const { service, scope, spans } of senders.values()) this.#statements.sender.run(service, scope, spans, now);
      return results;
    });
  }

  /** Ends what a transaction writes of spans. The ids of the traces that changed. */
  finish(now: number): string[] {
    const traceIds = this.spans.finish(now);
    for (const key of this.#unjoined) this.#statements.unjoined.run(isTraceId(key) ? Buffer.from(key, 'hex') : key);
    return traceIds;
  }

  /** Takes a trace away from every reader; what it consists of follows (TraceRemover). Within a transaction. */
  hide(state: TraceState): void {
    const { n } = state.columns;
    const id = Buffer.from(state.id, 'hex');
    // Other traces may use what it brought.
    this.search.write();
    this.search.forgetTrace(numbersOfTrace(n));
    this.#statements.removed.run(n);
    this.#statements.deleteTrace.run(n);
    this.#statements.deleteFacets.run(n);
    this.#statements.deleteAwaited.run(n);
    this.#statements.deleteLogs.run(id);
    this.#statements.deleteUnjoined.run(id);
    this.states.drop(state);
  }

  /** The search index has lost what log records say of a trace. Within a transaction. */
  joinAgain(traceId: string): void {
    const state = this.states.find(traceId);
    if (state === undefined) return;
    const { session } = state.columns;
    if (state.hasLogs || (session !== null && this.#statements.sessionLogs.get(session) !== undefined)) this.#statements.unjoined.run(Buffer.from(traceId, 'hex'));
  }

  /** Keeps a body that nobody could read, for the user. */
  keepUndecodable(rejection: KeptRejection): void {
    this.transaction(() => {
      this.#rejections.keep(Date.now(), rejection);
      this.#statements.count.run('requests', 1);
      this.#statements.count.run('rejected', 1);
    });
  }

  /** One transaction that is alone from its beginning. What was known is forgotten when it fails, and when another process has written. */
  transaction<T>(work: () => T): T {
    try {
      const result = this.#transaction.immediate(work) as T;
      this.search.committed();
      this.spans.chunks.keys.committed();
      return result;
    } catch (error) {
      this.forget();
      this.#dataVersion = -1;
      throw error;
    } finally {
      this.#unjoined.clear();
      this.states.trim();
    }
  }

  forget(): void {
    this.states.forget();
    this.spans.forget();
    this.#texts.forget();
    this.search.forget();
  }

  #lookAround(): void {
    const version = this.#statements.dataVersion.get() as number;
    if (version !== this.#dataVersion) {
      if (this.#dataVersion !== -1) this.spans.chunks.keys.share();
      this.forget();
    }
    this.#dataVersion = version;
  }

  #writeLog(log: RawLog, now: number, traceIds: Set<string>): void {
    const body = JSON.stringify(log);
    const session = sessionOf(log);
    const name = logName(log);
    const { changes } = this.#statements.log.run(
      hash('sha256', body, 'buffer').subarray(0, 16),
      log.traceId === null ? null : Buffer.from(log.traceId, 'hex'),
      log.spanId === null ? null : bitsOfSpanId(log.spanId),
      BigInt(log.timeUnixNano === '0' ? log.observedTimeUnixNano : log.timeUnixNano), session, name, body, now,
    );
    if (changes === 0) return;
    if (log.traceId !== null) {
      traceIds.add(log.traceId);
      this.#await(log.traceId);
      const state = this.states.find(log.traceId);
      if (state !== undefined) state.hasLogs = true;
    }
    // Only the agents that log what they do name spans by nothing but the session.
    if (session !== null && isAgentLog(name)) this.#await(`session ${session}`);
  }

  #await(key: string): void {
    this.#unjoined.add(key);
  }
}

function isTraceId(key: string): boolean {
  return /^[0-9a-f]{32}$/.test(key);
}

function isAgentLog(name: string): boolean {
  return name.startsWith('codex.') || name.startsWith('claude_code.');
}

/** Attributes by which log records name their session. */
const SESSION_KEYS = ['session.id', 'conversation.id', 'gen_ai.conversation.id'];

function sessionOf(log: RawLog): string | null {
  for (const key of SESSION_KEYS) {
    const value = log.attributes.find((attribute) => attribute.key === key)?.value;
    if (value !== undefined && 'stringValue' in value && value.stringValue !== '') return value.stringValue;
  }
  return null;
}

function addSender(senders: Map<string, { service: string; scope: string; spans: number }>, { scope: name, row }: PreparedSpan): void {
  const service = row.service ?? '';
  const scope = name.slice(0, 200);
  const key = `${service}\n${scope}`;
  const known = senders.get(key);
  if (known) known.spans++;
  else if (senders.size < 1000) senders.set(key, { service: service.slice(0, 200), scope, spans: 1 });
}

function prepare(database: Database) {
  return {
    dataVersion: database.prepare('PRAGMA data_version').pluck(),
    log: database.prepare('INSERT INTO trace_log (hash, trace_id, span_id, time_ns, session, name, body, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING'),
    sessionLogs: database.prepare('SELECT 1 FROM trace_log WHERE session = ? LIMIT 1').pluck(),
    removed: database.prepare('INSERT OR IGNORE INTO trace_removed (n) VALUES (?)'),
    deleteTrace: database.prepare('DELETE FROM trace WHERE n = ?'),
    deleteFacets: database.prepare('DELETE FROM trace_facet WHERE trace = ?'),
    deleteAwaited: database.prepare('DELETE FROM span_awaited WHERE trace = ?'),
    deleteLogs: database.prepare('DELETE FROM trace_log WHERE trace_id = ?'),
    deleteUnjoined: database.prepare('DELETE FROM trace_unjoined WHERE key = ?'),
    unjoined: database.prepare('INSERT OR IGNORE INTO trace_unjoined (key) VALUES (?)'),
    position: database.prepare('INSERT INTO tail_position (path, identity, offset, spans, updated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET spans = CASE WHEN identity = excluded.identity THEN spans ELSE 0 END + excluded.spans, identity = excluded.identity, offset = excluded.offset, updated_at = excluded.updated_at'),
    count: database.prepare('INSERT INTO trace_count (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = value + excluded.value'),
    countAt: database.prepare('INSERT INTO trace_count (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'),
    sender: database.prepare('INSERT INTO trace_sender (service, scope, spans, last_at) VALUES (?, ?, ?, ?) ON CONFLICT (service, scope) DO UPDATE SET spans = spans + excluded.spans, last_at = excluded.last_at'),
  };
}
