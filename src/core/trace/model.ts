import type { JsonObject } from '../json.ts';

/**
 * A value as OTLP's JSON encoding writes it, in the one canonical form: integers are decimal strings of 64 bits, bytes are base64,
 * what JSON numbers cannot hold (NaN, infinities, minus zero) are strings. `{}`: no value. So a span can be kept as JSON and
 * written out again without a loss.
 */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number | 'NaN' | 'Infinity' | '-Infinity' | '-0' }
  | { readonly bytesValue: string }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } }
  | Readonly<Record<string, never>>;

/** In the order of the sender; a key that was sent twice stays twice. */
export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface Resource {
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

export interface RawEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
}

export interface RawLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly flags: number;
}

/**
 * A span as it was sent: the members of OTLP's `Span`, nothing interpreted. Ids are lower-case hex of 32 and 16 digits, times
 * are nanoseconds since 1970 as decimal strings that fit 63 bits. Spans of one batch share their resource and scope objects.
 */
export interface RawSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** `null`: a root. */
  readonly parentSpanId: string | null;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  /** OTLP's SpanKind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  /** `null`: still running. */
  readonly endTimeUnixNano: string | null;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly events: readonly RawEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly RawLink[];
  readonly droppedLinksCount: number;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly resource: Resource;
  readonly scope: Scope;
}

/** A log record as it was sent. */
export interface RawLog {
  /** `null`: belongs to no span. */
  readonly traceId: string | null;
  readonly spanId: string | null;
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly flags: number;
  readonly resource: Resource;
  readonly scope: Scope;
}

/** Something of an input that could not be taken, with the value itself, so that it can be kept for the user. */
export interface Rejection {
  /** `resourceSpans[0].scopeSpans[1].spans[3]`, `line 12`, … */
  readonly where: string;
  readonly reason: string;
  readonly value: unknown;
  /** When it stands for more than one, none of which is kept (`value` is `null`). */
  readonly count?: number;
}

export interface Decoded {
  readonly spans: readonly RawSpan[];
  readonly logs: readonly RawLog[];
  readonly rejected: readonly Rejection[];
}

export type SpanKind = 'llm' | 'embedding' | 'agent' | 'tool' | 'retriever' | 'reranker' | 'chain' | 'guardrail' | 'evaluator' | 'prompt' | 'memory' | 'http' | 'db' | 'event' | 'other';

export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  /** `arguments`: parsed where they are JSON, else the text as it was sent. */
  | { readonly type: 'tool_call'; readonly id: string | null; readonly name: string; readonly arguments: unknown }
  | { readonly type: 'tool_result'; readonly id: string | null; readonly name: string | null; readonly result: unknown; readonly isError?: boolean }
  /** `data`: base64. `url` is an address as text and is never fetched. */
  | { readonly type: 'image'; readonly mimeType: string | null; readonly data: string | null; readonly url: string | null }
  /** Documents, audio, video. */
  | { readonly type: 'file'; readonly mimeType: string | null; readonly name: string | null; readonly data: string | null; readonly url: string | null; readonly id: string | null }
  /** Whatever no convention describes: shown as it is, never dropped. */
  | { readonly type: 'json'; readonly value: unknown };

export interface Message {
  readonly role: string;
  readonly name?: string;
  readonly parts: readonly Part[];
  readonly finishReason?: string;
}

/** Disjoint: their sum is every token there was. `null`: not reported, never 0. */
export interface TokenBuckets {
  readonly input: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters?: unknown;
}

export interface RetrievedDocument {
  readonly id: string | null;
  readonly content: string | null;
  readonly score: number | null;
  readonly metadata: JsonObject | null;
}

export interface Score {
  readonly name: string;
  readonly value: number | null;
  readonly label: string | null;
  readonly explanation: string | null;
}

export type UsageRole = 'leaf' | 'aggregate' | 'duplicate';

