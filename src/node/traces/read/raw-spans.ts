import type { RawLog, RawSpan } from '../../../core/trace/model.ts';
import { SPAN_FLAGS } from '../../../core/trace/skeleton.ts';
import { numbersOfTrace } from '../../../core/trace/store/numbers.ts';
import { readBody, type ChunkSource } from '../../../core/trace/store/span-body.ts';
import type { Database } from '../../sqlite/database.ts';
import { textOfChunk } from '../chunk-store.ts';
import type { StoredTrace } from './rows.ts';

/** A span as it was sent, with its number. */
export interface NumberedSpan {
  readonly n: number;
  readonly span: RawSpan;
  readonly pending: boolean;
}

interface BodyRow {
  readonly n: number;
  readonly id: string;
  readonly parent: string | null;
  readonly start: string;
  readonly end: string | null;
  readonly name: string;
  readonly flags: number;
  readonly body: string;
}

const SELECT = `
  SELECT s.n, printf('%016x', s.id) AS id, CASE WHEN s.parent IS NULL THEN NULL ELSE printf('%016x', s.parent) END AS parent,
         CAST(s.start_ns AS TEXT) AS start, CAST(s.end_ns AS TEXT) AS end, t.text AS name, s.flags, b.body
    FROM span s JOIN span_body b ON b.n = s.n JOIN trace_text t ON t.n = s.name`;

/** Characters of chunks that one reader keeps, so that a message which many spans repeat is read once. */
const KEPT_CHARACTERS = 16 * 2 ** 20;

/** Reads spans of one trace as they were sent. */
export class RawSpans {
  readonly #database: Database;
  readonly #trace: StoredTrace;
  readonly #chunks: ChunkSource;
  readonly #one;
  readonly #page;

  constructor(database: Database, trace: StoredTrace) {
    this.#database = database;
    // Once: a large trace is read span by span.
    this.#one = database.prepare(`${SELECT} WHERE s.n = ?`);
    this.#page = database.prepare(`${SELECT} WHERE s.n > ? AND s.n <= ? ORDER BY s.n LIMIT ?`);
    this.#trace = trace;
    this.#chunks = chunkSource(database);
  }

  /** In the order of their numbers. `after`: from the next number on. */
  page(limit: number, after = numbersOfTrace(this.#trace.n).first - 1): NumberedSpan[] {
    const rows = this.#page.all(after, numbersOfTrace(this.#trace.n).last, limit) as BodyRow[];
    return rows.map((row) => this.#read(row));
  }

  at(n: number): NumberedSpan | null {
    const row = this.#one.get(n) as BodyRow | undefined;
    return row === undefined ? null : this.#read(row);
  }

  #read({ n, id, parent, start, end, name, flags, body }: BodyRow): NumberedSpan {
    const identity = { traceId: this.#trace.row.traceId, spanId: id, parentSpanId: parent, name, startTimeUnixNano: start, endTimeUnixNano: end };
    return { n, span: readBody(body, n, identity, this.#chunks), pending: (flags & SPAN_FLAGS.pending) !== 0 };
  }

  /** The log records that name the trace, and (of its session) those that name none, at most `limit`. */
  logs(limit: number): RawLog[] {
    const own = this.#database.prepare('SELECT body FROM trace_log WHERE trace_id = ? ORDER BY n LIMIT ?').pluck().all(Buffer.from(this.#trace.row.traceId, 'hex'), limit) as string[];
    const { session } = this.#trace.row;
    const loose = session === null ? [] : (this.#database.prepare('SELECT body FROM trace_log WHERE session = ? AND trace_id IS NULL ORDER BY time_ns LIMIT ?').pluck().all(session, limit) as string[]);
    return [...own, ...loose].map(logOf);
  }

  /** The log records that name the span. */
  logsOf(spanId: string, limit: number): RawLog[] {
    const bodies = this.#database
      .prepare('SELECT body FROM trace_log WHERE trace_id = ? AND span_id = ? ORDER BY n LIMIT ?')
      .pluck()
      .all(Buffer.from(this.#trace.row.traceId, 'hex'), BigInt.asIntN(64, BigInt(`0x${spanId}`)), limit) as string[];
    return bodies.map(logOf);
  }
}

function logOf(body: string): RawLog {
  return JSON.parse(body) as RawLog;
}

function chunkSource(database: Database): ChunkSource {
  const statement = database.prepare('SELECT form, body FROM chunk WHERE n = ?');
  const kept = new Map<number, string>();
  let characters = 0;
  return {
    resources: new Map(),
    scopes: new Map(),
    text(chunk) {
      const known = kept.get(chunk);
      if (known !== undefined) return known;
      const row = statement.get(chunk) as { form: number; body: string | Buffer } | undefined;
      // A chunk that is not there is damage of the file; the span is shown without it.
      const text = row === undefined ? '' : textOfChunk(row.form, row.body);
      if (characters + text.length > KEPT_CHARACTERS) {
        kept.clear();
        characters = 0;
      }
      kept.set(chunk, text);
      characters += text.length;
      return text;
    },
  };
}
