import { isObject, type JsonObject } from '../json.ts';
import type { ChatMessage, ContentPart, ModelParameters, Role, Tool, ToolCall } from '../model/model.ts';
import type { Message, Part, Span } from '../trace/model.ts';

/** What a recorded call of a model asked, as a request that can be sent again. */
export interface RecordedCall {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly Tool[];
  readonly parameters: ModelParameters;
  /** What the recording has and a request cannot: said to whoever compares the answers. */
  readonly notes: readonly string[];
}

/** `null`: the span holds no messages. Its `contentHint` says which switch would have recorded them. */
export function recordedCall(span: Pick<Span, 'input' | 'inputForm' | 'tools' | 'parameters'>): RecordedCall | null {
  const notes = new Set<string>();
  const messages = messagesOf(span, notes);
  if (messages === null || messages.length === 0) return null;
  const tools = (span.tools ?? []).map(({ name, description, parameters }): Tool => ({
    name,
    ...(description === undefined ? {} : { description }),
    ...(isObject(parameters) ? { parameters } : {}),
  }));
  if (tools.some(({ parameters }) => parameters === undefined)) notes.add('The schema of some tools was not recorded: the model knows their names only.');
  const lost = lostIn(span.parameters);
  if (lost.length > 0) notes.add(`The call also set ${lost.join(', ')}: left out.`);
  return { messages: withCallIds(messages), tools, parameters: parametersOf(span.parameters), notes: [...notes] };
}

/** Gemini's calls and results have no ids, which other endpoints ask for: a result is of the earliest call of its tool that has none yet. */
function withCallIds(messages: readonly ChatMessage[]): ChatMessage[] {
  const taken = new Set(messages.flatMap(({ toolCalls, toolCallId }) => [...(toolCalls ?? []).map(({ id }) => id), toolCallId]));
  const open: ToolCall[] = [];
  let made = 0;
  const makeId = (): string => {
    while (taken.has(`call_${made}`)) made++;
    return `call_${made++}`;
  };
  return messages.map((message) => {
    if (message.toolCalls !== undefined) {
      const toolCalls = message.toolCalls.map((call) => (call.id === NO_ID ? { ...call, id: makeId() } : call));
      open.push(...toolCalls);
      return { ...message, toolCalls };
    }
    if (message.role !== 'tool') return message;
    const { toolCallId, name } = message;
    const at = open.findIndex((call) => (toolCallId === undefined ? name === undefined || call.name === name : call.id === toolCallId));
    const [call] = at < 0 ? [] : open.splice(at, 1);
    return toolCallId !== undefined || call === undefined ? message : { ...message, toolCallId: call.id };
  });
}

/** The text and the calls of tools that a recorded call answered with. */
export function recordedAnswer(span: Pick<Span, 'output' | 'outputForm'>): { output: string; toolCalls: readonly ToolCall[] } {
  if (span.outputForm !== 'messages') return { output: typeof span.output === 'string' ? span.output : span.output === null || span.output === undefined ? '' : JSON.stringify(span.output), toolCalls: [] };
  const messages = withCallIds((span.output as readonly Message[]).flatMap((message) => chatMessages(message, new Set())));
  return {
    output: messages.map(({ content }) => (typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join(''))).filter((text) => text !== '').join('\n'),
    toolCalls: messages.flatMap(({ toolCalls }) => toolCalls ?? []),
  };
}

function messagesOf({ input, inputForm }: Pick<Span, 'input' | 'inputForm'>, notes: Set<string>): ChatMessage[] | null {
  if (inputForm === 'text') return [{ role: 'user', content: String(input) }];
  if (inputForm === 'messages') return (input as readonly Message[]).flatMap((message) => chatMessages(message, notes));
  return null;
}

/** Of a call that was recorded without one. */
const NO_ID = '';

const ROLES: ReadonlyMap<string, Role> = new Map([['system', 'system'], ['developer', 'developer'], ['user', 'user'], ['human', 'user'], ['assistant', 'assistant'], ['ai', 'assistant'], ['model', 'assistant'], ['tool', 'tool'], ['function', 'tool']]);

