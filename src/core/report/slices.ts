import type { ReportCell, ReportRun, ReportSource } from './model.ts';
import { RateCounter, type Rate } from './rate.ts';

/** How one slice did, model by model (in the run's order). A case with several tags counts in each of their slices. */
export interface SliceRates {
  readonly slice: string;
  readonly cases: number;
  readonly models: readonly Rate[];
}

/** Counts a run's slices as its cells go by, in their order. */
export class SliceCounter {
  readonly #run: ReportRun;
  readonly #slices = new Map<string, { cases: number; lastCase: number; models: RateCounter[] }>();

  constructor(run: ReportRun) {
    this.#run = run;
  }

  add(cells: readonly ReportCell[]): void {
    for (const { result, case: { tags } } of cells) {
      for (const tag of tags) {
        const slice = this.#slice(tag);
        if (slice.lastCase !== result.caseIndex) {
          slice.lastCase = result.caseIndex;
          slice.cases++;
        }
        if (result.pass !== null) slice.models[result.modelIndex]?.add(String(result.caseIndex), result.pass);
      }
    }
  }

  /** In the order in which the dataset names them. */
  result(): SliceRates[] {
    return [...this.#slices].map(([slice, { cases, models }]) => ({ slice, cases, models: models.map((model) => model.result()) }));
  }

  #slice(tag: string): { cases: number; lastCase: number; models: RateCounter[] } {
    let slice = this.#slices.get(tag);
    if (slice === undefined) {
      const { models, repeats } = this.#run.info;
      slice = { cases: 0, lastCase: -1, models: models.map(() => new RateCounter(repeats)) };
      this.#slices.set(tag, slice);
    }
    return slice;
  }
}

export async function sliceRates(source: ReportSource, run: ReportRun): Promise<SliceRates[]> {
  const counter = new SliceCounter(run);
  for await (const page of source.cells(run.info.id)) counter.add(page);
  return counter.result();
}
