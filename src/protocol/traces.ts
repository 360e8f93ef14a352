import type { CellKey } from '../core/eval/model.ts';
import type { Finding } from '../core/trace/findings/finding.ts';
import type { Span } from '../core/trace/model.ts';
import type { TraceSkeleton } from '../core/trace/skeleton.ts';

export { SPAN_FLAGS, SPAN_KINDS, type TraceSkeleton } from '../core/trace/skeleton.ts';

/** One trace in a list. */
export interface TraceRow {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The root's name; of several roots the first one's; of none the first span's. */
  readonly name: string;
  /** Nanoseconds since 1970, decimal. */
  readonly startNs: string;
  /** From the first start to the last end; `null` while a span runs. */
  readonly durationNs: string | null;
  readonly spans: number;
  readonly running: number;
  /** Spans that failed. */
  readonly errors: number;
  /** Of them those whose status says nothing: the result of a tool or the verdict of an evaluator tells it. */
  readonly hiddenErrors: number;
  readonly llmCalls: number;
  readonly toolCalls: number;
  /** Sums over the spans whose usage counts; `null`: none reported any. */
  readonly tokens: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** US dollars of the calls whose cost is known; `null`: of none. */
  readonly cost: number | null;
  /** Calls with tokens and without a known cost: the cost is a lower bound. */
  readonly unpriced: number;
  readonly service: string | null;
  readonly environment: string | null;
  readonly session: string | null;
  readonly user: string | null;
  readonly models: readonly string[];
  readonly tags: readonly string[];
  /** Beginning of what the first model call was asked by its user, else of what the root was given: it tells traces of one name apart. One line; `null`: none, or the trace is older than previews. */
  readonly preview: string | null;
  /** How it came: over the network, from a file, from a run of ours, from a source that was asked for it. */
  readonly origin: 'received' | 'imported' | 'tailed' | 'eval' | 'fetched';
  /** Grows whenever something of the trace changes. */
  readonly revision: number;
}

export interface TraceListRequest {
  /** The query language of docs/traces.md; empty: all but the traces of eval runs. */
  readonly query: string;
  readonly sort: 'time' | 'duration' | 'cost' | 'tokens' | 'errors';
  readonly descending: boolean;
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface TracePage {
  readonly traces: readonly TraceRow[];
  readonly next: string | null;
  /** Of all that match, up to a bound: `{ atLeast: true }` where counting stopped. */
  readonly total: { readonly count: number; readonly atLeast: boolean };
}

export interface SessionRow {
  readonly session: string;
  readonly traces: number;
  readonly spans: number;
  readonly errors: number;
  readonly tokens: number | null;
  readonly cost: number | null;
  readonly startNs: string;
  readonly endNs: string | null;
  readonly user: string | null;
  readonly service: string | null;
}

export interface QueryCompletion {
  readonly label: string;
  readonly detail: string;
  /** What replaces `from`..`to` of the query. */
  readonly insert: string;
  readonly from: number;
  readonly to: number;
}

/** One span with everything, and where its prompt, code and parts come from. */
export interface SpanDetail {
  readonly span: Span;
  /** What the span and all below used. */
  readonly total: { readonly spans: number; readonly tokens: number | null; readonly cost: number | null; readonly unpriced: number; readonly errors: number };
  /** From the root to the parent. */
  readonly path: readonly { readonly spanId: string; readonly name: string; readonly kind: Span['kind'] }[];
  readonly previous: string | null;
  readonly next: string | null;
  /** Texts longer than the limit are cut here; `traces/value` has the whole. Paths are JSON pointers into `span`. */
  readonly cut: readonly { readonly pointer: string; readonly length: number }[];
}

export interface FindingsState {
  readonly findings: readonly Finding[];
  /** Large traces are examined piece by piece: how far it has come. */
  readonly examined: number;
  readonly total: number;
}

/** What two traces are compared by. */
export interface TraceBreakdown {
  readonly row: TraceRow;
  readonly groups: readonly {
    readonly kind: Span['kind'];
    readonly name: string;
    readonly model: string | null;
    readonly count: number;
    readonly errors: number;
    readonly p50Ms: number | null;
    readonly totalMs: number;
    readonly tokens: number | null;
    readonly cost: number | null;
  }[];
}

/** How a memory grew over a session: every access in the order of time. */
export interface MemoryGrowth {
  readonly session: string;
  readonly stores: readonly string[];
  readonly accesses: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly timeNs: string;
    readonly operation: 'read' | 'write' | 'delete';
    readonly store: string | null;
    readonly query: string | null;
    readonly items: number;
    /** Items known to be in the store after this access, as far as the spans tell. */
    readonly size: number;
    readonly preview: string;
  }[];
}

export interface ImportedFile {
  readonly file: string;
  /** Names of the formats that were met, joined by `, `; `unknown` when none was. */
  readonly format: string;
  readonly traces: number;
  readonly spans: number;
  readonly logs: number;
  readonly rejected: readonly { readonly where: string; readonly reason: string }[];
  readonly traceIds: readonly string[];
}

