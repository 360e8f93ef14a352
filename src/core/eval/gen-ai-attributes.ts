import type { JsonObject } from '../json.ts';
import type { ChatMessage, ContentPart, TokenUsage, ToolCall } from '../model/model.ts';
import type { CellRequest } from './model.ts';

/** Attributes of OpenTelemetry's GenAI conventions, for the spans that Touchstone writes of its own calls. */

/** What was asked. `parameters`: as a cell's request has them, tools and response format among them. */
export function requestAttributes({ messages, parameters }: Pick<CellRequest, 'messages' | 'parameters'>): JsonObject {
  const { tools, responseFormat, ...rest } = parameters;
  return {
    'gen_ai.input.messages': JSON.stringify(messages.map(messageOf)),
    'gen_ai.tool.definitions': tools === undefined ? undefined : JSON.stringify(tools),
    'gen_ai.request.response_format': responseFormat === undefined ? undefined : JSON.stringify(responseFormat),
    ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [`gen_ai.request.${OTEL_PARAMETERS[key] ?? key}`, typeof value === 'object' && value !== null ? JSON.stringify(value) : value])),
  };
}

const OTEL_PARAMETERS: Readonly<Record<string, string>> = { maxTokens: 'max_tokens', topP: 'top_p', stop: 'stop_sequences', frequencyPenalty: 'frequency_penalty', presencePenalty: 'presence_penalty', reasoningEffort: 'reasoning.level' };

function messageOf(message: ChatMessage): JsonObject {
  const content: readonly ContentPart[] = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
  if (message.role === 'tool') return { role: 'tool', parts: [{ type: 'tool_call_response', id: message.toolCallId, response: content.map((part) => (part.type === 'text' ? part.text : part.url)).join('\n') }] };
  return { role: message.role, ...(message.name === undefined ? {} : { name: message.name }), parts: [...content.map(partOf), ...(message.toolCalls ?? []).map(toolCallPart)] };
}

function partOf(part: ContentPart): JsonObject {
  if (part.type === 'text') return { type: 'text', content: part.text };
  const data = /^data:([^;,]*);base64,(.*)$/s.exec(part.url);
  return data === null ? { type: 'uri', modality: 'image', uri: part.url } : { type: 'blob', modality: 'image', mime_type: data[1], content: data[2] };
}

export function toolCallPart({ id, name, arguments: args }: ToolCall): JsonObject {
  return { type: 'tool_call', id, name, arguments: args };
}

export function usageAttributes(usage: TokenUsage | null): JsonObject {
  return {
    'gen_ai.usage.input_tokens': usage?.input ?? undefined,
    'gen_ai.usage.output_tokens': usage?.output ?? undefined,
    'gen_ai.usage.cache_read.input_tokens': usage?.cachedInput ?? undefined,
    'gen_ai.usage.reasoning.output_tokens': usage?.reasoning ?? undefined,
  };
}

/** `openai/gpt-5-mini`, `openai:chat:gpt-5-mini` → openai, gpt-5-mini. Ids of programs stay whole. */
export function nameOfModel(id: string): { provider: string; name: string } {
  const match = /^([\w.-]+)(?:\/|:(?:(?:chat|responses|completion):)?)([\w.:@/-]+)$/.exec(id);
  if (match === null) return { provider: /^[\w.-]*/.exec(id)?.[0] ?? '', name: id };
  return { provider: match[1]!, name: match[2]! };
}
