import { isObject, type JsonObject } from '../json.ts';
import { fillPlaceholders as fillNames } from '../prompt/placeholders.ts';
import type { AssertionSpec, ScoreContext } from './model.ts';

const TEMPLATE = /\{\{|\{%|\{#/u;
const PLACEHOLDER = /\{\{\s*([\p{L}_$][\p{L}\p{N}_$]*)\s*\}\}/gu;
/** Names that mean something else than a variable to the template engine. */
const RESERVED = new Set(['env', 'range', 'cycler', 'joiner', 'true', 'false', 'none', 'null']);

/** Whether some text in the value is a template. */
export function hasTemplate(value: unknown): boolean {
  return someText(value, (text) => TEMPLATE.test(text));
}

/**
 * Whether rendering needs the template engine, whose filters and loops can take any time and therefore run in the worker.
 * Plain `{{name}}` placeholders do not.
 */
export function needsEngine(value: unknown): boolean {
  return someText(value, (text) => TEMPLATE.test(text.replaceAll(PLACEHOLDER, (match, name: string) => (RESERVED.has(name) ? match : ''))));
}

/** What templates in assertion values may name: the case's variables, and its expectation as `expected`. */
export function templateVariables(context: Pick<ScoreContext, 'vars' | 'expected'>): JsonObject {
  return { expected: context.expected, ...context.vars };
}

/**
 * The spec with the plain placeholders of its value and metric filled, in one pass: what a variable holds is never
 * expanded. A text that is nothing but one placeholder of a list or mapping becomes that list or mapping.
 */
export function fillSpec(spec: AssertionSpec, variables: JsonObject): AssertionSpec {
  const fill = fillerOf(spec.type, variables);
  return withTexts(spec, mapTexts(spec.value, fill), spec.metric === undefined ? undefined : fill(spec.metric));
}

/** As `fillSpec`, with the whole template language. Only in the worker. @throws TouchstoneError 'invalid-prompt' */
export async function renderSpec(spec: AssertionSpec, variables: JsonObject): Promise<AssertionSpec> {
  if (!needsEngine(spec.value) && !needsEngine(spec.metric)) return fillSpec(spec, variables);
  const { renderValue } = await import('../prompt/render.ts');
  return withTexts(spec, renderValue(spec.value, variables, undefined), renderValue(spec.metric, variables, undefined));
}

/** GitHub's evaluators have templates of their own: `{{name}}` and nothing else. */
export function isGithubType(type: string): boolean {
  return type.startsWith('github:');
}

function withTexts(spec: AssertionSpec, value: unknown, metric: unknown): AssertionSpec {
  return { ...spec, ...(spec.value === undefined ? {} : { value }), ...(typeof metric === 'string' ? { metric } : {}) };
}

function fillerOf(type: string, variables: JsonObject): (text: string) => unknown {
  // What the judge answers to is filled in with the prompt's other names; unknown ones stay as they are.
  if (isGithubType(type)) return (text) => fillNames(text, (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined)).text;
  return (text) => {
    if (!TEMPLATE.test(text)) return text;
    const names = [...text.matchAll(PLACEHOLDER)];
    const [first] = names;
    const whole = first !== undefined && text.trim() === first[0] ? own(variables, first[1] ?? '') : undefined;
    if (typeof whole === 'object' && whole !== null) return whole;
    return text.replaceAll(PLACEHOLDER, (_match, name: string) => insertedText(own(variables, name)));
  };
}

/** As the template engine prints it. */
function insertedText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(insertedText).join(',');
  return value === undefined || value === null ? '' : '[object Object]';
}

function own(variables: JsonObject, name: string): unknown {
  return Object.hasOwn(variables, name) ? variables[name] : undefined;
}

function mapTexts(value: unknown, map: (text: string) => unknown): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)])) : value;
}

function someText(value: unknown, test: (text: string) => boolean): boolean {
  if (typeof value === 'string') return test(value);
  if (Array.isArray(value)) return value.some((item) => someText(item, test));
  return isObject(value) && Object.values(value).some((item) => someText(item, test));
}
