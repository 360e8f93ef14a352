import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf } from '../any-value.ts';
import { spanIdFor, traceIdFor } from '../ids.ts';
import type { Decoded, RawEvent, RawSpan } from '../model.ts';
import { nanosOf } from '../time.ts';
import { asText, makeEvent, makeScope, makeSpan, readItems, required } from './build.ts';

/** Opik's types, in the words of OpenInference, whose attributes hold the same things. */
const KINDS: Readonly<Record<string, string>> = { llm: 'LLM', tool: 'TOOL', guardrail: 'GUARDRAIL', general: 'CHAIN' };

/** The id under which Opik's trace itself is kept: it has a name, an input and an output of its own, and its spans lie below it. */
export function opikRootId(traceId: string): string {
  return spanIdFor('opik', `trace ${traceId}`);
}

/** What `GET /v1/private/traces/{id}` gives, as the root. */
export function readOpikTrace(value: unknown): Decoded {
  return readItems([{ where: 'trace', value }], (trace) => {
    const id = required(asText(trace['id']) ?? null, 'the trace has no id');
    return spanOf(trace, id, { spanId: opikRootId(id), parentSpanId: null, kind: 'CHAIN' });
  });
}

/** What `POST /v1/private/spans/search` gives, one by one. */
export function readOpikSpans(values: readonly unknown[]): Decoded {
  return readItems(values.map((value, index) => ({ where: `span ${index + 1}`, value })), (span) => {
    const traceId = required(asText(span['trace_id']) ?? null, 'the span has no trace_id');
    const id = required(asText(span['id']) ?? null, 'the span has no id');
    const parent = asText(span['parent_span_id']);
    return spanOf(span, traceId, { spanId: spanIdFor('opik', id), parentSpanId: parent === undefined ? opikRootId(traceId) : spanIdFor('opik', parent), kind: KINDS[asText(span['type']) ?? ''] ?? 'CHAIN' });
  });
}

function spanOf(row: JsonObject, traceId: string, { spanId, parentSpanId, kind }: { spanId: string; parentSpanId: string | null; kind: string }): RawSpan {
  const start = required(nanosOf(row['start_time']), 'it has no start_time');
  const usage = isObject(row['usage']) ? row['usage'] : {};
  const failure = isObject(row['error_info']) ? row['error_info'] : null;
  const isTrace = parentSpanId === null;
  const tags = Array.isArray(row['tags']) && row['tags'].length > 0 ? row['tags'] : undefined;
  return makeSpan({
    traceId: traceIdFor('opik', traceId),
    spanId,
    parentSpanId,
    name: asText(row['name']) ?? '',
    startTimeUnixNano: start,
    endTimeUnixNano: nanosOf(row['end_time']),
    attributes: attributesOf({
      'openinference.span.kind': kind,
      'opik.span.id': isTrace ? undefined : row['id'],
      'opik.trace.id': traceId,
      'opik.project.id': row['project_id'],
      'input.value': asText(row['input']),
      'output.value': asText(row['output']),
      metadata: asText(row['metadata']),
      'tag.tags': tags,
      'session.id': row['thread_id'],
      ...(kind === 'LLM' ? modelOf(row, usage) : {}),
      ...(kind === 'TOOL' ? { 'tool.name': asText(row['name']) } : {}),
    }),
    events: [...scoresOf(row['feedback_scores'], start), ...(failure === null ? [] : [makeEvent('exception', nanosOf(row['end_time']) ?? start, { 'exception.type': failure['exception_type'], 'exception.message': failure['message'], 'exception.stacktrace': failure['traceback'] })])],
    status: failure === null ? { code: 0, message: '' } : { code: 2, message: asText(failure['message']) ?? asText(failure['exception_type']) ?? '' },
    scope: makeScope('opik'),
  });
}

/** Token counts are those of the provider, under its own names. */
function modelOf(row: JsonObject, usage: JsonObject): JsonObject {
  return {
    'llm.model_name': row['model'],
    'llm.provider': row['provider'],
    'llm.token_count.prompt': usage['prompt_tokens'] ?? usage['input_tokens'] ?? usage['original_usage.prompt_tokens'],
    'llm.token_count.completion': usage['completion_tokens'] ?? usage['output_tokens'] ?? usage['original_usage.completion_tokens'],
    'llm.token_count.prompt_details.cache_read': usage['original_usage.prompt_tokens_details.cached_tokens'] ?? usage['original_usage.cache_read_input_tokens'],
    'llm.token_count.completion_details.reasoning': usage['original_usage.completion_tokens_details.reasoning_tokens'],
    'llm.cost.total': row['total_estimated_cost'],
    'opik.usage': Object.keys(usage).length === 0 ? undefined : JSON.stringify(usage),
  };
}

function scoresOf(scores: unknown, time: string): RawEvent[] {
  if (!Array.isArray(scores)) return [];
  return (scores as unknown[]).filter(isObject).map((score) => makeEvent('gen_ai.evaluation.result', nanosOf(score['last_updated_at']) ?? time, {
    'gen_ai.evaluation.name': score['name'], 'gen_ai.evaluation.score.value': score['value'], 'gen_ai.evaluation.score.label': score['category_name'], 'gen_ai.evaluation.explanation': score['reason'], 'opik.score.source': score['source'],
  }));
}
