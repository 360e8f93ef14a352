import { isObject, type JsonObject } from '../../json.ts';
import type { Message, Part } from '../model.ts';
import { parsed } from './json-text.ts';
import { partsOf } from './parts.ts';
import { textOf } from './span-view.ts';

const ROLES: ReadonlyMap<string, string> = new Map([
  ['human', 'user'], ['HumanMessage', 'user'], ['HumanMessageChunk', 'user'],
  ['ai', 'assistant'], ['AIMessage', 'assistant'], ['AIMessageChunk', 'assistant'], ['model', 'assistant'], ['bot', 'assistant'], ['chatbot', 'assistant'],
  ['SystemMessage', 'system'], ['ToolMessage', 'tool'], ['function', 'tool'], ['FunctionMessage', 'tool'], ['ChatMessage', 'user'],
]);

const MESSAGE_TYPES: ReadonlySet<string> = new Set(['human', 'ai', 'system', 'tool', 'function', 'HumanMessage', 'AIMessage', 'AIMessageChunk', 'SystemMessage', 'ToolMessage', 'message']);

/**
 * The messages that a value holds: a list of messages, one message, or a request or answer of a provider's API around them.
 * `null` when it holds none. `role`: of a message that does not say.
 */
export function messagesOf(value: unknown, role = 'user'): Message[] | null {
  if (Array.isArray(value)) return messagesOfList(value, role);
  if (!isObject(value)) return null;
  const inner = messagesOfEnvelope(value, role);
  if (inner) return inner;
  const message = messageOf(value, role);
  return message ? [message] : null;
}

function messagesOfList(list: readonly unknown[], role: string): Message[] | null {
  if (list.length === 0) return null;
  // LangChain sends a list of lists: one for each prompt of the batch
  if (list.length === 1 && Array.isArray(list[0])) return messagesOfList(list[0], role);
  const messages: Message[] = [];
  for (const [index, item] of list.entries()) {
    // Whole answers of an API in a list: OpenAI's Agents SDK
    const read = isObject(item) ? (messageOf(item, role) ?? answerOf(item)) : null;
    if (!read) return null;
    const last = messages.at(-1);
    // An answer of the responses API is several items: its reasoning, its calls, what it says
    if (last && !Array.isArray(read) && isAnswerItem(item) && isAnswerItem(list[index - 1]) && last.role === 'assistant' && read.role === 'assistant') messages[messages.length - 1] = { ...last, ...read, parts: [...last.parts, ...read.parts] };
    else messages.push(...(Array.isArray(read) ? read : [read]));
  }
  return messages;
}

function answerOf(value: JsonObject): Message[] | null {
  return Array.isArray(value['choices']) || Array.isArray(value['candidates']) ? messagesOfEnvelope(value, 'assistant') : null;
}

/** Requests and answers: OpenAI, Anthropic, Gemini, LangChain, Vercel, Genkit, ADK. */
function messagesOfEnvelope(value: JsonObject, role: string): Message[] | null {
  const system = value['system'] ?? value['system_instruction'] ?? value['systemInstruction'] ?? value['instructions'] ?? (isObject(value['config']) ? value['config']['system_instruction'] : undefined);
  // An agent's result holds its answer, and beside it the whole conversation
  if (role === 'assistant' && typeof value['content'] === 'string' && Array.isArray(value['messages'])) return messagesOfList([{ role, content: value['content'] }], role);
  for (const key of ['messages', 'contents', 'input', 'chat_history']) {
    const list = value[key];
    if (!Array.isArray(list)) continue;
    const messages = messagesOfList(list, 'user');
    if (messages) return [...systemMessage(system), ...messages];
  }
  for (const key of ['choices', 'candidates', 'generations', 'output']) {
    const list = value[key];
    const messages = Array.isArray(list) ? messagesOfList(list, 'assistant') : null;
    if (messages) return messages;
  }
  if (isObject(value['message'])) return messageAround(value, value['message'], role);
  // Gemini's and ADK's answers: {content: {role, parts}, finish_reason}
  if (isObject(value['content']) && Array.isArray(value['content']['parts'])) return messageAround(value, value['content'], 'assistant');
  // Bedrock's: {output: {message}}
  if (isObject(value['output']) && isObject(value['output']['message'])) return messageAround(value, value['output']['message'], 'assistant');
  // LangChain's state after a step: {agent: {messages: [...]}} is not unpacked: it is JSON with a meaning of its own.
  return null;
}

function messageAround(envelope: JsonObject, inner: JsonObject, role: string): Message[] | null {
  const message = messageOf(inner, role);
  if (!message) return null;
  const finishReason = finishReasonOf(envelope);
  return [message.finishReason === undefined && finishReason !== undefined ? { ...message, finishReason } : message];
}

/** The system prompt as a message, from a text or a list of parts. */
export function systemMessage(system: unknown): Message[] {
  if (isObject(system) && Array.isArray(system['parts'])) return systemMessage(system['parts']);
  const parts = partsOf(system);
  return parts.length === 0 ? [] : [{ role: 'system', parts }];
}

