import type { Summary } from '../eval/model.ts';
import { cellFacts, RunSummary } from '../eval/summary.ts';
import type { ReportCell, ReportRun } from './model.ts';

/**
 * The summary over several runs, computed from the cells as these pass by, because intervals and quantiles of the runs
 * cannot be joined. Of a single run it is that run's own summary.
 */
export class OverallSummary {
  readonly #runs: readonly ReportRun[];
  readonly #all: RunSummary;
  readonly #firstCase = new Map<string, number>();

  constructor(runs: readonly ReportRun[]) {
    this.#runs = runs;
    this.#all = new RunSummary(0, Math.max(1, ...runs.map((run) => run.info.repeats)));
    let cases = 0;
    for (const run of runs) {
      this.#firstCase.set(run.info.id, cases);
      cases += run.info.cases;
    }
  }

  add(run: ReportRun, cells: readonly ReportCell[]): void {
    if (this.#runs.length === 1) return;
    // Cases of different runs are different cases, also where their indices are the same.
    const first = this.#firstCase.get(run.info.id) ?? 0;
    for (const cell of cells) this.#all.add({ ...cellFacts(cell.result), caseIndex: first + cell.result.caseIndex });
  }

  result(): Summary {
    const [only] = this.#runs;
    return only !== undefined && this.#runs.length === 1 ? only.summary : this.#all.all();
  }
}
