import { isObject } from '../../../core/json.ts';
import { readClickhouseLogs, readClickhouseSpans } from '../../../core/trace/formats/clickhouse.ts';
import { readSpanId, readTraceId } from '../../../core/trace/ids.ts';
import type { Query } from '../../../core/trace/query/model.ts';
import type { RemoteSummaryRow } from '../../../protocol/remote.ts';
import type { SessionRow } from '../../../protocol/traces.ts';
import { notFound, wantedId } from '../adapters/shared.ts';
import type { SourceClient } from '../client.ts';
import type { FetchedTrace, FetchSink, ListedPage, ListRequest, SourceContext, TraceRef, TraceSource } from '../source.ts';
import { listTraces } from './list.ts';
import { ClickhouseQueries, type Params } from './queries.ts';
import { readSchema, SPAN_COLUMNS, type Schema } from './schema.ts';
import { listSessions, summarise } from './summaries.ts';

/** Rows that are asked for at once, and that go into the store together: few at first, so that they are seen. */
const PAGE = 20_000;
const GROUPS = [200, 2000] as const;
const MOST_SPANS = 1_000_000;
const MOST_LOGS = 50_000;
/** The table of times keeps whole seconds. */
const SECOND_MS = 1000;

/**
 * ClickHouse with the tables of the OpenTelemetry collector's exporter. What is listed, filtered, searched and summed is asked there;
 * nothing but the shown page is copied, and of a trace only when it is opened.
 */
export class ClickhouseSource implements TraceSource {
  readonly entry;
  readonly #client: SourceClient;
  readonly #queries: ClickhouseQueries;
  #schema: Promise<Schema> | undefined;

  constructor(context: SourceContext) {
    this.entry = context.entry;
    this.#client = context.client({ queries: [/^\/$/] });
    this.#queries = new ClickhouseQueries(this.#client, context.entry.database ?? 'default');
  }

  dispose(): void {
    this.#client.dispose();
  }

  async test(signal: AbortSignal): Promise<string> {
    const schema = await this.#read(signal);
    const [row] = await this.#queries.rows(`SELECT version() AS version, toString((SELECT count() FROM ${schema.table})) AS spans`, {}, signal);
    const { version, spans } = isObject(row) ? row : {};
    return `ClickHouse ${String(version)} answered: ${Number(spans).toLocaleString('en')} spans in ${schema.table.replaceAll('`', '')}, attributes as ${schema.form === 'map' ? 'maps' : 'JSON'}${schema.logs === null ? ', no table of logs' : ''}.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const wanted = wantedId(ref, this.#client.subject);
    const traceId = readTraceId(wanted);
    if (typeof traceId !== 'string') throw notFound(this.#client.subject, wanted, 'it is no trace id');
    const schema = await this.#read(signal);
    const window = await this.#window(schema, traceId, signal);
    const notes: string[] = [];
    let count = await this.#spans(schema, traceId, window, sink, notes, signal);
    // The view that fills the table of times may be behind, or newer than the spans.
    if (count === 0 && window !== null) count = await this.#spans(schema, traceId, null, sink, notes, signal);
    if (count === 0) throw notFound(this.#client.subject, wanted);
    if (schema.logs !== null) await this.#logs(schema.logs, traceId, sink, notes, signal);
    return { ids: { traceId, spanId: ref.spanId, project: null, tenant: null, callId: null }, traceId, spanId: readSpanId(ref.spanId) ?? null, notes };
  }

  async #window(schema: Schema, traceId: string, signal: AbortSignal): Promise<{ readonly fromMs: number; readonly toMs: number } | null> {
    if (schema.times === null) return null;
    const [row] = await this.#queries.rows(`SELECT toString(min(Start)) AS first, toUnixTimestamp(min(Start)) AS start, toUnixTimestamp(max(End)) AS end, count() AS n FROM ${schema.times} WHERE TraceId = {id:String}`, { id: traceId }, signal);
    if (!isObject(row) || Number(row['n']) === 0) return null;
    return { fromMs: Number(row['start']) * SECOND_MS, toMs: (Number(row['end']) + 1) * SECOND_MS };
  }

  /** By (Timestamp, SpanId), page by page: what breaks goes on from there. */
  async #spans(schema: Schema, traceId: string, window: { readonly fromMs: number; readonly toMs: number } | null, sink: FetchSink, notes: string[], signal: AbortSignal): Promise<number> {
    let count = 0;
    let after: { readonly ns: string; readonly spanId: string } | null = null;
    for (;;) {
      const params: Record<string, string | number> = { id: traceId, limit: PAGE };
      const conditions = ['TraceId = {id:String}'];
      if (window !== null) {
        conditions.push('Timestamp >= fromUnixTimestamp64Milli({from:Int64})', 'Timestamp < fromUnixTimestamp64Milli({to:Int64})');
        Object.assign(params, { from: window.fromMs, to: window.toMs });
      }
      if (after !== null) {
        conditions.push('(Timestamp, SpanId) > (fromUnixTimestamp64Nano({ns:Int64}), {span:String})');
        Object.assign(params, { ns: after.ns, span: after.spanId });
      }
      const before = count;
      for await (const rows of this.#queries.groups(`SELECT ${SPAN_COLUMNS} FROM ${schema.table} WHERE ${conditions.join(' AND ')} ORDER BY Timestamp, SpanId LIMIT {limit:UInt32}`, params, GROUPS, signal)) {
        await sink.decoded(readClickhouseSpans(rows));
        count += rows.length;
        const last = rows.at(-1);
        if (isObject(last)) after = { ns: String(last['StartNs']), spanId: String(last['SpanId']) };
      }
      if (count - before < PAGE) return count;
      if (count >= MOST_SPANS) {
        notes.push(`Spans beyond ${MOST_SPANS.toLocaleString('en')} were left out.`);
        return count;
      }
    }
  }

