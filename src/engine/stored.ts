import type { RunInfo } from '../core/eval/model.ts';
import type { RunPlan, StoredPlan } from '../core/eval/plan.ts';
import type { RunSummary } from '../core/eval/summary.ts';
import type { RunStore, StoredRun, StoredSummary } from '../node/sqlite/run-store.ts';
import type { ActiveRun } from './live-run.ts';

/** What a run is once one of its cases was run again. */
export function statusAfterRerun(run: StoredRun, store: RunStore, active: ActiveRun): RunInfo['status'] {
  return store.finishedOrdinals(run).length >= active.planned ? 'finished' : run.info.status === 'running' ? 'interrupted' : run.info.status;
}

export function storedSummary(summary: RunSummary): StoredSummary {
  return { all: summary.all(), models: summary.models(), metricSums: summary.metricSums() };
}

/** The summary as it is now: of the live run, as it was stored, or (after a crash) added up from the cells. */
export function summaryOf(run: StoredRun, store: RunStore, active: ActiveRun | undefined): StoredSummary {
  if (active !== undefined) return storedSummary(active.summary);
  if (run.summary !== null) return run.summary;
  const summary = storedSummary(store.summarize(run));
  if (run.info.status !== 'running') store.keepSummary(run, summary);
  return summary;
}

/** What of a plan is kept with its run. */
export function storedPlan(plan: RunPlan): StoredPlan {
  return {
    // The cases are kept with the run; a config's inline ones would be there twice.
    prompt: { ...plan.prompt, dataset: { ...plan.prompt.dataset, inline: [] } },
    models: plan.models.map(({ ref }) => ref),
    concurrency: plan.concurrency,
    noCache: plan.noCache,
    maxRetries: plan.maxRetries,
    ...(plan.timeoutMs === undefined ? {} : { timeoutMs: plan.timeoutMs }),
  };
}
