import { isObject, type JsonObject } from '../../json.ts';
import type { Part } from '../model.ts';
import { parsed } from './json-text.ts';
import { textOf } from './span-view.ts';

/**
 * The parts of a message's content in any of the shapes that providers and SDKs use: OTel, OpenAI (chat and responses),
 * Anthropic, Gemini, Bedrock, Vercel AI SDK, LangChain, LlamaIndex, Genkit. What is none of them stays as JSON.
 */
export function partsOf(content: unknown): Part[] {
  if (content === null || content === undefined || content === '') return [];
  if (Array.isArray(content)) return content.flatMap(partsOf);
  if (!isObject(content)) return [{ type: 'text', text: textOf(content) ?? '' }];
  const type = textOf(content['type']) ?? textOf(content['block_type']);
  const read = type === null ? undefined : BY_TYPE.get(type);
  return (read ? read(content) : untyped(content)) ?? [{ type: 'json', value: content }];
}

type Reader = (part: JsonObject) => Part[] | null;

const text: Reader = (part) => {
  const value = part['text'] ?? part['content'];
  if (typeof value !== 'string') return null;
  if (value === '') return [];
  // Gemini marks its thoughts
  return [part['thought'] === true ? { type: 'reasoning', text: value } : { type: 'text', text: value }];
};

const reasoning: Reader = (part) => {
  const value = part['content'] ?? part['thinking'] ?? part['text'] ?? part['reasoning'] ?? part['summary'];
  const joined = Array.isArray(value) ? value.map((item) => (isObject(item) ? textOf(item['text']) : textOf(item)) ?? '').join('\n') : value;
  return typeof joined === 'string' && joined !== '' ? [{ type: 'reasoning', text: joined }] : null;
};

const toolCall: Reader = (part) => {
  const call = isObject(part['function']) ? part['function'] : isObject(part['custom']) ? part['custom'] : part;
  const name = textOf(call['name']) ?? textOf(part['toolName']) ?? textOf(part['tool_name']);
  if (name === null) return null;
  const id = textOf(part['call_id']) ?? textOf(part['toolCallId']) ?? textOf(part['tool_call_id']) ?? textOf(part['toolUseId']) ?? textOf(part['id']) ?? textOf(part['ref']);
  return [{ type: 'tool_call', id, name, arguments: parsed(firstOf(call, 'arguments', 'args', 'input', 'parameters')) ?? null }];
};

const toolResult: Reader = (part) => {
  const id = textOf(part['tool_use_id']) ?? textOf(part['toolUseId']) ?? textOf(part['call_id']) ?? textOf(part['toolCallId']) ?? textOf(part['tool_call_id']) ?? textOf(part['id']) ?? textOf(part['ref']);
  const { result, failed } = unwrapResult(firstOf(part, 'response', 'result', 'output', 'content'));
  const isError = failed || part['is_error'] === true || part['isError'] === true || part['status'] === 'error';
  return [{ type: 'tool_result', id, name: textOf(part['name']) ?? textOf(part['toolName']), result, ...(isError ? { isError } : {}) }];
};

/** Vercel's `{type: 'text' | 'json' | 'error-text' | 'error-json', value}`, and texts in a list of text blocks, are their value. */
function unwrapResult(value: unknown): { result: unknown; failed: boolean } {
  if (isObject(value) && typeof value['type'] === 'string' && 'value' in value) return { result: value['value'], failed: value['type'].startsWith('error') };
  if (Array.isArray(value) && value.length > 0 && value.every((item) => isObject(item) && typeof item['text'] === 'string')) {
    return { result: parsed((value as { text: string }[]).map((item) => item.text).join('\n')), failed: false };
  }
  return { result: parsed(value) ?? null, failed: false };
}

const image: Reader = (part) => {
  const source = part['source'];
  if (isObject(source)) return [media('image', source['data'] ?? source['url'] ?? source['bytes'], textOf(source['media_type']) ?? formatType('image', part['format']))];
  const url = isObject(part['image_url']) ? part['image_url']['url'] : part['image_url'];
  const nested = isObject(part['image']) && isObject(part['image']['image']) ? part['image']['image']['url'] : isObject(part['image']) ? part['image']['url'] : part['image'];
  return [media('image', url ?? nested ?? part['data'] ?? part['content'] ?? part['url'], mimeOf(part))];
};

const file: Reader = (part) => {
  const inner = [part['file'], part['input_audio'], part['source']].find(isObject) ?? part;
  const data = firstOf(inner, 'data', 'file_data', 'content', 'bytes', 'url', 'uri', 'file_url', 'fileUri');
  return [{ ...asFile(data, mimeOf(inner) ?? mimeOf(part) ?? formatType('audio', inner['format'])), name: textOf(inner['filename']) ?? textOf(part['filename']) ?? textOf(part['title']), id: textOf(inner['file_id']) ?? textOf(part['file_id']) }];
};

