import type { Summary } from '../eval/model.ts';
import { cellFacts, RunSummary } from '../eval/summary.ts';
import type { ReportCell, ReportRun, ReportSource } from './model.ts';

/** How one slice did. A case with several tags counts in each of their slices. */
export interface SliceSummary {
  readonly slice: string;
  readonly cases: number;
  /** In the order of the run's models. */
  readonly models: readonly Summary[];
}

/** Counts a run's slices as its cells go by, in their order. */
export class SliceCounter {
  readonly #run: ReportRun;
  readonly #slices = new Map<string, { cases: number; lastCase: number; readonly summary: RunSummary }>();

  constructor(run: ReportRun) {
    this.#run = run;
  }

  add(cells: readonly ReportCell[]): void {
    for (const cell of cells) {
      for (const tag of cell.case.tags) {
        const slice = this.#slice(tag);
        slice.summary.add(cellFacts(cell.result));
        if (slice.lastCase === cell.result.caseIndex) continue;
        slice.lastCase = cell.result.caseIndex;
        slice.cases++;
      }
    }
  }

  /** In the order in which the dataset names them. */
  result(): SliceSummary[] {
    return [...this.#slices].map(([slice, { cases, summary }]) => ({ slice, cases, models: summary.models() }));
  }

  #slice(tag: string): { cases: number; lastCase: number; readonly summary: RunSummary } {
    let slice = this.#slices.get(tag);
    if (slice === undefined) {
      const { models, repeats } = this.#run.info;
      slice = { cases: 0, lastCase: -1, summary: new RunSummary(models.length, repeats) };
      this.#slices.set(tag, slice);
    }
    return slice;
  }
}

export async function sliceSummaries(source: ReportSource, run: ReportRun): Promise<SliceSummary[]> {
  const counter = new SliceCounter(run);
  for await (const page of source.cells(run.info.id)) counter.add(page);
  return counter.result();
}