export type ReceiverStatus =
  | { readonly state: 'off' }
  | { readonly state: 'starting' }
  /** `http`, `grpc`: ports. `requested…`: what was asked for, when it was taken. */
  | { readonly state: 'on'; readonly http: number; readonly grpc: number | null; readonly requestedHttp: number; readonly requestedGrpc: number; readonly since: number }
  /** Another window or command receives for this workspace. */
  | { readonly state: 'elsewhere'; readonly http: number; readonly grpc: number | null; readonly owner: string }
  | { readonly state: 'failed'; readonly reason: string };

export interface SourcesState {
  readonly receiver: ReceiverStatus;
  readonly counts: { readonly spans: number; readonly logs: number; readonly metrics: number; readonly rejected: number; readonly requests: number; readonly lastAt: number | null };
  readonly senders: readonly { readonly service: string; readonly scope: string; readonly spans: number; readonly lastAt: number }[];
  readonly tails: readonly { readonly pattern: string; readonly files: readonly { readonly path: string; readonly offset: number; readonly size: number; readonly spans: number; readonly problem: string | null }[]; readonly problem: string | null }[];
  readonly rejections: readonly { readonly at: number; readonly where: string; readonly reason: string; readonly bytes: number; readonly id: number }[];
  readonly store: { readonly traces: number; readonly spans: number; readonly bytes: number };
}

/** What the extension and the command line ask of the engine about traces: method → [parameters, result]. */
export interface TraceMethods {
  'traces/list': [TraceListRequest, TracePage];
  'traces/sessions': [{ readonly query: string; readonly limit: number; readonly cursor?: string }, { readonly sessions: readonly SessionRow[]; readonly next: string | null }];
  /** What can stand at `position` of a query. */
  'traces/complete': [{ readonly query: string; readonly position: number }, { readonly items: readonly QueryCompletion[] }];
  /** `traceId`: all of it, or so many of its first digits that only one begins with them. */
  'traces/get': [{ readonly traceId: string }, TraceRow];
  /** `null`: the revision is still the known one. */
  'traces/skeleton': [{ readonly traceId: string; readonly knownRevision?: number }, TraceSkeleton | null];
  'traces/span': [{ readonly traceId: string; readonly spanId: string }, SpanDetail];
  /** A value that was cut, whole. */
  'traces/value': [{ readonly traceId: string; readonly spanId: string; readonly pointer: string }, { readonly value: unknown }];
  /** Ids of the spans whose names, messages, attributes or errors hold the text, in no order; bounded by `limit`. */
  'traces/find': [{ readonly traceId: string; readonly text: string; readonly limit: number }, { readonly spanIds: readonly string[]; readonly more: boolean }];
  'traces/findings': [{ readonly traceId: string }, FindingsState];
  'traces/breakdown': [{ readonly traceId: string }, TraceBreakdown];
  'traces/memory': [{ readonly session: string }, MemoryGrowth];
  /** `json`: canonical spans with findings (docs/cli-output.schema.json); `otlp`: an ExportTraceServiceRequest; `tree`: lines of text; `markdown`: a conversation to paste. With `file` it is written there and `text` is empty. */
  'traces/export': [{ readonly traceId: string; readonly format: 'json' | 'otlp' | 'tree' | 'markdown'; readonly spanId?: string; readonly file?: string }, { readonly text: string }];
  'traces/delete': [{ readonly traceIds: readonly string[] } | { readonly query: string }, { readonly deleted: number }];
  /** Reads files of any known format; `traces/progress` tells how far. What was read is kept when it is cancelled. */
  'traces/import': [{ readonly files: readonly string[] }, { readonly files: readonly ImportedFile[] }];
  'sources/get': [Record<string, never>, SourcesState];
  /** Turns the receiver on or off; remembered by the caller. Ports: 0 is any free one, `null` gRPC off. */
  'sources/receiver': [{ readonly on: boolean; readonly http?: number; readonly grpc?: number | null }, ReceiverStatus];
  /** The bytes that could not be taken, for the user to look at. */
  'sources/rejection': [{ readonly id: number }, { readonly contentType: string; readonly body: Uint8Array }];
}

/** Traces of eval runs. */
export interface CellTraceMethods {
  /** The trace of one cell; made when it is not there yet. */
  'cells/trace': [{ readonly runId: string; readonly key: CellKey }, { readonly traceId: string }];
}

export interface TraceNotifications {
  /** Traces that changed since the last notification; `traceIds` is cut at 100, then `all` is true. At most a few times a second. */
  'traces/changed': { readonly traceIds: readonly string[]; readonly all: boolean };
  'traces/progress': { readonly file: string; readonly bytes: number; readonly total: number; readonly spans: number };
  'sources/changed': Record<string, never>;
}
