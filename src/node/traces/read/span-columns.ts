import { SpanColumns } from '../../../core/trace/columns.ts';
import { buildSkeleton } from '../../../core/trace/build-skeleton.ts';
import type { TraceSkeleton } from '../../../core/trace/skeleton.ts';
import { numbersOfTrace, STORED_FLAGS } from '../../../core/trace/store/numbers.ts';
import type { Database } from '../../sqlite/database.ts';
import type { StoredTrace } from './rows.ts';

/** Rows that are taken over from SQLite at once: an iterator costs half as much again. */
const ROWS_AT_ONCE = 5000;
const SMALL = 2 ** 16;

/** Halves of ids and differences of times, because a double does not hold 64 bits; what is small shares a number. */
const SELECT = `
  SELECT n, id >> 32, id & 4294967295, parent >> 32, parent & 4294967295, max(start_ns, @zero) - @zero, end_ns - @zero, name, kind * ${SMALL * SMALL} + flags, model,
         CASE WHEN input_tokens IS NULL AND cache_read_tokens IS NULL AND cache_write_tokens IS NULL THEN NULL ELSE ifnull(input_tokens, 0) + ifnull(cache_read_tokens, 0) + ifnull(cache_write_tokens, 0) END,
         CASE WHEN output_tokens IS NULL AND reasoning_tokens IS NULL THEN NULL ELSE ifnull(output_tokens, 0) + ifnull(reasoning_tokens, 0) END,
         cost, error, first_token_ns
    FROM span WHERE n > @after AND n <= @last ORDER BY n LIMIT ${ROWS_AT_ONCE}`;

type Row = [n: number, idHigh: number, idLow: number, parentHigh: number | null, parentLow: number | null, start: number, end: number | null, name: number, kindAndFlags: number, model: number | null, input: number | null, output: number | null, cost: number | null, reason: number | null, firstToken: number | null];

/** A skeleton with the numbers of its spans, by position. */
export interface NumberedSkeleton {
  readonly skeleton: TraceSkeleton;
  readonly n: number;
  readonly bytes: number;
  readonly numbers: Float64Array;
}

/** The skeleton of a stored trace. About 1 µs a span. */
export function readSkeleton(database: Database, { n, row, bytes }: StoredTrace): NumberedSkeleton {
  const { first, last } = numbersOfTrace(n);
  const columns = new SpanColumns(row.spans);
  const numbers = new Float64Array(row.spans);
  const statement = database.prepare(SELECT).raw();
  const zero = row.startNs === '0' ? firstStart(database, first, last) : BigInt(row.startNs);
  for (let after = first - 1; ;) {
    const rows = statement.all({ zero, after, last }) as Row[];
    for (const [number, idHigh, idLow, parentHigh, parentLow, start, end, name, kindAndFlags, model, input, output, cost, reason, firstToken] of rows) {
      const at = columns.next();
      if (at < 0) break;
      numbers[at] = number;
      columns.idHigh[at] = idHigh;
      columns.idLow[at] = idLow;
      if (parentHigh !== null && parentLow !== null) {
        columns.hasParent[at] = 1;
        columns.parentHigh[at] = parentHigh;
        columns.parentLow[at] = parentLow;
      }
      columns.starts[at] = start;
      if (end !== null) columns.ends[at] = end;
      columns.names[at] = name;
      columns.kinds[at] = kindAndFlags / (SMALL * SMALL);
      columns.flags[at] = kindAndFlags % (SMALL * SMALL);
      if (model !== null) columns.models[at] = model;
      if (input !== null) columns.inputTokens[at] = input;
      if (output !== null) columns.outputTokens[at] = output;
      if (cost !== null) columns.costs[at] = cost;
      if (reason !== null) columns.reasons[at] = reason;
      if (firstToken !== null) columns.firstTokens[at] = firstToken;
    }
    if (rows.length < ROWS_AT_ONCE) break;
    after = rows.at(-1)![0];
  }
  const text = database.prepare('SELECT text FROM trace_text WHERE n = ?').pluck();
  const { skeleton, order } = buildSkeleton(
    { traceId: row.traceId, revision: row.revision, zeroNs: zero.toString() },
    { columns, textOf: (number) => (text.get(number) as string | undefined) ?? '', carriesUsage: STORED_FLAGS.carriesUsage, costReported: STORED_FLAGS.costReported },
  );
  return { skeleton, n, bytes, numbers: Float64Array.from(order, (position) => numbers[position]!) };
}

/** Spans without a start (0) would stretch the axis back to 1970: they stand at the first start that is known. */
function firstStart(database: Database, first: number, last: number): bigint {
  return (database.prepare('SELECT min(nullif(start_ns, 0)) FROM span WHERE n BETWEEN ? AND ?').pluck().safeIntegers().get(first, last) as bigint | null) ?? 0n;
}
