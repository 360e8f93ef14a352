import type { AssertionSpec } from '../assert/model.ts';
import type { Case } from '../dataset/model.ts';
import { hashJson, hashText } from '../hash.ts';
import { canonicalJson, isObject, type JsonObject } from '../json.ts';
import type { VersionContent } from '../registry/model.ts';
import type { PromptDocument } from './model.ts';
import { messagesFromText } from './render.ts';

/**
 * What makes a prompt this version: everything that shapes a request, what it includes among it. Not its name, its place, comments, the
 * order of keys, kinds of quotes or line ends, nor a spelling that asks for the same: a template that is JSON counts by its values, and
 * one without placeholders is the message that it always makes. Line ends of files are read as `\n` (YAML has it so, and so are files that a
 * prompt includes read); a carriage return that a text spells out is sent, and counts.
 */
export function versionContent(document: PromptDocument): VersionContent {
  const { env, source, toolChoice, responseFormat } = document;
  const fixed = fixedMessages(document);
  const template = fixed === null && document.template !== undefined ? canonicalTemplate(document.template) : undefined;
  const messages = fixed ?? (document.template === undefined ? document.messages.map(({ role, content }) => ({ role, content })) : undefined);
  return {
    syntax: fixed === null ? document.syntax : 'placeholders',
    ...(messages === undefined ? {} : { messages }),
    ...(template === undefined ? {} : { template }),
    // Also where the template does not ask for it: a case that expands its own variables does.
    ...(env === undefined || Object.keys(env).length === 0 ? {} : { env }),
    // Where a program stands does not matter, what it says does.
    ...(source === undefined ? {} : { source: withoutUndefined({ program: source.textHash ?? source.file, export: source.export, language: source.language, config: source.config }) }),
    models: document.models.map(({ id, config }) => ({ id, ...(config === undefined || Object.keys(config).length === 0 ? {} : { config }) })),
    parameters: document.parameters,
    ...(responseFormat === undefined ? {} : { responseFormat }),
    tools: document.tools,
    // Models take a missing choice and `null` for the same.
    ...(toolChoice === undefined || toolChoice === null ? {} : { toolChoice }),
  };
}

/** SHA-256 of the canonical JSON (RFC 8785) of a version's content, 64 hex digits. */
export function contentHash(content: VersionContent): string {
  return hashJson(content);
}

/** SHA-256 of the canonical content, 64 hex digits. */
export function promptHash(document: PromptDocument): string {
  return contentHash(versionContent(document));
}

/** A nunjucks template in which nothing is a template, and that is no chat: the one message that it makes for every case. `null`: another. */
function fixedMessages({ template, syntax }: PromptDocument): VersionContent['messages'] | null {
  if (template === undefined || syntax !== 'nunjucks' || /\{[{%#]/.test(template) || jsonOf(template) !== undefined) return null;
  const [only, ...others] = messagesFromText(template);
  if (only === undefined || others.length > 0 || only.role !== 'user' || only.content !== template) return null;
  return [{ role: 'user', content: template }];
}

/** A template that is a JSON value is rendered leaf by leaf and written anew: its layout means nothing. The order of its keys is sent. */
function canonicalTemplate(template: string): string {
  const value = jsonOf(template);
  return value === undefined ? template : JSON.stringify(value);
}

function jsonOf(template: string): object | undefined {
  if (!/^\s*[[{]/.test(template)) return undefined;
  try {
    const value = JSON.parse(template) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function withoutUndefined(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}

/** SHA-256 of how every output is judged: the prompt's own assertions, in order, its threshold and its derived metrics. */
export function assertionsHash(document: Pick<PromptDocument, 'assertions' | 'threshold' | 'derivedMetrics'>): string {
  return hashJson(normalize({ assertions: document.assertions.map(assertionContent), threshold: document.threshold, derivedMetrics: document.derivedMetrics }));
}

/** SHA-256 of what makes a case this one: its id and place do not count. */
export function caseHash(item: Case): string {
  const content = {
    vars: item.vars, expected: item.expected, assertions: item.assertions.map(assertionContent), threshold: item.threshold, options: item.options,
    recordedOutput: item.recordedOutput, prompts: item.prompts, models: item.models,
  };
  const text = canonicalJson(content);
  // Nearly no case has a carriage return: for a hundred thousand of them looking for one is cheaper than a copy without.
  return hashText(text.includes('\\r') ? canonicalJson(normalize(content)) : text);
}

/** SHA-256 of the cases' hashes in their order: a dataset whose rows were moved is another dataset, as its results are. */
export function datasetHash(caseHashes: readonly string[]): string {
  return hashJson(caseHashes);
}

function assertionContent(spec: AssertionSpec): unknown {
  const { range: _range, baseDir: _baseDir, assert, ...rest } = spec;
  return { ...rest, ...(assert ? { assert: assert.map(assertionContent) } : {}) };
}

/** Line ends as `\n` in every text; `undefined` members left out. */
function normalize(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\r\n?/g, '\n');
  if (Array.isArray(value)) return value.map(normalize);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined).map(([key, item]) => [key, normalize(item)]));
  return value;
}
