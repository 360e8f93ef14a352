import { nameOfModel, requestAttributes, toolCallPart, usageAttributes } from '../eval/gen-ai-attributes.ts';
import type { CellRequest } from '../eval/model.ts';
import type { TokenUsage, ToolCall } from '../model/model.ts';
import { attributesOf } from '../trace/any-value.ts';
import { makeLink, makeResource, makeScope, makeSpan } from '../trace/formats/build.ts';
import type { RawSpan } from '../trace/model.ts';

/** One call of a model, or of a recorded tool, in a replay. */
export type ReplayStep =
  | {
      readonly kind: 'call';
      readonly request: Pick<CellRequest, 'messages' | 'parameters'>;
      readonly startMs: number;
      readonly endMs: number;
      readonly answer: { readonly text: string; readonly toolCalls: readonly ToolCall[]; readonly usage: TokenUsage | null; readonly cost: number | null; readonly finishReason: string | null } | null;
      readonly error: { readonly code: string; readonly message: string } | null;
    }
  | { readonly kind: 'tool'; readonly call: ToolCall; readonly result: string; readonly similar: boolean; readonly atMs: number };

export interface RecordedReplay {
  readonly traceId: string;
  /** 16 hex digits for the root and for each step. */
  readonly spanIds: readonly string[];
  /** What was replayed. */
  readonly of: { readonly traceId: string; readonly spanId: string; readonly name: string };
  readonly model: string;
  readonly prompt: { readonly name: string; readonly version: string } | null;
  readonly steps: readonly ReplayStep[];
  readonly output: string;
  readonly stopped: string | null;
}

const RESOURCE = makeResource({ 'service.name': 'touchstone replay' });
const SCOPE = makeScope('touchstone.replay');

/** The spans of a replay: a root that links to what was recorded, below it the calls of the model and the answers that tools had given. */
export function spansOfReplay(replay: RecordedReplay): RawSpan[] {
  const { traceId, spanIds, of, steps, stopped } = replay;
  const [rootId = '', ...ids] = spanIds;
  const times = steps.flatMap((step) => (step.kind === 'call' ? [step.startMs, step.endMs] : [step.atMs]));
  const failed = steps.findLast((step) => step.kind === 'call' && step.error !== null);
  const error = failed?.kind === 'call' ? failed.error : null;
  const root = makeSpan({
    traceId, spanId: rootId, parentSpanId: null, name: `replay ${replay.prompt?.name ?? of.name}`, kind: 1,
    startTimeUnixNano: nanos(Math.min(...times)), endTimeUnixNano: nanos(Math.max(...times)),
    attributes: attributesOf({
      'openinference.span.kind': steps.length > 1 ? 'AGENT' : 'CHAIN',
      'output.value': replay.output === '' ? undefined : replay.output,
      'touchstone.replay.trace': of.traceId,
      'touchstone.replay.span': of.spanId,
      'touchstone.replay.stopped': stopped ?? undefined,
      ...promptAttributes(replay),
    }),
    links: [makeLink(of.traceId, of.spanId, { 'touchstone.link': 'replay of' })],
    status: error === null ? { code: 0, message: '' } : { code: 2, message: error.message },
    resource: RESOURCE, scope: SCOPE,
  });
  return [root, ...steps.map((step, i) => (step.kind === 'call' ? callSpan(replay, step, rootId, ids[i] ?? '') : toolSpan(replay, step, rootId, ids[i] ?? '')))];
}

function callSpan(replay: RecordedReplay, { request, startMs, endMs, answer, error }: Extract<ReplayStep, { kind: 'call' }>, parent: string, spanId: string): RawSpan {
  const { provider, name } = nameOfModel(replay.model);
  const parts = answer === null ? [] : [...(answer.text === '' ? [] : [{ type: 'text', content: answer.text }]), ...answer.toolCalls.map(toolCallPart)];
  const finish = answer?.finishReason ?? null;
  return makeSpan({
    traceId: replay.traceId, spanId, parentSpanId: parent, name: `chat ${name}`, kind: 3, startTimeUnixNano: nanos(startMs), endTimeUnixNano: nanos(endMs),
    attributes: attributesOf({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': name,
      ...promptAttributes(replay),
      ...requestAttributes(request),
      ...(answer === null ? {} : { 'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts, ...(finish === null ? {} : { finish_reason: finish }) }]), 'gen_ai.usage.cost': answer.cost ?? undefined }),
      ...usageAttributes(answer?.usage ?? null),
      'error.type': error?.code,
    }),
    status: error === null ? { code: 0, message: '' } : { code: 2, message: error.message },
    resource: RESOURCE, scope: SCOPE,
  });
}

function toolSpan({ traceId }: RecordedReplay, { call, result, similar, atMs }: Extract<ReplayStep, { kind: 'tool' }>, parent: string, spanId: string): RawSpan {
  return makeSpan({
    traceId, spanId, parentSpanId: parent, name: `execute_tool ${call.name}`, kind: 1, startTimeUnixNano: nanos(atMs), endTimeUnixNano: nanos(atMs),
    attributes: attributesOf({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': call.name,
      'gen_ai.tool.call.id': call.id,
      'gen_ai.tool.call.arguments': call.arguments,
      'gen_ai.tool.call.result': result,
      'touchstone.replay.recorded': similar ? 'of other arguments' : 'of the same arguments',
    }),
    resource: RESOURCE, scope: SCOPE,
  });
}

function promptAttributes({ prompt }: RecordedReplay): { 'gen_ai.prompt.name'?: string; 'gen_ai.prompt.version'?: string } {
  return prompt === null ? {} : { 'gen_ai.prompt.name': prompt.name, 'gen_ai.prompt.version': prompt.version };
}

function nanos(ms: number): string {
  return (BigInt(Math.round(ms * 1000)) * 1000n).toString();
}
