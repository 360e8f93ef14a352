import type { AssertionSpec } from '../assert/model.ts';
import type { Case } from '../dataset/model.ts';
import { hashJson, hashText } from '../hash.ts';
import { canonicalJson, isObject } from '../json.ts';
import type { PromptDocument } from './model.ts';

/**
 * What makes a prompt this version: everything that shapes the output. Not its name, its place, comments, the order of
 * keys, kinds of quotes or line ends.
 */
function canonicalContent(document: PromptDocument): unknown {
  const { source } = document;
  return normalize({
    syntax: document.syntax,
    messages: document.template === undefined ? document.messages.map(({ role, content }) => ({ role, content })) : undefined,
    template: document.template,
    env: document.env && Object.keys(document.env).length > 0 ? document.env : undefined,
    // Where a program stands does not matter, what it says does.
    source: source && { program: source.textHash ?? source.file, export: source.export, language: source.language, config: source.config },
    models: document.models.map(({ id, config }) => ({ id, config })),
    parameters: document.parameters,
    responseFormat: document.responseFormat,
    tools: document.tools,
    toolChoice: document.toolChoice,
  });
}

/** SHA-256 of the canonical content, 64 hex digits. */
export function promptHash(document: PromptDocument): string {
  return hashJson(canonicalContent(document));
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
