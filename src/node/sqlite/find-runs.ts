import type { RunInfo } from '../../core/eval/model.ts';
import type { Database } from './database.ts';

/** What of a prompt, a dataset and checks makes two runs ask for the same outputs, and judge them alike. `datasetHash` absent: of any dataset. */
export type RunContent = Pick<RunInfo, 'promptId' | 'promptPath' | 'promptHash' | 'assertionsHash'> & Partial<Pick<RunInfo, 'datasetHash'>>;

/** Ids of the runs of this content, newest first. */
export function runsOfContent(database: Database, content: RunContent): string[] {
  return database
    .prepare(
      `SELECT id FROM run
        WHERE prompt_path = ? AND prompt_id = ? AND status IN ('finished', 'running') AND info ->> '$.promptHash' = ? AND info ->> '$.assertionsHash' = ? AND (? IS NULL OR info ->> '$.datasetHash' = ?)
        ORDER BY started_at DESC, n DESC`,
    )
    .pluck()
    .all(content.promptPath, content.promptId, content.promptHash, content.assertionsHash, content.datasetHash ?? null, content.datasetHash ?? null) as string[];
}

/** Ids of finished runs with at least and at most so many outputs of each model, newest first, at most ten. */
export function runsOfSize(database: Database, least: number, most: number): string[] {
  return database.prepare("SELECT id FROM run WHERE status = 'finished' AND cases * repeats BETWEEN ? AND ? ORDER BY started_at DESC, n DESC LIMIT 10").pluck().all(least, most) as string[];
}

/** Ids of runs that begin so, newest first; of `latest` the newest. */
export function runsByName(database: Database, name: string): string[] {
  const known = "status <> 'preparing'";
  if (name === 'latest') return database.prepare(`SELECT id FROM run WHERE ${known} ORDER BY started_at DESC, n DESC LIMIT 1`).pluck().all() as string[];
  const exact = database.prepare(`SELECT id FROM run WHERE id = ? AND ${known}`).pluck().all(name) as string[];
  return exact.length > 0 ? exact : (database.prepare(`SELECT id FROM run WHERE substr(id, 1, length(@name)) = @name AND ${known} ORDER BY started_at DESC, n DESC`).pluck().all({ name }) as string[]);
}
