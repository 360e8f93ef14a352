import { Worker } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.ts';
import { commandEnvironment } from '../process/environment.ts';
import type { Executor, ExecutorEnd, ExecutorHandlers, Step } from './executor.ts';
import type { Reply, Request, WorkerSettings } from './messages.ts';
import { Outbox } from './outbox.ts';
import { StepClock } from './step-clock.ts';

/** JavaScript heap of a thread. What runs there, parsers and templates, allocates in small pieces and stops at it. */
const HEAP_MB = 512;

/** A worker thread with its clock: for regular expressions, parsers and templates, which V8 can always interrupt. */
export class WorkerThread implements Executor {
  readonly #worker: Worker;
  readonly #clock: StepClock;
  readonly #outbox: Outbox<Request>;
  #end: ExecutorEnd | null = null;

  constructor(settings: Omit<WorkerSettings, 'clock'>, handlers: ExecutorHandlers) {
    const memory = new SharedArrayBuffer(StepClock.BYTES);
    this.#clock = new StepClock(memory);
    this.#worker = new Worker(workerUrl(import.meta.url), {
      name: 'touchstone scoring',
      workerData: { ...settings, clock: memory } satisfies WorkerSettings,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      env: commandEnvironment(),
      execArgv: [],
    });
    this.#outbox = new Outbox(
      (requests) => this.#worker.postMessage(requests),
      ({ id }, error) => handlers.onReply({ id, kind: 'failed', message: `The output cannot be handed to the scoring thread: ${errorMessage(error)}` }),
    );
    this.#worker.unref();
    this.#worker.on('message', (replies: readonly Reply[]) => {
      for (const reply of replies) if (this.#end === null) handlers.onReply(reply);
    });
    this.#worker.on('error', (error: unknown) => {
      const memoryGone = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#finish(memoryGone ? 'memory' : 'crashed', memoryGone ? `Stopped: it needed more than ${HEAP_MB} MB of memory.` : errorMessage(error));
    });
    this.#worker.on('exit', (code) => {
      this.#finish('exited', `exit code ${code}`);
      if (this.#end !== null) handlers.onEnd(this.#end);
    });
  }

  post(request: Request): void {
    this.#outbox.add(request);
  }

  step(): Step | null {
    return this.#clock.read();
  }

  stop(message: string, step: ExecutorEnd['step'] = null): void {
    // Whoever watches the clock asks again until the thread is gone, which can take a while.
    if (this.#end !== null) return;
    this.#end = { reason: 'stopped', message, step };
    void this.#worker.terminate();
  }

  hold(busy: boolean): void {
    if (busy) this.#worker.ref();
    else this.#worker.unref();
  }

  #finish(reason: ExecutorEnd['reason'], message: string): void {
    this.#end ??= { reason, message, step: this.#clock.read() };
  }
}

/**
 * The worker's entry beside this module: `scoring-worker.mjs` next to the bundle that this code was built into, or the
 * source `worker.ts` when it runs unbuilt.
 */
export function workerUrl(moduleUrl: string): URL {
  return new URL(/\.ts(?:[?#]|$)/u.test(moduleUrl) ? './worker.ts' : './scoring-worker.mjs', moduleUrl);
}
