import { isObject, type JsonObject } from '../../core/json.ts';
import type { OpenAiTarget } from '../../core/model/ids.ts';
import type { ChatMessage, ModelReply, ModelRequest, ResponseFormat, TokenUsage, Tool, ToolCall } from '../../core/model/model.ts';
import { AnswerError, ReportedError } from './answer-errors.ts';

/** Models that refuse `max_tokens` (OpenAI's reasoning models). */
const COMPLETION_TOKENS = /^(?:o\d|gpt-[5-9])/;

/** The body of POST /chat/completions (OpenAI API reference, "Create chat completion"). */
export function chatBody(target: OpenAiTarget, request: ModelRequest): JsonObject {
  const { parameters: p } = request;
  const body: JsonObject = { model: target.model, messages: request.messages.map(chatMessage), ...p.extra };
  set(body, 'temperature', p.temperature);
  set(body, 'top_p', p.topP);
  set(body, usesCompletionTokens(target) ? 'max_completion_tokens' : 'max_tokens', p.maxTokens);
  set(body, 'stop', p.stop);
  set(body, 'seed', p.seed);
  set(body, 'frequency_penalty', p.frequencyPenalty);
  set(body, 'presence_penalty', p.presencePenalty);
  set(body, 'reasoning_effort', p.reasoningEffort);
  if (request.tools !== undefined && request.tools.length > 0) {
    body['tools'] = request.tools.map((tool) => ({ type: 'function', function: functionOf(tool) }));
    set(body, 'tool_choice', request.toolChoice);
  }
  const format = chatFormat(request.responseFormat);
  if (format !== null) body['response_format'] = format;
  // OpenRouter tells what the request cost, but only when asked.
  if (target.vendor === 'OpenRouter') body['usage'] ??= { include: true };
  return body;
}

function usesCompletionTokens(target: OpenAiTarget): boolean {
  return (target.vendor === 'OpenAI' || target.vendor === 'Azure OpenAI') && COMPLETION_TOKENS.test(target.model);
}

export function set(body: JsonObject, key: string, value: unknown): void {
  if (value !== undefined) body[key] = value;
}

export function functionOf(tool: Tool): JsonObject {
  const { name, description, parameters, strict } = tool;
  return { name, ...(description === undefined ? {} : { description }), ...(parameters === undefined ? {} : { parameters }), ...(strict === undefined ? {} : { strict }) };
}

function chatMessage(message: ChatMessage): JsonObject {
  const content = typeof message.content === 'string' ? message.content : message.content.map((part) => (part.type === 'text' ? { type: 'text', text: part.text } : { type: 'image_url', image_url: { url: part.url } }));
  return {
    role: message.role,
    content: content === '' && message.toolCalls !== undefined ? null : content,
    ...(message.name === undefined ? {} : { name: message.name }),
    ...(message.toolCallId === undefined ? {} : { tool_call_id: message.toolCallId }),
    ...(message.toolCalls === undefined ? {} : { tool_calls: message.toolCalls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } })) }),
  };
}

function chatFormat(format: ResponseFormat | undefined): JsonObject | null {
  if (format === undefined || format.type === 'text') return null;
  if (format.type === 'json_object') return { type: 'json_object' };
  return { type: 'json_schema', json_schema: { name: format.name, schema: format.schema, ...(format.strict === undefined ? {} : { strict: format.strict }) } };
}

export function readChat(answer: JsonObject): ModelReply {
  const choice = Array.isArray(answer['choices']) ? (answer['choices'] as unknown[])[0] : undefined;
  if (!isObject(choice) || !isObject(choice['message'])) throw new AnswerError('sent JSON without an answer (`choices[0].message`)', { cause: JSON.stringify(answer) });
  const { message } = choice;
  return {
    text: contentText(message['content']),
    toolCalls: toolCalls(message['tool_calls']),
    finishReason: text(choice['finish_reason']),
    ...optional('refusal', text(message['refusal'])),
    ...optional('reasoning', text(message['reasoning_content']) ?? text(message['reasoning'])),
    usage: chatUsage(answer['usage']),
    reportedCost: reportedCost(answer['usage']),
    ...optional('logprobs', logprobs(choice['logprobs'])),
    ...optional('servedBy', text(answer['model'])),
  };
}

