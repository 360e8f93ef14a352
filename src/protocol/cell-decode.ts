import * as v from 'valibot';
import type { AssertionResult } from '../core/assert/model.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { AttemptInfo, CellError, CellRequest, CellResult, RunInfo, Summary } from '../core/eval/model.ts';
import type { ChatMessage, TokenUsage, ToolCall } from '../core/model/model.ts';
import type { CellDetail } from './engine.ts';

/** Decoders of runs and cells, for every panel that shows them. Unknown members are dropped. */
type Schema<T> = v.GenericSchema<unknown, T>;

const number = v.number();
const index = v.pipe(number, v.integer(), v.minValue(0));
const text = v.string();
const numberOrNull = v.nullable(number);
const textOrNull = v.nullable(text);
const texts = v.array(text);
const json = v.record(text, v.unknown());
const scores = v.record(text, number);

export const interval = v.nullable(v.tuple([number, number]));
// The codes of both sides come from one build.
const errorCode = v.custom<ErrorCode>((value) => typeof value === 'string');

const position = v.object({ line: index, character: index });
const range = v.object({ start: position, end: position });

export const summary: Schema<Summary> = v.object({
  cells: index, passed: index, failed: index, errors: index, passRate: numberOrNull, interval, score: numberOrNull, cost: numberOrNull,
  tokens: v.object({ input: numberOrNull, output: numberOrNull }),
  latency: v.object({ p50: numberOrNull, p95: numberOrNull }),
  cached: index, namedScores: scores,
});

export const runInfo: Schema<RunInfo> = v.object({
  id: text, title: v.optional(text), promptId: text, promptName: text, promptPath: text, promptHash: text, workingCopy: v.boolean(),
  datasetName: textOrNull, datasetHash: text, assertionsHash: text,
  models: v.array(v.object({ label: text, id: text, kind: text })),
  cases: index, repeats: index, planned: v.optional(index), status: v.picklist(['running', 'finished', 'cancelled', 'interrupted', 'budget']),
  startedAt: text, durationMs: number, budgetUsd: numberOrNull,
  estimate: v.object({ usd: numberOrNull, requests: index, inputTokens: number, outputTokens: number, unpriced: texts }),
  filter: v.optional(v.object({ text: v.optional(text), tags: v.optional(texts), caseIds: v.optional(texts) })),
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

const status = v.picklist(['waiting', 'running', 'done', 'error']);

export const cellDetail: Schema<CellDetail> = v.object({
  run: runInfo, status, result: v.nullable(result), modelLabel: text,
  case: v.object({
    id: text, description: v.optional(text), vars: json, expected: v.optional(v.unknown()), tags: texts, metadata: json,
    // The panel shows no option of a case; they stay data.
    options: v.custom<CellDetail['case']['options']>((value) => typeof value === 'object' && value !== null), file: text, range,
  }),
  request: v.nullable(request), attempts: v.array(attempt),
});
