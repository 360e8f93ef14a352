import * as v from 'valibot';
import type { AssertionResult } from '../core/assert/model.ts';
import type { AttemptInfo, CellError, CellKey, CellRequest, CellResult, RunInfo, Summary } from '../core/eval/model.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { ChatMessage, TokenUsage, ToolCall } from '../core/model/model.ts';
import type { CellDetail, GridCell, GridPage, GridRow, GridView, RunSnapshot } from './engine.ts';
import { decode } from './rpc-peer.ts';
import type { RunPanelMethods, RunPanelNotifications } from './run-panel.ts';

/** Decoders of what reaches the run panel. Unknown members are dropped; a missing or wrong one refuses the message. */
type Schema<T> = v.GenericSchema<unknown, T>;

const number = v.number();
const index = v.pipe(number, v.integer(), v.minValue(0));
const text = v.string();
const numberOrNull = v.nullable(number);
const textOrNull = v.nullable(text);
const texts = v.array(text);
const json = v.record(text, v.unknown());
const scores = v.record(text, number);
const interval = v.nullable(v.tuple([number, number]));
// The codes of both sides come from one build.
const errorCode = v.custom<ErrorCode>((value) => typeof value === 'string');

const position = v.object({ line: index, character: index });
const range = v.object({ start: position, end: position });

const summary: Schema<Summary> = v.object({
  cells: index, passed: index, failed: index, errors: index, passRate: numberOrNull, interval, score: numberOrNull, cost: numberOrNull,
  tokens: v.object({ input: numberOrNull, output: numberOrNull }),
  latency: v.object({ p50: numberOrNull, p95: numberOrNull }),
  cached: index, namedScores: scores,
});

const runInfo: Schema<RunInfo> = v.object({
  id: text, title: v.optional(text), promptId: text, promptName: text, promptPath: text, promptHash: text, workingCopy: v.boolean(),
  datasetName: textOrNull, datasetHash: text, assertionsHash: text,
  models: v.array(v.object({ label: text, id: text, kind: text })),
  cases: index, repeats: index, planned: v.optional(index), status: v.picklist(['running', 'finished', 'cancelled', 'interrupted', 'budget']),
  startedAt: text, durationMs: number, budgetUsd: numberOrNull,
  estimate: v.object({ usd: numberOrNull, requests: index, inputTokens: number, outputTokens: number, unpriced: texts }),
  filter: v.optional(v.object({ text: v.optional(text), tags: v.optional(texts), caseIds: v.optional(texts) })),
});

const snapshot: Schema<RunSnapshot> = v.object({
  info: runInfo, summary, models: v.array(v.object({ label: text, summary })), slices: texts,
  done: index, total: index, running: index, costSoFar: numberOrNull, remainingMs: numberOrNull,
});

const status = v.picklist(['waiting', 'running', 'done', 'error']);

const cell: Schema<GridCell> = v.object({
  status, passes: v.array(v.nullable(v.boolean())), text, multiline: v.boolean(), agreement: v.optional(text), score: numberOrNull,
  latencyMs: numberOrNull, slow: v.boolean(), cached: v.boolean(), error: textOrNull,
});

const row: Schema<GridRow> = v.variant('kind', [
  v.object({
    kind: v.literal('slice'), slice: text, cases: index, collapsed: v.boolean(),
    models: v.array(v.object({ passRate: numberOrNull, interval, n: index })),
  }),
  v.object({ kind: v.literal('case'), caseIndex: index, caseId: text, slice: textOrNull, variables: text, expected: textOrNull, cells: v.array(cell) }),
]);

const page: Schema<GridPage> = v.object({
  total: index, from: index, rows: v.array(row),
  counts: v.object({ all: index, failing: index, errors: index, slow: index, cached: index }),
  revision: number,
});

const toolCall: Schema<ToolCall> = v.object({ id: text, name: text, arguments: text });
const message: Schema<ChatMessage> = v.object({
  role: v.picklist(['system', 'developer', 'user', 'assistant', 'tool']),
  content: v.union([text, v.array(v.variant('type', [v.object({ type: v.literal('text'), text }), v.object({ type: v.literal('image'), url: text })]))]),
  name: v.optional(text), toolCalls: v.optional(v.array(toolCall)), toolCallId: v.optional(text),
});
const usage: Schema<TokenUsage> = v.object({ input: numberOrNull, cachedInput: numberOrNull, output: numberOrNull, reasoning: numberOrNull });
const cellError: Schema<CellError> = v.object({ code: errorCode, message: text });