  /** Events of the conventions that travel as log records belong to the spans. */
  async #logs(table: string, traceId: string, sink: FetchSink, notes: string[], signal: AbortSignal): Promise<void> {
    let count = 0;
    for await (const rows of this.#queries.groups(`SELECT *, toString(toUnixTimestamp64Nano(Timestamp)) AS TimeNs FROM ${table} WHERE TraceId = {id:String} ORDER BY Timestamp LIMIT {limit:UInt32}`, { id: traceId, limit: MOST_LOGS }, GROUPS, signal)) {
      await sink.decoded(readClickhouseLogs(rows));
      count += rows.length;
    }
    if (count >= MOST_LOGS) notes.push(`Log records beyond ${MOST_LOGS.toLocaleString('en')} were left out.`);
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    return listTraces(this.#ask(signal), await this.#read(signal), request, this.#client.subject);
  }

  async sessions(request: ListRequest, signal: AbortSignal): Promise<{ readonly sessions: readonly SessionRow[]; readonly next: string | null; readonly notes: readonly string[] }> {
    return listSessions(this.#ask(signal), await this.#read(signal), request, this.#client.subject);
  }

  async summary(query: Query, by: 'day' | 'model' | 'service', now: number, signal: AbortSignal): Promise<{ readonly rows: readonly RemoteSummaryRow[]; readonly notes: readonly string[] }> {
    return summarise(this.#ask(signal), await this.#read(signal), query, by, now);
  }

  #ask(signal: AbortSignal): (sql: string, params: Params) => Promise<unknown[]> {
    return (sql, params) => this.#queries.rows(sql, params, signal);
  }

  #read(signal: AbortSignal): Promise<Schema> {
    const { database = 'default', table = 'otel_traces', logsTable = 'otel_logs' } = this.entry;
    this.#schema ??= readSchema(this.#queries, { database, table, logsTable }, this.#client.subject, signal);
    // A failure is not kept: the table may be there the next time.
    this.#schema.catch(() => (this.#schema = undefined));
    return this.#schema;
  }
}

