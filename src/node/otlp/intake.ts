import { errorMessage } from '../../core/errors.ts';
import { encodeFullSuccess, encodePartialSuccess, type OtlpEncoding, type OtlpSignal } from '../../core/trace/otlp-response.ts';
import { countRejected } from '../../core/trace/reject.ts';
import { SinkError, type DecodedBatch, type EncodedBatch, type Ingested, type TraceSink } from '../../core/trace/sink.ts';
import { Refusal } from './refusal.ts';

/** What was received since the start. */
export interface ReceivedCounts {
  readonly requests: number;
  readonly spans: number;
  readonly logs: number;
  /** Data points. */
  readonly metrics: number;
  readonly rejected: number;
  /** Milliseconds since 1970 of the last request that was taken. */
  readonly lastAt: number | null;
}

/** Seconds for a sender to wait, by what is wrong. A full disk needs somebody to act. */
const RETRY_AFTER = { busy: 1, full: 30, unexpected: 5 } as const;

/** Hands batches to the sink, counts them, and says in HTTP's terms why one was not taken. */
export class Intake {
  readonly #sink: TraceSink;
  readonly #onProblem: (message: string) => void;
  #counts: ReceivedCounts = { requests: 0, spans: 0, logs: 0, metrics: 0, rejected: 0, lastAt: null };

  constructor(sink: TraceSink, onProblem: (message: string) => void) {
    this.#sink = sink;
    this.#onProblem = onProblem;
  }

  get counts(): ReceivedCounts {
    return this.#counts;
  }

  /** Resolves when the batch is committed. @throws Refusal */
  async take(batch: EncodedBatch | DecodedBatch): Promise<Ingested> {
    try {
      const ingested = await this.#sink.ingest(batch);
      const { requests, spans, logs, metrics, rejected } = this.#counts;
      this.#counts = {
        requests: requests + 1,
        spans: spans + ingested.spans,
        logs: logs + ingested.logs,
        metrics: metrics + ingested.metrics,
        rejected: rejected + countRejected(ingested.rejected),
        lastAt: Date.now(),
      };
      return ingested;
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  /** A request of OTLP, and the message that answers it. @throws Refusal */
  async takeOtlp(signal: OtlpSignal, encoding: OtlpEncoding, batch: Omit<EncodedBatch, 'form'>): Promise<Uint8Array> {
    const { rejected } = await this.take({ ...batch, form: `otlp-${signal}-${encoding}` });
    return rejected.length === 0 ? encodeFullSuccess(encoding) : encodePartialSuccess(signal, countRejected(rejected), describeRejections(rejected), encoding);
  }

  #refusal(error: unknown): Refusal {
    if (error instanceof SinkError) {
      if (error.reason === 'undecodable') {
        this.#counts = { ...this.#counts, requests: this.#counts.requests + 1, rejected: this.#counts.rejected + 1 };
        return new Refusal(400, error.message, { cause: error });
      }
      return new Refusal(503, error.message, { retryAfter: Math.max(1, Math.ceil(error.retryAfter ?? RETRY_AFTER[error.reason])), cause: error });
    }
    // Nothing says that it can never be taken, so the sender is to keep it; what went wrong is no business of the sender's.
    this.#onProblem(`A batch of traces was not stored: ${errorMessage(error)}`);
    return new Refusal(503, 'the batch could not be stored', { retryAfter: RETRY_AFTER.unexpected, cause: error });
  }
}

/** Reasons that are told; the rest is counted. */
const TOLD_REASONS = 3;

/** `3 × traceId must be 16 bytes (resourceSpans[0].scopeSpans[0].spans[1], …)`, the most frequent reason first. */
export function describeRejections(rejected: Ingested['rejected']): string {
  const reasons = new Map<string, { count: number; first: string }>();
  for (const { where, reason, count = 1 } of rejected) {
    const known = reasons.get(reason);
    if (known) known.count += count;
    else reasons.set(reason, { count, first: where });
  }
  const sorted = [...reasons].sort(([, a], [, b]) => b.count - a.count);
  const told = sorted.slice(0, TOLD_REASONS).map(([reason, { count, first }]) => `${count} × ${reason}${first === '' ? '' : ` (${first}${count > 1 ? ', …' : ''})`}`);
  const rest = sorted.slice(TOLD_REASONS).reduce((sum, [, { count }]) => sum + count, 0);
  return [...told, ...(rest > 0 ? [`${rest} for other reasons`] : [])].join('; ');
}
