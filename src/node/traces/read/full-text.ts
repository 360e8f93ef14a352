import { NUMBERS_PER_TRACE, traceOfNumber } from '../../../core/trace/store/numbers.ts';
import type { Database } from '../../sqlite/database.ts';

/**
 * The words of a person as an expression of FTS5 that looks for just these words in a row: nothing of the text is syntax. Quotes are doubled;
 * what the tokenizer takes for a separator separates here too.
 */
export function phraseOf(text: string, prefix: boolean): string {
  // A NUL would end the expression.
  return `"${text.replaceAll('\u0000', ' ').replaceAll('"', '""')}"${prefix ? '*' : ''}`;
}

/** The traces that hold the phrase; `null`: it is found in more than `limit` places, so it is better asked of each trace. */
export function tracesWith(database: Database, phrase: string, limit: number): number[] | null {
  const rows = database.prepare('SELECT rowid FROM trace_search WHERE trace_search MATCH ? LIMIT ?').pluck().all(phrase, limit + 1) as number[];
  if (rows.length > limit) return null;
  const traces = new Set(rows.map(traceOfNumber));
  const carriers = database.prepare('SELECT trace FROM chunk_use WHERE chunk = ?').pluck();
  for (const row of rows) for (const trace of carriers.all(row) as number[]) traces.add(trace);
  return [...traces];
}

/** Whether the trace `t` holds the phrase (one parameter, twice): in what came with it, or in what came with another one and is repeated here. */
export function holdsPhrase(t: string): string {
  return `(EXISTS (SELECT 1 FROM trace_search WHERE trace_search MATCH ? AND rowid BETWEEN ${t}.n * ${NUMBERS_PER_TRACE} AND ${t}.n * ${NUMBERS_PER_TRACE} + ${NUMBERS_PER_TRACE - 1})
    OR EXISTS (SELECT 1 FROM chunk_use u CROSS JOIN trace_search s ON s.rowid = u.chunk WHERE u.trace = ${t}.n AND s.trace_search MATCH ?))`;
}
