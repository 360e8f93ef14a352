import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { ordinalOfTrace, traceIdOfCell } from '../../core/eval/cell-trace-id.ts';
import { spansOfCell } from '../../core/eval/cell-trace.ts';
import type { CellKey, CellResult } from '../../core/eval/model.ts';
import { cellKeyAt, cellOrdinal } from '../../core/eval/ordinal.ts';
import type { StoredPlan } from '../../core/eval/plan.ts';
import type { Case } from '../../core/dataset/model.ts';
import type { RawSpan } from '../../core/trace/model.ts';
import { SinkError, type TailPosition, type TraceSink } from '../../core/trace/sink.ts';
import { shapeOf, type RunStore, type StoredRun } from '../../node/sqlite/run-store.ts';
import { requestOf } from '../cells.ts';

export interface CellTraceOptions {
  readonly store: () => Promise<RunStore>;
  readonly sink: () => Promise<TraceSink>;
  /** Days after which the store lets go of traces; 0: never. */
  readonly retentionDays: () => number;
  readonly deleteTraces: (traceIds: readonly string[]) => Promise<number>;
  readonly log: (message: string) => void;
}

/** How long nothing may have happened before traces are written in the background. */
const IDLE_MS = 3000;
const CELLS_AT_ONCE = 50;
/** Between two pieces others get the threads. */
const REST_MS = 50;
const MOST_RUNS = 1000;
const DAY_MS = 86_400_000;
const MOST_ORDINAL = 2 ** 32 - 1;

/**
 * The traces of eval cells. They are made from the journal, which has everything in it, and never while a run goes on: a run
 * pays nothing for them. A cell whose trace is asked for gets it at once; the others follow when the engine is idle. How far
 * a run was written stands with the positions of tailed files, in the transaction of the spans.
 */
export class CellTraces {
  readonly #options: CellTraceOptions;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | null = null;
  readonly #stop = new AbortController();

  constructor(options: CellTraceOptions) {
    this.#options = options;
  }

  /** Writes the trace of one cell. @throws TouchstoneError 'not-found' when there is no such cell, or no result of it yet */
  async write(runId: string, key: CellKey): Promise<string> {
    const store = await this.#options.store();
    const run = store.get(runId);
    const shape = shapeOf(run.info);
    if (key.caseIndex >= shape.cases || key.modelIndex >= shape.models || key.repeat >= shape.repeats) throw new TouchstoneError('not-found', `Run ${runId} has no such cell.`);
    const result = store.cell(run, key);
    if (result === null) throw new TouchstoneError('not-found', 'This cell has no result yet: its trace is made when it has.');
    const traceId = traceIdOfCell(runId, cellOrdinal(key, shape));
    const spans = spansOf(store, run, [{ result, case: store.case(run, key.caseIndex) }]);
    await (await this.#options.sink()).ingest({ spans, logs: [], rejected: [], origin: { kind: 'eval', place: `run ${runId}` } });
    return traceId;
  }

  /** Whether the id is that of a cell with a result: then its trace is written. */
  async writeById(traceId: string): Promise<boolean> {
    const store = await this.#options.store();
    for (const run of store.list({ limit: MOST_RUNS })) {
      const ordinal = ordinalOfTrace(traceId, run.info.id);
      if (ordinal === null) continue;
      const key = cellKeyAt(ordinal, shapeOf(run.info));
      if (key.caseIndex >= run.info.cases || store.cell(run, key) === null) return false;
      await this.write(run.info.id, key);
      return true;
    }
    return false;
  }

  /** Takes the traces of a deleted run with it. */
  async forget(runId: string): Promise<void> {
    const { database } = await this.#options.store();
    // A run that nothing was written of has no traces, and the thread that deletes need not start.
    const ids = database.prepare('SELECT lower(hex(id)) FROM trace WHERE id BETWEEN ? AND ?').pluck();
    const [first, last] = [0, MOST_ORDINAL].map((ordinal) => Buffer.from(traceIdOfCell(runId, ordinal), 'hex'));
    const traceIds = ids.all(first, last) as string[];
    if (traceIds.length > 0) await this.#options.deleteTraces(traceIds);
    database.prepare('DELETE FROM tail_position WHERE path = ?').run(pathOfRun(runId));
  }

  /** Something happened: the background waits again until nothing does. */
  nudge(): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.settle(), IDLE_MS).unref();
  }

  /** Writes what is missing, now; stops when an eval begins. */
  async settle(): Promise<void> {
    this.#writing ??= this.#writeAll()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.log(`Traces of eval cells were not written: ${errorMessage(error)}`);
      })
      .finally(() => (this.#writing = null));
    await this.#writing;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    const store = await this.#options.store();
    const days = this.#options.retentionDays();
    const since = days === 0 ? 0 : Date.now() - days * DAY_MS;
    const isRunning = store.database.prepare("SELECT 1 FROM run WHERE status = 'running' LIMIT 1");
    // Also one of another window or command: it shares the database and the processor.
    const isBusy = (): boolean => this.#stop.signal.aborted || isRunning.get() !== undefined;
    const position = store.database.prepare('SELECT identity, offset FROM tail_position WHERE path = ?');
    for (const run of store.list({ limit: MOST_RUNS })) {
      if (run.info.status === 'running' || Date.parse(run.info.startedAt) < since) continue;
      const path = pathOfRun(run.info.id);
      const known = position.get(path) as { identity: string; offset: number } | undefined;
      // Offsets count ordinals: what lies before is written.
      if (!(await this.#writeRun(store, run, { path, identity: stateOf(run), offset: known?.identity === stateOf(run) ? known.offset : 0 }, isBusy))) return;
    }
  }

  /** False when it had to stop. */
  async #writeRun(store: RunStore, run: StoredRun, from: TailPosition, isBusy: () => boolean): Promise<boolean> {
    const shape = shapeOf(run.info);
    for (let { offset } = from; ; ) {
      if (isBusy()) return false;
      const { cells } = store.listCells(run, { from: 0, to: CELLS_AT_ONCE, ...(offset === 0 ? {} : { after: cellKeyAt(offset - 1, shape) }) });
      const last = cells.at(-1)?.result;
      if (last === undefined) return true;
      offset = cellOrdinal(last, shape) + 1;
      try {
        await (await this.#options.sink()).ingest({ spans: spansOf(store, run, cells), logs: [], rejected: [], origin: { kind: 'eval', place: `run ${run.info.id}` }, position: { ...from, offset } });
      } catch (error) {
        // Later, then.
        if (error instanceof SinkError) return false;
        throw error;
      }
      await sleep(REST_MS, undefined, { signal: this.#stop.signal, ref: false });
    }
  }
}

function pathOfRun(runId: string): string {
  return `run:${runId}`;
}

/** Changes when a run goes on or a case is run again, and not when it is renamed. */
function stateOf({ info }: StoredRun): string {
  return `${info.status} ${info.durationMs}`;
}

function spansOf(store: RunStore, run: StoredRun, cells: readonly { readonly result: CellResult; readonly case: Case }[]): RawSpan[] {
  const { prompt } = store.plan(run) as StoredPlan;
  const shape = shapeOf(run.info);
  return cells.flatMap(({ result, case: item }) => spansOfCell({
    run: run.info,
    traceId: traceIdOfCell(run.info.id, cellOrdinal(result, shape)),
    case: item,
    result,
    attempts: store.attempts(run, result),
    request: requestOf(prompt, item),
  }));
}
