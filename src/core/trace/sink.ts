import type { RawLog, RawSpan, Rejection } from './model.ts';

/** Where a batch came from. */
export interface BatchOrigin {
  readonly kind: 'received' | 'imported' | 'tailed' | 'eval' | 'fetched';
  /** The path that was posted to, the file, or the name of the source. */
  readonly place: string;
  /** A project that a backend's header named (`Langsmith-Project`, `projectName`, …). */
  readonly project?: string;
}

/** Where the reader of a tailed file stands: stored in the transaction of what it had read. */
export interface TailPosition {
  readonly path: string;
  /** Device and inode, or what stands for them. */
  readonly identity: string;
  /** Bytes that were read and turned into rows. */
  readonly offset: number;
}

/** What a sender posted, as it came (inflated). Decoding happens behind the sink, off the thread that serves. */
export interface EncodedBatch {
  readonly form: 'otlp-traces-json' | 'otlp-traces-protobuf' | 'otlp-logs-json' | 'otlp-logs-protobuf' | 'otlp-metrics-json' | 'otlp-metrics-protobuf' | 'documents';
  /** `documents`: JSON values in any format of `formats/`. */
  readonly body: Uint8Array;
  readonly origin: BatchOrigin;
  /** `documents` that are a piece of a file: which of its lines the first one is. Rejections name lines of the file. Absent: 1. */
  readonly firstLine?: number;
  /** `documents`: where recordings without times begin (`ReadOptions.baseNs`). */
  readonly baseNs?: string;
  /** Stored with the rows, as of a `DecodedBatch`. */
  readonly position?: TailPosition;
}

export interface DecodedBatch {
  readonly spans: readonly RawSpan[];
  readonly logs: readonly RawLog[];
  readonly rejected: readonly Rejection[];
  readonly origin: BatchOrigin;
  readonly position?: TailPosition;
}

export interface Ingested {
  readonly spans: number;
  readonly logs: number;
  readonly metrics: number;
  /** `count`: when an entry stands for more than one. */
  readonly rejected: readonly { readonly where: string; readonly reason: string; readonly count?: number }[];
  readonly traceIds: readonly string[];
  /** `documents`: names of the formats that were met. */
  readonly formats?: readonly string[];
}

/**
 * Takes batches into the store. A promise resolves after the transaction that holds the whole batch has committed.
 * @throws SinkError
 */
export interface TraceSink {
  ingest(batch: EncodedBatch | DecodedBatch): Promise<Ingested>;
}

/** `busy`, `full`: try again later (the sender is told so). `undecodable`: the body is not what it says, it never can be taken. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly reason: 'busy' | 'full' | 'undecodable';
  /** Seconds. */
  readonly retryAfter: number | null;

  constructor(reason: SinkError['reason'], message: string, options: { cause?: unknown; retryAfter?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.retryAfter = options.retryAfter ?? null;
  }
}
