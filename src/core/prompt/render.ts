import { parse as parseYaml } from 'yaml';
import { TouchstoneError } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { Case, CaseOptions } from '../dataset/model.ts';
import type { ChatMessage, ContentPart } from '../model/model.ts';
import { Marks, type Resolved } from './marks.ts';
import { promptTextOf, readChat } from './messages.ts';
import type { PromptDocument, TemplateSyntax } from './model.ts';
import { renderNunjucks } from './nunjucks.ts';
import { fillPlaceholders, lookUp } from './placeholders.ts';

export interface RenderedPrompt {
  readonly messages: readonly ChatMessage[];
  /** The prompt as one text, for models that take a text. */
  readonly promptText: string;
  /** For each message the spans `[start, end)` of its text that came from variables, in UTF-16 units; of a content with parts, over its texts joined. */
  readonly inserted: readonly (readonly (readonly [number, number])[])[];
  /** Names that the templates use and nobody has given, in order of first use. */
  readonly unknown: readonly string[];
}

type RenderCase = Pick<Case, 'vars' | 'expected'> & { readonly options?: CaseOptions };

/**
 * The prompt for one case. Values are inert: what a variable holds is never expanded, whatever braces it has, unless the
 * case names it under `options.expandVars`; those are expanded once, with all other values as they stand.
 * @throws TouchstoneError 'invalid-prompt' when a template cannot be rendered, or the prompt is a function
 */
export function renderPrompt(document: PromptDocument, item: RenderCase): RenderedPrompt {
  if (document.source) throw new TouchstoneError('invalid-prompt', `${document.name} is a function: it is called, not rendered`);
  const unknown = new Set<string>();
  const variables = expandChosen(document, item);
  const options = item.options ?? {};
  const rendered = document.syntax === 'placeholders'
    ? renderMessages(document, variables, item.expected, options, unknown)
    : renderTemplate(document.template ?? '', { ...withoutLastLineEnds(variables), env: document.env ?? {} }, options, unknown);
  return { ...rendered, unknown: [...unknown] };
}

/** promptfoo takes one line end from the end of every text, so that a YAML block does not end a sentence with a break. */
function withoutLastLineEnds(variables: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value.replace(/\r?\n$/, '') : value]));
}

function expandChosen(document: PromptDocument, item: RenderCase): JsonObject {
  const names = item.options?.expandVars;
  if (!names || names.length === 0) return item.vars;
  const expanded: [string, unknown][] = names
    .filter((name) => typeof item.vars[name] === 'string')
    .map((name) => [name, renderText(String(item.vars[name]), { ...item.vars, env: document.env ?? {} }, document.syntax)]);
  return { ...item.vars, ...Object.fromEntries(expanded) };
}

function renderMessages(document: PromptDocument, variables: JsonObject, expected: unknown, options: CaseOptions, unknown: Set<string>): Omit<RenderedPrompt, 'unknown'> {
  const lookup = (name: string): unknown => {
    const own = lookUp(variables, name);
    const value = own === undefined && name === 'expected' ? expected : own;
    if (value === undefined) unknown.add(name);
    return value;
  };
  const inserted: (readonly (readonly [number, number])[])[] = [];
  const messages = document.messages.map(({ role, content }): ChatMessage => {
    const filled = mapContent(content, (text) => fillPlaceholders(text, lookup));
    inserted.push(filled.inserted);
    return { role, content: filled.content };
  });
  return wrapChat(messages, inserted, options);
}

/** Fills every text of a content; the spans run over its texts joined, addresses of images left out. */
function mapContent(content: string | readonly ContentPart[], fill: (text: string) => Resolved): { content: string | ContentPart[]; inserted: (readonly [number, number])[] } {
  if (typeof content === 'string') {
    const { text, inserted } = fill(content);
    return { content: text, inserted: [...inserted] };
  }
  const inserted: (readonly [number, number])[] = [];
  let length = 0;
  const parts = content.map((part): ContentPart => {
    if (part.type === 'image') return { ...part, url: fill(part.url).text };
    const filled = fill(part.text);
    for (const [start, end] of filled.inserted) inserted.push([length + start, length + end]);
    length += filled.text.length;
    return { ...part, text: filled.text };
  });
  return { content: parts, inserted };
}

/** In a chat, prefix and suffix go around the last user message. Both are literal text. */
function wrapChat(messages: ChatMessage[], inserted: (readonly (readonly [number, number])[])[], { prefix = '', suffix = '' }: CaseOptions): Omit<RenderedPrompt, 'unknown'> {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  const message = messages[last];
  if (message && (prefix !== '' || suffix !== '')) {
    const { content } = message;
    messages[last] = {
      ...message,
      content: typeof content === 'string' ? prefix + content + suffix : [...(prefix === '' ? [] : [{ type: 'text', text: prefix } as const]), ...content, ...(suffix === '' ? [] : [{ type: 'text', text: suffix } as const])],
    };
    inserted[last] = (inserted[last] ?? []).map(([start, end]) => [start + prefix.length, end + prefix.length]);
  }
  return { messages, promptText: promptTextOf(messages), inserted };
}

