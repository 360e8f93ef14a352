import nunjucks from 'nunjucks/browser/nunjucks.js';
import { errorMessage, TouchstoneError } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';

/**
 * promptfoo's templates: nunjucks without autoescape, where what is not there is the empty text. The engine is nunjucks'
 * browser bundle, which has no file loaders: `include`, `import` and `extends` find nothing.
 *
 * Templates come from files of a workspace, and nunjucks is no sandbox: from any value one walks over `constructor` to
 * `Function` and out. So every lookup that a compiled template makes goes through the functions below, which show own
 * members of data, methods of texts, lists and numbers, and nothing of prototypes.
 */
const NEVER: ReadonlySet<string> = new Set(['constructor', 'prototype', '__proto__', '__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__', 'caller', 'callee', 'arguments']);
/** `range(1e9)` would fill the memory before anybody could stop it. */
const LONGEST_RANGE = 100_000;

/** What is inserted at one `{{ … }}`. Data that `dump` made into JSON is `raw`: it is meant to be part of the structure. */
export type Insertion = (value: unknown, raw: boolean) => string;

export interface RenderHooks {
  readonly insert: Insertion;
  /** Called for a name that nobody has given a value. */
  readonly missing?: (name: string) => void;
}

type NunjucksRuntime = typeof nunjucks.runtime;

/** What `dump` gives: JSON, which cannot break the structure that it is put into. */
class JsonText extends nunjucks.runtime.SafeString {}

const environment = createEnvironment();

function createEnvironment(): nunjucks.Environment {
  const created = new nunjucks.Environment(null, { autoescape: false, throwOnUndefined: false });
  created.addFilter('load', (text: unknown) => JSON.parse(String(text)) as unknown);
  created.addFilter('dump', (value: unknown, indent?: number) => new JsonText(JSON.stringify(value, null, indent) ?? 'null'));
  created.addGlobal('range', boundedRange);
  for (const table of [created.globals, created.filters, created.tests]) Object.setPrototypeOf(table, null);
  return created;
}

function boundedRange(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.ceil((to - from) / step);
  if (!(count <= LONGEST_RANGE)) throw new Error(`range() gives at most ${LONGEST_RANGE} numbers`);
  return Array.from({ length: Math.max(0, count) }, (_, index) => from + index * step);
}

function memberLookup(target: unknown, key: unknown): unknown {
  if (target === undefined || target === null || typeof target === 'function' || typeof key === 'symbol') return undefined;
  const name = String(key);
  if (NEVER.has(name)) return undefined;
  const holder = Object(target) as JsonObject;
  const own = Object.hasOwn(holder, name);
  if (!own && isObject(target) && !(target instanceof nunjucks.runtime.SafeString)) return undefined;
  const value = holder[name];
  return typeof value === 'function' ? (...args: unknown[]): unknown => Reflect.apply(value, target, args) : value;
}

interface Context {
  readonly ctx: JsonObject;
}
interface Frame {
  lookup(name: string): unknown;
}

function runtimeFor(hooks: RenderHooks): NunjucksRuntime {
  return {
    ...nunjucks.runtime,
    memberLookup,
    contextOrFrameLookup(context: Context, frame: Frame, name: string): unknown {
      const local = frame.lookup(name);
      if (local !== undefined) return local;
      if (Object.hasOwn(context.ctx, name) && !NEVER.has(name)) return context.ctx[name];
      const shared = environment.globals[name];
      if (shared === undefined && name !== 'env') hooks.missing?.(name);
      return shared;
    },
    suppressValue(value: unknown): string {
      if (value === undefined || value === null) return '';
      return hooks.insert(value, value instanceof JsonText);
    },
  };
}

type RootFunction = (env: unknown, context: unknown, frame: unknown, runtime: NunjucksRuntime, done: unknown) => void;

/** Compiled templates, the least recently used first. */
const compiled = new Map<string, nunjucks.Template & { rootRenderFunc: RootFunction }>();
const MOST_COMPILED = 500;

function compile(text: string): nunjucks.Template & { rootRenderFunc: RootFunction } {
  const known = compiled.get(text);
  if (known) {
    compiled.delete(text);
    compiled.set(text, known);
    return known;
  }
  const template = new nunjucks.Template(text, environment, undefined, true) as nunjucks.Template & { rootRenderFunc: RootFunction };
  compiled.set(text, template);
  const oldest = compiled.size > MOST_COMPILED ? compiled.keys().next().value : undefined;
  if (oldest !== undefined) compiled.delete(oldest);
  return template;
}

/** @throws TouchstoneError 'invalid-prompt' that says what is wrong with the template */
export function renderNunjucks(text: string, variables: JsonObject, hooks: RenderHooks): string {
  if (!/\{[{%#]/.test(text)) return text;
  try {
    const template = compile(text);
    const original = template.rootRenderFunc;
    // A compiled template takes its runtime as an argument: this is where ours comes in.
    const guarded: RootFunction = (env, context, frame, _runtime, done) => original(env, context, frame, runtimeFor(hooks), done);
    const once = Object.create(template) as typeof template;
    Object.defineProperty(once, 'rootRenderFunc', { value: guarded });
    return once.render(variables);
  } catch (error) {
    throw new TouchstoneError('invalid-prompt', explain(error), { cause: error });
  }
}

/** Syntax errors of a template; `null`: it can be rendered. The line is zero-based and counts within the text. */
export function checkNunjucks(text: string): { message: string; line: number } | null {
  try {
    compile(text);
    return null;
  } catch (error) {
    const line = /\[Line (\d+)/.exec(errorMessage(error))?.[1];
    return { message: explain(error), line: line === undefined ? 0 : Math.max(0, Number(line) - 1) };
  }
}

function explain(error: unknown): string {
  const message = errorMessage(error).replace(/^\(unknown path\)\s*/, '').replace(/\s+/g, ' ').trim();
  return `The template cannot be rendered: ${message}`;
}
