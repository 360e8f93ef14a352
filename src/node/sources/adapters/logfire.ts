import { isObject, type JsonObject } from '../../../core/json.ts';
import { readLogfireRows } from '../../../core/trace/formats/logfire.ts';
import { readSpanId, readTraceId } from '../../../core/trace/ids.ts';
import { nanosOf } from '../../../core/trace/time.ts';
import { plainQuery } from '../plain-query.ts';
import type { FetchedTrace, FetchSink, ListedPage, ListRequest, TraceRef, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { Pages } from './pages.ts';
import { isoAt, listOf, nanosBetween, notFound, numberAt, textAt } from './shared.ts';

/** As many rows as Logfire gives for one query. */
const PAGE = 10_000;
const MOST_SPANS = 500_000;
const COLUMNS = 'trace_id, span_id, parent_span_id, span_name, message, kind, level, start_timestamp, end_timestamp, is_exception, exception_type, exception_message, exception_stacktrace, otel_status_code, otel_status_message, otel_scope_name, otel_resource_attributes, otel_events, service_name, tags, attributes';

/** Pydantic Logfire: SQL over its records. Only what is checked to be hex, or is quoted as a text, is written into a query. */
export class LogfireSource extends BackendAdapter implements TraceSource {

  async test(signal: AbortSignal): Promise<string> {
    const rows = await this.#rows('SELECT service_name FROM records ORDER BY start_timestamp DESC LIMIT 1', 1, signal);
    return rows.length === 0 ? 'Logfire answered: no records yet.' : `Logfire answered: the last record is of ${textAt(rows[0], 'service_name') ?? 'a service without a name'}.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const { id, traceId } = this.hexTrace(ref);
    const pages = new Pages(this.client.subject, MOST_SPANS / PAGE);
    let count = 0;
    let rows: readonly JsonObject[];
    do {
      rows = await this.#rows(`SELECT ${COLUMNS} FROM records WHERE trace_id = '${traceId}' ORDER BY start_timestamp, span_id LIMIT ${PAGE} OFFSET ${count}`, PAGE, signal);
      if (rows.length > 0) await sink.decoded(readLogfireRows(rows));
      count += rows.length;
    } while (pages.goOn(rows.length < PAGE ? null : textAt(rows.at(-1), 'span_id')));
    const notes = pages.notes('Records', count);
    if (count === 0) throw notFound(this.client.subject, id);
    return { ids: { traceId, spanId: ref.spanId, project: ref.project ?? this.entry.project ?? null, tenant: null, callId: null }, traceId, spanId: readSpanId(ref.spanId) ?? null, notes };
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const { plain, notes } = plainQuery(request.query, request.now, ['service', 'name', 'status', 'environment']);
    const limit = Math.min(request.limit, 500);
    const offset = Number(request.cursor ?? 0);
    const toMs = plain.toMs ?? request.now;
    const conditions = [
      'parent_span_id IS NULL', "kind <> 'pending_span'",
      `start_timestamp >= ${quoted(isoAt(plain.fromMs ?? toMs - 7 * 86_400_000))}`, `start_timestamp < ${quoted(isoAt(toMs))}`,
      ...(plain.service === null ? [] : [`service_name = ${quoted(plain.service)}`]), ...(plain.name === null ? [] : [`span_name = ${quoted(plain.name)}`]),
      ...(plain.environment === null ? [] : [`deployment_environment = ${quoted(plain.environment)}`]), ...(plain.isFailed ? ['is_exception'] : []),
    ];
    const rows = await this.#rows(`SELECT trace_id, span_name, message, start_timestamp, end_timestamp, service_name FROM records WHERE ${conditions.join(' AND ')} ORDER BY start_timestamp DESC, trace_id LIMIT ${limit + 1} OFFSET ${offset}`, limit + 1, signal);
    const traces = rows.slice(0, limit).map((row) => ({
      id: readTraceId(textAt(row, 'trace_id')) ?? '', name: textAt(row, 'message') ?? textAt(row, 'span_name') ?? '', startNs: nanosOf(row['start_timestamp']) ?? '0', durationNs: nanosBetween(row['start_timestamp'], row['end_timestamp']),
      spans: null, errors: null, tokens: null, cost: null, service: textAt(row, 'service_name'), session: null, user: null,
    }));
    return { traces, next: rows.length > limit ? String(offset + limit) : null, notes: [...notes, ...(plain.isFailed ? ['status:error is asked of the root alone: a failure below it is not found.'] : []), ...(plain.fromMs === null ? ['Of the last 7 days: add after: to look further back.'] : [])] };
  }

  /** Logfire answers column by column, or (`json_rows`) row by row. */
  async #rows(sql: string, limit: number, signal: AbortSignal): Promise<JsonObject[]> {
    const answer = await this.json('/v1/query', { sql, limit, json_rows: 'true' }, signal);
    const rows = listOf(answer, 'rows');
    if (rows.length > 0 || !isObject(answer)) return rows;
    const columns = listOf(answer['columns']).flatMap(({ name, values }) => (typeof name === 'string' && Array.isArray(values) ? [{ name, values: values as unknown[] }] : []));
    const height = Math.max(0, ...columns.map(({ values }) => values.length));
    return Array.from({ length: Math.min(height, numberAt(limit) ?? height) }, (_, row) => Object.fromEntries(columns.map(({ name, values }) => [name, values[row]])));
  }
}

/** A text of SQL: DataFusion knows no escape but the doubled quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
