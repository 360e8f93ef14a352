import { MessageChannel, Worker } from 'node:worker_threads';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import type { PriceOverrides } from '../../core/model/prices.ts';
import { SinkError, type DecodedBatch, type EncodedBatch, type Ingested, type TraceSink } from '../../core/trace/sink.ts';
import { entryPath } from '../process/entries.ts';
import { packBatch, type FromWriter, type Retention, type ToDecoder, type WorkerSettings, type WriterStart } from './worker-messages.ts';

export type { Retention } from './worker-messages.ts';

const DEFAULT_RETENTION: Retention = { days: 30, maxBytes: 2 * 1024 ** 3 };

/** What waits in memory: beyond either, senders are told to try again. */
const MAX_WAITING_BYTES = 96 * 1024 * 1024;
const MAX_WAITING = 512;
const BUSY_LIMIT_MS = 3000;
/** About what a decoded span takes; a batch that came as bytes counts its own. */
const BYTES_OF_SPAN = 2000;

export interface TraceSinkOptions {
  /** The workspace folder, whose database takes the traces. */
  readonly folder: string;
  /** Known secrets, which must not reach the disk; told again when there are more (`update`). */
  readonly secrets?: readonly string[];
  /** Prices of touchstone.yml. */
  readonly prices?: PriceOverrides;
  readonly retention?: Retention;
  /** At most a few times a second. `all`: more than the named ones. */
  readonly onChanged?: (traceIds: readonly string[], all: boolean) => void;
  /** What went wrong behind the batches, for the log. */
  readonly onProblem?: (message: string) => void;
  /** How long another process's transaction is waited for, in milliseconds. */
  readonly busyLimitMs?: number;
  /** The most pages the database may have: stands for a full disk in tests. */
  readonly maxPages?: number;
}

export interface SqliteTraceSink extends TraceSink {
  /** Opens the store and starts the threads, so that the first batch, which is on its way, need not wait for them. */
  start(): void;
  /** Deletes traces: when it resolves no reader sees them any more. How many there were. @throws SinkError */
  delete(traceIds: readonly string[]): Promise<number>;
  update(settings: { readonly secrets?: readonly string[]; readonly prices?: PriceOverrides; readonly retention?: Retention }): void;
  /** Resolves when log records are joined, what was deleted is gone, and what was written is found. At once when nothing was asked of the store yet. */
  settled(): Promise<void>;
  /** Starts without a batch, and adds to the indexes what a killed process has left: resolves when it is settled. @throws SinkError */
  catchUp(): Promise<void>;
  /** Writes what waits and ends the thread. */
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly bytes: number;
}

/** One reads batches, the other writes what was read: a core each. */
interface Threads {
  readonly decoder: Worker;
  readonly writer: Worker;
}

function refer({ decoder, writer }: Threads, isNeeded: boolean): void {
  for (const thread of [decoder, writer]) {
    if (isNeeded) thread.ref();
    else thread.unref();
  }
}

/** Stores traces in the workspace's database, in threads of its own, which start with the first batch. */
export function createTraceSink(options: TraceSinkOptions): SqliteTraceSink {
  return new ThreadedSink(options);
}

class ThreadedSink implements SqliteTraceSink {
  readonly #options: TraceSinkOptions;
  #settings: WorkerSettings;
  #threads: Threads | undefined;
  readonly #pending = new Map<number, Pending>();
  #waitingBytes = 0;
  #lastId = 0;
  #isClosed = false;

  constructor(options: TraceSinkOptions) {
    this.#options = options;
    this.#settings = { secrets: options.secrets ?? [], prices: options.prices ?? {}, retention: options.retention ?? DEFAULT_RETENTION };
  }

