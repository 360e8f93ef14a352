import { isObject, type JsonObject } from '../../../core/json.ts';
import { SourceError, type SourceSubject } from '../errors.ts';
import type { ListedPage, ListedTrace, ListRequest } from '../source.ts';
import { conditionOf, windowOf } from './conditions.ts';
import type { Params } from './queries.ts';
import { CALL_NAMES, firstOf, hasOne, IS_ERROR, isOfKind, NAMES, type Schema } from './schema.ts';

export type AskRows = (sql: string, params: Params) => Promise<unknown[]>;

const LARGEST_PAGE = 500;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/**
 * The newest traces are nearly always in the last hour: what lies further back is only read when there are too few, in further windows,
 * each as many times as long as all before it as these have shown to be needed.
 */
const FIRST_WINDOW_MS = HOUR;
const [LEAST_GROWTH, MOST_GROWTH] = [2, 24];
/** Where nothing was found nobody knows. */
const BLIND_GROWTH = 8;
/** A window that would reach further back has no beginning. */
const FARTHEST_MS = 200 * DAY;
/** A trace goes on for so long after its root has begun, at most, as far as its sums go. */
const LONGEST_MS = DAY;

/** Where a page ended: the root's start in nanoseconds, its trace's id. */
type Cursor = readonly [ns: string, traceId: string];

/** Traces by their roots, newest first: the page's roots, then the sums of just these traces. */
export async function listTraces(ask: AskRows, schema: Schema, request: ListRequest, subject: SourceSubject): Promise<ListedPage> {
  const limit = Math.max(1, Math.min(request.limit, LARGEST_PAGE));
  const cursor = request.cursor === null ? null : readCursor(request.cursor, subject);
  const { roots, notes } = await findRoots(ask, schema, request, cursor, limit + 1);
  const page = roots.slice(0, limit);
  const sums = await sumsOf(ask, schema, page);
  const last = page.at(-1);
  return { traces: page.map((root) => rowOf(root, sums.get(String(root['TraceId'])))), next: roots.length > limit && last !== undefined ? cursorOf(String(last['StartNs']), String(last['TraceId'])) : null, notes };
}

async function findRoots(ask: AskRows, schema: Schema, { query, now }: ListRequest, cursor: Cursor | null, limit: number): Promise<{ readonly roots: readonly JsonObject[]; readonly notes: readonly string[] }> {
  const bounds = windowOf(query, now);
  const newest = Math.min(cursor === null ? Infinity : Number(BigInt(cursor[0]) / 1_000_000n) + 1, bounds.toMs ?? Infinity, now + DAY);
  // Clocks of senders may be ahead: the first window ends later than it is counted from.
  const begin = Math.min(newest, now);
  const roots: JsonObject[] = [];
  for (let [toMs, covered] = [Math.ceil(newest), FIRST_WINDOW_MS]; ; ) {
    const back = Math.floor(begin - covered);
    const isLast = covered > FARTHEST_MS || (bounds.fromMs !== null && back <= bounds.fromMs);
    const fromMs = isLast ? bounds.fromMs : back;
    const condition = conditionOf(query, schema, now, { fromMs, toMs });
    const params: Record<string, string | number> = { limit: limit - roots.length, windowTo: toMs };
    const conditions = ["ParentSpanId = ''", 'Timestamp < fromUnixTimestamp64Milli({windowTo:Int64})'];
    if (fromMs !== null) {
      conditions.push('Timestamp >= fromUnixTimestamp64Milli({windowFrom:Int64})');
      params['windowFrom'] = Math.floor(fromMs);
    }
    if (cursor !== null) {
      conditions.push('(Timestamp, TraceId) < (fromUnixTimestamp64Nano({cursorNs:Int64}), {cursorId:String})');
      Object.assign(params, { cursorNs: cursor[0], cursorId: cursor[1] });
    }
    if (condition.sql !== '1') conditions.push(condition.sql);
    roots.push(...(await ask(`SELECT TraceId, SpanName, ServiceName, toString(toUnixTimestamp64Nano(Timestamp)) AS StartNs, toString(Duration) AS DurationNs FROM ${schema.table} WHERE ${conditions.join(' AND ')} ORDER BY Timestamp DESC, TraceId DESC LIMIT {limit:UInt32}`, { ...params, ...condition.params })).filter(isObject));
    if (roots.length >= limit || isLast) return { roots, notes: condition.notes };
    toMs = back;
    covered += covered * (roots.length === 0 ? BLIND_GROWTH : Math.min(MOST_GROWTH, Math.max(LEAST_GROWTH, (1.5 * (limit - roots.length)) / roots.length)));
  }
}

async function sumsOf(ask: AskRows, schema: Schema, roots: readonly JsonObject[]): Promise<Map<string, JsonObject>> {
  if (roots.length === 0) return new Map();
  const starts = roots.map((root) => Number(BigInt(String(root['StartNs'])) / 1_000_000n));
  const call = `(${hasOne(schema, CALL_NAMES)} AND ${isOfKind(schema, 'llm') ?? '1'})`;
  const tokens = [NAMES.input, NAMES.output].map((names) => `toUInt64OrZero(${firstOf(schema, 'SpanAttributes', names)})`).join(' + ');
  const costText = firstOf(schema, 'SpanAttributes', NAMES.cost);
  const rows = await ask(
    `SELECT TraceId, toString(count()) AS spans, toString(countIf(${IS_ERROR})) AS errors, toString(countIf(${call})) AS calls, toString(sumIf(${tokens}, ${call})) AS tokens, countIf(${hasOne(schema, NAMES.cost)}) AS priced, sum(toFloat64OrZero(${costText})) AS cost,
       max(${firstOf(schema, 'SpanAttributes', NAMES.session)}) AS session, max(${firstOf(schema, 'SpanAttributes', NAMES.user)}) AS user
     FROM ${schema.table} WHERE TraceId IN {ids:Array(String)} AND Timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND Timestamp < fromUnixTimestamp64Milli({to:Int64}) GROUP BY TraceId`,
    { ids: roots.map((root) => String(root['TraceId'])), from: Math.min(...starts) - HOUR, to: Math.max(...starts) + LONGEST_MS },
  );
  return new Map(rows.filter(isObject).map((row) => [String(row['TraceId']), row]));
}

function rowOf(root: JsonObject, sums: JsonObject | undefined): ListedTrace {
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  return {
    id: String(root['TraceId']), name: String(root['SpanName']), startNs: String(root['StartNs']), durationNs: String(root['DurationNs']), service: text(root['ServiceName']),
    spans: sums === undefined ? null : Number(sums['spans']), errors: sums === undefined ? null : Number(sums['errors']),
    tokens: sums === undefined || Number(sums['calls']) === 0 ? null : Number(sums['tokens']), cost: sums === undefined || Number(sums['priced']) === 0 ? null : Number(sums['cost']),
    session: text(sums?.['session']), user: text(sums?.['user']),
  };
}

export function cursorOf(ns: string, id: string): string {
  return Buffer.from(JSON.stringify([ns, id])).toString('base64url');
}

export function readCursor(text: string, subject: SourceSubject): Cursor {
  try {
    const [ns, id] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [unknown, unknown];
    if (typeof ns === 'string' && /^\d{1,19}$/.test(ns) && typeof id === 'string') return [ns, id];
  } catch {
    // told below
  }
  throw new SourceError('usage', `The place to go on from is not one that source "${subject.name}" gave. Ask for the first page again.`);
}
