import { isObject, type JsonObject } from '../../core/json.ts';
import type { OpenAiTarget } from '../../core/model/ids.ts';
import type { ChatMessage, ModelReply, ModelRequest, TokenUsage, ToolCall } from '../../core/model/model.ts';
import { count, functionOf, optional, set, text, throwIfReported } from './openai-chat.ts';
import { AnswerError, ReportedError } from './answer-errors.ts';

/** The body of POST /responses (OpenAI API reference, "Create a model response"). Nothing is stored at the endpoint unless the settings say so. */
export function responsesBody(target: OpenAiTarget, request: ModelRequest): JsonObject {
  const { parameters: p } = request;
  const body: JsonObject = { model: target.model, input: request.messages.flatMap(inputItems), store: false, ...p.extra };
  set(body, 'temperature', p.temperature);
  set(body, 'top_p', p.topP);
  set(body, 'max_output_tokens', p.maxTokens);
  if (p.reasoningEffort !== undefined) body['reasoning'] = { ...(isObject(body['reasoning']) ? body['reasoning'] : {}), effort: p.reasoningEffort };
  if (request.tools !== undefined && request.tools.length > 0) {
    body['tools'] = request.tools.map((tool) => ({ type: 'function', strict: false, parameters: {}, ...functionOf(tool) }));
    set(body, 'tool_choice', toolChoice(request.toolChoice));
  }
  const format = request.responseFormat;
  if (format !== undefined && format.type !== 'text') {
    const written = format.type === 'json_object' ? { type: 'json_object' } : { type: 'json_schema', name: format.name, schema: format.schema, ...(format.strict === undefined ? {} : { strict: format.strict }) };
    body['text'] = { ...(isObject(body['text']) ? body['text'] : {}), format: written };
  }
  return body;
}

/** Chat completions nest the function's name; here it stands beside the type. */
function toolChoice(choice: unknown): unknown {
  return isObject(choice) && isObject(choice['function']) ? { type: 'function', name: choice['function']['name'] } : choice;
}

function inputItems(message: ChatMessage): JsonObject[] {
  if (message.role === 'tool') return [{ type: 'function_call_output', call_id: message.toolCallId ?? '', output: plain(message) }];
  const calls = (message.toolCalls ?? []).map((call) => ({ type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments }));
  const kind = message.role === 'assistant' ? 'output_text' : 'input_text';
  const content = typeof message.content === 'string' ? message.content : message.content.map((part) => (part.type === 'text' ? { type: kind, text: part.text } : { type: 'input_image', image_url: part.url, detail: 'auto' }));
  return content === '' && calls.length > 0 ? calls : [{ role: message.role, content }, ...calls];
}

function plain(message: ChatMessage): string {
  return typeof message.content === 'string' ? message.content : message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

export function readResponse(answer: JsonObject): ModelReply {
  if (answer['status'] === 'failed') throw new ReportedError(502, answer);
  if (!Array.isArray(answer['output'])) throw new AnswerError('sent JSON without an answer (`output`)', { cause: JSON.stringify(answer) });
  let answerText = '';
  let refusal = '';
  let reasoning = '';
  const calls: ToolCall[] = [];
  for (const item of answer['output'] as unknown[]) {
    if (!isObject(item)) continue;
    if (item['type'] === 'function_call') calls.push({ id: text(item['call_id']) ?? '', name: text(item['name']) ?? '', arguments: text(item['arguments']) ?? '' });
    for (const part of parts(item['content'])) {
      if (part['type'] === 'output_text') answerText += text(part['text']) ?? '';
      if (part['type'] === 'refusal') refusal += text(part['refusal']) ?? '';
    }
    if (item['type'] === 'reasoning') reasoning += parts(item['summary']).map((part) => text(part['text']) ?? '').join('\n');
  }
  return {
    text: answerText,
    toolCalls: calls,
    finishReason: finishReason(answer, calls.length > 0),
    ...(refusal === '' ? {} : { refusal }),
    ...(reasoning === '' ? {} : { reasoning }),
    usage: responsesUsage(answer['usage']),
    reportedCost: null,
    ...optional('servedBy', text(answer['model'])),
  };
}

/** Events of the responses API: the text comes in deltas, and the last event carries the whole answer. */
export async function readResponseStream(events: AsyncIterable<unknown>, onText: (delta: string) => void): Promise<ModelReply> {
  for await (const event of events) {
    if (!isObject(event)) throw new AnswerError('sent a stream event that is not an object');
    switch (event['type']) {
      case 'response.output_text.delta':
        if (typeof event['delta'] === 'string' && event['delta'] !== '') onText(event['delta']);
        break;
      case 'response.completed':
      case 'response.incomplete':
        if (isObject(event['response'])) return readResponse(event['response']);
        break;
      case 'response.failed':
        throw new ReportedError(502, event['response']);
      case 'error':
        throw new ReportedError(502, { error: event });
      default:
        throwIfReported(event);
    }
  }
  throw new AnswerError('broke off before the end of its answer');
}

function parts(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** In the words of chat completions, which assertions and people know. */
function finishReason(answer: JsonObject, called: boolean): string | null {
  const details = isObject(answer['incomplete_details']) ? text(answer['incomplete_details']['reason']) : null;
  if (details === 'max_output_tokens') return 'length';
  if (details !== null) return details;
  if (answer['status'] !== 'completed') return text(answer['status']);
  return called ? 'tool_calls' : 'stop';
}

function responsesUsage(value: unknown): TokenUsage | null {
  if (!isObject(value)) return null;
  const inputDetails = isObject(value['input_tokens_details']) ? value['input_tokens_details'] : {};
  const outputDetails = isObject(value['output_tokens_details']) ? value['output_tokens_details'] : {};
  return { input: count(value['input_tokens']), cachedInput: count(inputDetails['cached_tokens']), output: count(value['output_tokens']), reasoning: count(outputDetails['reasoning_tokens']) };
}
