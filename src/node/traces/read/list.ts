import { TouchstoneError } from '../../../core/errors.ts';
import { NUMBERS_PER_TRACE } from '../../../core/trace/store/numbers.ts';
import type { SessionRow, TraceListRequest, TracePage } from '../../../protocol/traces.ts';
import type { Database } from '../../sqlite/database.ts';
import { besideWords, compileQuery, fewOf, hasWords, leavesOutWords, type CompiledQuery, type Condition, type Store } from './conditions.ts';
import { BEHIND } from '../index-behind.ts';
import { tracesByNumber } from './rows.ts';

/** Matches are counted up to here; the list shows "10,000 and more". */
const MOST_COUNTED = 10_000;
/** Counting goes on so long, at most: a list is no reason to wait. Milliseconds. */
const COUNTING_MS = 15;
const LARGEST_PAGE = 1000;
/** Parts of the window that are looked through one after the other. Those that a filter leaves, or another sort than time, lie apart, so that each is a seek: they are fewer. */
const NEAR = { together: [1 / 8, 1], apart: [1 / 8, 1 / 2] } as const;

/**
 * A sorted list is read in pieces, each by its own index: first the traces that have the value, then those that have none by their start
 * (turned round where they come first). Within a piece the place behind the last trace is (value, number): nothing is skipped by counting.
 */
interface Piece {
  readonly where: string;
  readonly by: string;
  readonly descending: boolean;
}

function piecesOf(sort: TraceListRequest['sort'], descending: boolean): Piece[] {
  if (sort === 'time') return [{ where: '1', by: 'start_ns', descending }];
  const without: Piece = { where: sort === 'errors' ? 't.errors = 0' : `t.${COLUMN[sort]} IS NULL`, by: 'start_ns', descending: true };
  const having: Piece = { where: sort === 'errors' ? 't.errors > 0' : `t.${COLUMN[sort]} IS NOT NULL`, by: COLUMN[sort], descending };
  return sort === 'errors' && !descending ? [without, having] : [having, without];
}

const COLUMN = { duration: 'duration_ns', cost: 'cost', tokens: 'tokens', errors: 'errors' } as const;

/** Where a page ended: which piece, the value (whole numbers as text, because a double does not hold nanoseconds), the number. */
type Cursor = readonly [piece: number, value: string | number, n: number];

/** @throws TouchstoneError 'usage' (QueryError) */
export function listTraces(store: Store, request: TraceListRequest): TracePage {
  const { database } = store;
  const pieces = piecesOf(request.sort, request.descending);
  const limit = Math.max(1, Math.min(request.limit, LARGEST_PAGE));
  const from = request.cursor === undefined ? null : readCursor(request.cursor, pieces);
  const beside = besideWords(store, request.query);
  const few = fewOf(store, beside);
  if (few === null && hasWords(request.query)) {
    for (const part of request.sort === 'time' && beside === null ? NEAR.together : NEAR.apart) {
      const near = listNear(store, { size: Math.ceil(part * store.window), beside: beside ?? EVERYTHING }, request.query, pieces, from, limit);
      if (near !== null) return near;
    }
  }
  const query = compileQuery(store, request.query, few);
  let cursor = from;
  const found: { n: number; cursor: Cursor }[] = [];
  for (let piece = cursor?.[0] ?? 0; piece < pieces.length && found.length <= limit; piece++) {
    found.push(...readPiece(database, query, pieces[piece]!, piece, cursor, limit + 1 - found.length));
    cursor = null;
  }
  const page = pageOf(database, found, limit);
  return { ...page, total: page.next === null && from === null ? { count: page.traces.length, atLeast: false } : count(database, query) };
}

const EVERYTHING: CompiledQuery = { where: () => ({ sql: '1', values: [] }), candidates: null };

/**
 * The page, when the traces that come next in the list, of those that fit beside the words, already fill it: a word that many traces hold is
 * then looked for in those alone. `null`: it must be looked for everywhere.
 */
function listNear(store: Store, { size, beside }: { readonly size: number; readonly beside: CompiledQuery }, text: string, pieces: readonly Piece[], cursor: Cursor | null, limit: number): TracePage | null {
  if (size <= limit) return null;
  const { database } = store;
  const at = cursor?.[0] ?? 0;
  const window = readPiece(database, beside, pieces[at]!, at, cursor, size).map(({ n }) => n);
  if (window.length < size) return null;
  const query = compileQuery(store, text, { numbers: window.sort((a, b) => a - b) });
  const found = readPiece(database, query, pieces[at]!, at, cursor, limit + 1);
  if (found.length <= limit) return null;
  return { ...pageOf(database, found, limit), total: { count: count(database, query).count, atLeast: true } };
}

/** One trace more than a page has is found where there are more pages. */
function pageOf(database: Database, found: readonly { readonly n: number; readonly cursor: Cursor }[], limit: number): Pick<TracePage, 'traces' | 'next'> {
  const page = found.slice(0, limit);
  const next = found.length > limit ? Buffer.from(JSON.stringify(page.at(-1)!.cursor)).toString('base64url') : null;
  return { traces: tracesByNumber(database, page.map(({ n }) => n)).map(({ row }) => row), next };
}