const assertion: Schema<AssertionResult> = v.object({
  type: text, name: v.optional(text), pass: v.boolean(), score: number, reason: text, weight: number, metric: textOrNull,
  value: v.optional(text), error: v.optional(text), namedScores: v.optional(scores), cost: v.optional(numberOrNull), judgeOutput: v.optional(text),
  components: v.optional(v.array(v.lazy(() => assertion))),
});

const result: Schema<CellResult> = v.object({
  caseIndex: index, modelIndex: index, repeat: index, caseId: text, status: v.picklist(['done', 'error']), output: v.optional(v.unknown(), null),
  pass: v.nullable(v.boolean()), score: numberOrNull, assertions: v.array(assertion), namedScores: scores, error: v.nullable(cellError),
  latencyMs: numberOrNull, usage: v.nullable(usage), cost: numberOrNull, cached: v.boolean(), attempts: index, finishReason: textOrNull,
  toolCalls: v.array(toolCall), traceId: textOrNull,
});

const request: Schema<CellRequest> = v.object({ messages: v.array(message), inserted: v.array(v.array(v.tuple([index, index]))), parameters: json });
const attempt: Schema<AttemptInfo> = v.object({
  number: index, startedAt: text, durationMs: numberOrNull, outcome: v.picklist(['open', 'answered', 'failed', 'cancelled']),
  error: v.nullable(cellError), usage: v.nullable(usage),
});

const detail: Schema<CellDetail> = v.object({
  run: runInfo, status, result: v.nullable(result), modelLabel: text,
  case: v.object({
    id: text, description: v.optional(text), vars: json, expected: v.optional(v.unknown()), tags: texts, metadata: json,
    // The panel shows no option of a case; they stay data.
    options: v.custom<CellDetail['case']['options']>((value) => typeof value === 'object' && value !== null), file: text, range,
  }),
  request: v.nullable(request), attempts: v.array(attempt),
});

const nothing: Schema<Record<string, never>> = v.custom<Record<string, never>>(() => true);

const results: { readonly [M in keyof RunPanelMethods]: Schema<RunPanelMethods[M][1]> } = {
  'run/get': snapshot,
  'grid/page': page,
  'grid/find': v.object({ row: number, modelIndex: number }),
  'cell/get': detail,
  'cell/rerun': nothing, 'run/cancel': nothing, 'run/again': nothing, 'run/resume': nothing, 'run/export': nothing,
  'open': nothing, 'cell/accept': nothing, 'cell/diff': nothing, 'cell/trace': nothing, 'copy': nothing,
};

/** @throws TouchstoneError 'invalid-message' */
export function decodeRunPanelResult(method: string, value: unknown): unknown {
  return Object.hasOwn(results, method) ? decode(results[method as keyof RunPanelMethods], value) : undefined;
}

const changed: Schema<RunPanelNotifications['run/changed']> = v.object({ snapshot, revision: number });

/** @throws TouchstoneError 'invalid-message' */
export function decodeRunChanged(value: unknown): RunPanelNotifications['run/changed'] {
  return decode(changed, value);
}

const key: Schema<CellKey> = v.object({ caseIndex: index, modelIndex: index, repeat: index });
const gridView: Schema<GridView> = v.object({
  filter: v.picklist(['all', 'failing', 'errors', 'slow', 'cached']), search: v.pipe(text, v.maxLength(1000)), groupBySlice: v.boolean(), collapsed: texts,
  sort: v.object({ by: v.picklist(['order', 'case', 'score', 'latency', 'cost']), modelIndex: index, descending: v.boolean() }),
});

/** Decoders of what the panel asks, for the side that answers it. */
export const runPanelParams: { readonly [M in keyof RunPanelMethods]: Schema<RunPanelMethods[M][0]> } = {
  'run/get': nothing,
  'grid/page': v.object({ view: gridView, from: index, to: index }),
  'grid/find': v.object({
    view: gridView, fromRow: v.pipe(number, v.integer(), v.minValue(-1)), direction: v.picklist([1, -1]), what: v.picklist(['failing', 'case']), caseIndex: v.optional(index),
  }),
  'cell/get': v.object({ key }), 'cell/rerun': v.object({ caseIndex: index }),
  'run/cancel': nothing, 'run/again': nothing, 'run/resume': nothing,
  'run/export': v.object({ format: v.picklist(['json', 'xml', 'html', 'csv']) }),
  'open': v.variant('what', [v.object({ what: v.picklist(['prompt', 'dataset']) }), v.object({ what: v.literal('case'), caseIndex: index })]),
  'cell/accept': v.object({ key }), 'cell/diff': v.object({ key }), 'cell/trace': v.object({ key }), 'copy': v.object({ text }),
};
