import { numbersOfTrace, traceOfNumber } from '../../core/trace/store/numbers.ts';
import { chunksOfBody } from '../../core/trace/store/span-body.ts';
import type { BatchWriter } from './batch-writer.ts';
import { textOfChunk } from './chunk-store.ts';
import { storeFailure } from './ingest-queue.ts';
import { hashOfChunk } from './prepare-span.ts';
import type { Retention } from './worker-messages.ts';

/** Rows that one step deletes: a few milliseconds' worth. */
const ROWS_OF_STEP = 150;
/** Traces that one step of the retention chooses. */
const TRACES_OF_STEP = 50;
/** Where the size is above the limit, it is brought this far below it, so that not every batch deletes something. */
const DOWN_TO = 0.9;
/** What rows, indexes and the search index take beside bodies and chunks, of one span; measured on 1.2 KB spans. */
const BYTES_OF_SPAN = 600;
const DAY_MS = 86_400_000;
const REST_MS = 5000;
/** A trace that changed so lately is still being written: without its beginning, what follows would look like a trace of its own. */
const WRITTEN_MS = 60_000;
/** One with a span that runs waits for its end; so long, because a program that was killed never sends it. */
const RUNNING_MS = 3_600_000;

interface Request {
  readonly traceIds: readonly string[];
  readonly done: (deleted: number, error?: unknown) => void;
}

/**
 * Deletes traces: those that were asked for, those that are too old, those that are too much. A trace is gone at once; its spans and
 * the chunks that no other trace carries follow in small steps, between which batches are written.
 */
export class TraceRemover {
  retention: Retention = { days: 0, maxBytes: 0 };
  readonly #writer: BatchWriter;
  readonly #statements;
  readonly #requests: Request[] = [];
  #mayBeOld = false;
  #hasRemains = true;
  #pausedUntil = 0;

