import { Worker } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.ts';
import { commandEnvironment } from '../process/environment.ts';
import type { Reply, Request, WorkerSettings } from './messages.ts';
import { StepClock } from './step-clock.ts';

export interface ThreadOptions {
  readonly settings: Omit<WorkerSettings, 'clock'>;
  /** JavaScript heap of the worker. */
  readonly memoryMb: number;
  /** What user code prints: it must not reach the program's own output. */
  readonly onPrint: (text: string) => void;
}

/** Why a thread is gone: ended by us, or by what it ran. */
export interface ThreadEnd {
  readonly reason: 'stopped' | 'memory' | 'exited' | 'crashed';
  readonly message: string;
  /** Where it was when it ended; `null` between steps. */
  readonly step: { readonly id: number; readonly index: number } | null;
}

/** One worker thread with its clock. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #clock: StepClock;
  #end: ThreadEnd | null = null;

  constructor(options: ThreadOptions, handlers: { onReply: (reply: Reply) => void; onEnd: (end: ThreadEnd) => void }) {
    const memory = new SharedArrayBuffer(StepClock.BYTES);
    this.#clock = new StepClock(memory);
    this.#worker = new Worker(workerUrl(import.meta.url), {
      name: 'touchstone scoring',
      workerData: { ...options.settings, clock: memory } satisfies WorkerSettings,
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMb },
      env: commandEnvironment(),
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
    });
    this.#worker.unref();
    this.#worker.stdout.on('data', (chunk: Buffer) => options.onPrint(chunk.toString('utf8')));
    this.#worker.stderr.on('data', (chunk: Buffer) => options.onPrint(chunk.toString('utf8')));
    this.#worker.on('message', (reply: Reply) => {
      if (this.#end === null) handlers.onReply(reply);
    });
    this.#worker.on('error', (error: unknown) => {
      const memoryGone = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#finish(memoryGone ? 'memory' : 'crashed', errorMessage(error));
    });
    this.#worker.on('exit', (code) => {
      this.#finish('exited', `process.exit(${code})`);
      handlers.onEnd(this.#end ?? { reason: 'exited', message: '', step: null });
    });
  }

  post(request: Request): void {
    this.#worker.postMessage(request);
  }

  /** What it is at, and for how long. */
  step(): { id: number; index: number; elapsedMs: number } | null {
    return this.#clock.read();
  }

  /** Ends it whatever it is doing; `onEnd` follows. `step`: what is to blame. */
  stop(message: string, step: ThreadEnd['step'] = null): void {
    this.#end ??= { reason: 'stopped', message, step };
    void this.#worker.terminate();
  }

  /** While something is expected from it, the thread keeps the program alive. */
  hold(busy: boolean): void {
    if (busy) this.#worker.ref();
    else this.#worker.unref();
  }

  #finish(reason: ThreadEnd['reason'], message: string): void {
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