function readPiece(database: Database, query: CompiledQuery, { where, by, descending }: Piece, piece: number, cursor: Cursor | null, limit: number): { n: number; cursor: Cursor }[] {
  const condition = query.where();
  const [sign, direction] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
  const column = `${query.candidates === null ? '' : '+'}t.${by}`;
  const parts: Condition[] = [{ sql: where, values: [] }, condition];
  if (cursor !== null) parts.push({ sql: `(${column}, t.n) ${sign} (?, ?)`, values: [typeof cursor[1] === 'string' ? BigInt(cursor[1]) : cursor[1], cursor[2]] });
  if (query.candidates !== null) parts.push({ sql: 't.n IN (SELECT value FROM json_each(?))', values: [JSON.stringify(query.candidates)] });
  const rows = database
    .prepare(`SELECT t.n, ${by === 'cost' ? 't.cost' : `CAST(t.${by} AS TEXT)`} FROM trace t WHERE ${parts.map(({ sql }) => sql).join(' AND ')} ORDER BY ${column} ${direction}, t.n ${direction} LIMIT ?`)
    .raw()
    .all(...parts.flatMap(({ values }) => values), limit) as [number, string | number][];
  return rows.map(([n, value]) => ({ n, cursor: [piece, value, n] }));
}

function readCursor(text: string, pieces: readonly Pick<Piece, 'by'>[]): Cursor {
  try {
    const [piece, value, n] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [unknown, unknown, unknown];
    const by = typeof piece === 'number' ? pieces[piece]?.by : undefined;
    const isKnown = by === 'cost' ? Number.isFinite(value) : typeof value === 'string' && /^-?\d{1,19}$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
    if (by !== undefined && isKnown && Number.isSafeInteger(n)) return [piece, value, n] as Cursor;
  } catch {
    // told below
  }
  throw new TouchstoneError('usage', 'The place to go on from is not one that a list gave. Ask for the first page again.');
}

function count(database: Database, query: CompiledQuery): TracePage['total'] {
  const { sql, values } = query.where();
  const among = query.candidates === null ? '' : ' AND t.n IN (SELECT value FROM json_each(?))';
  const started = performance.now();
  let counted = 0;
  for (const _ of database.prepare(`SELECT 1 FROM trace t WHERE ${sql}${among}`).raw().iterate(...values, ...(query.candidates === null ? [] : [JSON.stringify(query.candidates)]))) {
    counted++;
    if (counted >= MOST_COUNTED || (counted % 64 === 0 && performance.now() - started > COUNTING_MS)) return { count: counted, atLeast: true };
  }
  return { count: counted, atLeast: false };
}

/** Traces of which some words are not in the index yet: what came within the last second, or was left by a killed process. Chunks may be of other traces. */
const IS_BEHIND = `(EXISTS (SELECT 1 FROM index_behind b WHERE b.kind = ${BEHIND.search} AND b.first BETWEEN t.n * ${NUMBERS_PER_TRACE} AND (t.n + 1) * ${NUMBERS_PER_TRACE} - 1)
  OR t.n IN (SELECT u.trace FROM index_behind b CROSS JOIN chunk_use u ON u.chunk = b.first WHERE b.kind = ${BEHIND.search} AND b.last = b.first))`;

/**
 * Numbers of traces that fit, the highest first, at most `limit`: for deleting what a query finds. Numbers grow: below `before` nothing new appears.
 * A query that leaves out words finds no trace of which some are not known yet.
 */
export function numbersOf(store: Store, text: string, limit: number, before = Number.MAX_SAFE_INTEGER): number[] {
  const { where } = compileQuery(store, text);
  const { sql, values } = where();
  const known = leavesOutWords(text) ? ` AND NOT ${IS_BEHIND}` : '';
  return store.database.prepare(`SELECT t.n FROM trace t WHERE t.n < ? AND ${sql}${known} ORDER BY t.n DESC LIMIT ?`).pluck().all(before, ...values, limit) as number[];
}

/** Sessions by the start of their latest trace that fits, the newest first. @throws TouchstoneError 'usage' (QueryError) */
export function listSessions(store: Store, request: { query: string; limit: number; cursor?: string }): { sessions: SessionRow[]; next: string | null } {
  const { database } = store;
  const query = compileQuery(store, request.query);
  const [mine, other] = [query.where('t'), query.where('o')];
  const limit = Math.max(1, Math.min(request.limit, LARGEST_PAGE));
  const cursor = request.cursor === undefined ? null : readCursor(request.cursor, [{ by: 'start_ns' }]);
  const rows = database
    .prepare(`
      SELECT t.n, CAST(t.start_ns AS TEXT), t.session FROM trace t
       WHERE t.session IS NOT NULL AND ${mine.sql} ${cursor === null ? '' : 'AND (t.start_ns, t.n) < (?, ?)'}
         AND NOT EXISTS (SELECT 1 FROM trace o WHERE o.session = t.session AND (o.start_ns, o.n) > (t.start_ns, t.n) AND ${other.sql})
       ORDER BY t.start_ns DESC, t.n DESC LIMIT ?`)
    .raw()
    .all(...mine.values, ...(cursor === null ? [] : [BigInt(cursor[1]), cursor[2]]), ...other.values, limit + 1) as [number, string, string][];
  const page = rows.slice(0, limit);
  const sums = database.prepare(`
    SELECT count(*) AS traces, sum(t.spans) AS spans, sum(t.errors) AS errors, sum(t.tokens) AS tokens, sum(t.cost) AS cost, CAST(min(t.start_ns) AS TEXT) AS startNs,
           CASE WHEN sum(t.running) > 0 THEN NULL ELSE CAST(max(t.end_ns) AS TEXT) END AS endNs, max(t.user) AS user, max(t.service) AS service
      FROM trace t WHERE t.session = ? AND ${mine.sql}`);
  const sessions = page.map(([, , session]) => ({ session, ...(sums.get(session, ...mine.values) as Omit<SessionRow, 'session'>) }));
  const last = page.at(-1);
  return { sessions, next: rows.length > limit && last !== undefined ? Buffer.from(JSON.stringify([0, last[1], last[0]])).toString('base64url') : null };
}