  constructor(writer: BatchWriter) {
    this.#writer = writer;
    const { database } = writer;
    this.#statements = {
      old: database.prepare(`SELECT lower(hex(id)) FROM trace WHERE updated_at < ? ORDER BY updated_at LIMIT ${TRACES_OF_STEP}`).pluck(),
      oldLogs: database.prepare('DELETE FROM trace_log WHERE n IN (SELECT n FROM trace_log WHERE at < ? LIMIT 500)'),
      size: database.prepare(`SELECT coalesce(sum(bytes + spans * ${BYTES_OF_SPAN}), 0) FROM trace`).pluck(),
      leastUsed: database.prepare(`SELECT lower(hex(id)), bytes + spans * ${BYTES_OF_SPAN} FROM trace WHERE updated_at < ? AND (running = 0 OR updated_at < ?) ORDER BY updated_at LIMIT ${TRACES_OF_STEP}`).raw(),
      removed: database.prepare('SELECT n FROM trace_removed LIMIT 1').pluck(),
      bodies: database.prepare(`SELECT n, body FROM span_body WHERE n BETWEEN ? AND ? LIMIT ${ROWS_OF_STEP}`).raw(),
      chunks: database.prepare(`SELECT c.n FROM chunk c WHERE c.n BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM chunk_use u WHERE u.chunk = c.n AND u.trace <> ?) LIMIT ${ROWS_OF_STEP}`).pluck(),
      deleteSpan: database.prepare('DELETE FROM span WHERE n = ?'),
      deleteBody: database.prepare('DELETE FROM span_body WHERE n = ?'),
      deleteSearch: database.prepare('DELETE FROM trace_search WHERE rowid = ?'),
      chunk: database.prepare('SELECT form, body FROM chunk WHERE n = ?').raw(),
      deleteChunk: database.prepare('DELETE FROM chunk WHERE n = ?'),
      deleteUse: database.prepare('DELETE FROM chunk_use WHERE chunk = ? AND trace = ?'),
      isUsed: database.prepare('SELECT 1 FROM trace WHERE n = ? UNION ALL SELECT 1 FROM chunk_use WHERE chunk = ? LIMIT 1').pluck(),
      ofSession: database.prepare('SELECT 1 FROM trace WHERE session = ? LIMIT 1').pluck(),
      deleteSessionLogs: database.prepare('DELETE FROM trace_log WHERE session = ? AND (trace_id IS NULL OR NOT EXISTS (SELECT 1 FROM trace t WHERE t.id = trace_log.trace_id))'),
      finished: database.prepare('DELETE FROM trace_removed WHERE n = ?'),
    };
  }

  /** `done` is called when the traces are gone for every reader. */
  add(traceIds: readonly string[], done: Request['done']): void {
    this.#requests.push({ traceIds, done });
  }

  /** Looks at the next step for what is too old or too much. */
  look(): void {
    this.#mayBeOld = true;
    this.#hasRemains = true;
  }

  get isIdle(): boolean {
    if (this.#requests.length > 0) return false;
    return performance.now() < this.#pausedUntil || (!this.#mayBeOld && !this.#hasRemains);
  }

  /** An error: whoever asked is told, the rest is tried later. */
  rest(error: unknown): void {
    this.#pausedUntil = performance.now() + REST_MS;
    this.#requests.shift()?.done(0, storeFailure(error));
  }

  step(): void {
    const request = this.#requests[0];
    if (request !== undefined) {
      const deleted = this.#hide(request.traceIds, true);
      this.#requests.shift();
      request.done(deleted);
    } else if (this.#hasRemains) this.#hasRemains = this.#writer.transaction(() => this.#sweep());
    else this.#mayBeOld = this.#expire();
  }

  /** `withLogs`: a person deletes them, and means what the log records of their sessions say, too; else these would bring them back. Records that retention leaves go by their own age. */
  #hide(traceIds: readonly string[], withLogs = false): number {
    if (traceIds.length === 0) return 0;
    this.#hasRemains = true;
    return this.#writer.transaction(() => {
      let hidden = 0;
      const sessions = new Set<string>();
      for (const traceId of traceIds) {
        const state = this.#writer.states.find(traceId);
        if (state === undefined) continue;
        this.#writer.hide(state);
        if (state.columns.session !== null) sessions.add(state.columns.session);
        hidden++;
      }
      if (!withLogs) return hidden;
      for (const session of sessions) if (this.#statements.ofSession.get(session) === undefined) this.#statements.deleteSessionLogs.run(session);
      return hidden;
    });
  }

  /** Hides some of the traces that must go. `false`: no more of them. */
  #expire(): boolean {
    const { days, maxBytes } = this.retention;
    const now = Date.now();
    if (days > 0) {
      const before = now - days * DAY_MS;
      const old = this.#statements.old.all(before) as string[];
      if (this.#hide(old) > 0) return true;
      if (this.#writer.transaction(() => this.#statements.oldLogs.run(before).changes) > 0) return true;
    }
    if (maxBytes <= 0) return false;
    const size = this.#statements.size.get() as number;
    if (size <= maxBytes) return false;
    let excess = size - maxBytes * DOWN_TO;
    const chosen: string[] = [];
    for (const [id, bytes] of this.#statements.leastUsed.all(now - WRITTEN_MS, now - RUNNING_MS) as [string, number][]) {
      if (excess <= 0) break;
      chosen.push(id);
      excess -= bytes;
    }
    return this.#hide(chosen) > 0;
  }

  /** Deletes some rows of a trace that is gone. `false`: nothing is left of any. */
  #sweep(): boolean {
    const trace = this.#statements.removed.get() as number | undefined;
    if (trace === undefined) return false;
    const { first, last } = numbersOfTrace(trace);
    const bodies = this.#statements.bodies.all(first, last) as [number, string][];
    if (bodies.length > 0) {
      for (const [n, body] of bodies) this.#deleteSpan(trace, n, body);
      return true;
    }
    const chunks = this.#statements.chunks.all(first, last, trace) as number[];
    for (const chunk of chunks) this.#deleteChunk(chunk, trace);
    if (chunks.length === 0) this.#statements.finished.run(trace);
    else this.#writer.spans.chunks.forget();
    return true;
  }

  #deleteSpan(trace: number, n: number, body: string): void {
    this.#statements.deleteSpan.run(n);
    this.#statements.deleteBody.run(n);
    this.#statements.deleteSearch.run(n);
    // Its own chunks go at the end. Those of others: with the last trace that carries them, when their own has gone before.
    for (const chunk of new Set(chunksOfBody(body, n))) {
      const owner = traceOfNumber(chunk);
      if (owner === trace || this.#statements.deleteUse.run(chunk, trace).changes === 0) continue;
      if (this.#statements.isUsed.get(owner, chunk) !== undefined) continue;
      this.#deleteChunk(chunk, trace);
      this.#writer.spans.chunks.forget();
    }
  }

  #deleteChunk(chunk: number, trace: number): void {
    const row = this.#statements.chunk.get(chunk) as [number, string | Buffer] | undefined;
    if (row !== undefined) this.#writer.spans.chunks.keys.delete(hashOfChunk(textOfChunk(...row)), chunk);
    this.#statements.deleteChunk.run(chunk);
    this.#statements.deleteUse.run(chunk, trace);
    this.#statements.deleteSearch.run(chunk);
  }
}
