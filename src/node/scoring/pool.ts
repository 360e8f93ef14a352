import type { AssertionResult, AssertionSpec, ScoreContext } from '../../core/assert/model.ts';
import { CheckError } from '../../core/assert/outcome.ts';
import { finishError } from '../../core/assert/finish.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { Executor, ExecutorEnd, ExecutorHandlers } from './executor.ts';
import type { Reply, Task } from './messages.ts';

export interface PoolOptions {
  start(handlers: ExecutorHandlers): Executor;
  /** Of one check, milliseconds. */
  readonly limitMs: number;
  readonly maxExecutors: number;
}

/** Requests that an executor may have in its inbox: enough to keep it busy, few enough to move when it is stopped. */
const WINDOW = 16;
const WATCH_INTERVAL_MS = 25;
/** Waiting longer than this for a busy executor is worth a second one. */
const PATIENCE_MS = 250;
/** An executor that dies between checks, not in one, is not the fault of a check: tried this often. */
const MAX_DEATHS = 3;

interface Job {
  readonly id: number;
  readonly task: Task;
  readonly results: Map<number, AssertionResult>;
  readonly queuedAt: number;
  /** The first of these counts. */
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Answered, failed or cancelled: not to be made again. */
  settled: boolean;
  deaths: number;
}

interface Slot {
  readonly executor: Executor;
  /** In the order in which they were sent. */
  readonly jobs: Map<number, Job>;
}

/**
 * Runs tasks on executors (threads or processes), each check under its time limit. They start with the first task. A check
 * that exceeds its limit or the memory, or ends its executor, becomes a failed result; the rest goes on in a new one.
 */
