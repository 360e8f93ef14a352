import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { TouchstoneError } from '../../../core/errors.ts';
import type { PriceOverrides } from '../../../core/model/prices.ts';
import { entryPath } from '../../process/entries.ts';
import { LONG_METHODS, partialOf, QUICK_METHODS, UNPRICED_METHODS, type ReadMethod, type ReadMethods, type ReadReply, type ReadRequest } from './methods.ts';

export interface TraceReads {
  /** Starts the thread that reads single traces, so that whoever asks for one soon need not wait for it. */
  start(): void;
  /** @throws TouchstoneError whatever the read says; 'cancelled' */
  read<M extends ReadMethod>(method: M, params: ReadMethods[M][0], signal?: AbortSignal): Promise<ReadMethods[M][1]>;
  close(): Promise<void>;
}

export interface TraceReadOptions {
  /** The database, which must exist. */
  readonly path: string;
  /** Those of touchstone.yml, asked for with every read of spans that are priced. */
  readonly prices: () => Promise<PriceOverrides>;
  /** The program of the threads: another one stands for a read without end in tests. */
  readonly program?: string;
}

export function createTraceReads(options: TraceReadOptions): TraceReads {
  const quick = new ReadThread(options);
  const single = new ReadThread(options);
  const long = new ReadThread(options);
  const threadOf = (method: ReadMethod): ReadThread => (isOf(QUICK_METHODS, method) ? quick : isOf(LONG_METHODS, method) ? long : single);
  return {
    start: () => single.start(),
    async read(method, params, signal) {
      // Who looks at a list opens a trace next.
      if (threadOf(method) === quick) setTimeout(() => single.start(), WARM_MS).unref();
      const context = { prices: isOf(UNPRICED_METHODS, method) ? {} : await options.prices() };
      return threadOf(method).ask({ method, params, context }, signal) as Promise<ReadMethods[typeof method][1]>;
    },
    async close() {
      await Promise.all([quick, single, long].map((thread) => thread.close()));
    },
  };
}

/** So long others wait for a read that nobody waits for any more; then its thread is given up. */
const PATIENCE_MS = 1500;

/** So long after a list the thread of single traces is started: a command that only lists has ended by then. */
const WARM_MS = 500;

function isOf(methods: readonly ReadMethod[], method: ReadMethod): boolean {
  return methods.includes(method);
}

interface Waiting {
  readonly request: ReadRequest;
  isCancelled: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that is started by the first question, and started again should it have ended. One question at a time: what was cancelled before
 * its turn is never asked; what was cancelled in its turn goes on, because what it reads is often asked for next, until it keeps others waiting.
 */
class ReadThread {
  readonly #path: string;
  readonly #program: string;
  /** Threads that were given up and have not ended. */
  readonly #ending = new Set<Promise<unknown>>();
  #patience: NodeJS.Timeout | undefined;
  #worker: Worker | null = null;
  #asked: Waiting | null = null;
  readonly #queue: Waiting[] = [];
  #nextId = 1;
  #closed = false;

  constructor({ path, program = entryPath(import.meta.url, './reader-worker.ts') }: TraceReadOptions) {
    this.#path = path;
    this.#program = program;
  }

  ask(question: Omit<ReadRequest, 'id'>, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new TouchstoneError('engine-stopped', 'The workspace folder was closed.'));
      if (signal?.aborted) return reject(cancelled());
      const waiting: Waiting = {
        request: { id: this.#nextId++, ...question },
        isCancelled: false,
        resolve: (result) => { settled(); resolve(result); },
        reject: (error) => { settled(); reject(error); },
      };
      const cancel = (): void => {
        const at = this.#queue.indexOf(waiting);
        if (at >= 0) this.#queue.splice(at, 1);
        waiting.isCancelled = true;
        waiting.reject(cancelled());
        this.#lookAtPatience();
      };
      // One signal may be that of thousands of questions, and would keep all their answers.
      const settled = (): void => signal?.removeEventListener('abort', cancel);
      signal?.addEventListener('abort', cancel, { once: true });
      this.#queue.push(waiting);
      this.#next();
      this.#lookAtPatience();
    });
  }

  #lookAtPatience(): void {
    const asked = this.#asked;
    if (asked === null || !asked.isCancelled || this.#queue.length === 0) return;
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      if (this.#asked === asked && this.#queue.length > 0) this.#giveUp();
      else this.#lookAtPatience();
    }, PATIENCE_MS);
  }

  /** The next question starts another thread. A statement of SQLite that is at work comes to its end first, unheard. */
  #giveUp(): void {
    const worker = this.#worker;
    const asked = this.#asked;
    // It has been given up, and still writes.
    if (worker === null) return;
    const isWriting = asked?.request.method === 'text';
    this.#worker = null;
    const ended = worker.terminate().finally(() => {
      removePartial(asked);
      this.#ending.delete(ended);
      if (isWriting) this.#goOn();
    });
    this.#ending.add(ended);
    // Whoever exports once more may write the same file.
    if (!isWriting) this.#goOn();
  }

  #goOn(): void {
    this.#asked = null;
    if (!this.#closed) this.#next();
  }

  /** Before the first question, so that it need not wait for the thread. */
  start(): void {
    if (!this.#closed) this.#worker ??= this.#start();
  }

  #next(): void {
    if (this.#asked !== null || this.#queue.length === 0) return;
    this.#asked = this.#queue.shift()!;
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#worker.postMessage(this.#asked.request);
  }

  #start(): Worker {
    const worker = new Worker(this.#program, { name: 'touchstone traces', workerData: { path: this.#path }, execArgv: [] });
    worker.on('message', (reply: ReadReply) => {
      if (this.#worker !== worker) return;
      const asked = this.#asked;
      if (asked === null || asked.request.id !== reply.id) return;
      this.#asked = null;
      if ('error' in reply) asked.reject(new TouchstoneError(reply.error.code, reply.error.message));
      else asked.resolve(reply.result);
      worker.unref();
      this.#next();
    });
    worker.on('error', (error) => this.#ended(worker, error));
    worker.on('exit', (code) => this.#ended(worker, new Error(`exit code ${code}`)));
    // It must not keep the process alive that has nothing to ask.
    worker.unref();
    return worker;
  }

  #ended(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const asked = this.#asked;
    this.#asked = null;
    const memoryGone = (cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    removePartial(asked);
    asked?.reject(new TouchstoneError(this.#closed ? 'engine-stopped' : 'internal', memoryGone ? 'The trace is too large to be read: memory ran out.' : 'Reading the traces ended unexpectedly. Try again.', { cause }));
    if (!this.#closed) this.#next();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#patience);
    for (const { reject } of this.#queue.splice(0)) reject(new TouchstoneError('engine-stopped', 'The workspace folder was closed.'));
    await Promise.all([this.#worker?.terminate(), ...this.#ending]);
  }
}

/** A thread that ended while it exported has left what it had written. */
function removePartial(asked: Waiting | null): void {
  if (asked?.request.method !== 'text') return;
  const { file } = asked.request.params as ReadMethods['text'][0];
  if (file !== undefined) rmSync(partialOf(file), { force: true });
}

function cancelled(): TouchstoneError {
  return new TouchstoneError('cancelled', 'Cancelled.');
}
