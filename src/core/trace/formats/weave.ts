import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf } from '../any-value.ts';
import { spanIdFor, traceIdFor } from '../ids.ts';
import type { RawSpan } from '../model.ts';
import { nanosOf } from '../time.ts';
import { asText, itemsOf, makeScope, makeSpan, readItems, required, sample } from './build.ts';
import type { TraceFormat } from './format.ts';

/** Calls that Weave's integrations record for a model's client. */
const MODEL_CALL = /^(?:openai|anthropic|mistralai|groq|cohere|litellm|google|vertexai|together|cerebras|bedrock)\b.*(?:create|complete|chat|generate|invoke|acompletion|completion)/i;

/** W&B Weave's calls, as its API streams them. */
export const weave: TraceFormat = {
  name: 'weave',
  sniff(value) {
    const call = sample(value, 'calls');
    return call !== null && typeof call['op_name'] === 'string' && typeof call['trace_id'] === 'string' && 'started_at' in call;
  },
  read: (documents) => readItems(itemsOf(documents, 'calls'), spanOf),
};

function spanOf(call: JsonObject): RawSpan {
  const id = required(asText(call['id']) ?? null, 'the call has no id');
  // weave:///entity/project/op/openai.chat.completions.create:hash
  const operation = (asText(call['op_name']) ?? '').replace(/^weave:\/\/\/.*\/op\//, '').replace(/:[^:/]*$/, '');
  const summary = isObject(call['summary']) ? call['summary'] : {};
  const usage = isObject(summary['usage']) ? Object.entries(summary['usage']) : [];
  const [model, counts] = usage.length === 1 ? usage[0]! : [undefined, undefined];
  const inputs = isObject(call['inputs']) ? call['inputs'] : {};
  const exception = asText(call['exception']);
  const isModelCall = MODEL_CALL.test(operation);
  return makeSpan({
    traceId: traceIdFor('weave', required(asText(call['trace_id']) ?? null, 'the call has no trace_id')),
    spanId: spanIdFor('weave', id),
    parentSpanId: asText(call['parent_id']) === undefined ? null : spanIdFor('weave', asText(call['parent_id'])!),
    name: asText(call['display_name']) ?? operation,
    startTimeUnixNano: required(nanosOf(call['started_at']), 'the call has no started_at'),
    endTimeUnixNano: nanosOf(call['ended_at']),
    attributes: attributesOf({
      'weave.call.id': id,
      'weave.op_name': call['op_name'],
      'gen_ai.operation.name': isModelCall ? (/embed/i.test(operation) ? 'embeddings' : 'chat') : undefined,
      'gen_ai.request.model': isModelCall ? (asText(inputs['model']) ?? model) : undefined,
      'gen_ai.prompt': asText(call['inputs']),
      'gen_ai.completion': asText(call['output']),
      'gen_ai.usage.input_tokens': isObject(counts) ? (counts['input_tokens'] ?? counts['prompt_tokens']) : undefined,
      'gen_ai.usage.output_tokens': isObject(counts) ? (counts['output_tokens'] ?? counts['completion_tokens']) : undefined,
      'user.id': call['wb_user_id'],
      'weave.summary': asText(call['summary']),
      'weave.attributes': asText(call['attributes']),
    }),
    status: exception === undefined ? { code: 0, message: '' } : { code: 2, message: exception },
    scope: makeScope('weave'),
  });
}
