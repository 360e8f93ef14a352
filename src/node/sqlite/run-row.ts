import type { Statement } from 'better-sqlite3';
import { hash as digest } from 'node:crypto';
import type { Case } from '../../core/dataset/model.ts';
import type { RunInfo, RunStatus, Summary } from '../../core/eval/model.ts';
import type { Database } from './database.ts';
import { redactedJson } from './redact-json.ts';

export interface StoredSummary {
  readonly all: Summary;
  readonly models: readonly Summary[];
  /** Of each model: the sum over cells of score × weight, by metric. */
  readonly metricSums: readonly Readonly<Record<string, number>>[];
  /** Metrics derived from these sums (promptfoo's derivedMetrics), of each model. */
  readonly derived?: readonly Readonly<Record<string, number>>[];
}

export interface StoredRun {
  readonly n: number;
  readonly info: RunInfo;
  readonly summary: StoredSummary | null;
  readonly revision: number;
}

export interface RunRow {
  readonly n: number;
  readonly id: string;
  readonly title: string | null;
  readonly prompt_id: string;
  readonly prompt_path: string;
  readonly status: RunStatus;
  readonly owner: string | null;
  readonly heartbeat: number;
  readonly started_at: number;
  readonly duration_ms: number;
  readonly cases: number;
  readonly repeats: number;
  readonly info: string;
  readonly summary: string | null;
  readonly revision: number;
}

/** All of a RunRow: the plan, which is large, is read apart. */
export const RUN_COLUMNS = 'n, id, title, prompt_id, prompt_path, status, owner, heartbeat, started_at, duration_ms, cases, repeats, info, summary, revision';

/** Statements that write a run's cases; bodies that another run has are shared. */
export function prepareCases(database: Database): { readonly body: Statement; readonly place: Statement } {
  return {
    body: database.prepare('INSERT INTO case_body (hash, json) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET hash = excluded.hash RETURNING n').pluck(),
    place: database.prepare('INSERT INTO run_case (run, case_index, case_id, slice, body, file, place) VALUES (?, ?, ?, ?, ?, ?, ?)'),
  };
}

export function insertCase(statements: ReturnType<typeof prepareCases>, run: number, index: number, item: Case, redact: (text: string) => string): void {
  const { place, ...body } = item;
  const json = redactedJson(body, redact);
  const hash = digest('sha256', json, 'buffer').subarray(0, 16);
  const { file, ...range } = place;
  statements.place.run(run, index, redact(item.id), item.tags[0] === undefined ? null : redact(item.tags[0]), statements.body.get(hash, json), file, JSON.stringify(range));
}

export function toCase(row: { json: string; file: string; place: string }): Case {
  return { ...(JSON.parse(row.json) as Omit<Case, 'place'>), place: { file: row.file, ...(JSON.parse(row.place) as Omit<Case['place'], 'file'>) } };
}

export function toRun(row: RunRow): StoredRun {
  const rest = JSON.parse(row.info) as Omit<RunInfo, 'id' | 'title' | 'promptId' | 'promptPath' | 'status' | 'startedAt' | 'durationMs' | 'cases' | 'repeats'>;
  return {
    n: row.n,
    revision: row.revision,
    summary: row.summary === null ? null : (JSON.parse(row.summary) as StoredSummary),
    info: {
      ...rest,
      id: row.id,
      ...(row.title === null ? {} : { title: row.title }),
      promptId: row.prompt_id,
      promptPath: row.prompt_path,
      status: row.status,
      startedAt: new Date(row.started_at).toISOString(),
      durationMs: row.duration_ms,
      cases: row.cases,
      repeats: row.repeats,
    },
  };
}
