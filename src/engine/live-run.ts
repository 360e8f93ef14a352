import { randomBytes } from 'node:crypto';
import type { Budget } from '../core/eval/budget.ts';
import type { CellResult } from '../core/eval/model.ts';
import { cellOrdinal } from '../core/eval/ordinal.ts';
import { planShape, type RunPlan } from '../core/eval/plan.ts';
import { cellFacts, type RunSummary } from '../core/eval/summary.ts';
import type { StoredRun } from '../node/sqlite/run-store.ts';
import type { CaseBatches } from './case-batches.ts';
import type { LiveRun } from './grid.ts';

/** A run that this process works on. */
export class ActiveRun implements LiveRun {
  readonly run: StoredRun;
  readonly plan: RunPlan;
  readonly summary: RunSummary;
  readonly planned: number;
  readonly cancel = new AbortController();
  /** Ordinal → when its cell started, milliseconds since the epoch. */
  readonly running = new Map<number, number>();
  /** When this process began to work on it: runs of one eval wait for each other. */
  startedAt = Date.now();
  readonly finishedBefore: number;
  /** Resolves when the run has ended and its end is stored; rejects when the journal failed. */
  done: Promise<void> = Promise.resolve();
  revision: number;
  /** When one case runs again: its cells by ordinal, with the results that they have. Only these run, and they are asked again. */
  readonly replaces: ReadonlyMap<number, CellResult | null> | undefined;
  /** The limit of the runs that it was started with, together. */
  sharedBudget: Budget | undefined;
  /** Absent: its cells are asked for in their order. */
  batches: CaseBatches | undefined;

  constructor(run: StoredRun, plan: RunPlan, summary: RunSummary, planned: number, replaces?: ReadonlyMap<number, CellResult | null>) {
    this.replaces = replaces;
    this.run = run;
    this.plan = plan;
    this.summary = summary;
    this.planned = planned;
    this.finishedBefore = summary.done;
    this.revision = run.revision + 1;
  }

  get slowAbove(): (number | null)[] {
    return this.summary.models().map(({ latency }) => latency.p95);
  }

  /** Counts a result in place of the one that the cell had before. */
  add(result: CellResult, before?: CellResult): void {
    this.revision++;
    const replaced = before ?? this.replaces?.get(cellOrdinal(result, planShape(this.plan)));
    if (replaced !== undefined && replaced !== null) this.summary.remove(cellFacts(replaced));
    this.summary.add(cellFacts(result));
  }

  /** Milliseconds, from the pace since this process took the run; `null` before a cell is done and when none is left. */
  remainingMs(): number | null {
    const done = this.summary.done - this.finishedBefore;
    const left = this.planned - this.summary.done;
    if (done === 0 || left === 0) return null;
    return ((Date.now() - this.startedAt) / done) * left;
  }
}

/** Sortable by time, short enough to type: `r-` and base 36 of the second, then 4 random digits. */
export function newRunId(now: number): string {
  return `r-${Math.floor(now / 1000).toString(36)}${(randomBytes(4).readUInt32BE() % 36 ** 4).toString(36).padStart(4, '0')}`;
}
