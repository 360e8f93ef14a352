import type { AssertionResult } from '../assert/model.ts';
import type { Case } from '../dataset/model.ts';
import type { JsonObject } from '../json.ts';
import type { TokenUsage } from '../model/model.ts';
import { attributesOf } from '../trace/any-value.ts';
import { makeEvent, makeResource, makeScope, makeSpan } from '../trace/formats/build.ts';
import type { RawEvent, RawSpan } from '../trace/model.ts';
import { nanosOf } from '../trace/time.ts';
import { CACHED_TAG, rootSpanOfCell, spanOfAttempt, spanOfChecks } from './cell-trace-id.ts';
import { nameOfModel, requestAttributes, toolCallPart, usageAttributes } from './gen-ai-attributes.ts';
import type { AttemptInfo, CellRequest, CellResult, RunInfo } from './model.ts';

/** What the journal knows of a finished cell. */
export interface JournaledCell {
  readonly run: RunInfo;
  readonly traceId: string;
  readonly case: Case;
  readonly result: CellResult;
  readonly attempts: readonly AttemptInfo[];
  /** `null`: a program made the messages. */
  readonly request: CellRequest | null;
}

const RESOURCE = makeResource({ 'service.name': 'touchstone eval' });
const SCOPE = makeScope('touchstone.eval');

/**
 * The spans of a cell: the case as the root, below it a call of the model for each attempt, and an evaluator with the verdict and the
 * score of each check. The answer and what it used belong to the attempt that brought it. An answer from the cache has a call without usage: it was paid for
 * where it was first given. Calls of judges are not journaled one by one; what they cost is an attribute of the root.
 */
export function spansOfCell(cell: JournaledCell): RawSpan[] {
  const calls = cell.attempts.length === 0 ? [storedAnswer(cell)].filter((span) => span !== null) : cell.attempts.map((attempt) => attemptSpan(cell, attempt));
  const root = rootSpan(cell, calls);
  return [root, ...calls, ...checksSpan(cell, root)];
}

function rootSpan(cell: JournaledCell, calls: readonly RawSpan[]): RawSpan {
  const { run, result, traceId } = cell;
  const start = calls[0]?.startTimeUnixNano ?? startOfRun(run);
  const end = calls.at(-1)?.endTimeUnixNano ?? start;
  const model = run.models[result.modelIndex];
  const judges = costOfJudges(result.assertions);
  const tags = result.cached ? [...cell.case.tags, CACHED_TAG] : cell.case.tags;
  return makeSpan({
    traceId,
    spanId: rootSpanOfCell(traceId),
    parentSpanId: null,
    name: `eval ${cell.case.id}`,
    kind: 1,
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    attributes: attributesOf({
      'openinference.span.kind': 'CHAIN',
      'input.value': JSON.stringify(cell.case.vars),
      'input.mime_type': 'application/json',
      'output.value': result.output === null ? undefined : typeof result.output === 'string' ? result.output : JSON.stringify(result.output),
      'session.id': run.id,
      'gen_ai.prompt.name': run.promptName,
      'gen_ai.prompt.version': run.promptHash.slice(0, 12),
      'tag.tags': tags.length === 0 ? undefined : tags,
      'touchstone.run.id': run.id,
      'touchstone.case.id': cell.case.id,
      'touchstone.case.index': result.caseIndex,
      'touchstone.model': model?.label,
      'touchstone.repeat': result.repeat,
      'touchstone.expected': cell.case.expected === undefined ? undefined : JSON.stringify(cell.case.expected),
      'touchstone.pass': result.pass ?? undefined,
      'touchstone.score': result.score ?? undefined,
      'touchstone.cached': result.cached,
      'touchstone.judge.cost': judges === undefined ? undefined : judges,
    }),
    status: result.error === null ? { code: 0, message: '' } : { code: 2, message: `${result.error.code}: ${result.error.message}` },
    resource: RESOURCE,
    scope: SCOPE,
  });
}

function attemptSpan(cell: JournaledCell, attempt: AttemptInfo): RawSpan {
  const start = nanosOf(attempt.startedAt) ?? startOfRun(cell.run);
  // The process ended before the answer came: how long it waited nobody knows.
  const end = attempt.durationMs === null ? start : (BigInt(start) + BigInt(Math.max(0, Math.round(attempt.durationMs))) * 1_000_000n).toString();
  const brought = attempt.outcome === 'answered' && attempt === cell.attempts.findLast(({ outcome }) => outcome === 'answered');
  const error = attempt.error ?? (attempt.outcome === 'open' ? { code: 'interrupted', message: 'the process ended before the answer came' } : attempt.outcome === 'cancelled' ? { code: 'cancelled', message: 'cancelled' } : null);
  return callSpan(cell, { number: attempt.number, start, end, usage: attempt.usage, answer: brought, error });
}

/** An answer that no attempt of this run brought: from the cache, or from a recording. */
function storedAnswer(cell: JournaledCell): RawSpan | null {
  if (cell.result.error !== null) return null;
  const start = startOfRun(cell.run);
  return callSpan(cell, { number: 0, start, end: start, usage: null, answer: true, error: null });
}