/** Chunks of `chat.completion.chunk`; tool calls arrive in pieces by their index. */
export async function readChatStream(events: AsyncIterable<unknown>, onText: (delta: string) => void): Promise<ModelReply> {
  let answer = '';
  let refusal = '';
  let reasoning = '';
  let finishReason: string | null = null;
  let usage: unknown;
  let servedBy: string | null = null;
  const calls: { id: string; name: string; arguments: string }[] = [];
  const probabilities: number[] = [];
  for await (const event of events) {
    if (!isObject(event)) throw new AnswerError('sent a stream event that is not an object');
    throwIfReported(event);
    servedBy ??= text(event['model']);
    if (isObject(event['usage'])) usage = event['usage'];
    const choice = Array.isArray(event['choices']) ? (event['choices'] as unknown[])[0] : undefined;
    if (!isObject(choice)) continue;
    finishReason = text(choice['finish_reason']) ?? finishReason;
    probabilities.push(...(logprobs(choice['logprobs']) ?? []));
    const delta = isObject(choice['delta']) ? choice['delta'] : {};
    const piece = contentText(delta['content']);
    if (piece !== '') {
      answer += piece;
      onText(piece);
    }
    refusal += text(delta['refusal']) ?? '';
    reasoning += text(delta['reasoning_content']) ?? text(delta['reasoning']) ?? '';
    for (const part of Array.isArray(delta['tool_calls']) ? (delta['tool_calls'] as unknown[]) : []) {
      if (!isObject(part)) continue;
      const index = typeof part['index'] === 'number' && part['index'] >= 0 && part['index'] < 1024 ? part['index'] : calls.length;
      const call = (calls[index] ??= { id: '', name: '', arguments: '' });
      const called = isObject(part['function']) ? part['function'] : {};
      if (call.id === '') call.id = text(part['id']) ?? '';
      call.name += text(called['name']) ?? '';
      call.arguments += text(called['arguments']) ?? '';
    }
  }
  if (finishReason === null) throw new AnswerError('broke off before the end of its answer');
  return {
    text: answer,
    toolCalls: calls.filter((call) => call !== undefined),
    finishReason,
    ...(refusal === '' ? {} : { refusal }),
    ...(reasoning === '' ? {} : { reasoning }),
    usage: chatUsage(usage),
    reportedCost: reportedCost(usage),
    ...(probabilities.length === 0 ? {} : { logprobs: probabilities }),
    ...optional('servedBy', servedBy),
  };
}

export function throwIfReported(event: JsonObject): void {
  const { error } = event;
  if (error === undefined || error === null) return;
  const code = isObject(error) ? Number(error['code'] ?? error['status'] ?? NaN) : NaN;
  throw new ReportedError(code >= 400 && code < 600 ? code : 502, { error });
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) ? (text(part['text']) ?? '') : '')).join('');
}

function toolCalls(value: unknown): ToolCall[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((call) => {
    const called = isObject(call['function']) ? call['function'] : isObject(call['custom']) ? call['custom'] : {};
    return { id: text(call['id']) ?? '', name: text(called['name']) ?? '', arguments: text(called['arguments']) ?? text(called['input']) ?? '' };
  });
}

/** Of chat completions and completions, with DeepSeek's names for the cached part. */
export function chatUsage(value: unknown): TokenUsage | null {
  if (!isObject(value)) return null;
  const input = count(value['prompt_tokens']);
  const output = count(value['completion_tokens']);
  if (input === null && output === null) return null;
  const inputDetails = isObject(value['prompt_tokens_details']) ? value['prompt_tokens_details'] : {};
  const outputDetails = isObject(value['completion_tokens_details']) ? value['completion_tokens_details'] : {};
  return { input, cachedInput: count(inputDetails['cached_tokens']) ?? count(value['prompt_cache_hit_tokens']), output, reasoning: count(outputDetails['reasoning_tokens']) };
}

export function reportedCost(usage: unknown): number | null {
  return isObject(usage) ? count(usage['cost']) : null;
}

export function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function optional<K extends string, V>(key: K, value: V | null | undefined): { [name in K]?: V } {
  return (value === null || value === undefined || value === '' ? {} : { [key]: value }) as { [name in K]?: V };
}

function logprobs(value: unknown): number[] | null {
  const content = isObject(value) ? value['content'] : undefined;
  if (!Array.isArray(content)) return null;
  const found = content.filter(isObject).map((token) => token['logprob']).filter((item) => typeof item === 'number');
  return found.length === 0 ? null : found;
}
