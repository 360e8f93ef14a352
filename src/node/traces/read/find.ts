import { numbersOfTrace } from '../../../core/trace/store/numbers.ts';
import type { Database } from '../../sqlite/database.ts';
import type { Store } from './conditions.ts';
import { phrase } from './full-text.ts';
import type { OpenTrace } from './open-traces.ts';

const MOST_FOUND = 100_000;

/**
 * Spans that hold the words in a row (the last one may go on), or whose name holds the text. A message that many spans repeat is found
 * at the span that brought it.
 */
export function findInTrace({ database, matches }: Pick<Store, 'database' | 'matches'>, trace: OpenTrace, text: string, limit: number): { spanIds: string[]; more: boolean } {
  const most = Math.max(1, Math.min(limit, MOST_FOUND));
  const found = new Set<string>();
  const lower = text.trim().toLowerCase();
  if (lower === '') return { spanIds: [], more: false };

  const { skeleton } = trace;
  const names = new Set(skeleton.texts.flatMap((name, number) => (number > 0 && name.toLowerCase().includes(lower) ? [number] : [])));
  for (let at = 0; names.size > 0 && at < skeleton.count && found.size <= most; at++) if (names.has(skeleton.names[at]!)) found.add(trace.idAt(at));

  const looked = matches.lookedFor(phrase(text.trim(), true));
  if (looked !== null) findWords(database, trace, looked.expression, most, found);
  const spanIds = [...found];
  return { spanIds: spanIds.slice(0, most), more: spanIds.length > most };
}

/** Adds ids of spans until there are more than `most`. */
function findWords(database: Database, trace: OpenTrace, expression: string, most: number, found: Set<string>): void {
  const { first, last } = numbersOfTrace(trace.stored.n);
  // Whole numbers, not doubles: for a double the index does not seek.
  const own = database.prepare('SELECT rowid FROM trace_search WHERE trace_search MATCH ? AND rowid BETWEEN ? AND ?').pluck();
  // One walk through the places between them: to ask the index for each chunk alone is to gather the words that the last one may go on to each time.
  const foreign = database.prepare('SELECT u.span FROM trace_search s CROSS JOIN chunk_use u ON u.chunk = s.rowid WHERE s.trace_search MATCH ? AND s.rowid BETWEEN ? AND ? AND u.trace = ?').pluck();
  const chunks = database.prepare('SELECT (SELECT min(chunk) FROM chunk_use WHERE trace = @n), (SELECT max(chunk) FROM chunk_use WHERE trace = @n)').raw().safeIntegers();
  const bringer = database.prepare('SELECT span FROM chunk_use WHERE chunk = ? AND trace = ?').pluck();
  // A chunk was brought by the last span before it.
  const id = database.prepare("SELECT printf('%016x', id) FROM span WHERE n <= ? AND n >= ? ORDER BY n DESC LIMIT 1").pluck();
  const add = (number: number): void => {
    const spanId = id.get(number, first) as string | undefined;
    if (spanId !== undefined) found.add(spanId);
  };
  for (const number of own.iterate(expression, BigInt(first), BigInt(last)) as IterableIterator<number>) {
    if (found.size > most) break;
    add((bringer.get(number, trace.stored.n) as number | undefined) ?? number);
  }
  const [least, greatest] = chunks.get({ n: trace.stored.n }) as [bigint | null, bigint | null];
  const places = least === null ? [] : (foreign.iterate(expression, least, greatest, trace.stored.n) as IterableIterator<number>);
  for (const span of places) {
    if (found.size > most) break;
    add(span);
  }
}
