import type { RunInfo, RunVersion } from '../../core/eval/model.ts';
import type { StoredRun } from '../../node/sqlite/run-store.ts';
import type { RunSide } from '../../protocol/compare.ts';

/**
 * A run in the place of a side: started from the file it answers for the version that was saved of the same content, and the other way
 * round. What the hash of its prompt is decides, not what the reference says.
 */
export function asAsked(run: StoredRun, { as }: Pick<RunSide, 'as'>): StoredRun {
  if (as === undefined || (as !== null && as.hash !== run.info.promptHash)) return run;
  const { version: _version, ...info } = run.info;
  return { ...run, info: as === null ? info : { ...info, version: as } };
}

/** The side that a run of this content is, asked for as `wanted`; `undefined`: as the file. */
export function sideOfRun({ id, version }: Pick<RunInfo, 'id' | 'version'>, modelIndex: number, wanted: RunVersion | undefined): RunSide {
  const same = version?.hash === wanted?.hash && version?.environment === wanted?.environment;
  return { runId: id, modelIndex, ...(same ? {} : { as: wanted ?? null }) };
}
