import { isObject } from '../json.ts';
import type { ChatMessage, ContentPart, Role, ToolCall } from '../model/model.ts';
import { valueText } from './placeholders.ts';

const ROLES: ReadonlySet<string> = new Set<Role>(['system', 'developer', 'user', 'assistant', 'tool']);

function isRole(value: unknown): value is Role {
  return typeof value === 'string' && ROLES.has(value);
}

/** Text and image parts as endpoints take them; `null`: there is something else in the list. */
export function readContentParts(value: readonly unknown[]): ContentPart[] | null {
  const parts: ContentPart[] = [];
  for (const item of value) {
    if (!isObject(item)) return null;
    const image = item['image_url'];
    const url = isObject(image) ? image['url'] : image;
    if ((item['type'] === 'text' || item['type'] === 'input_text') && typeof item['text'] === 'string') parts.push({ type: 'text', text: item['text'] });
    else if ((item['type'] === 'image_url' || item['type'] === 'input_image') && typeof url === 'string') parts.push({ type: 'image', url });
    else return null;
  }
  return parts;
}

/** A list of `{role, content}` as messages; `null`: it is not one. */
export function readChat(value: unknown): ChatMessage[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const messages: ChatMessage[] = [];
  for (const item of value) {
    const message = readMessage(item);
    if (!message) return null;
    messages.push(message);
  }
  return messages;
}

function readMessage(item: unknown): ChatMessage | null {
  if (!isObject(item)) return null;
  const role = typeof item['role'] === 'string' ? item['role'].toLowerCase() : undefined;
  if (!isRole(role)) return null;
  const content = Array.isArray(item['content']) ? readContentParts(item['content']) : isObject(item['content']) ? null : valueText(item['content']);
  if (content === null) return null;
  const toolCalls = readToolCalls(item['tool_calls']);
  return {
    role,
    content,
    ...(typeof item['name'] === 'string' ? { name: item['name'] } : {}),
    ...(toolCalls ? { toolCalls } : {}),
    ...(typeof item['tool_call_id'] === 'string' ? { toolCallId: item['tool_call_id'] } : {}),
  };
}

function readToolCalls(value: unknown): ToolCall[] | null {
  if (!Array.isArray(value)) return null;
  return value.flatMap((item: unknown) => {
    const call = isObject(item) && isObject(item['function']) ? item['function'] : null;
    if (!isObject(item) || !call || typeof call['name'] !== 'string') return [];
    const args = call['arguments'];
    return [{ id: valueText(item['id']), name: call['name'], arguments: typeof args === 'string' ? args : JSON.stringify(args ?? {}) }];
  });
}

/** The text of a content, its images left out. */
export function contentText(content: string | readonly ContentPart[]): string {
  return typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/**
 * Messages as one text, for models that take a text: a single user message is its own text, anything else the JSON of
 * a chat, as promptfoo has it.
 */
export function promptTextOf(messages: readonly ChatMessage[]): string {
  const only = messages.length === 1 ? messages[0] : undefined;
  if (only?.role === 'user' && typeof only.content === 'string') return only.content;
  return JSON.stringify(messages.map(({ role, content }) => ({ role, content: typeof content === 'string' ? content : content.map(endpointPart) })), null, 2);
}

function endpointPart(part: ContentPart): unknown {
  return part.type === 'text' ? part : { type: 'image_url', image_url: { url: part.url } };
}
