import { errorMessage } from '../../core/errors.ts';
import { SinkError } from '../../core/trace/sink.ts';
import type { Database } from '../sqlite/database.ts';
import { BatchWriter } from './batch-writer.ts';
import { IndexKeeper } from './index-keeper.ts';
import { IngestQueue } from './ingest-queue.ts';
import { LogJoiner } from './log-joiner.ts';
import type { KeptRejection } from './rejections.ts';
import { TraceRemover } from './trace-remover.ts';
import type { FromWriter, ToWriter, WorkerSettings, WriterStart } from './worker-messages.ts';

/** The writer's page cache: ids of the spans of a large trace are looked up all over their index. */
const CACHE_KB = 24_000;
/** Pages of the log that are copied into the file at once: fewer copies of pages that change often, a log of at most some 30 MB. */
const CHECKPOINT_PAGES = 8000;
/** At most so often are changes told. */
const CHANGED_EVERY_MS = 250;
const MAX_TOLD = 100;
/** Work behind the batches goes on in steps between which batches are written. */
const RETENTION_EVERY_MS = 60_000;
const CHECKPOINT_IDLE_MS = 3000;
const LOOK_AGAIN_MS = 100;
const MERGE_EVERY_MS = 20;
/** A batch that we fail to read is kept by its sender, who may have it read by the next version. */
const BROKEN_RETRY_SECONDS = 60;

/** Takes batches, joins log records to their spans, deletes what is old: one thing at a time, batches first. */
export class TraceWorker {
  readonly #database: Database;
  readonly #writer: BatchWriter;
  readonly #queue: IngestQueue;
  readonly #joiner: LogJoiner;
  readonly #indexes: IndexKeeper;
  readonly #remover: TraceRemover;
  readonly #post: (message: FromWriter) => void;
  readonly #changed = new Set<string>();
  readonly #settling: number[] = [];
  #tellAt: NodeJS.Timeout | undefined;
  #isScheduled = false;
  #isClosed = false;
  #restTimer: NodeJS.Timeout | undefined;
  readonly #retentionTimer: NodeJS.Timeout;

