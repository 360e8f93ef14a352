import { errorMessage } from '../../core/errors.ts';
import { SinkError, type Ingested } from '../../core/trace/sink.ts';
import type { BatchWriter } from './batch-writer.ts';
import { unpackPrepared, type PackedPreparedBatch, type PreparedBatch } from './prepared-batch.ts';

/** Batches that wait are written together, as many as a transaction of a few dozen milliseconds takes. */
const MAX_SPANS_TOGETHER = 4096;

export interface QueuedBatch {
  readonly batch: PackedPreparedBatch;
  readonly done: (ingested: Ingested) => void;
  readonly failed: (error: unknown) => void;
}

/** Batches in the order in which they came, on their way into the store. */
export class IngestQueue {
  readonly #writer: BatchWriter;
  readonly #waiting: QueuedBatch[] = [];
  readonly #onStored: (traceIds: readonly string[]) => void;

  constructor(writer: BatchWriter, onStored: (traceIds: readonly string[]) => void) {
    this.#writer = writer;
    this.#onStored = onStored;
  }

  add(batch: QueuedBatch): void {
    this.#waiting.push(batch);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Writes what waits, up to one transaction's worth, and answers. */
  step(): void {
    const batches = [];
    for (let spans = 0; batches.length < this.#waiting.length && spans < MAX_SPANS_TOGETHER; ) {
      const batch = unpackPrepared(this.#waiting[batches.length]!.batch);
      batches.push(batch);
      spans += batch.spans.length + batch.logs.length;
    }
    if (batches.length === 0) return;
    const taken = this.#waiting.splice(0, batches.length);
    this.#write(taken, batches);
  }

  #write(queued: readonly QueuedBatch[], batches: readonly PreparedBatch[]): void {
    let results: Ingested[];
    try {
      results = this.#writer.write(batches);
    } catch (error) {
      // Nothing about the store: one of them cannot be written, and must not take the others with it, now and whenever they are sent again.
      if (batches.length > 1 && !isOfStore(error)) {
        for (const [index, batch] of batches.entries()) this.#write([queued[index]!], [batch]);
        return;
      }
      const failure = storeFailure(error);
      for (const { failed } of queued) failed(failure);
      return;
    }
    for (const [index, { done }] of queued.entries()) done(results[index]!);
    this.#onStored(results.flatMap(({ traceIds }) => traceIds));
  }
}

/** The disk is full, the database is held by another process or cannot be written: no batch would fare better. */
function isOfStore(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^SQLITE_(FULL|BUSY|LOCKED|IOERR|CORRUPT|NOTADB|READONLY)/.test(code);
}

/** Seconds until another try is worth it. */
const RETRY_AFTER = { busy: 1, full: 30 } as const;

/** What SQLite throws, in the words of the sink. Whatever it is, the transaction was rolled back and the next one may succeed. */
export function storeFailure(error: unknown): SinkError {
  const code = (error as { code?: unknown } | null)?.code;
  const text = typeof code === 'string' ? code : '';
  if (text === 'SQLITE_FULL') return new SinkError('full', 'The disk is full: traces are not stored until there is room.', { cause: error, retryAfter: RETRY_AFTER.full });
  if (text.startsWith('SQLITE_BUSY') || text.startsWith('SQLITE_LOCKED')) return new SinkError('busy', 'Another process holds the database.', { cause: error, retryAfter: RETRY_AFTER.busy });
  if (text.startsWith('SQLITE_IOERR')) return new SinkError('full', `The database cannot be written: ${errorMessage(error)}.`, { cause: error, retryAfter: RETRY_AFTER.full });
  return new SinkError('busy', `The batch was not stored: ${errorMessage(error)}.`, { cause: error, retryAfter: RETRY_AFTER.busy });
}
