import type { RunInfo, Summary } from '../../core/eval/model.ts';
import type { Database } from './database.ts';
import type { StoredSummary } from './run-row.ts';

/** What one finished run gave for one model. */
export interface StoredScore {
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly promptHash: string;
  readonly datasetName: string | null;
  readonly datasetHash: string;
  /** As its run labels it. */
  readonly model: string;
  readonly modelId: string;
  readonly summary: Summary;
}

/** Older runs of a prompt say little of its versions. */
const MOST_RUNS = 2000;

/**
 * The last whole run of each content of a prompt, with each dataset and model, newest first. Runs of a part of the cases, those that were
 * stopped when their comparison was clear, and those that did not come to their end, tell nothing of a version.
 */
export function versionScores(database: Database, promptIds: readonly string[]): StoredScore[] {
  const rows = database
    .prepare(`SELECT id, started_at, info, summary FROM run WHERE prompt_id IN (SELECT value FROM json_each(?)) AND status = 'finished' AND summary IS NOT NULL AND json_extract(info, '$.filter') IS NULL AND json_extract(info, '$.sequence.stopped') IS NULL ORDER BY started_at DESC, n DESC LIMIT ?`)
    .all(JSON.stringify(promptIds), MOST_RUNS) as { id: string; started_at: number; info: string; summary: string }[];
  const seen = new Set<string>();
  return rows.flatMap((row) => {
    const info = JSON.parse(row.info) as Pick<RunInfo, 'promptHash' | 'datasetName' | 'datasetHash' | 'models'>;
    const { models } = JSON.parse(row.summary) as StoredSummary;
    return info.models.flatMap(({ label, id }, index): StoredScore[] => {
      const summary = models[index];
      const key = JSON.stringify([info.promptHash, info.datasetHash, label]);
      if (summary === undefined || seen.has(key)) return [];
      seen.add(key);
      return [{ runId: row.id, startedAt: new Date(row.started_at).toISOString(), promptHash: info.promptHash, datasetName: info.datasetName, datasetHash: info.datasetHash, model: label, modelId: id, summary }];
    });
  });
}
