import { hostname } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Case } from '../../core/dataset/model.ts';
import type { AttemptInfo, CellKey, CellResult, RunInfo, RunStatus } from '../../core/eval/model.ts';
import { cellKeyAt, cellOrdinal, type RunShape } from '../../core/eval/ordinal.ts';
import { RunSummary, type CellFacts, type CellMetrics } from '../../core/eval/summary.ts';
import { TouchstoneError, type ErrorCode } from '../../core/errors.ts';
import type { TokenUsage } from '../../core/model/model.ts';
import type { Database } from './database.ts';
import { storeError } from './database.ts';
import { HEARTBEAT_LIMIT_MS, isAlive } from './owner.ts';
import { redactedJson } from './redact-json.ts';
import { SqliteRunJournal } from './run-journal.ts';
import { insertCase, prepareCases, RUN_COLUMNS, toCase, toRun, type RunRow, type StoredRun, type StoredSummary } from './run-row.ts';
import { WriteQueue } from './write-queue.ts';

const HEARTBEAT_EVERY_MS = 5_000;

/** Of a run whose cases are not all written. */
const PREPARING = 'preparing';
/** What a version of a prompt did says nothing of its file as it is. */
const NO_VERSION = "json_extract(info, '$.version') IS NULL";
/** Cases of one transaction: about 10 ms. */
const CASES_AT_ONCE = 1000;

export type { StoredRun, StoredSummary } from './run-row.ts';

export interface StoredCell {
  readonly result: CellResult;
  readonly case: Case;
}

export interface OutcomeRow {
  readonly case_id: string;
  readonly ordinal: number;
  readonly pass: number | null;
  readonly error_code: string | null;
  readonly preview: string;
  readonly latency_ms: number | null;
  readonly json: string;
}

