import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf } from '../any-value.ts';
import { spanIdFor, traceIdFor } from '../ids.ts';
import type { RawSpan } from '../model.ts';
import { compareNanos, nanosOf } from '../time.ts';
import { asText, itemsOf, makeScope, makeSpan, readItems, required, sample } from './build.ts';
import type { TraceFormat } from './format.ts';

/** What OpenAI's Agents SDK posts to `/v1/traces/ingest`: traces and their spans. The trace itself becomes the root span. */
export const openaiAgents: TraceFormat = {
  name: 'openai-agents',
  isSpread: true,
  sniff(value) {
    const item = sample(value, 'data');
    return item !== null && (item['object'] === 'trace' || item['object'] === 'trace.span');
  },
  read(documents) {
    const items = itemsOf(documents, 'data');
    const decoded = readItems(items, (item) => (item['object'] === 'trace' ? rootOf(item) : spanOf(item)));
    return { ...decoded, spans: withTimesOfRoots(decoded.spans) };
  },
};

const SCOPE = makeScope('openai-agents');

function traceIdOf(id: string): string {
  return traceIdFor('openai-agents', id.replace(/^trace_/, ''));
}

/** A trace says no times: they are those of its spans (withTimesOfRoots). */
function rootOf(trace: JsonObject): RawSpan {
  const id = required(asText(trace['id']) ?? null, 'the trace has no id');
  return makeSpan({
    traceId: traceIdOf(id),
    spanId: spanIdFor('openai-agents', id),
    parentSpanId: null,
    name: asText(trace['workflow_name']) ?? '',
    startTimeUnixNano: '0',
    endTimeUnixNano: null,
    attributes: attributesOf({
      'openai_agents.trace.id': id,
      'gen_ai.operation.name': 'invoke_workflow',
      'gen_ai.workflow.name': trace['workflow_name'],
      'gen_ai.conversation.id': trace['group_id'],
      'openai_agents.metadata': asText(trace['metadata']),
    }),
    scope: SCOPE,
  });
}

function spanOf(span: JsonObject): RawSpan {
  const id = required(asText(span['id']) ?? null, 'the span has no id');
  const trace = required(asText(span['trace_id']) ?? null, 'the span has no trace_id');
  const data = isObject(span['span_data']) ? span['span_data'] : {};
  const error = isObject(span['error']) ? span['error'] : null;
  return makeSpan({
    traceId: traceIdOf(trace),
    spanId: spanIdFor('openai-agents', id),
    parentSpanId: spanIdFor('openai-agents', asText(span['parent_id']) ?? trace),
    name: nameOf(data),
    startTimeUnixNano: required(nanosOf(span['started_at']), 'the span has no started_at'),
    endTimeUnixNano: nanosOf(span['ended_at']),
    attributes: attributesOf({ 'openai_agents.span.id': id, 'openai_agents.span.type': data['type'], ...attributesOfData(data), 'openai_agents.error.data': error ? asText(error['data']) : undefined }),
    status: error ? { code: 2, message: asText(error['message']) ?? '' } : { code: 0, message: '' },
    scope: SCOPE,
  });
}

function nameOf(data: JsonObject): string {
  const name = asText(data['name']);
  switch (data['type']) {
    case 'handoff': return `handoff ${asText(data['from_agent']) ?? '?'} → ${asText(data['to_agent']) ?? '?'}`;
    case 'generation': return name ?? `chat ${asText(data['model']) ?? ''}`.trim();
    default: return name ?? asText(data['type']) ?? '';
  }
}

/** OTel's names where there is one; every other member stays below `openai_agents.`. */
function attributesOfData(data: JsonObject): JsonObject {
  const { type, name, ...rest } = data;
  const own = (members: JsonObject): JsonObject => Object.fromEntries(Object.entries(members).map(([key, value]) => [`openai_agents.${key}`, typeof value === 'object' ? asText(value) : value]));
  switch (type) {
    case 'agent':
      return { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name, 'gen_ai.tool.definitions': Array.isArray(data['tools']) ? JSON.stringify(data['tools'].map((tool: unknown) => (typeof tool === 'string' ? { name: tool } : tool))) : undefined, ...own(rest) };
    case 'function': {
      const { input, output, ...others } = rest;
      return { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.tool.call.arguments': asText(input), 'gen_ai.tool.call.result': asText(output), ...own(others) };
    }
    case 'generation':
    case 'response': {
      const { model, input, output, usage, model_config: config, response_id: responseId, response, ...others } = rest;
      const answer = [response, answerIn(output)].find(isObject) ?? {};
      const counts = [usage, answer['usage']].find(isObject) ?? {};
      const [inputDetails, outputDetails] = [['input_tokens_details', 'prompt_tokens_details'], ['output_tokens_details', 'completion_tokens_details']].map((keys) => keys.map((key) => counts[key]).find(isObject) ?? {});
      return {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': model ?? answer['model'],
        'gen_ai.response.model': answer['model'],
        'gen_ai.response.id': responseId ?? answer['id'],
        'gen_ai.system_instructions': asText(answer['instructions']),
        'gen_ai.input.messages': asText(input),
        'gen_ai.output.messages': asText(output ?? answer['output']),
        'gen_ai.tool.definitions': asText(answer['tools']),
        'gen_ai.usage.input_tokens': counts['input_tokens'] ?? counts['prompt_tokens'],
        'gen_ai.usage.output_tokens': counts['output_tokens'] ?? counts['completion_tokens'],
        'gen_ai.usage.cache_read.input_tokens': inputDetails?.['cached_tokens'],
        'gen_ai.usage.reasoning.output_tokens': outputDetails?.['reasoning_tokens'],
        'openai_agents.usage': asText(usage),
        'openai_agents.model_config': asText(config),
        'openai_agents.response': asText(response),
        ...own(others),
      };
    }
    default:
      return own(name === undefined ? rest : { name, ...rest });
  }
}

/** The SDK in JavaScript puts whole answers of the chat API into the output, and their usage nowhere else. */
function answerIn(output: unknown): JsonObject | undefined {
  return Array.isArray(output) ? (output as unknown[]).filter(isObject).find((item) => Array.isArray(item['choices'])) : undefined;
}

function withTimesOfRoots(spans: readonly RawSpan[]): RawSpan[] {
  const times = new Map<string, { start: string; end: string | null }>();
  for (const span of spans) {
    if (span.parentSpanId === null) continue;
    const known = times.get(span.traceId);
    const end = span.endTimeUnixNano;
    if (!known) times.set(span.traceId, { start: span.startTimeUnixNano, end });
    else times.set(span.traceId, { start: compareNanos(span.startTimeUnixNano, known.start) < 0 ? span.startTimeUnixNano : known.start, end: known.end === null || end === null ? null : compareNanos(end, known.end) > 0 ? end : known.end });
  }
  return spans.map((span) => {
    const time = span.parentSpanId === null ? times.get(span.traceId) : undefined;
    return time ? { ...span, startTimeUnixNano: time.start, endTimeUnixNano: time.end } : span;
  });
}
