import type { RunInfo } from '../core/eval/model.ts';

/** Gives a run its cases batch by batch, as it goes: several runs may wait for each other between them. */
export interface CaseBatches {
  /** Indices of the cases that the run asks for next; `null`: no more. Called again when these have their answers. */
  next(runId: string, signal: AbortSignal): Promise<readonly number[] | null>;
  /** What is kept with a run that was given no more. `done`: cells that it has. */
  outcome(runId: string, done: number): { readonly status: 'finished' | 'cancelled'; readonly sequence?: Required<Pick<RunInfo, 'planned' | 'sequence'>> };
  /** The run has ended, for whatever reason. */
  left(runId: string): void;
}