/** A message may answer several calls of tools at once (Anthropic, Gemini): to an endpoint each is a message of its own. */
function chatMessages(message: Message, notes: Set<string>): ChatMessage[] {
  const role = ROLES.get(message.role.toLowerCase()) ?? 'user';
  const results = message.parts.filter((part) => part.type === 'tool_result').map((part): ChatMessage => ({ role: 'tool', content: textOf(part.result), ...(part.id === null ? {} : { toolCallId: part.id }), ...(part.name === null ? {} : { name: part.name }) }));
  const calls = message.parts.filter((part) => part.type === 'tool_call').map((part): ToolCall => ({ id: part.id ?? NO_ID, name: part.name, arguments: typeof part.arguments === 'string' ? part.arguments : JSON.stringify(part.arguments ?? {}) }));
  const content = contentOf(message.parts, notes);
  const isEmpty = content.length === 0;
  if (results.length > 0 && isEmpty && calls.length === 0) return results;
  if (role === 'tool' && results.length === 0) return [{ role, content: simple(content) }];
  return [...results, { role: role === 'tool' ? 'user' : role, content: simple(content), ...(calls.length === 0 ? {} : { toolCalls: calls }), ...(message.name === undefined ? {} : { name: message.name }) }];
}

function contentOf(parts: readonly Part[], notes: Set<string>): ContentPart[] {
  const content: ContentPart[] = [];
  for (const part of parts) {
    if (part.type === 'text') content.push({ type: 'text', text: part.text });
    else if (part.type === 'image' && part.data !== null) content.push({ type: 'image', url: `data:${part.mimeType ?? 'image/png'};base64,${part.data}` });
    else if (part.type === 'image' && part.url !== null) content.push({ type: 'image', url: part.url });
    else if (part.type === 'reasoning') notes.add('What the model thought before is left out: endpoints do not take it back.');
    else if (part.type === 'json') content.push({ type: 'text', text: JSON.stringify(part.value) });
    else if (part.type === 'file' || part.type === 'image') notes.add('An attachment whose bytes were not recorded is left out.');
  }
  return content;
}

function simple(content: readonly ContentPart[]): ChatMessage['content'] {
  return content.every((part) => part.type === 'text') ? content.map(({ text }) => text).join('') : content;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** By the names that OpenTelemetry and the SDKs' own dialects give them, without their dots and underscores. */
const NAMES: ReadonlyMap<string, keyof ModelParameters> = new Map([
  ['temperature', 'temperature'], ['topp', 'topP'], ['maxtokens', 'maxTokens'], ['maxoutputtokens', 'maxTokens'], ['maxcompletiontokens', 'maxTokens'], ['seed', 'seed'], ['stop', 'stop'],
  ['stopsequences', 'stop'], ['frequencypenalty', 'frequencyPenalty'], ['presencepenalty', 'presencePenalty'], ['reasoningeffort', 'reasoningEffort'],
]);

/** What changes answers and no request here says, in the same spellings. */
const LOST: ReadonlyMap<string, string> = new Map([
  ['responseformat', 'the form of the answer'], ['responseschema', 'the form of the answer'], ['responsejsonschema', 'the form of the answer'], ['responsemimetype', 'the form of the answer'],
  ['topk', 'top_k'], ['toolchoice', 'the choice of tools'], ['toolconfig', 'the choice of tools'], ['logitbias', 'logit_bias'], ['thinking', 'thinking'], ['thinkingconfig', 'thinking'],
]);

function lostIn(recorded: JsonObject | null): string[] {
  const set = Object.entries(recorded ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return [...new Set(set.flatMap(([key]) => LOST.get(plainName(key)) ?? []))];
}

function plainName(key: string): string {
  return key.toLowerCase().replace(/[._-]/g, '');
}

function parametersOf(recorded: JsonObject | null): ModelParameters {
  const parameters: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(recorded ?? {})) {
    const name = NAMES.get(plainName(key));
    if (name === undefined) continue;
    if (name === 'stop') parameters[name] = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string');
    else if (name === 'reasoningEffort' ? typeof value === 'string' : typeof value === 'number') parameters[name] = value;
  }
  return parameters;
}
