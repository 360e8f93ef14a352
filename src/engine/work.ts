import type { RunInfo, RunStatus } from '../core/eval/model.ts';
import { cellKeyAt } from '../core/eval/ordinal.ts';
import { planShape, plannedOrdinals } from '../core/eval/plan.ts';
import { executeRun, type RunPorts } from '../core/eval/runner.ts';
import type { RunStore } from '../node/sqlite/run-store.ts';
import type { ActiveRun } from './live-run.ts';
import { statusAfterRerun } from './stored.ts';

export interface WorkEnd {
  readonly status: RunStatus;
  /** From the first request to the last commit, of all batches together. */
  readonly durationMs: number;
  /** Why it stopped early, in words. */
  readonly reason?: string;
  /** Every cell that was asked for was counted as it came. */
  readonly whole: boolean;
  /** How it came to its cells, where they were given in batches. */
  readonly sequence?: Required<Pick<RunInfo, 'planned' | 'sequence'>>;
}

/** Executes what is missing of a run: all of it, the cells that are replaced, or batch by batch. */
export async function workOn(active: ActiveRun, store: RunStore, ports: RunPorts): Promise<WorkEnd> {
  const { run, plan, batches, replaces } = active;
  const { id } = run.info;
  const runId = replaces === undefined ? id : `${id}/${active.startedAt}`;
  const planned = plannedOrdinals(plan);
  const execute = (isWanted: (ordinal: number) => boolean, finished: ReadonlySet<number>): ReturnType<typeof executeRun> =>
    executeRun(plan, { finished: new Set([...finished, ...planned.filter((ordinal) => !isWanted(ordinal))]), attempts: store.lastAttempts(run), runId }, ports, active.cancel.signal);
  const finished = (): Set<number> => new Set(store.finishedOrdinals(run));
  if (replaces !== undefined) {
    const kept = new Set([...finished()].filter((ordinal) => !replaces.has(ordinal)));
    const end = await execute((ordinal) => replaces.has(ordinal), kept);
    return { ...end, status: statusAfterRerun(run, store, active), whole: end.status === 'finished' };
  }
  if (batches === undefined) {
    const end = await execute(() => true, finished());
    return { ...end, whole: end.status === 'finished' };
  }
  let durationMs = 0;
  const shape = planShape(plan);
  for (let cases = await batches.next(id, active.cancel.signal); cases !== null; cases = await batches.next(id, active.cancel.signal)) {
    const wanted = new Set(cases);
    const end = await execute((ordinal) => wanted.has(cellKeyAt(ordinal, shape).caseIndex), finished());
    durationMs += end.durationMs;
    if (end.status !== 'finished') return { ...end, durationMs, whole: false };
  }
  if (active.cancel.signal.aborted) return { status: 'cancelled', durationMs, whole: false };
  return { ...batches.outcome(id, finished().size), durationMs, whole: true };
}