  constructor(database: Database, start: WriterStart, post: (message: FromWriter) => void) {
    this.#database = database;
    this.#post = post;
    database.pragma(`cache_size = -${CACHE_KB}`);
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.pragma(`busy_timeout = ${start.busyLimitMs}`);
    if (start.maxPages !== null) database.pragma(`max_page_count = ${start.maxPages}`);
    this.#writer = new BatchWriter(database);
    this.#queue = new IngestQueue(this.#writer, (traceIds) => this.#tell(traceIds));
    this.#joiner = new LogJoiner(this.#writer);
    this.#indexes = new IndexKeeper(this.#writer);
    this.#remover = new TraceRemover(this.#writer);
    this.#set(start);
    this.#retentionTimer = setInterval(() => {
      this.#remover.look();
      this.#indexes.look();
      this.#schedule();
    }, RETENTION_EVERY_MS);
    // What another process left behind, or this one before it was killed.
    this.#joiner.look();
    this.#remover.look();
    this.#indexes.begin();
    this.#schedule();
  }

  take(message: ToWriter): void {
    switch (message.type) {
      case 'undecodable':
        this.#keep(message.rejection);
        this.#fail(message.id, new SinkError('undecodable', message.rejection.reason));
        return;
      case 'broken':
        this.#fail(message.id, new SinkError('busy', message.message, { retryAfter: BROKEN_RETRY_SECONDS }));
        return;
      case 'prepared':
        this.#queue.add({
          batch: message.batch,
          done: (result) => this.#post({ type: 'done', id: message.id, result }),
          failed: (error) => this.#fail(message.id, error),
        });
        break;
      case 'delete':
        this.#remover.add(message.traceIds, (deleted, error) => {
          if (error !== undefined) return this.#fail(message.id, error);
          this.#post({ type: 'done', id: message.id, result: { deleted } });
          this.#tell(message.traceIds);
        });
        break;
      case 'settings':
        this.#set(message.settings);
        break;
      case 'settle':
        this.#joiner.look();
        this.#settling.push(message.id);
        break;
      case 'close':
        this.#close();
        this.#post({ type: 'done', id: message.id, result: null });
        return;
    }
    this.#schedule();
  }

  #keep(rejection: KeptRejection): void {
    try {
      this.#writer.keepUndecodable(rejection);
    } catch {
      // A store that takes nothing now is told with the next batch that it should take; the sender of this one is told that it is no good.
    }
  }

  #set({ prices, retention }: WorkerSettings): void {
    this.#writer.prices = prices;
    this.#remover.retention = retention;
    this.#remover.look();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    // After the messages that have already come, so that they share a transaction.
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#isClosed) this.#step();
    });
  }

  #step(): void {
    clearTimeout(this.#restTimer);
    try {
      if (!this.#queue.isEmpty) {
        this.#queue.step();
        this.#joiner.isStale = true;
        this.#indexes.follow();
      } else if (!this.#remover.isIdle) this.#remover.step();
      else if (!this.#joiner.isIdle) this.#tell(this.#joiner.step());
      else if (!this.#indexes.isIdle(this.#settling.length > 0)) {
        this.#indexes.step();
        this.#joiner.isStale = true;
      }
      this.#tell(this.#indexes.takeFound());
    } catch (error) {
      // The step is tried again with the next batch, or the next look around.
      this.#joiner.rest();
      this.#remover.rest(error);
      this.#indexes.rest();
      this.#post({ type: 'problem', message: errorMessage(error) });
    }
    if (!this.#queue.isEmpty || !this.#remover.isIdle || !this.#joiner.isIdle || !this.#indexes.isIdle(this.#settling.length > 0)) return this.#schedule();
    if (this.#joiner.isWaiting || this.#indexes.isWaiting) {
      this.#restTimer = setTimeout(() => this.#schedule(), LOOK_AGAIN_MS);
      return;
    }
    for (const id of this.#settling.splice(0)) this.#post({ type: 'done', id, result: null });
    this.#restTimer = setTimeout(() => this.#checkpoint(), CHECKPOINT_IDLE_MS);
  }

  /** Nothing came for a while: the indexes are tidied, the log goes into the file, and its room is given back. */
  #checkpoint(): void {
    try {
      if (this.#indexes.tidy()) {
        this.#restTimer = setTimeout(() => this.#checkpoint(), MERGE_EVERY_MS);
        return;
      }
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // Somebody reads: later.
    }
  }

  #tell(traceIds: Iterable<string>): void {
    for (const id of traceIds) {
      if (this.#changed.size > MAX_TOLD) break;
      this.#changed.add(id);
    }
    if (this.#changed.size === 0) return;
    this.#tellAt ??= setTimeout(() => this.#tellNow(), CHANGED_EVERY_MS);
  }

  #tellNow(): void {
    clearTimeout(this.#tellAt);
    this.#tellAt = undefined;
    if (this.#changed.size === 0) return;
    const ids = [...this.#changed];
    this.#changed.clear();
    this.#post({ type: 'changed', traceIds: ids.slice(0, MAX_TOLD), all: ids.length > MAX_TOLD });
  }

  #fail(id: number, error: unknown): void {
    if (error instanceof SinkError) this.#post({ type: 'failed', id, reason: error.reason, message: error.message, retryAfter: error.retryAfter });
    else this.#post({ type: 'failed', id, reason: 'store', message: errorMessage(error), retryAfter: null });
  }

  #close(): void {
    while (!this.#queue.isEmpty) this.#queue.step();
    this.#isClosed = true;
    this.#indexes.finish();
    clearInterval(this.#retentionTimer);
    clearTimeout(this.#restTimer);
    this.#tellNow();
    this.#database.close();
  }
}
