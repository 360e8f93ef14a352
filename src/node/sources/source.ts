import type { BackendSource } from '../../core/config/model.ts';
import type { RemoteIds } from '../../core/links/make.ts';
import type { TraceLink } from '../../core/links/model.ts';
import type { RawLog, RawSpan, Rejection } from '../../core/trace/model.ts';
import type { Query } from '../../core/trace/query/model.ts';
import type { RemotePage, RemoteScore, RemoteSummaryRow, RemoteTraceRow } from '../../protocol/remote.ts';
import type { SessionRow } from '../../protocol/traces.ts';
import type { SourceClient } from './client.ts';

/** Which trace is meant, in the words of its backend. One of the three ids is there. */
export type TraceRef = Pick<TraceLink, 'traceId' | 'spanId' | 'callId' | 'shareToken' | 'project' | 'tenant' | 'time'>;

/** Takes what comes of a trace, piece by piece, into the store. Each resolves when there is room for the next. */
export interface FetchSink {
  /** One or more values of JSON, each in a format of core/trace/formats. */
  documents(bytes: Uint8Array): Promise<void>;
  /** An ExportTraceServiceRequest in protobuf. */
  protobuf(bytes: Uint8Array): Promise<void>;
  decoded(batch: { readonly spans?: readonly RawSpan[]; readonly logs?: readonly RawLog[]; readonly rejected?: readonly Rejection[] }): Promise<void>;
  /** Spans that the store has taken so far; all of them once `settle` has resolved. */
  readonly spans: number;
  settle(): Promise<void>;
}

export interface FetchedTrace {
  /** As the backend has them. */
  readonly ids: RemoteIds;
  /** The same trace and span in the store; `null`: the whole trace was asked for. */
  readonly traceId: string;
  readonly spanId: string | null;
  /** What is missing or was cut, in sentences. */
  readonly notes: readonly string[];
}

export interface ListRequest {
  readonly query: Query;
  readonly limit: number;
  readonly cursor: string | null;
  /** Milliseconds since 1970: what `-1h` counts from. */
  readonly now: number;
}

export type ListedTrace = Omit<RemoteTraceRow, 'stored'>;
export type ListedPage = Omit<RemotePage, 'traces'> & { readonly traces: readonly ListedTrace[] };

/** A person's score, with the ids that the backend knows. */
export interface Annotation {
  readonly ids: RemoteIds;
  readonly name: string;
  readonly value: number | null;
  readonly label: string | null;
  readonly comment: string | null;
  /** The same for the same score: sent twice, it is one. */
  readonly id: string;
}

/** A backend that can be asked for traces. Every method may throw SourceError, and the signal's reason. */
export interface TraceSource {
  readonly entry: BackendSource;
  /** The attribute in which a stored span keeps the id that the backend knows; absent: the span's own id is that one. */
  readonly spanIdAttribute?: string;
  fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace>;
  /** Asks for something small; resolves with what is there, in a sentence. */
  test(signal: AbortSignal): Promise<string>;
  /** Newest first. */
  list?(request: ListRequest, signal: AbortSignal): Promise<ListedPage>;
  sessions?(request: ListRequest, signal: AbortSignal): Promise<{ readonly sessions: readonly SessionRow[]; readonly next: string | null; readonly notes: readonly string[] }>;
  summary?(query: Query, by: 'day' | 'model' | 'service', now: number, signal: AbortSignal): Promise<{ readonly rows: readonly RemoteSummaryRow[]; readonly notes: readonly string[] }>;
  /** Of the trace and all its spans. `spanIds`: those of the backend that have scores, where it must be asked span by span. */
  scores?(ids: RemoteIds, signal: AbortSignal): Promise<readonly RemoteScore[]>;
  annotate?(annotation: Annotation, signal: AbortSignal): Promise<void>;
  dispose(): void;
}

/** What an adapter is made of. */
export interface SourceContext {
  readonly entry: BackendSource;
  /** A client for the entry's address; what it may post to is the adapter's. */
  client(options?: { readonly queries?: readonly RegExp[]; readonly writes?: readonly RegExp[] }): SourceClient;
}
