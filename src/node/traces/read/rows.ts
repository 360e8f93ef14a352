import { TouchstoneError } from '../../../core/errors.ts';
import { ORIGINS } from '../../../core/trace/store/numbers.ts';
import type { TraceRow } from '../../../protocol/traces.ts';
import type { Database } from '../../sqlite/database.ts';
import { idRange } from './conditions.ts';

/** A trace with the number that everything of it is stored under. */
export interface StoredTrace {
  readonly n: number;
  readonly row: TraceRow;
  /** Bytes of its bodies. */
  readonly bytes: number;
}

/** Nanoseconds as text: a double does not hold them. */
const COLUMNS = `t.n, lower(hex(t.id)) AS traceId, t.revision, t.name, CAST(t.start_ns AS TEXT) AS startNs, CAST(t.duration_ns AS TEXT) AS durationNs,
  t.spans, t.running, t.errors, t.hidden_errors AS hiddenErrors, t.llm_calls AS llmCalls, t.tool_calls AS toolCalls, t.tokens, t.input_tokens AS inputTokens, t.output_tokens AS outputTokens,
  t.cost, t.unpriced, t.service, t.environment, t.session, t.user, t.models, t.tags, t.preview, t.origin, t.bytes`;

type Row = Omit<TraceRow, 'models' | 'tags' | 'origin'> & { readonly n: number; readonly models: string; readonly tags: string; readonly origin: number; readonly bytes: number };

function toStored({ n, bytes, models, tags, origin, ...row }: Row): StoredTrace {
  return { n, bytes, row: { ...row, models: JSON.parse(models) as string[], tags: JSON.parse(tags) as string[], origin: ORIGINS[origin] ?? 'received' } };
}

/** In the order of the numbers; what has been deleted meanwhile is left out. */
export function tracesByNumber(database: Database, numbers: readonly number[]): StoredTrace[] {
  const byNumber = database.prepare(`SELECT ${COLUMNS} FROM trace t WHERE t.n = ?`);
  return numbers.flatMap((n) => {
    const row = byNumber.get(n) as Row | undefined;
    return row === undefined ? [] : [toStored(row)];
  });
}

/**
 * The trace whose id begins with the digits.
 * @throws TouchstoneError 'not-found' when there is none, 'usage' when there are several
 */
export function traceById(database: Database, id: string): StoredTrace {
  const range = idRange(id.replaceAll('-', ''));
  if (range === null) throw new TouchstoneError('usage', `“${id.slice(0, 80)}” is not the id of a trace: that has up to 32 digits of 0–9 and a–f.`);
  const rows = database.prepare(`SELECT ${COLUMNS} FROM trace t WHERE t.id BETWEEN ? AND ? LIMIT 3`).all(...range) as Row[];
  if (rows.length === 1) return toStored(rows[0]!);
  if (rows.length === 0) throw new TouchstoneError('not-found', `There is no trace ${id} in this workspace.`);
  throw new TouchstoneError('usage', `Several traces begin with ${id}: ${rows.map((row) => row.traceId).slice(0, 2).join(', ')}${rows.length > 2 ? ', …' : ''}. Give more digits.`);
}
