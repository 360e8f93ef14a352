import { isObject, type JsonObject } from '../../../core/json.ts';
import type { Query } from '../../../core/trace/query/model.ts';
import type { RemoteSummaryRow } from '../../../protocol/remote.ts';
import type { SessionRow } from '../../../protocol/traces.ts';
import type { SourceSubject } from '../errors.ts';
import type { ListRequest } from '../source.ts';
import { conditionOf, spansWindow, windowOf } from './conditions.ts';
import { cursorOf, readCursor, type AskRows } from './list.ts';
import type { Params } from './queries.ts';
import { CALL_NAMES, firstOf, hasOne, IS_ERROR, isOfKind, NAMES, type Schema } from './schema.ts';

const MOST_ROWS = 1000;
/** Sums that are put beside these rows: of all of them, in whichever order. */
const MOST_KEYS = 50_000;
const LARGEST_PAGE = 500;

/**
 * Sums by day, model or service over the traces that a query finds. Traces are counted by their roots (by model: the traces with such
 * calls, counted approximately by ClickHouse's `uniq`); p50 and p95 (t-digest) are of the roots' durations, by model of the calls'.
 */
export async function summarise(ask: AskRows, schema: Schema, query: Query, by: 'day' | 'model' | 'service', now: number): Promise<{ readonly rows: readonly RemoteSummaryRow[]; readonly notes: readonly string[] }> {
  const { where, params, notes } = spansOf(schema, query, now);
  // Attributes are by far the largest column, durations are of roots: what needs them reads them of these spans alone.
  const called = ask(callSums(schema, by, where), params);
  if (by === 'model') return shown((await called).filter(isObject).map((row) => summaryRow(row, row, row)), by, notes);
  const [all, roots, calls] = await Promise.all([ask(spanSums(schema, by, where), params), ask(rootSums(schema, by, where), params), called]);
  const [rootOf, callsOf] = [roots, calls].map((list) => new Map(list.filter(isObject).map((row) => [String(row['key']), row])));
  return shown(all.filter(isObject).map((row) => summaryRow(row, rootOf!.get(String(row['key'])), callsOf!.get(String(row['key'])))), by, notes);
}

/** One more than is shown is asked for, to know whether there are more. */
function shown(rows: readonly RemoteSummaryRow[], by: 'day' | 'model' | 'service', notes: readonly string[]): { readonly rows: readonly RemoteSummaryRow[]; readonly notes: readonly string[] } {
  if (rows.length <= MOST_ROWS) return { rows, notes };
  return { rows: rows.slice(0, MOST_ROWS), notes: [...notes, `There are more: the ${MOST_ROWS.toLocaleString('en')} ${by === 'day' ? 'latest days' : `${by}s with the most ${by === 'model' ? 'calls' : 'spans'}`} are shown.`] };
}

const KEYS = { day: "toDate(Timestamp, 'UTC')", service: 'ServiceName' } as const;

function spanSums(schema: Schema, by: 'day' | 'service', where: readonly string[]): string {
  return `SELECT ${KEYS[by]} AS key, toString(count()) AS spans, toString(countIf(${IS_ERROR})) AS errors FROM ${schema.table}${whereOf(where)} GROUP BY key ORDER BY ${by === 'day' ? 'key DESC' : 'count() DESC, key'} LIMIT ${MOST_ROWS + 1}`;
}

function rootSums(schema: Schema, by: 'day' | 'service', where: readonly string[]): string {
  return `SELECT ${KEYS[by]} AS key, toString(count()) AS traces, quantilesTDigest(0.5, 0.95)(Duration) AS durations FROM ${schema.table}${whereOf([...where, "ParentSpanId = ''"])} GROUP BY key LIMIT ${MOST_KEYS}`;
}