export class ScoringPool {
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  #queue: Job[] = [];
  #nextId = 1;
  #watch: NodeJS.Timeout | null = null;
  #disposed = false;
  readonly #ends = new Set<Promise<void>>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Starts the first executor before it is needed. */
  warm(): void {
    if (!this.#disposed && this.#slots.size === 0) this.#start();
  }

  /** All checks of one cell, in one message. */
  async score(specs: readonly AssertionSpec[], context: ScoreContext, signal: AbortSignal): Promise<AssertionResult[]> {
    if (specs.length === 0) return [];
    const only = specs.map((_, index) => index);
    return (await this.run({ kind: 'score', specs, only, context }, signal)) as AssertionResult[];
  }

  async run(task: Task, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted || this.#disposed) throw cancelled();
    return await new Promise<unknown>((resolve, reject) => {
      const abort = (): void => {
        this.#queue = this.#queue.filter((queued) => queued !== job);
        job.reject(cancelled());
      };
      const settle = (): void => {
        job.settled = true;
        signal.removeEventListener('abort', abort);
      };
      const job: Job = {
        id: this.#nextId++,
        task,
        results: new Map(),
        queuedAt: performance.now(),
        settled: false,
        deaths: 0,
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const jobs = [...this.#queue, ...[...this.#slots].flatMap((slot) => [...slot.jobs.values()])];
    this.#queue = [];
    for (const slot of this.#slots) {
      slot.jobs.clear();
      // Its end is waited for.
      slot.executor.hold(true);
      slot.executor.stop('disposed');
    }
    for (const job of jobs) job.reject(cancelled());
    this.#updateWatch();
    await Promise.all(this.#ends);
  }

  #dispatch(): void {
    if (this.#queue.length > 0 && this.#slots.size === 0) this.#start();
    for (const slot of [...this.#slots].sort((a, b) => a.jobs.size - b.jobs.size)) {
      while (slot.jobs.size < WINDOW) {
        const job = this.#queue.shift();
        if (job === undefined) break;
        this.#send(slot, job);
      }
      slot.executor.hold(slot.jobs.size > 0);
    }
    this.#updateWatch();
  }

  #send(slot: Slot, job: Job): void {
    const { task } = job;
    const rest = task.kind === 'score' ? { ...task, only: task.only.filter((index) => !job.results.has(index)) } : task;
    try {
      slot.executor.post({ id: job.id, task: rest });
      slot.jobs.set(job.id, job);
    } catch (error) {
      job.reject(new TouchstoneError('internal', `The output cannot be handed to the scoring process: ${String(error)}`, { cause: error }));
    }
  }

  #start(): void {
    let ended = (): void => undefined;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    this.#ends.add(end);
    const executor = this.#options.start({
      onReply: (reply) => this.#receive(slot, reply),
      onEnd: (how) => {
        ended();
        this.#ends.delete(end);
        this.#bury(slot, how);
      },
    });
    const slot: Slot = { executor, jobs: new Map() };
    this.#slots.add(slot);
  }

  #receive(slot: Slot, reply: Reply): void {
    if (reply.kind === 'started' || reply.kind === 'crashed') return;
    const job = slot.jobs.get(reply.id);
    if (job === undefined) return;
    if (reply.kind === 'results') {
      for (const [index, result] of reply.results) job.results.set(index, result);
      if (!reply.done) return;
    }
    slot.jobs.delete(reply.id);
    if (reply.kind === 'failed') job.reject(new TouchstoneError('code-failed', reply.message));
    else if (reply.kind === 'value') job.resolve(reply.value);
    else job.resolve(inOrder(job));
    this.#dispatch();
  }

  /** An executor is gone: the check at which it was is blamed, everything else is made again. */
  #bury(slot: Slot, end: ExecutorEnd): void {
    this.#slots.delete(slot);
    if (this.#disposed) return;
    const again: Job[] = [];
    for (const job of slot.jobs.values()) {
      if (end.step?.id === job.id) this.#blame(job, end.step.index, end);
      else if (end.step === null) job.deaths++;
      if (job.deaths >= MAX_DEATHS) job.reject(new TouchstoneError('internal', `The scoring worker ended: ${end.message}`));
      else if (!job.settled) again.push(job);
    }
    this.#queue.unshift(...again);
    this.#dispatch();
  }

  #blame(job: Job, index: number, end: ExecutorEnd): void {
    const { task } = job;
    if (task.kind !== 'score') {
      job.reject(new TouchstoneError(end.reason === 'stopped' ? 'timeout' : 'code-failed', end.message));
      return;
    }
    const spec = task.specs[index];
    if (spec !== undefined) job.results.set(index, finishError(spec, new CheckError(end.message)));
    if (task.only.every((wanted) => job.results.has(wanted))) job.resolve(inOrder(job));
  }

  #updateWatch(): void {
    const busy = [...this.#slots].some((slot) => slot.jobs.size > 0);
    // After what has come is heard: a check that was done while this thread was held up has not exceeded its limit.
    if (busy && this.#watch === null) this.#watch = setInterval(() => setImmediate(() => this.#look()), WATCH_INTERVAL_MS);
    if (!busy && this.#watch !== null) {
      clearInterval(this.#watch);
      this.#watch = null;
    }
  }

  #look(): void {
    const { limitMs } = this.#options;
    for (const slot of this.#slots) {
      const step = slot.executor.step();
      if (step !== null && slot.jobs.has(step.id) && step.elapsedMs > limitMs) slot.executor.stop(`Stopped after ${limitMs / 1000} s, its time limit.`, step);
    }
    const oldest = this.#queue[0];
    if (oldest !== undefined && this.#slots.size < this.#options.maxExecutors && performance.now() - oldest.queuedAt > PATIENCE_MS) {
      this.#start();
      this.#dispatch();
    }
  }
}

function inOrder(job: Job): AssertionResult[] {
  const { task } = job;
  if (task.kind !== 'score') return [];
  return task.specs.map((spec, index) => job.results.get(index) ?? finishError(spec, new CheckError('The scoring worker left this check out.')));
}

function cancelled(): TouchstoneError {
  return new TouchstoneError('cancelled', 'Scoring was cancelled.');
}