/** Runs, their cells and the response cache in one database. All methods but `create` are quick and synchronous. */
export class RunStore {
  readonly database: Database;
  readonly queue: WriteQueue;
  readonly #redact: (text: string) => string;
  readonly #owner = `${hostname()}/${process.pid}/${Math.round(Date.now() - process.uptime() * 1000)}`;
  readonly #owned = new Set<number>();
  /** Runs of this process that another one took, because this one was silent for too long (a computer that slept). */
  readonly #lost = new Set<number>();
  /** A run's cases never change once it is planned. */
  readonly #slices = new Map<number, readonly string[]>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(database: Database, redact: (text: string) => string) {
    this.database = database;
    this.queue = new WriteQueue(database);
    this.#redact = redact;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_EVERY_MS);
    this.#heartbeat.unref();
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.queue.commit();
    this.database.close();
  }

  /**
   * Writes the plan of a run, so many cases at a time that nobody waits for a large dataset. When it is whole the run can be resumed;
   * until then nobody sees it, and what a killed process left of it is removed.
   */
  async create(info: RunInfo, plan: unknown, cases: readonly Case[]): Promise<StoredRun> {
    const inserts = prepareCases(this.database);
    const insertCases = (n: number, from: number): void => {
      for (let index = from; index < Math.min(cases.length, from + CASES_AT_ONCE); index++) insertCase(inserts, n, index, cases[index] as Case, this.#redact);
    };
    const n = this.#write(() => {
      const inserted = this.#insertRun(cases.length > CASES_AT_ONCE ? PREPARING : info.status, info, plan);
      insertCases(inserted, 0);
      return inserted;
    });
    this.#owned.add(n);
    try {
      for (let from = CASES_AT_ONCE; from < cases.length; from += CASES_AT_ONCE) {
        await nextTurn();
        this.#write(() => {
          insertCases(n, from);
          if (from + CASES_AT_ONCE >= cases.length) this.database.prepare('UPDATE run SET status = ? WHERE n = ?').run(info.status, n);
        });
      }
    } catch (error) {
      this.#owned.delete(n);
      throw error;
    }
    return { n, info, summary: null, revision: 0 };
  }

  #insertRun(status: string, info: RunInfo, plan: unknown): number {
    const { id, title, promptId, promptPath, status: _status, startedAt, durationMs, cases, repeats, ...rest } = info;
    return Number(
      this.database
        .prepare(
          'INSERT INTO run (id, title, prompt_id, prompt_path, status, owner, heartbeat, started_at, duration_ms, cases, models, repeats, info, plan) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(id, title ?? null, promptId, promptPath, status, this.#owner, Date.now(), Date.parse(startedAt), durationMs, cases, info.models.length, repeats, redactedJson(rest, this.#redact), redactedJson(plan, this.#redact)).lastInsertRowid,
    );
  }

  journal(run: StoredRun): SqliteRunJournal {
    return new SqliteRunJournal({ database: this.database, queue: this.queue, run: run.n, shape: shapeOf(run.info), redact: this.#redact, lost: () => (this.#lost.has(run.n) ? takenOver(run) : undefined) });
  }

  /** Takes a run that nobody works on for this process. `false`: another process has it. */
  claim(run: StoredRun, budgetUsd: number | null = run.info.budgetUsd): boolean {
    const taken = this.#write(
      () => this.database.prepare("UPDATE run SET status = 'running', summary = NULL, owner = ?, heartbeat = ?, info = json_set(info, '$.budgetUsd', ?), revision = revision + 1 WHERE n = ? AND status <> 'running'").run(this.#owner, Date.now(), budgetUsd, run.n).changes === 1,
    );
    if (taken) {
      this.#owned.add(run.n);
      this.#lost.delete(run.n);
    }
    return taken;
  }

  /** `revision`: the last one that was told of; what is asked for from here on must not look older. `sequence`: how it came to its cells. A run that another process took is left to it. */
  finish(run: StoredRun, end: { status: RunStatus; durationMs: number; summary: StoredSummary; revision: number; sequence?: Required<Pick<RunInfo, 'planned' | 'sequence'>> }): void {
    this.#owned.delete(run.n);
    this.#write(() => {
      const { changes } = this.database
        .prepare('UPDATE run SET status = ?, owner = NULL, duration_ms = ?, summary = ?, revision = max(revision, ?) + 1 WHERE n = ? AND owner = ?')
        .run(end.status, end.durationMs, redactedJson(end.summary, this.#redact), end.revision, run.n, this.#owner);
      if (changes === 1 && end.sequence !== undefined) this.database.prepare("UPDATE run SET info = json_set(info, '$.planned', ?, '$.sequence', json(?)) WHERE n = ?").run(end.sequence.planned, redactedJson(end.sequence.sequence, this.#redact), run.n);
      if (changes === 1 && end.status === 'finished') this.database.prepare('DELETE FROM response WHERE run = ?').run(run.n);
    });
  }

  /** US dollars that a run with a budget may have spent so far. */
  spent(run: StoredRun): number {
    return Number(this.database.prepare('SELECT spent_usd FROM run WHERE n = ?').pluck().get(run.n) ?? 0);
  }

  /** For a run that was interrupted before it could say how it stands. */
  keepSummary(run: StoredRun, summary: StoredSummary): void {
    this.#write(() => this.database.prepare("UPDATE run SET summary = ? WHERE n = ? AND status <> 'running'").run(JSON.stringify(summary), run.n));
  }

  get(id: string): StoredRun {
    this.#releaseLost();
    const row = this.database.prepare(`SELECT ${RUN_COLUMNS} FROM run WHERE id = ? AND status <> '${PREPARING}'`).get(id) as RunRow | undefined;
    if (row === undefined) throw new TouchstoneError('not-found', `There is no run ${id} in this workspace. "touchstone runs" lists them.`);
    return toRun(row);
  }

  /** Newest first. `ofFile`: only those of a prompt's file as it was, not of a version that was asked for by name. */
  list(options: { limit: number; promptPath?: string; promptId?: string; ofFile?: boolean }): StoredRun[] {
    this.#releaseLost();
    const where = [`status <> '${PREPARING}'`];
    const values: unknown[] = [];
    if (options.promptPath !== undefined) (where.push('prompt_path = ?'), values.push(options.promptPath));
    if (options.promptId !== undefined) (where.push('prompt_id = ?'), values.push(options.promptId));
    if (options.ofFile === true) where.push(NO_VERSION);
    const rows = this.database
      .prepare(`SELECT ${RUN_COLUMNS} FROM run WHERE ${where.join(' AND ')} ORDER BY started_at DESC, n DESC LIMIT ?`)
      .all(...values, options.limit) as RunRow[];
    return rows.map(toRun);
  }

  plan(run: StoredRun): unknown {
    return JSON.parse(String(this.database.prepare('SELECT plan FROM run WHERE n = ?').pluck().get(run.n)));
  }

  cases(run: StoredRun): Case[] {
    const rows = this.database
      .prepare('SELECT b.json, c.file, c.place FROM run_case c JOIN case_body b ON b.n = c.body WHERE c.run = ? ORDER BY c.case_index')
      .all(run.n) as { json: string; file: string; place: string }[];
    return rows.map(toCase);
  }

  case(run: StoredRun, caseIndex: number): Case {
    const row = this.database
      .prepare('SELECT b.json, c.file, c.place FROM run_case c JOIN case_body b ON b.n = c.body WHERE c.run = ? AND c.case_index = ?')
      .get(run.n, caseIndex) as { json: string; file: string; place: string } | undefined;
    if (row === undefined) throw new TouchstoneError('not-found', `Run ${run.info.id} has no case number ${caseIndex + 1}.`);
    return toCase(row);
  }

  slices(run: StoredRun): readonly string[] {
    let slices = this.#slices.get(run.n);
    if (slices === undefined) {
      slices = this.database.prepare('SELECT DISTINCT slice FROM run_case WHERE run = ? AND slice IS NOT NULL ORDER BY slice').pluck().all(run.n) as string[];
      this.#slices.set(run.n, slices);
    }
    return slices;
  }

  rename(id: string, title: string): void {
    const { n } = this.get(id);
    this.#write(() => this.database.prepare('UPDATE run SET title = ?, revision = revision + 1 WHERE n = ?').run(title === '' ? null : title, n));
  }

  /** @throws TouchstoneError 'usage' when another process works on one of them: then none is deleted */
  delete(ids: readonly string[]): void {
    this.#releaseLost();
    this.#write(() => {
      const running = this.database.prepare("SELECT n FROM run WHERE id = ? AND status = 'running'").pluck();
      for (const id of ids) {
        const n = running.get(id) as number | undefined;
        if (n !== undefined && !this.#owned.has(n)) throw new TouchstoneError('usage', `Run ${id} is being worked on by another window or command. Cancel it there, then delete it.`);
      }
      for (const id of ids) this.database.prepare('DELETE FROM run WHERE id = ?').run(id);
      this.database.prepare('DELETE FROM case_body WHERE NOT EXISTS (SELECT 1 FROM run_case WHERE body = case_body.n)').run();
    });
  }

  /** Removes the cells without an answer, so that a resumed run asks again. */
  forgetErrors(run: StoredRun): void {
    this.#write(() => this.database.prepare('DELETE FROM cell WHERE run = ? AND error_code IS NOT NULL').run(run.n));
  }

  /** Ordinals of the finished cells. */
  finishedOrdinals(run: StoredRun): number[] {
    this.queue.commit();
    return this.database.prepare('SELECT ordinal FROM cell WHERE run = ? ORDER BY ordinal').pluck().all(run.n) as number[];
  }

  lastAttempts(run: StoredRun): Map<number, number> {
    const rows = this.database.prepare('SELECT ordinal, max(number) FROM attempt WHERE run = ? GROUP BY ordinal').raw().all(run.n) as [number, number][];
    return new Map(rows);
  }

  summarize(run: StoredRun): RunSummary {
    this.queue.commit();
    const { info } = run;
    const shape = shapeOf(info);
    const summary = new RunSummary(info.models.length, info.repeats);
    const rows = this.database
      .prepare('SELECT ordinal, error_code, pass, score, latency_ms, cost, input_tokens, output_tokens, cached, metrics FROM cell WHERE run = ? ORDER BY ordinal')
      .raw()
      .iterate(run.n) as IterableIterator<[number, string | null, number | null, number | null, number | null, number | null, number | null, number | null, number, string | null]>;
    for (const [ordinal, errorCode, pass, score, latencyMs, cost, inputTokens, outputTokens, cached, metrics] of rows) {
      const { caseIndex, modelIndex } = cellKeyAt(ordinal, shape);
      const facts: CellFacts = {
        caseIndex,
        modelIndex,
        failedToAnswer: errorCode !== null,
        pass: pass === null ? null : pass === 1,
        score,
        latencyMs,
        cost,
        inputTokens,
        outputTokens,
        cached: cached === 1,
        metrics: metrics === null ? null : (JSON.parse(metrics) as CellMetrics),
      };
      summary.add(facts);
    }
    return summary;
  }

  cell(run: StoredRun, key: CellKey): CellResult | null {
    return this.journal(run).readCell(key) ?? null;
  }

  attempts(run: StoredRun, key: CellKey): AttemptInfo[] {
    this.queue.commit();
    const rows = this.database.prepare('SELECT * FROM attempt WHERE run = ? AND ordinal = ? ORDER BY number').all(run.n, cellOrdinal(key, shapeOf(run.info))) as {
      number: number;
      started_at: number;
      ended_at: number | null;
      outcome: AttemptInfo['outcome'];
      error_code: ErrorCode | null;
      error_message: string | null;
      usage: string | null;
    }[];
    return rows.map((row) => ({
      number: row.number,
      startedAt: new Date(row.started_at).toISOString(),
      durationMs: row.ended_at === null ? null : row.ended_at - row.started_at,
      outcome: row.outcome,
      error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
      usage: row.usage === null ? null : (JSON.parse(row.usage) as TokenUsage),
    }));
  }

  /** Finished cells with their cases, in order, a page at a time. Behind `after` nothing is counted or skipped: that would make reading a whole run quadratic. */
  listCells(run: StoredRun, options: { from: number; to: number; caseId?: string; modelIndex?: number; onlyNotPassed?: boolean; after?: CellKey }): { cells: StoredCell[]; total: number | null } {
    this.queue.commit();
    const shape = shapeOf(run.info);
    const perCase = shape.models * shape.repeats;
    const where = ['c.run = @run'];
    if (options.caseId !== undefined) where.push('k.case_id = @caseId');
    if (options.modelIndex !== undefined) where.push(`(c.ordinal / ${shape.repeats}) % ${shape.models} = @modelIndex`);
    if (options.onlyNotPassed === true) where.push('(c.pass IS NULL OR c.pass = 0)');
    if (options.after !== undefined) where.push('c.ordinal > @after');
    const from = `FROM cell c JOIN run_case k ON k.run = c.run AND k.case_index = c.ordinal / ${perCase} WHERE ${where.join(' AND ')}`;
    const values = { run: run.n, caseId: options.caseId ?? null, modelIndex: options.modelIndex ?? null, from: options.from, count: Math.max(0, options.to - options.from), after: options.after === undefined ? null : cellOrdinal(options.after, shape) };
    const total = options.after === undefined ? Number(this.database.prepare(`SELECT count(*) ${from}`).pluck().get(values)) : null;
    const rows = this.database
      .prepare(
        `SELECT p.ordinal, p.case_id, p.file, p.place, b.json, x.json AS body
           FROM (SELECT c.ordinal, k.case_id, k.file, k.place, k.body ${from} ORDER BY c.ordinal LIMIT @count OFFSET @from) AS p
           JOIN case_body b ON b.n = p.body
           JOIN cell_body x ON x.run = @run AND x.ordinal = p.ordinal
          ORDER BY p.ordinal`,
      )
      .all(values) as { ordinal: number; case_id: string; file: string; place: string; json: string; body: string }[];
    return {
      total,
      cells: rows.map((row) => ({ result: { ...(JSON.parse(row.body) as CellResult), caseId: row.case_id, ...cellKeyAt(row.ordinal, shape) }, case: toCase(row) })),
    };
  }

  /** Runs with cases of this dataset file, newest first. */
  runsOfFile(file: string, limit: number): StoredRun[] {
    this.queue.commit();
    const rows = this.database
      .prepare(`SELECT ${RUN_COLUMNS} FROM run WHERE n IN (SELECT DISTINCT run FROM run_case WHERE file = ?) AND status <> '${PREPARING}' AND ${NO_VERSION} ORDER BY started_at DESC, n DESC LIMIT ?`)
      .all(file, limit) as RunRow[];
    return rows.map(toRun);
  }

  /** The finished cells of a run's cases from one file, in order, with what a line of the file shows. */
  outcomes(run: StoredRun, file: string): OutcomeRow[] {
    const perCase = run.info.models.length * run.info.repeats;
    return this.database
      .prepare(
        `SELECT k.case_id, c.ordinal, c.pass, c.error_code, c.preview, c.latency_ms, b.json
           FROM run_case k JOIN cell c ON c.run = k.run AND c.ordinal >= k.case_index * ${perCase} AND c.ordinal < (k.case_index + 1) * ${perCase} JOIN case_body b ON b.n = k.body
          WHERE k.run = ? AND k.file = ? ORDER BY c.ordinal`,
      )
      .all(run.n, file) as OutcomeRow[];
  }

  clearResponses(): number {
    return this.#write(() => this.database.prepare('DELETE FROM response WHERE run IS NULL').run().changes);
  }

  /** Drops cached answers older than `days`, at most `limit` at a time so that nothing waits for it. */
  expireResponses(days: number, limit: number): number {
    return this.#write(
      () => this.database.prepare('DELETE FROM response WHERE n IN (SELECT n FROM response WHERE created_at < ? LIMIT ?)').run(Date.now() - days * 86_400_000, limit).changes,
    );
  }

  /** Runs that say they are running while their process is gone become `interrupted`; those that were not yet planned were never there. */
  #releaseLost(): void {
    const rows = this.database.prepare(`SELECT n, status, owner, heartbeat FROM run WHERE status IN ('running', '${PREPARING}')`).all() as { n: number; status: string; owner: string | null; heartbeat: number }[];
    const lost = rows.filter((row) => !this.#owned.has(row.n) && !isAlive(row.owner, row.heartbeat));
    if (lost.length === 0) return;
    this.#write(() => {
      for (const { n, status, owner } of lost) {
        if (status === PREPARING) this.database.prepare('DELETE FROM run WHERE n = ? AND owner IS ? AND status = ?').run(n, owner, PREPARING);
        else this.database.prepare("UPDATE run SET status = 'interrupted', owner = NULL, revision = revision + 1 WHERE n = ? AND owner IS ?").run(n, owner);
      }
    });
  }

  #beat(): void {
    if (this.#owned.size === 0) return;
    const now = Date.now();
    for (const n of this.#owned) {
      this.queue.add(() => {
        const { changes } = this.database.prepare('UPDATE run SET heartbeat = ? WHERE n = ? AND owner = ?').run(now, n, this.#owner);
        if (changes === 0) (this.#owned.delete(n), this.#lost.add(n));
      });
    }
  }

  #write<T>(action: () => T): T {
    this.queue.commit();
    try {
      return this.database.transaction(action).immediate();
    } catch (error) {
      throw storeError(error, this.database.name);
    }
  }
}

function takenOver(run: StoredRun): TouchstoneError {
  return new TouchstoneError('store', `Another window or command has taken run ${run.info.id}, because this process was not heard of for ${HEARTBEAT_LIMIT_MS / 1000} seconds. What was finished is kept.`);
}

export function shapeOf(info: RunInfo): RunShape {
  return { cases: info.cases, models: info.models.length, repeats: info.repeats };
}
