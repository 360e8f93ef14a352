import { isObject, type JsonObject } from '../../../core/json.ts';
import type { Query } from '../../../core/trace/query/model.ts';
import type { RemoteSummaryRow } from '../../../protocol/remote.ts';
import type { SessionRow } from '../../../protocol/traces.ts';
import type { SourceSubject } from '../errors.ts';
import type { ListRequest } from '../source.ts';
import { conditionOf, type TraceCondition } from './conditions.ts';
import { cursorOf, readCursor, type AskRows } from './list.ts';
import type { Params } from './queries.ts';
import { CALL_NAMES, firstOf, hasOne, IS_ERROR, isOfKind, NAMES, type Schema } from './schema.ts';

const MOST_ROWS = 1000;
const LARGEST_PAGE = 500;

/**
 * Sums by day, model or service over the traces that a query finds. Traces are counted by their roots (by model: the traces with such
 * calls, counted approximately by ClickHouse's `uniq`); p50 and p95 (t-digest) are of the roots' durations, by model of the calls'.
 */
export async function summarise(ask: AskRows, schema: Schema, query: Query, by: 'day' | 'model' | 'service', now: number): Promise<{ readonly rows: readonly RemoteSummaryRow[]; readonly notes: readonly string[] }> {
  const condition = conditionOf(query, schema, now);
  const where = spansOf(schema, condition);
  const calls = `${hasOne(schema, CALL_NAMES)} AND ${isOfKind(schema, 'llm') ?? '1'}`;
  // Attributes are by far the largest column: what needs them reads them of the calls alone.
  const [all, called] = await Promise.all([by === 'model' ? Promise.resolve<unknown[]>([]) : ask(spanSums(schema, by, where), condition.params), ask(callSums(schema, by, where, calls), condition.params)]);
  const keyed = new Map(called.filter(isObject).map((row) => [String(row['key']), row]));
  const rows = by === 'model' ? called.filter(isObject).map((row) => summaryRow(row, row)) : all.filter(isObject).map((row) => summaryRow(row, keyed.get(String(row['key']))));
  return { rows, notes: condition.notes };
}

function spanSums(schema: Schema, by: 'day' | 'service', where: string): string {
  return `SELECT ${by === 'day' ? 'toString(toDate(Timestamp))' : 'toString(ServiceName)'} AS key, toString(countIf(ParentSpanId = '')) AS traces, toString(count()) AS spans, toString(countIf(${IS_ERROR})) AS errors,
    quantilesTDigestIf(0.5, 0.95)(Duration, ParentSpanId = '') AS durations FROM ${schema.table}${where} GROUP BY key ORDER BY ${by === 'day' ? 'key DESC' : 'count() DESC, key'} LIMIT ${MOST_ROWS}`;
}

function callSums(schema: Schema, by: 'day' | 'model' | 'service', where: string, calls: string): string {
  const key = by === 'day' ? 'toString(toDate(Timestamp))' : by === 'service' ? 'toString(ServiceName)' : firstOf(schema, 'SpanAttributes', NAMES.model);
  const sum = (names: readonly string[]): string => `toString(sum(toUInt64OrZero(${firstOf(schema, 'SpanAttributes', names)})))`;
  const own = by === 'model' ? `, toString(uniq(TraceId)) AS traces, toString(count()) AS spans, toString(countIf(${IS_ERROR})) AS errors, quantilesTDigest(0.5, 0.95)(Duration) AS durations` : '';
  return `SELECT ${key} AS key, ${sum(NAMES.input)} AS input, ${sum(NAMES.output)} AS output, countIf(${hasOne(schema, NAMES.cost)}) AS priced, sum(toFloat64OrZero(${firstOf(schema, 'SpanAttributes', NAMES.cost)})) AS cost${own}
    FROM ${schema.table}${where}${where === '' ? ' WHERE' : ' AND'} ${calls} GROUP BY key ORDER BY count() DESC, key LIMIT ${MOST_ROWS}`;
}

/** All spans of the traces that fit. */
function spansOf(schema: Schema, condition: TraceCondition): string {
  const { sql, fromMs, toMs } = condition;
  if (sql === '1') return '';
  // Bounds of time alone hold for the spans themselves: there is no need to look for the roots first.
  const onlyTime = /^\(?(?:Timestamp (?:>=|<) fromUnixTimestamp64Milli\(\{p\d+:Int64\}\)(?: AND )?)+\)?$/.test(sql);
  return onlyTime && (fromMs !== null || toMs !== null) ? ` WHERE ${sql}` : ` WHERE TraceId IN (SELECT TraceId FROM ${schema.table} WHERE ParentSpanId = '' AND ${sql})`;
}