function callSpan(cell: JournaledCell, call: { number: number; start: string; end: string; usage: TokenUsage | null; answer: boolean; error: { readonly code: string; readonly message: string } | null }): RawSpan {
  const { run, result, request, traceId } = cell;
  const model = run.models[result.modelIndex];
  const { provider, name } = nameOfModel(model?.id ?? '');
  return makeSpan({
    traceId,
    spanId: spanOfAttempt(traceId, call.number),
    parentSpanId: rootSpanOfCell(traceId),
    name: `chat ${name}`,
    kind: 3,
    startTimeUnixNano: call.start,
    endTimeUnixNano: call.end,
    attributes: attributesOf({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': name,
      'gen_ai.conversation.id': run.id,
      'gen_ai.prompt.name': run.promptName,
      'gen_ai.prompt.version': run.promptHash.slice(0, 12),
      ...(request === null ? {} : requestAttributes(request)),
      ...(call.answer ? answerAttributes(result) : {}),
      ...usageAttributes(call.usage),
      'error.type': call.error?.code,
      'touchstone.attempt': call.number === 0 ? undefined : call.number,
      'touchstone.cached': call.number === 0 ? true : undefined,
    }),
    status: call.error === null ? { code: 0, message: '' } : { code: 2, message: call.error.message },
    resource: RESOURCE,
    scope: SCOPE,
  });
}

function answerAttributes(result: CellResult): JsonObject {
  const { output, toolCalls, finishReason, cost, assertions } = result;
  const text = output === null ? null : typeof output === 'string' ? output : JSON.stringify(output);
  const parts = [...(text === null || text === '' ? [] : [{ type: 'text', content: text }]), ...toolCalls.map(toolCallPart)];
  const judges = costOfJudges(assertions);
  return {
    'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts, ...(finishReason === null ? {} : { finish_reason: finishReason }) }]),
    'gen_ai.response.finish_reasons': finishReason === null ? undefined : [finishReason],
    // The cell's cost is that of all attempts and judges; without the judges it is the model's.
    'gen_ai.usage.cost': cost === null || judges === null ? undefined : Math.max(0, cost - (judges ?? 0)),
  };
}

/** The verdict first: an evaluator whose first score is a failure counts as a span that failed. */
function checksSpan({ result, traceId }: JournaledCell, root: RawSpan): RawSpan[] {
  const { assertions, pass, score } = result;
  const end = root.endTimeUnixNano ?? root.startTimeUnixNano;
  if (assertions.length === 0 || pass === null) return [];
  const failed = assertions.filter((assertion) => !assertion.pass && assertion.weight !== 0);
  const verdict = makeEvent('gen_ai.evaluation.result', end, {
    'gen_ai.evaluation.name': 'checks',
    'gen_ai.evaluation.score.value': score ?? undefined,
    'gen_ai.evaluation.score.label': pass ? 'pass' : 'fail',
    'gen_ai.evaluation.explanation': pass || failed.length === 0 ? undefined : failed.map((assertion) => `${nameOf(assertion)}: ${assertion.error ?? assertion.reason}`).join('\n'),
  });
  return [makeSpan({
    traceId,
    spanId: spanOfChecks(traceId),
    parentSpanId: rootSpanOfCell(traceId),
    name: 'checks',
    kind: 1,
    startTimeUnixNano: end,
    endTimeUnixNano: end,
    attributes: attributesOf({ 'openinference.span.kind': 'EVALUATOR', 'touchstone.pass': pass, 'touchstone.score': score ?? undefined }),
    events: [verdict, ...assertions.flatMap((assertion) => scoreEvents(assertion, end))],
    status: { code: 0, message: '' },
    resource: RESOURCE,
    scope: SCOPE,
  })];
}

function nameOf({ metric, name, type }: AssertionResult): string {
  return metric ?? name ?? type;
}

/** The checks of a set are told one by one, the set with them. */
function scoreEvents(assertion: AssertionResult, timeNs: string): RawEvent[] {
  const event = makeEvent('gen_ai.evaluation.result', timeNs, {
    'gen_ai.evaluation.name': nameOf(assertion),
    'gen_ai.evaluation.score.value': assertion.score,
    'gen_ai.evaluation.score.label': assertion.pass ? 'pass' : 'fail',
    'gen_ai.evaluation.explanation': assertion.error ?? assertion.reason,
    'touchstone.assertion.type': assertion.type,
    'touchstone.assertion.weight': assertion.weight,
  });
  return [event, ...(assertion.components ?? []).flatMap((component) => scoreEvents(component, timeNs))];
}

/** US dollars; `null` unknown; `undefined`: no judge was asked. */
function costOfJudges(assertions: readonly AssertionResult[]): number | null | undefined {
  let sum: number | null | undefined;
  for (const { cost } of assertions) if (cost !== undefined) sum = sum === null || cost === null ? null : (sum ?? 0) + cost;
  return sum;
}

function startOfRun(run: RunInfo): string {
  return nanosOf(run.startedAt) ?? '0';
}
