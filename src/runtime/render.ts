import { isObject } from '../core/json.ts';
import { fillPlaceholders, lookUp } from '../core/prompt/placeholders.ts';
import type { VersionContent } from '../core/registry/model.ts';
import { PromptError, type PromptMessage } from './types.ts';

type Variables = Readonly<Record<string, unknown>>;

/** `{{ name }}` and `{{ a.b }}`: what is rendered of nunjucks without nunjucks. */
const NAME_ONLY = /\{\{-?[ \t]*[A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*)*[ \t]*-?\}\}/g;

/**
 * The messages of a version for some variables, as an eval of it sends them. Of promptfoo's templates those that have only names in
 * braces, as one text or as a chat in JSON; anything else of nunjucks is refused, never guessed.
 */
export function renderMessages(label: string, content: VersionContent, variables: Variables): PromptMessage[] {
  if (content.source !== undefined) throw new PromptError('unsupported', `${label} is a program, which makes its messages itself: call it instead.`);
  const missing = new Set<string>();
  const messages = content.template === undefined ? fillMessages(content, variables, missing) : fillTemplate(label, content, content.template, variables, missing);
  if (missing.size > 0) throw new PromptError('missing-variable', `${label} needs ${[...missing].map((name) => JSON.stringify(name)).join(', ')}: pass ${missing.size === 1 ? 'it' : 'them'} to messages({ … }).`);
  return messages;
}

function fillMessages({ messages = [] }: VersionContent, variables: Variables, missing: Set<string>): PromptMessage[] {
  const fill = (text: string): string => fillPlaceholders(text, (name) => valueOf(name, variables, missing)).text;
  return messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? fill(content) : content.map((part) => (part.type === 'text' ? { type: 'text', text: fill(part.text) } : { type: 'image_url', image_url: { url: fill(part.url) } })),
  }));
}

function fillTemplate(label: string, { env = {} }: VersionContent, template: string, variables: Variables, missing: Set<string>): PromptMessage[] {
  const unsupported = (why: string): PromptError => new PromptError('unsupported', `${label} is a nunjucks template ${why}: render it with nunjucks, or write the prompt as messages.`);
  if (/\{[{%#]/.test(template.replace(NAME_ONLY, ''))) throw unsupported('with more than names in braces');
  if (/\{\{-|-\}\}/.test(template)) throw unsupported('that cuts white space');
  const known = { ...withoutLastLineEnds(variables), env };
  const fill = (text: string): string =>
    fillPlaceholders(text, (name) => {
      const value = valueOf(name, known, missing);
      if (typeof value === 'object' && value !== null) throw unsupported(`that would write "${name}", which is data, as [object Object]`);
      return value;
    }).text;
  const json = jsonOf(template);
  if (json === undefined) {
    if (/^\s*(?:\[|-\s+["']?role["']?\s*:)/.test(template)) throw unsupported('whose text becomes a chat only when it is rendered');
    return [{ role: 'user', content: fill(template) }];
  }
  if (!Array.isArray(json) || json.length === 0 || !json.every(isPlainMessage)) throw unsupported('that is JSON, and not a chat of texts');
  return json.map(({ role, content }) => ({ role: role.toLowerCase() as PromptMessage['role'], content: fill(content) }));
}

function isPlainMessage(value: unknown): value is { readonly role: string; readonly content: string } {
  return isObject(value) && typeof value['role'] === 'string' && /^(?:system|developer|user|assistant)$/i.test(value['role']) && typeof value['content'] === 'string' && Object.keys(value).length === 2;
}

function valueOf(name: string, variables: Variables, missing: Set<string>): unknown {
  const value = lookUp(variables, name);
  if (value === undefined) missing.add(name);
  return value;
}

/** As promptfoo takes one line end from the end of every text. */
function withoutLastLineEnds(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value.replace(/\r?\n$/, '') : value]));
}

function jsonOf(template: string): unknown {
  if (!/^\s*[[{]/.test(template)) return undefined;
  try {
    return JSON.parse(template) as unknown;
  } catch {
    return undefined;
  }
}