  start(): void {
    if (this.#isClosed || this.#threads !== undefined) return;
    this.#threads = this.#start();
    refer(this.#threads, false);
    // With the first message the writer opens the store.
    this.update({});
  }

  async ingest(batch: EncodedBatch | DecodedBatch): Promise<Ingested> {
    const bytes = 'body' in batch ? batch.body.byteLength : (batch.spans.length + batch.logs.length) * BYTES_OF_SPAN;
    if (this.#pending.size > 0 && (this.#waitingBytes + bytes > MAX_WAITING_BYTES || this.#pending.size >= MAX_WAITING)) {
      throw new SinkError('busy', 'Too many batches wait to be stored.', { retryAfter: 1 });
    }
    return this.#ask<Ingested>((id) => ({ type: 'batch', id, batch: 'body' in batch ? batch : packBatch(batch) }), bytes);
  }

  async delete(traceIds: readonly string[]): Promise<number> {
    return (await this.#ask<{ deleted: number }>((id) => ({ type: 'delete', id, traceIds }), 0)).deleted;
  }

  update(settings: Partial<WorkerSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#threads?.decoder.postMessage({ type: 'settings', settings: this.#settings } satisfies ToDecoder);
  }

  async settled(): Promise<void> {
    if (this.#threads !== undefined) await this.catchUp();
  }

  async catchUp(): Promise<void> {
    await this.#ask((id) => ({ type: 'settle', id }), 0);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const threads = this.#threads;
    if (threads === undefined) return;
    const ended = new Promise<void>((resolve) => threads.writer.once('exit', () => resolve()));
    refer(threads, true);
    threads.decoder.postMessage({ type: 'close', id: 0 } satisfies ToDecoder);
    await ended;
  }

  #ask<T>(message: (id: number) => ToDecoder, bytes: number): Promise<T> {
    if (this.#isClosed) return Promise.reject(new TouchstoneError('engine-stopped', 'The trace store was closed.'));
    const id = ++this.#lastId;
    const threads = (this.#threads ??= this.#start());
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, bytes });
      this.#waitingBytes += bytes;
      refer(threads, true);
      threads.decoder.postMessage(message(id));
    });
  }

  #start(): Threads {
    const { folder, busyLimitMs = BUSY_LIMIT_MS, maxPages = null } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const start: WriterStart = { ...this.#settings, folder, busyLimitMs, maxPages };
    const threads: Threads = {
      decoder: new Worker(entryPath(import.meta.url, './trace-decoder.ts'), { workerData: { settings: this.#settings, writer: port1 }, transferList: [port1], name: 'trace-decoder' }),
      writer: new Worker(entryPath(import.meta.url, './trace-worker.ts'), { workerData: { start, decoder: port2 }, transferList: [port2], name: 'trace-writer' }),
    };
    threads.writer.on('message', (message: FromWriter) => this.#take(message));
    for (const thread of [threads.decoder, threads.writer]) {
      thread.on('error', (error: unknown) => this.#options.onProblem?.(`A thread that stores traces ended: ${errorMessage(error)}`));
      thread.on('exit', () => {
        // At the close the writer ends after the decoder, when it has written what it was given.
        if (!this.#isClosed || thread === threads.writer) this.#ended(threads);
      });
    }
    return threads;
  }

  /** What was not answered was not committed, or nobody knows: the sender tries again, and equal spans are stored once. The next batch starts both threads anew. */
  #ended(threads: Threads): void {
    if (this.#threads !== threads) return;
    this.#threads = undefined;
    void threads.decoder.terminate();
    void threads.writer.terminate();
    for (const { reject } of this.#pending.values()) reject(new SinkError('busy', 'The thread that stores traces ended.', { retryAfter: 1 }));
    this.#pending.clear();
    this.#waitingBytes = 0;
  }

  #take(message: FromWriter): void {
    switch (message.type) {
      case 'done':
        this.#answered(message.id)?.resolve(message.result as never);
        break;
      case 'failed': {
        const { reason, message: text, retryAfter } = message;
        this.#answered(message.id)?.reject(reason === 'store' ? new TouchstoneError('store', text) : new SinkError(reason, text, retryAfter === null ? {} : { retryAfter }));
        break;
      }
      case 'changed':
        this.#options.onChanged?.(message.traceIds, message.all);
        break;
      case 'problem':
        this.#options.onProblem?.(message.message);
        break;
    }
  }

  #answered(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#waitingBytes -= pending?.bytes ?? 0;
    // It must not keep a process alive whose work is done.
    if (this.#pending.size === 0 && !this.#isClosed && this.#threads !== undefined) refer(this.#threads, false);
    return pending;
  }
}