function callSums(schema: Schema, by: 'day' | 'model' | 'service', where: readonly string[]): string {
  const key = by === 'model' ? firstOf(schema, 'SpanAttributes', NAMES.model) : KEYS[by];
  const sum = (names: readonly string[]): string => `toString(sum(toUInt64OrZero(${firstOf(schema, 'SpanAttributes', names)})))`;
  const own = by === 'model' ? `, toString(uniq(TraceId)) AS traces, toString(count()) AS spans, toString(countIf(${IS_ERROR})) AS errors, quantilesTDigest(0.5, 0.95)(Duration) AS durations` : '';
  return `SELECT ${key} AS key, ${sum(NAMES.input)} AS input, ${sum(NAMES.output)} AS output, countIf(${hasOne(schema, NAMES.cost)}) AS priced, sum(toFloat64OrZero(${firstOf(schema, 'SpanAttributes', NAMES.cost)})) AS cost${own}
    FROM ${schema.table}${whereOf([...where, hasOne(schema, CALL_NAMES), isOfKind(schema, 'llm') ?? '1'])} GROUP BY key ORDER BY count() DESC, key LIMIT ${by === 'model' ? MOST_ROWS + 1 : MOST_KEYS}`;
}

/** Conditions on all spans of the traces that fit. */
function spansOf(schema: Schema, query: Query, now: number): { readonly where: readonly string[]; readonly params: Params; readonly notes: readonly string[] } {
  const { sql, params, isOnlyTime, notes } = conditionOf(query, schema, now);
  if (sql === '1') return { where: [], params, notes };
  // Bounds of time alone hold for the spans themselves: there is no need to look for the roots first.
  if (isOnlyTime) return { where: [sql], params, notes };
  const { fromMs, toMs } = spansWindow(windowOf(query, now));
  const time = { ...(fromMs === null ? {} : { spansFrom: fromMs }), ...(toMs === null ? {} : { spansTo: toMs }) };
  return {
    where: [...(fromMs === null ? [] : ['Timestamp >= fromUnixTimestamp64Milli({spansFrom:Int64})']), ...(toMs === null ? [] : ['Timestamp < fromUnixTimestamp64Milli({spansTo:Int64})']), `TraceId IN (SELECT TraceId FROM ${schema.table} WHERE ParentSpanId = '' AND ${sql})`],
    params: { ...params, ...time }, notes,
  };
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

function summaryRow(row: JsonObject, roots: JsonObject | undefined, called: JsonObject | undefined): RemoteSummaryRow {
  const [p50, p95] = Array.isArray(roots?.['durations']) ? (roots['durations'] as unknown[]).map((ns) => (typeof ns === 'number' && Number.isFinite(ns) ? ns / 1e6 : null)) : [];
  return {
    key: String(row['key']), traces: Number(roots?.['traces'] ?? 0), spans: Number(row['spans']), errors: Number(row['errors']),
    inputTokens: called === undefined ? null : Number(called['input']), outputTokens: called === undefined ? null : Number(called['output']),
    cost: called === undefined || Number(called['priced']) === 0 ? null : Number(called['cost']), p50Ms: p50 ?? null, p95Ms: p95 ?? null,
  };
}

/** Sessions by the start of their latest span that names them, newest first; sums are of all spans of their traces. */
export async function listSessions(ask: AskRows, schema: Schema, request: ListRequest, subject: SourceSubject): Promise<{ readonly sessions: readonly SessionRow[]; readonly next: string | null; readonly notes: readonly string[] }> {
  const { where, params: ofQuery, notes } = spansOf(schema, request.query, request.now);
  const limit = Math.max(1, Math.min(request.limit, LARGEST_PAGE));
  const cursor = request.cursor === null ? null : readCursor(request.cursor, subject);
  const session = firstOf(schema, 'SpanAttributes', NAMES.session);
  const named = hasOne(schema, NAMES.session);
  const params: Params = { ...ofQuery, limit: limit + 1, ...(cursor === null ? {} : { cursorNs: cursor[0], cursorId: cursor[1] }) };
  const found = (await ask(
    `SELECT ${session} AS session, max(Timestamp) AS latest, toString(toUnixTimestamp64Nano(latest)) AS ns FROM ${schema.table}${whereOf([...where, named])} GROUP BY session HAVING session <> ''${cursor === null ? '' : ' AND (latest, session) < (fromUnixTimestamp64Nano({cursorNs:Int64}), {cursorId:String})'}
     ORDER BY latest DESC, session DESC LIMIT {limit:UInt32}`, params)).filter(isObject);
  const page = found.slice(0, limit);
  const sums = await sessionSums(ask, schema, session, named, page.map((row) => String(row['session'])));
  const last = page.at(-1);
  return { sessions: page.map((row) => sessionRow(String(row['session']), sums.get(String(row['session'])))), next: found.length > limit && last !== undefined ? cursorOf(String(last['ns']), String(last['session'])) : null, notes };
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