function summaryRow(row: JsonObject, called: JsonObject | undefined): RemoteSummaryRow {
  const [p50, p95] = Array.isArray(row['durations']) ? (row['durations'] as unknown[]).map((ns) => (typeof ns === 'number' && Number.isFinite(ns) ? ns / 1e6 : null)) : [];
  return {
    key: String(row['key']), traces: Number(row['traces']), spans: Number(row['spans']), errors: Number(row['errors']),
    inputTokens: called === undefined ? null : Number(called['input']), outputTokens: called === undefined ? null : Number(called['output']),
    cost: called === undefined || Number(called['priced']) === 0 ? null : Number(called['cost']), p50Ms: p50 ?? null, p95Ms: p95 ?? null,
  };
}

/** Sessions by the start of their latest span that names them, newest first; sums are of all spans of their traces. */
export async function listSessions(ask: AskRows, schema: Schema, request: ListRequest, subject: SourceSubject): Promise<{ readonly sessions: readonly SessionRow[]; readonly next: string | null; readonly notes: readonly string[] }> {
  const condition = conditionOf(request.query, schema, request.now);
  const limit = Math.max(1, Math.min(request.limit, LARGEST_PAGE));
  const cursor = request.cursor === null ? null : readCursor(request.cursor, subject);
  const session = firstOf(schema, 'SpanAttributes', NAMES.session);
  const named = hasOne(schema, NAMES.session);
  const params: Record<string, string | number | readonly string[]> = { ...condition.params, limit: limit + 1 };
  if (cursor !== null) Object.assign(params, { cursorNs: cursor[0], cursorId: cursor[1] });
  const where = spansOf(schema, condition);
  const found = (await ask(
    `SELECT ${session} AS session, max(Timestamp) AS latest, toString(toUnixTimestamp64Nano(latest)) AS ns FROM ${schema.table}${where}${where === '' ? ' WHERE' : ' AND'} ${named} GROUP BY session HAVING session <> ''${cursor === null ? '' : ' AND (latest, session) < (fromUnixTimestamp64Nano({cursorNs:Int64}), {cursorId:String})'}
     ORDER BY latest DESC, session DESC LIMIT {limit:UInt32}`, params)).filter(isObject);
  const page = found.slice(0, limit);
  const sums = await sessionSums(ask, schema, session, named, page.map((row) => String(row['session'])));
  const last = page.at(-1);
  return { sessions: page.map((row) => sessionRow(String(row['session']), sums.get(String(row['session'])))), next: found.length > limit && last !== undefined ? cursorOf(String(last['ns']), String(last['session'])) : null, notes: condition.notes };
}

async function sessionSums(ask: AskRows, schema: Schema, session: string, named: string, names: readonly string[]): Promise<Map<string, JsonObject>> {
  if (names.length === 0) return new Map();
  const call = `(${hasOne(schema, CALL_NAMES)} AND ${isOfKind(schema, 'llm') ?? '1'})`;
  const tokens = [NAMES.input, NAMES.output].map((list) => `toUInt64OrZero(${firstOf(schema, 'SpanAttributes', list)})`).join(' + ');
  const params: Params = { names };
  const traces = `SELECT TraceId, any(${session}) AS session FROM ${schema.table} WHERE ${named} AND ${session} IN {names:Array(String)} GROUP BY TraceId`;
  const rows = await ask(
    `SELECT s.session AS session, toString(uniqExact(TraceId)) AS traces, toString(count()) AS spans, toString(countIf(${IS_ERROR})) AS errors, toString(countIf(${call})) AS calls, toString(sumIf(${tokens}, ${call})) AS tokens, countIf(${hasOne(schema, NAMES.cost)}) AS priced, sum(toFloat64OrZero(${firstOf(schema, 'SpanAttributes', NAMES.cost)})) AS cost,
       toString(toUnixTimestamp64Nano(min(Timestamp))) AS startNs, toString(max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration))) AS endNs, max(${firstOf(schema, 'SpanAttributes', NAMES.user)}) AS user, any(ServiceName) AS service
     FROM ${schema.table} AS t INNER JOIN (${traces}) AS s USING (TraceId) WHERE TraceId IN (SELECT TraceId FROM (${traces})) GROUP BY session`, params);
  return new Map(rows.filter(isObject).map((row) => [String(row['session']), row]));
}

function sessionRow(session: string, sums: JsonObject | undefined): SessionRow {
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  return {
    session, traces: Number(sums?.['traces'] ?? 0), spans: Number(sums?.['spans'] ?? 0), errors: Number(sums?.['errors'] ?? 0), tokens: sums === undefined || Number(sums['calls']) === 0 ? null : Number(sums['tokens']), cost: sums === undefined || Number(sums['priced']) === 0 ? null : Number(sums['cost']),
    startNs: text(sums?.['startNs']) ?? '0', endNs: text(sums?.['endNs']), user: text(sums?.['user']), service: text(sums?.['service']),
  };
}
