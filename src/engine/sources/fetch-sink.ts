import type { BatchOrigin, DecodedBatch, EncodedBatch, TraceSink } from '../../core/trace/sink.ts';
import { ingestPatiently } from '../../node/tail/patient-sink.ts';
import type { FetchSink } from '../../node/sources/index.ts';

/** Pieces that wait for their commit while the next one is read. */
const MOST_WAITING = 3;
const MOST_TOLD = 5;
const MOST_COUNTED = 1000;

export interface FetchProgress {
  readonly spans: number;
  readonly bytes: number;
  /** Of the store; known with the first span. */
  readonly traceId: string | null;
}

/** Puts what comes of a trace into the store, a piece at a time, and tells how far it has come. */
export class StoreFetchSink implements FetchSink {
  readonly #sink: TraceSink;
  readonly #origin: BatchOrigin;
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: FetchProgress) => void;
  readonly #waiting = new Set<Promise<void>>();
  #failure: Error | undefined;
  #bytes = 0;
  #rejected = 0;
  readonly #reasons = new Set<string>();
  readonly #traceIds = new Set<string>();
  spans = 0;
  /** Of the store; known with the first span. */
  traceId: string | null = null;

  constructor(sink: TraceSink, source: string, signal: AbortSignal, onProgress: (progress: FetchProgress) => void) {
    this.#sink = sink;
    this.#origin = { kind: 'fetched', place: source };
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  documents(bytes: Uint8Array): Promise<void> {
    return this.#send({ form: 'documents', body: bytes, origin: this.#origin }, bytes.length);
  }

  protobuf(bytes: Uint8Array): Promise<void> {
    return this.#send({ form: 'otlp-traces-protobuf', body: bytes, origin: this.#origin }, bytes.length);
  }

  decoded({ spans = [], logs = [], rejected = [] }: Parameters<FetchSink['decoded']>[0]): Promise<void> {
    return this.#send({ spans, logs, rejected, origin: this.#origin }, 0);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#waiting);
    this.#throwFailure();
  }

  /** What is on its way has come to the store, or has failed. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#waiting);
  }

  /** What could not be taken, in a sentence; `null`: everything was. */
  get problem(): string | null {
    if (this.#rejected === 0) return null;
    return `${this.#rejected.toLocaleString('en')} ${this.#rejected === 1 ? 'part' : 'parts'} of the answer could not be read: ${[...this.#reasons].join('; ')}.`;
  }

  /** What came that was not asked for, in a sentence; `null`: nothing. `traceId`: what was. */
  besides(traceId: string): string | null {
    const others = this.#traceIds.size - Number(this.#traceIds.has(traceId));
    if (others === 0) return null;
    return `The answer held spans of ${others === 1 ? 'another trace' : `${others.toLocaleString('en')}${others >= MOST_COUNTED ? ' and more' : ''} other traces`}, which ${others === 1 ? 'is' : 'are'} in the store now, too.`;
  }

  async #send(batch: EncodedBatch | DecodedBatch, bytes: number): Promise<void> {
    this.#throwFailure();
    const sent = this.#ingest(batch, bytes).catch((error: unknown) => void (this.#failure ??= error instanceof Error ? error : new Error(String(error))));
    const done = sent.then(() => void this.#waiting.delete(done));
    this.#waiting.add(done);
    // What is shown first is read while nothing else is on its way: on two cores it would wait for what takes in the rest.
    if (this.spans === 0) await done;
    while (this.#waiting.size >= MOST_WAITING) await Promise.race(this.#waiting);
    this.#throwFailure();
  }

  async #ingest(batch: EncodedBatch | DecodedBatch, bytes: number): Promise<void> {
    const ingested = await ingestPatiently(this.#sink, batch, this.#signal);
    this.spans += ingested.spans;
    this.#bytes += bytes;
    this.traceId ??= ingested.spans > 0 ? (ingested.traceIds[0] ?? null) : null;
    for (const id of ingested.traceIds) if (this.#traceIds.size <= MOST_COUNTED) this.#traceIds.add(id);
    for (const { reason, count = 1 } of ingested.rejected) {
      this.#rejected += count;
      // A parser's own words quote the answer, keys and all.
      if (this.#reasons.size < MOST_TOLD) this.#reasons.add(reason.replace(/^(not valid JSON): .*$/s, '$1'));
    }
    this.#onProgress({ spans: this.spans, bytes: this.#bytes, traceId: this.traceId });
  }

  #throwFailure(): void {
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
  }
}