/** The members of a span that are read from attributes; the names under which provenance is kept. */
export type Field =
  | 'kind' | 'operation' | 'provider' | 'modelRequested' | 'modelServed' | 'parameters' | 'responseId' | 'finishReasons' | 'timeToFirstTokenMs'
  | 'input' | 'output' | 'tools' | 'toolName' | 'toolCallId' | 'toolArguments' | 'toolResult'
  | 'tokens' | 'costReported' | 'session' | 'user' | 'agentName' | 'agentId' | 'promptName' | 'promptVersion' | 'promptVariables'
  | 'tags' | 'metadata' | 'scores' | 'error' | 'retrieval' | 'memory' | 'environment' | 'code';

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  /** OTLP's SpanKind. */
  readonly otelKind: number;
  readonly startNs: string;
  readonly endNs: string | null;
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage: string | null;
  /** The conventions that were recognised, by the name of their dialect. */
  readonly dialects: readonly string[];
  readonly operation: string | null;
  readonly provider: string | null;
  /** The model that served, else the one that was asked for. */
  readonly model: string | null;
  readonly modelRequested: string | null;
  readonly modelServed: string | null;
  readonly parameters: JsonObject | null;
  readonly responseId: string | null;
  readonly finishReasons: readonly string[];
  readonly timeToFirstTokenMs: number | null;
  /** Messages where `inputForm` says so, else a text or any JSON. */
  readonly input: unknown;
  readonly inputForm: ContentForm | null;
  readonly output: unknown;
  readonly outputForm: ContentForm | null;
  /** What the model could call. */
  readonly tools: readonly ToolDefinition[] | null;
  readonly toolName: string | null;
  readonly toolCallId: string | null;
  readonly toolArguments: unknown;
  readonly toolResult: unknown;
  readonly tokens: TokenBuckets | null;
  /** US dollars. */
  readonly cost: number | null;
  readonly costSource: 'reported' | 'computed' | null;
  /** What the price table says, also beside a reported cost. */
  readonly costComputed: number | null;
  readonly usageRole: UsageRole | null;
  /** Why, in words. */
  readonly usageReason: string | null;
  readonly session: string | null;
  readonly user: string | null;
  readonly agentName: string | null;
  readonly agentId: string | null;
  readonly promptName: string | null;
  readonly promptVersion: string | null;
  readonly promptVariables: JsonObject | null;
  readonly tags: readonly string[];
  readonly metadata: JsonObject | null;
  readonly scores: readonly Score[];
  readonly error: SpanError | null;
  readonly retrieval: Retrieval | null;
  readonly memory: MemoryAccess | null;
  readonly codeFile: string | null;
  readonly codeLine: number | null;
  readonly codeColumn: number | null;
  readonly codeFunction: string | null;
  readonly service: string | null;
  readonly environment: string | null;
  /** What sent the span: attributes of its resource, name and version of its instrumentation. */
  readonly resource: JsonObject;
  readonly scope: { readonly name: string; readonly version: string };
  /** A placeholder for a span that has only begun (Logfire's pending spans). */
  readonly pending: boolean;
  /** When content is missing: the switch that brings it, in words. */
  readonly contentHint: string | null;
  /** Which attributes a value was read from. */
  readonly sources: Readonly<Partial<Record<Field, readonly string[]>>>;
  readonly attributes: JsonObject;
  readonly events: readonly { readonly timeNs: string; readonly name: string; readonly attributes: JsonObject }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: JsonObject }[];
}

export type ContentForm = 'messages' | 'text' | 'json';

export interface SpanError {
  readonly type: string | null;
  readonly message: string | null;
  readonly stack: string | null;
}

export interface Retrieval {
  readonly query: string | null;
  readonly topK: number | null;
  /** Collection, index or class that was searched. */
  readonly source: string | null;
  readonly documents: readonly RetrievedDocument[];
}

export interface MemoryAccess {
  /** `read`: search, get, list; `write`: add, update; `delete`. */
  readonly operation: 'read' | 'write' | 'delete';
  readonly store: string | null;
  readonly query: string | null;
  /** What was read or written. */
  readonly items: readonly unknown[];
}
