import { isObject, type JsonObject } from '../json.ts';
import type { AssertionSpec, ScoreContext } from './model.ts';

const TEMPLATE = /\{\{|\{%|\{#/u;
/** `{{ name }}` or `{{ name.member.0 }}`: needs no template engine. */
const PLACEHOLDER = /\{\{\s*([\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}\p{N}_$]+)*)\s*\}\}/gu;
const WHOLE = new RegExp(`^\\s*${PLACEHOLDER.source}\\s*$`, 'u');
const RESERVED = new Set(['env', 'range', 'cycler', 'joiner', 'true', 'false', 'none', 'null', 'loop']);

/** Whether some text in the value is a template. */
export function hasTemplate(value: unknown): boolean {
  if (typeof value === 'string') return TEMPLATE.test(value);
  if (Array.isArray(value)) return value.some(hasTemplate);
  return isObject(value) && Object.values(value).some(hasTemplate);
}

/**
 * Whether rendering needs the template engine, whose filters and loops can take any time and therefore run in the worker.
 * Plain placeholders do not.
 */
export function needsEngine(value: unknown): boolean {
  if (typeof value === 'string') {
    return TEMPLATE.test(value.replaceAll(PLACEHOLDER, (match, path: string) => (RESERVED.has(path.split('.')[0] ?? '') ? match : '')));
  }
  if (Array.isArray(value)) return value.some(needsEngine);
  return isObject(value) && Object.values(value).some(needsEngine);
}

/** What templates in assertion values may name: the case's variables, and its expectation as `expected`. */
export function templateVariables(context: Pick<ScoreContext, 'vars' | 'expected'>): JsonObject {
  return { expected: context.expected, ...context.vars };
}

/**
 * Fills the placeholders of every text in the value, in one pass: what a variable holds is never expanded again. A text
 * that is nothing but one placeholder of a list or mapping becomes that list or mapping.
 */
export function fillPlaceholders(value: unknown, variables: JsonObject): unknown {
  if (typeof value === 'string') return fillText(value, variables);
  if (Array.isArray(value)) return value.map((item) => fillPlaceholders(item, variables));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillPlaceholders(item, variables)]));
  return value;
}

function fillText(text: string, variables: JsonObject): unknown {
  if (!TEMPLATE.test(text)) return text;
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) {
    const found = lookUp(whole, variables);
    if (typeof found === 'object' && found !== null) return found;
  }
  return text.replaceAll(PLACEHOLDER, (_match, path: string) => {
    const found = lookUp(path, variables);
    return found === undefined || found === null ? '' : String(found);
  });
}

/** As `fillSpec`, with the whole template language. Only in the worker: a template's filters and loops can take any time. */
export async function renderSpec(spec: AssertionSpec, variables: JsonObject): Promise<AssertionSpec> {
  if (needsEngine(spec.value) || needsEngine(spec.metric)) throw new Error('Templates with logic are not rendered yet.');
  return await Promise.resolve(fillSpec(spec, variables));
}

function lookUp(path: string, variables: JsonObject): unknown {
  let value: unknown = variables;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonObject)[key];
  }
  return value;
}

/** The spec with its value and metric filled. */
export function fillSpec(spec: AssertionSpec, variables: JsonObject): AssertionSpec {
  if (!hasTemplate(spec.value) && !hasTemplate(spec.metric)) return spec;
  const metric = fillPlaceholders(spec.metric, variables);
  return { ...spec, value: fillPlaceholders(spec.value, variables), ...(typeof metric === 'string' ? { metric } : {}) };
}

/** `path` against the folder `base`; both with forward slashes. Absolute paths stand. */
export function resolvePath(path: string, base: string | undefined): string {
  const slashed = path.replaceAll('\\', '/');
  if (base === undefined || slashed.startsWith('/') || /^[a-z]:\//iu.test(slashed)) return slashed;
  const parts = base.replaceAll('\\', '/').replace(/\/+$/u, '').split('/');
  for (const part of slashed.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