function renderTemplate(template: string, variables: JsonObject, options: CaseOptions, unknown: Set<string>): Omit<RenderedPrompt, 'unknown'> {
  const marks = new Marks();
  const render = (text: string): string =>
    renderNunjucks(text, variables, {
      insert: (value, raw) => (raw ? String(value) : marks.mark(String(value), typeof value === 'number' || typeof value === 'boolean')),
      missing: (name) => unknown.add(name),
    });
  const json = parseJson(template);
  if (json !== undefined && typeof json === 'object') {
    const rendered = mapTexts(json, render);
    const text = JSON.stringify(mapTexts(rendered, (leaf) => marks.resolve(leaf).text), null, 2);
    const chat = readChat(rendered);
    return chat ? finishChat(chat, marks, options, text) : plainPrompt({ text, inserted: [] }, options);
  }
  const marked = render(template);
  const resolved = exactly(template, marked, marks, variables);
  const chat = resolved.exact ? parseChat(marked, marks) : null;
  return chat ? finishChat(chat, marks, options, resolved.text) : plainPrompt(resolved, options);
}

/**
 * Where a template works on its own output (`{% filter upper %}`, `{% set x %}…{% endset %}`), what it does to a mark is
 * not what it does to the value: then the plain rendering counts, and nobody knows where the values are.
 */
function exactly(template: string, marked: string, marks: Marks, variables: JsonObject): Resolved & { exact: boolean } {
  const resolved = marks.resolve(marked);
  if (!/\{%-?\s*(?:filter|set|macro|call)\b/.test(template)) return { ...resolved, exact: true };
  const text = renderNunjucks(template, variables, { insert: String });
  return text === resolved.text ? { ...resolved, exact: true } : { text, inserted: [], exact: false };
}

function finishChat(chat: readonly ChatMessage[], marks: Marks, options: CaseOptions, text: string): Omit<RenderedPrompt, 'unknown'> {
  const inserted: (readonly (readonly [number, number])[])[] = [];
  const messages = chat.map((message): ChatMessage => {
    const filled = mapContent(message.content, (content) => marks.resolve(content));
    inserted.push(filled.inserted);
    const name = message.name === undefined ? {} : { name: marks.resolve(message.name).text };
    const calls = message.toolCalls?.map((call) => ({ id: marks.resolve(call.id).text, name: marks.resolve(call.name).text, arguments: marks.resolve(call.arguments).text }));
    return { ...message, content: filled.content, ...name, ...(calls ? { toolCalls: calls } : {}) };
  });
  const wrapped = wrapChat(messages, inserted, options);
  return options.prefix || options.suffix ? wrapped : { ...wrapped, promptText: text };
}

function plainPrompt({ text, inserted }: Resolved, { prefix = '', suffix = '' }: CaseOptions): Omit<RenderedPrompt, 'unknown'> {
  const promptText = prefix + text + suffix;
  return { messages: [{ role: 'user', content: promptText }], promptText, inserted: [inserted.map(([start, end]) => [start + prefix.length, end + prefix.length])] };
}

/** A list whose first item has a role, after comments. */
const YAML_CHAT = /^(?:(?:#.*|---[ \t]*)?\r?\n)*-\s+["']?role["']?\s*:/;

/** A rendered text that is a chat in JSON or YAML, with the marks still in it; `null`: it is a text. */
function parseChat(marked: string, marks: Marks): ChatMessage[] | null {
  const text = marked.trim();
  if (text.startsWith('[')) return readChat(parseJson(text) ?? parseJson(marks.resolvePlain(text)));
  if (!YAML_CHAT.test(text)) return null;
  try {
    return readChat(parseYaml(text, { logLevel: 'error' }));
  } catch {
    return null;
  }
}

/** A text that a prompt function or a file gave: the chat that it holds, else one user message. */
export function messagesFromText(text: string): ChatMessage[] {
  return parseChat(text, new Marks()) ?? [{ role: 'user', content: text }];
}

function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
  return value;
}

function renderText(text: string, variables: JsonObject, syntax: TemplateSyntax): string {
  if (syntax === 'placeholders') return fillPlaceholders(text, (name) => lookUp(variables, name)).text;
  return renderNunjucks(text, variables, { insert: String });
}

/**
 * An assertion's value for one case: texts, and texts inside lists and mappings, are templates over the case's variables
 * and `expected`. A text that is nothing but one placeholder of a list or mapping becomes that list or mapping.
 * @throws TouchstoneError 'invalid-prompt' when a template cannot be rendered
 */
export function renderValue(template: unknown, vars: JsonObject, expected: unknown, syntax: TemplateSyntax = 'nunjucks'): unknown {
  const variables: JsonObject = Object.hasOwn(vars, 'expected') || expected === undefined ? vars : { ...vars, expected };
  const renderOne = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renderOne);
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renderOne(item)]));
    if (typeof value !== 'string') return value;
    const only = /^\s*\{\{\s*([\w.-]+)\s*\}\}\s*$/.exec(value)?.[1];
    const whole = only === undefined ? undefined : lookUp(variables, only);
    return typeof whole === 'object' && whole !== null ? whole : renderText(value, variables, syntax);
  };
  return renderOne(template);
}