/** OTel's `blob` and `uri`: the modality says what they are. */
const blob: Reader = (part) => {
  const mimeType = mimeOf(part);
  const value = firstOf(part, 'content', 'data', 'uri', 'url');
  return [part['modality'] === 'image' || mimeType?.startsWith('image/') === true ? media('image', value, mimeType) : media('file', value, mimeType)];
};

const BY_TYPE: ReadonlyMap<string, Reader> = new Map([
  ...['text', 'input_text', 'output_text', 'summary_text', 'plain_text'].map((type): [string, Reader] => [type, text]),
  ['refusal', (part) => text({ text: part['refusal'] })],
  ...['reasoning', 'thinking', 'reasoning_text'].map((type): [string, Reader] => [type, reasoning]),
  ...['tool_call', 'tool-call', 'tool_use', 'function_call', 'function', 'custom', 'custom_tool_call', 'server_tool_use', 'server_tool_call', 'mcp_call', 'tool_call_request'].map((type): [string, Reader] => [type, toolCall]),
  ...['tool_call_response', 'tool-result', 'tool_result', 'function_call_output', 'custom_tool_call_output', 'server_tool_call_response', 'web_search_tool_result', 'tool-error'].map((type): [string, Reader] => [type, toolResult]),
  ...['image', 'image_url', 'input_image'].map((type): [string, Reader] => [type, image]),
  ...['file', 'input_file', 'document', 'input_audio', 'audio', 'video', 'media'].map((type): [string, Reader] => [type, file]),
  ...['blob', 'uri'].map((type): [string, Reader] => [type, blob]),
]);

/** Gemini, Bedrock and Genkit name the part by its one member. */
const untyped: Reader = (part) => {
  // OpenInference
  if (isObject(part['message_content'])) return partsOf(part['message_content']);
  const call = part['function_call'] ?? part['functionCall'] ?? part['toolUse'] ?? part['toolRequest'];
  if (isObject(call)) return toolCall(call);
  const response = part['function_response'] ?? part['functionResponse'] ?? part['toolResult'] ?? part['toolResponse'];
  if (isObject(response)) return toolResult(response);
  const inline = part['inline_data'] ?? part['inlineData'] ?? part['media'] ?? part['file_data'] ?? part['fileData'];
  if (isObject(inline)) {
    const mimeType = mimeOf(inline);
    const value = firstOf(inline, 'data', 'url', 'file_uri', 'fileUri');
    return [media(mimeType?.startsWith('image/') === true || (mimeType === null && typeof value === 'string' && value.startsWith('data:image/')) ? 'image' : 'file', value, mimeType)];
  }
  if (isObject(part['image'])) return image({ source: part['image']['source'], format: part['image']['format'] });
  if (isObject(part['reasoningContent'])) return reasoning(isObject(part['reasoningContent']['reasoningText']) ? part['reasoningContent']['reasoningText'] : part['reasoningContent']);
  if (typeof part['reasoning'] === 'string') return [{ type: 'reasoning', text: part['reasoning'] }];
  if (typeof part['text'] === 'string') return text(part);
  if ('data' in part && Object.keys(part).length === 1) return [{ type: 'json', value: part['data'] }];
  return null;
};

function media(type: 'image' | 'file', value: unknown, mimeType: string | null): Part {
  const read = asFile(value, mimeType);
  return type === 'file' ? read : { type, mimeType: read.mimeType, data: read.data, url: read.url };
}

/** A data address is taken apart; any other address stays text, and a value without a scheme is base64. */
function asFile(value: unknown, mimeType: string | null): Extract<Part, { type: 'file' }> {
  const empty = { type: 'file', mimeType, name: null, data: null, url: null, id: null } as const;
  if (typeof value !== 'string') return empty;
  const data = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.-]+)*;base64,/.exec(value.slice(0, 200));
  if (data) return { ...empty, mimeType: data[1] ?? mimeType, data: value.slice(data[0].length) };
  return /^[a-z][a-z0-9+.-]*:/i.test(value) ? { ...empty, url: value } : { ...empty, data: value };
}

function mimeOf(part: JsonObject): string | null {
  return textOf(part['mime_type']) ?? textOf(part['mimeType']) ?? textOf(part['media_type']) ?? textOf(part['mediaType']) ?? textOf(part['contentType']);
}

function formatType(family: string, format: unknown): string | null {
  return typeof format === 'string' && /^[\w-]{1,20}$/.test(format) ? `${family}/${format}` : null;
}

function firstOf(object: JsonObject, ...keys: string[]): unknown {
  for (const key of keys) if (object[key] !== undefined && object[key] !== null) return object[key];
  return undefined;
}
