import * as v from 'valibot';
import type { JsonObject } from '../core/json.ts';
import type { Finding } from '../core/trace/findings/finding.ts';
import type { MemoryAccess, RetrievedDocument, Score, Span, SpanKind, ToolDefinition } from '../core/trace/model.ts';
import { decode } from './rpc-peer.ts';
import type { ShownPrompt, ShownTrace, TracePanelMethods, TracePanelNotifications } from './trace-panel.ts';
import { SPAN_KINDS, type FindingsState, type MemoryGrowth, type SpanDetail, type TraceRow, type TraceSkeleton } from './traces.ts';

/** Decoders of what reaches the trace panel. Unknown members are dropped; a missing or wrong one refuses the message. */
type Schema<T> = v.GenericSchema<unknown, T>;

const number = v.number();
const index = v.pipe(number, v.integer(), v.minValue(0));
const text = v.string();
const numberOrNull = v.nullable(number);
// What a sender calls a score may be NaN or infinite.
const scoreOrNull = v.nullable(v.custom<number>((value) => typeof value === 'number'));
const textOrNull = v.nullable(text);
const texts = v.array(text);
// `v.record` would look at every member of what may be megabytes of attributes; the panel takes them for unknown anyway.
const json = v.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const jsonOrNull = v.nullable(json);
const anything = v.optional(v.unknown(), null);
const nanos = v.pipe(text, v.regex(/^-?\d{1,20}$/));
const spanId = v.pipe(text, v.regex(/^[0-9a-f]{16}$/));
const kind: Schema<SpanKind> = v.picklist(SPAN_KINDS);
const nothing: Schema<Record<string, never>> = v.custom<Record<string, never>>(() => true);

const row: Schema<TraceRow> = v.object({
  traceId: text, name: text, startNs: nanos, durationNs: v.nullable(nanos), spans: index, running: index, errors: index, hiddenErrors: index, llmCalls: index, toolCalls: index,
  tokens: numberOrNull, inputTokens: numberOrNull, outputTokens: numberOrNull, cost: numberOrNull, unpriced: index, service: textOrNull, environment: textOrNull,
  session: textOrNull, user: textOrNull, models: texts, tags: texts, preview: textOrNull, origin: v.picklist(['received', 'imported', 'tailed', 'eval', 'fetched']), revision: number,
});

const shown: Schema<ShownTrace> = v.object({ row, reveal: textOrNull });

type Column = 'reasons' | 'firstTokens' | 'starts' | 'durations' | 'parents' | 'depths' | 'descendants' | 'kinds' | 'flags' | 'names' | 'models' | 'inputTokens' | 'outputTokens' | 'costs' | 'totalTokens' | 'totalCosts' | 'totalErrors';
const COLUMNS: readonly Column[] = ['reasons', 'firstTokens', 'starts', 'durations', 'parents', 'depths', 'descendants', 'kinds', 'flags', 'names', 'models', 'inputTokens', 'outputTokens', 'costs', 'totalTokens', 'totalCosts', 'totalErrors'];

const skeleton: Schema<TraceSkeleton> = v.pipe(
  v.object({
    traceId: text, revision: number, count: index, startNs: nanos, end: number, spanIds: v.instance(Uint8Array), starts: v.instance(Float64Array), durations: v.instance(Float64Array),
    parents: v.instance(Int32Array), depths: v.instance(Uint16Array), descendants: v.instance(Int32Array), kinds: v.instance(Uint8Array), flags: v.instance(Uint16Array),
    names: v.instance(Uint32Array), models: v.instance(Uint32Array), reasons: v.instance(Uint32Array), firstTokens: v.instance(Float32Array), inputTokens: v.instance(Float64Array), outputTokens: v.instance(Float64Array), costs: v.instance(Float64Array),
    totalTokens: v.instance(Float64Array), totalCosts: v.instance(Float64Array), totalErrors: v.instance(Int32Array), texts,
    missing: v.array(v.object({ spanId: text, children: v.array(index) })),
  }),
  // Positions within them are of our own engine's making, from a build that is this one; lengths are what a cut transfer would change.
  v.check((value) => value.spanIds.length === value.count * 8 && COLUMNS.every((column) => value[column].length === value.count), 'the columns have different lengths'),
);

const tools: Schema<ToolDefinition> = v.object({ name: text, description: v.optional(text), parameters: v.optional(v.unknown()) });
const document: Schema<RetrievedDocument> = v.object({ id: textOrNull, content: textOrNull, score: scoreOrNull, metadata: jsonOrNull });
const score: Schema<Score> = v.object({ name: text, value: scoreOrNull, label: textOrNull, explanation: textOrNull });
const form = v.nullable(v.picklist(['messages', 'text', 'json']));
const memory: Schema<MemoryAccess> = v.object({ operation: v.picklist(['read', 'write', 'delete']), store: textOrNull, query: textOrNull, items: v.array(v.unknown()) });

