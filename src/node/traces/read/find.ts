import { numbersOfTrace } from '../../../core/trace/store/numbers.ts';
import type { Database } from '../../sqlite/database.ts';
import { phraseOf } from './full-text.ts';
import type { OpenTrace } from './open-traces.ts';

const MOST_FOUND = 100_000;

/**
 * Spans that hold the words in a row (the last one may go on), or whose name holds the text. A message that many spans repeat is found
 * at the span that brought it.
 */
export function findInTrace(database: Database, trace: OpenTrace, text: string, limit: number): { spanIds: string[]; more: boolean } {
  const most = Math.max(1, Math.min(limit, MOST_FOUND));
  const found = new Set<string>();
  const { first, last } = numbersOfTrace(trace.stored.n);
  const lower = text.trim().toLowerCase();
  if (lower === '') return { spanIds: [], more: false };

  const { skeleton } = trace;
  const names = new Set(skeleton.texts.flatMap((name, number) => (number > 0 && name.toLowerCase().includes(lower) ? [number] : [])));
  for (let at = 0; names.size > 0 && at < skeleton.count && found.size <= most; at++) if (names.has(skeleton.names[at]!)) found.add(trace.idAt(at));

  const phrase = phraseOf(text, true);
  // Whole numbers, not doubles: for a double the index does not seek.
  const own = database.prepare('SELECT rowid FROM trace_search WHERE trace_search MATCH ? AND rowid BETWEEN ? AND ?').pluck();
  const foreign = database.prepare(foreignOf(database, trace.stored.n)).pluck();
  const bringer = database.prepare('SELECT span FROM chunk_use WHERE chunk = ? AND trace = ?').pluck();
  // A chunk was brought by the last span before it.
  const id = database.prepare("SELECT printf('%016x', id) FROM span WHERE n <= ? AND n >= ? ORDER BY n DESC LIMIT 1").pluck();
  const add = (number: number): void => {
    const spanId = id.get(number, first) as string | undefined;
    if (spanId !== undefined) found.add(spanId);
  };
  for (const number of own.iterate(phrase, BigInt(first), BigInt(last)) as IterableIterator<number>) {
    if (found.size > most) break;
    add((bringer.get(number, trace.stored.n) as number | undefined) ?? number);
  }
  for (const span of foreign.iterate(phrase, trace.stored.n) as IterableIterator<number>) {
    if (found.size > most) break;
    add(span);
  }
  const spanIds = [...found];
  return { spanIds: spanIds.slice(0, most), more: spanIds.length > most };
}

/** Of so few chunks that came with other traces each is asked for in the index; of more, each place of the phrase is asked for among them. */
const FEW_FOREIGN = 500;

function foreignOf(database: Database, trace: number): string {
  const count = database.prepare('SELECT count(*) FROM (SELECT 1 FROM chunk_use WHERE trace = ? LIMIT ?)').pluck().get(trace, FEW_FOREIGN + 1) as number;
  return count <= FEW_FOREIGN
    ? 'SELECT u.span FROM chunk_use u CROSS JOIN trace_search s ON s.rowid = u.chunk WHERE s.trace_search MATCH ? AND u.trace = ?'
    : 'SELECT u.span FROM trace_search s CROSS JOIN chunk_use u ON u.chunk = s.rowid WHERE s.trace_search MATCH ? AND u.trace = ?';
}
