import { errorMessage } from '../../core/errors.ts';
import { createRedactor } from '../../core/model/redact.ts';
import { SinkError, type EncodedBatch, type Ingested } from '../../core/trace/sink.ts';
import type { BatchWriter, PreparedBatch } from './batch-writer.ts';
import { contentTypeOf, readBatch } from './decode-batch.ts';
import { BatchRedactor } from './redact-batch.ts';
import { unpackBatch, type PackedBatch } from './worker-messages.ts';

/** Batches that wait are written together, as many as a transaction of a few dozen milliseconds takes. */
const MAX_SPANS_TOGETHER = 4096;

export interface QueuedBatch {
  readonly batch: EncodedBatch | PackedBatch;
  readonly done: (ingested: Ingested) => void;
  readonly failed: (error: unknown) => void;
}

/** Batches in the order in which they came, on their way into the store. */
export class IngestQueue {
  readonly #writer: BatchWriter;
  readonly #redactor = new BatchRedactor();
  readonly #waiting: QueuedBatch[] = [];
  readonly #onStored: (traceIds: readonly string[]) => void;

  constructor(writer: BatchWriter, onStored: (traceIds: readonly string[]) => void) {
    this.#writer = writer;
    this.#onStored = onStored;
  }

  setSecrets(secrets: readonly string[]): void {
    const redactor = createRedactor(secrets);
    this.#redactor.set(secrets.filter((secret) => redactor.redactValues(secret) !== secret), (text) => redactor.redactValues(text));
  }

  add(batch: QueuedBatch): void {
    this.#waiting.push(batch);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Writes what waits, up to one transaction's worth, and answers. */
  step(): void {
    const taken: { readonly item: QueuedBatch; readonly prepared: PreparedBatch }[] = [];
    for (let spans = 0; this.#waiting.length > 0 && spans < MAX_SPANS_TOGETHER; ) {
      const item = this.#waiting.shift()!;
      const prepared = this.#prepare(item);
      if (prepared === null) continue;
      taken.push({ item, prepared });
      spans += prepared.spans.length + prepared.batch.logs.length;
    }
    if (taken.length === 0) return;
    let results: Ingested[];
    try {
      results = this.#writer.write(taken.map(({ prepared }) => prepared));
    } catch (error) {
      for (const { item } of taken) item.failed(storeFailure(error));
      return;
    }
    for (const [index, { item }] of taken.entries()) item.done(results[index]!);
    this.#onStored(results.flatMap(({ traceIds }) => traceIds));
  }

  #prepare({ batch, failed }: QueuedBatch): PreparedBatch | null {
    try {
      const isPacked = 'json' in batch;
      const read = readBatch(isPacked ? unpackBatch(batch) : batch);
      const isSuspect = isPacked ? !this.#redactor.isIdle : this.#redactor.mayHold(batch);
      return this.#writer.prepare(isSuspect ? this.#redactor.batch(read) : read);
    } catch (error) {
      if (error instanceof SinkError && !('json' in batch)) this.#keep(batch, error.message);
      failed(error);
      return null;
    }
  }

  #keep({ body, form, origin }: EncodedBatch, reason: string): void {
    try {
      this.#writer.keepUndecodable(origin.place, this.#redactor.text(reason), contentTypeOf(form), this.#redactor.bytes(body));
    } catch {
      // A store that takes nothing now is told with the next batch that it should take; the sender of this one is told that it is no good.
    }
  }
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
