import { TouchstoneError } from '../core/errors.ts';
import type { CellKey } from '../core/eval/model.ts';
import type { ReportSource } from '../core/report/model.ts';
import type { EngineClient, RunSnapshot } from '../protocol/engine.ts';

/** Cells asked for at once: enough to be quick, few enough that a run of any size fits in memory. */
const PAGE = 250;
const ALL = 1_000_000;

/** Reports over runs that the engine keeps. `caseId` leaves out all other cases. */
export function storedRuns(engine: EngineClient, runs: readonly RunSnapshot[], caseId?: string): ReportSource {
  return {
    runs,
    async *cells(runId, modelIndex, only) {
      const which = { runId, ...(modelIndex === undefined ? {} : { modelIndex }), ...(caseId === undefined ? {} : { caseId }), ...(only === undefined ? {} : { only }) };
      for (let after: CellKey | undefined; ; ) {
        const { cells } = await engine.request('cells/list', { ...which, from: 0, to: PAGE, ...(after === undefined ? {} : { after }) });
        if (cells.length > 0) yield cells;
        const last = cells.at(-1);
        if (last === undefined || cells.length < PAGE) return;
        const { caseIndex, modelIndex, repeat } = last.result;
        after = { caseIndex, modelIndex, repeat };
      }
    },
  };
}

/** The run that a person means: its id, the only one that begins so, or the `latest`. */
export async function findRun(engine: EngineClient, wanted: string): Promise<RunSnapshot> {
  const { runs } = await engine.request('runs/list', { limit: wanted === 'latest' ? 1 : ALL });
  if (wanted === 'latest') {
    const [newest] = runs;
    if (newest === undefined) throw new TouchstoneError('not-found', 'This workspace has no runs yet. `touchstone eval` makes one.');
    return newest;
  }
  const exact = runs.find((run) => run.info.id === wanted);
  if (exact !== undefined) return exact;
  const matches = runs.filter((run) => run.info.id.startsWith(wanted));
  const [only, ...others] = matches;
  if (only === undefined) throw new TouchstoneError('not-found', `No run here begins with ${wanted}. \`touchstone runs\` lists them.`);
  if (others.length > 0) throw new TouchstoneError('usage', `${wanted} begins the ids of ${matches.length} runs: ${matches.slice(0, 5).map((run) => run.info.id).join(', ')}${matches.length > 5 ? ', …' : ''}.`);
  return only;
}