const span: Schema<Span> = v.object({
  traceId: text, spanId: text, parentId: textOrNull, name: text, kind, otelKind: number, startNs: nanos, endNs: v.nullable(nanos), status: v.picklist(['unset', 'ok', 'error']),
  statusMessage: textOrNull, dialects: texts, operation: textOrNull, provider: textOrNull, model: textOrNull, modelRequested: textOrNull, modelServed: textOrNull, parameters: jsonOrNull,
  responseId: textOrNull, finishReasons: texts, timeToFirstTokenMs: numberOrNull,
  input: anything, inputForm: form, output: anything, outputForm: form,
  tools: v.nullable(v.array(tools)), toolName: textOrNull, toolCallId: textOrNull, toolArguments: anything, toolResult: anything,
  tokens: v.nullable(v.object({ input: numberOrNull, cacheRead: numberOrNull, cacheWrite: numberOrNull, output: numberOrNull, reasoning: numberOrNull })),
  cost: numberOrNull, costSource: v.nullable(v.picklist(['reported', 'computed'])), costComputed: numberOrNull, usageRole: v.nullable(v.picklist(['leaf', 'aggregate', 'duplicate'])), usageReason: textOrNull,
  session: textOrNull, user: textOrNull, agentName: textOrNull, agentId: textOrNull, promptName: textOrNull, promptVersion: textOrNull, promptVariables: jsonOrNull, tags: texts, metadata: jsonOrNull,
  scores: v.array(score), error: v.nullable(v.object({ type: textOrNull, message: textOrNull, stack: textOrNull })),
  retrieval: v.nullable(v.object({ query: textOrNull, topK: numberOrNull, source: textOrNull, documents: v.array(document) })), memory: v.nullable(memory),
  codeFile: textOrNull, codeLine: numberOrNull, codeColumn: numberOrNull, codeFunction: textOrNull, service: textOrNull, environment: textOrNull,
  resource: json, scope: v.object({ name: text, version: text }), pending: v.boolean(), contentHint: textOrNull,
  // Names of fields on our side, of one build.
  sources: v.custom<Span['sources']>((value) => typeof value === 'object' && value !== null),
  attributes: json, events: v.array(v.object({ timeNs: nanos, name: text, attributes: json })), links: v.array(v.object({ traceId: text, spanId: text, attributes: json })),
});

const detail: Schema<SpanDetail> = v.object({
  span, total: v.object({ spans: index, tokens: numberOrNull, cost: numberOrNull, unpriced: index, errors: index }),
  path: v.array(v.object({ spanId: text, name: text, kind })), previous: textOrNull, next: textOrNull,
  cut: v.array(v.object({ pointer: text, length: index })),
});

const finding: Schema<Finding> = v.object({ rule: text, severity: v.picklist(['info', 'warning', 'error']), message: text, spanIds: texts });
const findings: Schema<FindingsState> = v.object({ findings: v.array(finding), examined: index, total: index });

const growth: Schema<MemoryGrowth> = v.object({
  session: text, stores: texts,
  accesses: v.array(v.object({
    traceId: text, spanId: text, timeNs: nanos, operation: v.picklist(['read', 'write', 'delete']), store: textOrNull, query: textOrNull, items: index, size: number, preview: text,
  })),
});

const prompt: Schema<ShownPrompt> = v.object({
  how: v.picklist(['said', 'matched', 'none']), certain: v.boolean(), note: textOrNull,
  origins: v.array(v.object({ name: text, exact: v.boolean(), score: number, versions: texts, variables: texts })),
});

const results: { readonly [M in keyof TracePanelMethods]: Schema<TracePanelMethods[M][1]> } = {
  'trace/get': shown, 'trace/skeleton': v.nullable(skeleton), 'trace/span': detail, 'trace/value': v.object({ value: anything }),
  'trace/find': v.object({ spanIds: texts, more: v.boolean() }), 'trace/findings': findings, 'trace/prompt': prompt, 'trace/memory': growth,
  'trace/copy': nothing, 'trace/export': nothing, 'trace/delete': nothing, 'open': nothing, 'copy': nothing,
};

/** @throws TouchstoneError 'invalid-message' */
export function decodeTracePanelResult(method: string, value: unknown): unknown {
  return Object.hasOwn(results, method) ? decode(results[method as keyof TracePanelMethods], value) : undefined;
}

const changed: Schema<TracePanelNotifications['trace/changed']> = v.object({ revision: number });
const reveal: Schema<TracePanelNotifications['trace/reveal']> = v.object({ spanId });

/** @throws TouchstoneError 'invalid-message' */
export function decodeTraceChanged(value: unknown): TracePanelNotifications['trace/changed'] {
  return decode(changed, value);
}

/** @throws TouchstoneError 'invalid-message' */
export function decodeTraceReveal(value: unknown): TracePanelNotifications['trace/reveal'] {
  return decode(reveal, value);
}