/** `null`: the value is no message. */
function messageOf(value: JsonObject, role: string): Message | null {
  // {message: {…}}: choices, LangChain's generations, OpenInference's lists
  if (isObject(value['message'])) return messageAround(value, value['message'], role)?.[0] ?? null;
  if (value['lc'] === 1 && isObject(value['kwargs']) && Array.isArray(value['id'])) return messageOf({ type: value['id'].at(-1), ...value['kwargs'] }, role);
  if (typeof value['type'] === 'string' && isObject(value['data']) && MESSAGE_TYPES.has(value['type'])) return messageOf({ type: value['type'], ...value['data'] }, role);
  if (isObject(value['content']) && Array.isArray(value['content']['parts'])) return messageAround(value, value['content'], role)?.[0] ?? null;
  const item = itemOf(value);
  if (item) return item;
  const type = textOf(value['type']);
  const isTyped = type !== null && MESSAGE_TYPES.has(type);
  const said = textOf(value['role']) ?? (isTyped && type !== 'message' ? type : null);
  const hasContent = ['content', 'parts', 'blocks', 'contents', 'tool_calls', 'function_call'].some((key) => key in value);
  if (!hasContent && said === null) return null;
  if (said === null && !isTyped) return null;
  return assemble(value, ROLES.get(said ?? role) ?? said ?? role);
}

function assemble(value: JsonObject, role: string): Message {
  const parts: Part[] = [];
  const thoughts = textOf(value['reasoning_content']) ?? textOf(value['reasoning']) ?? textOf(value['thinking']);
  if (thoughts !== null) parts.push({ type: 'reasoning', text: thoughts });
  const content = [value['parts'], value['blocks'], value['content'], value['contents'], value['text']].find((part) => part !== undefined && part !== null && part !== '');
  const callId = textOf(value['tool_call_id']) ?? textOf(value['toolCallId']);
  const name = textOf(value['name']);
  const contentParts = partsOf(content);
  if (role === 'tool' && !contentParts.some((part) => part.type === 'tool_result')) parts.push(resultOf(contentParts, callId, name, value));
  else parts.push(...contentParts);
  if (typeof value['refusal'] === 'string' && value['refusal'] !== '') parts.push({ type: 'text', text: value['refusal'] });
  parts.push(...callsOf(value, parts));
  const finishReason = finishReasonOf(value);
  // Anthropic and Pydantic AI put tool results into messages of the user
  const speaks = parts.length > 0 && parts.every((part) => part.type === 'tool_result') ? 'tool' : role;
  return { role: speaks, parts, ...(name === null ? {} : { name }), ...(finishReason === undefined ? {} : { finishReason }) };
}

function resultOf(parts: readonly Part[], id: string | null, name: string | null, value: JsonObject): Part {
  const only = parts[0];
  const result = parts.length === 0 ? null : parts.length === 1 && only?.type === 'text' ? parsed(only.text) : parts.length === 1 && only?.type === 'json' ? only.value : parts;
  const isError = value['status'] === 'error' || value['is_error'] === true;
  return { type: 'tool_result', id: id ?? textOf(value['id']), name, result, ...(isError ? { isError } : {}) };
}

/** Calls beside the content. LangChain repeats them in its content and in `additional_kwargs`: each id is taken once. */
function callsOf(value: JsonObject, present: readonly Part[]): Part[] {
  const extra = isObject(value['additional_kwargs']) ? value['additional_kwargs'] : {};
  const list = [value['tool_calls'], value['toolCalls'], extra['tool_calls']].find((calls) => Array.isArray(calls) && calls.length > 0);
  const single = value['function_call'] ?? extra['function_call'];
  const calls = Array.isArray(list) ? (list as unknown[]) : isObject(single) ? [single] : [];
  const known = new Set(present.flatMap((part) => (part.type === 'tool_call' ? [part.id ?? part.name] : [])));
  return calls.flatMap((call) => {
    const inner = isObject(call) && isObject(call['tool_call']) ? call['tool_call'] : call;
    return isObject(inner) ? partsOf({ ...inner, type: 'tool_call' }) : [];
  }).filter((part) => part.type !== 'tool_call' || !known.has(part.id ?? part.name));
}

function isAnswerItem(value: unknown): boolean {
  return isObject(value) && ['reasoning', 'message', 'function_call', 'custom_tool_call', 'mcp_call'].includes(String(value['type']));
}

/** The items of OpenAI's responses API and of the Agents SDK that are not `{role, content}`. */
function itemOf(value: JsonObject): Message | null {
  switch (value['type']) {
    case 'function_call':
    case 'custom_tool_call':
    case 'mcp_call':
    case 'reasoning': {
      const parts = partsOf(value);
      return parts.some((part) => part.type === 'json') && value['type'] !== 'reasoning' ? null : { role: 'assistant', parts: parts.filter((part) => part.type !== 'json') };
    }
    case 'function_call_output':
    case 'custom_tool_call_output':
      return { role: 'tool', parts: partsOf(value) };
    default:
      return null;
  }
}

function finishReasonOf(value: JsonObject): string | undefined {
  const metadata = isObject(value['response_metadata']) ? value['response_metadata'] : isObject(value['generation_info']) ? value['generation_info'] : {};
  return [value['finish_reason'], value['finishReason'], value['stop_reason'], value['stopReason'], metadata['finish_reason'], metadata['stop_reason']].map(textOf).find((reason) => reason !== null) ?? undefined;
}
