import type { AssertionSpec } from '../assert/model.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ModelRef } from '../model/model.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';
import { assertionFromText } from './assertion-text.ts';
import { describe } from '../text/describe.ts';

export interface AssertionContext {
  /** Folder for `file://` values, absolute. */
  readonly baseDir: string;
  /** Whether every assertion carries its place; rows of large datasets do without. */
  readonly ranges: boolean;
  /** promptfoo's assertionTemplates, for `$ref`. */
  readonly templates?: JsonObject;
}

const KNOWN_KEYS: ReadonlySet<string> = new Set([
  'type', 'value', 'threshold', 'weight', 'metric', 'provider', 'model', 'rubricPrompt', 'transform', 'config', 'assert', 'name', 'contextTransform', 'method',
]);
const TEMPLATE_PREFIX = '#/assertionTemplates/';

/**
 * A list of assertions as it is written in YAML or JSON: mappings in promptfoo's vocabulary, or texts in its CSV notation
 * (`contains:hello`). Every finding is at its exact place; an assertion that cannot be read is left out. Whether types
 * exist and have what they need is `checkAssertions`' question.
 */
export function readAssertions(value: unknown, locate: Locate, findings: Findings, context: AssertionContext): AssertionSpec[] {
  if (!Array.isArray(value)) {
    if (value !== null && value !== undefined) findings.error('assertion', `assertions are a list, not ${describe(value)}`, locate());
    return [];
  }
  const specs: AssertionSpec[] = [];
  value.forEach((item: unknown, index) => {
    const spec = readAssertion(item, locateIn(locate, index), findings, context);
    if (spec) specs.push(spec);
  });
  return specs;
}

function readAssertion(item: unknown, locate: Locate, findings: Findings, context: AssertionContext): AssertionSpec | null {
  const own = context.ranges ? { range: locate() } : {};
  if (typeof item === 'string') return { ...assertionFromText(item), baseDir: context.baseDir, ...own };
  if (!isObject(item)) {
    findings.error('assertion', `an assertion is a mapping such as { type: contains, value: … }, not ${describe(item)}`, locate());
    return null;
  }
  const body = expandTemplate(item, locate, findings, context);
  if (!body) return null;
  const type = body['type'];
  if (typeof type !== 'string') {
    findings.error('assertion', 'an assertion needs a type, such as `type: contains`', locate('type'));
    return null;
  }
  for (const key of Object.keys(body)) {
    if (!KNOWN_KEYS.has(key)) findings.warning('assertion-key', `unknown key "${key}" of an assertion is ignored`, locate(key));
  }
  return {
    type,
    ...(body['value'] === undefined ? {} : { value: body['value'] }),
    ...numberField(body, 'threshold', locate, findings),
    ...numberField(body, 'weight', locate, findings),
    ...textField(body, 'metric', locate, findings),
    ...textField(body, 'transform', locate, findings),
    ...textField(body, 'name', locate, findings),
    ...modelField(body, locate, findings),
    ...(body['rubricPrompt'] === undefined ? {} : { rubricPrompt: body['rubricPrompt'] }),
    ...configField(body, locate, findings),
    ...(type === 'assert-set' ? { assert: readAssertions(body['assert'] ?? [], locateIn(locate, 'assert'), findings, context) } : {}),
    baseDir: context.baseDir,
    ...own,
  };
}

function expandTemplate(item: JsonObject, locate: Locate, findings: Findings, context: AssertionContext): JsonObject | null {
  const reference = item['$ref'];
  if (reference === undefined) return item;
  const name = typeof reference === 'string' && reference.startsWith(TEMPLATE_PREFIX) ? reference.slice(TEMPLATE_PREFIX.length) : null;
  const template = name !== null && context.templates && Object.hasOwn(context.templates, name) ? context.templates[name] : undefined;
  if (!isObject(template)) {
    findings.error('assertion-template', `there is no ${typeof reference === 'string' ? reference : 'such template'}: a reference names a member of the file's assertionTemplates`, locate('$ref'));
    return null;
  }
  const { $ref: _reference, ...rest } = item;
  return { ...template, ...rest };
}

function numberField<Key extends 'threshold' | 'weight'>(body: JsonObject, key: Key, locate: Locate, findings: Findings): { readonly [K in Key]?: number } {
  const value = body[key];
  if (value === undefined || value === null) return {};
  if (typeof value === 'number' && Number.isFinite(value) && (key !== 'weight' || value >= 0)) return { [key]: value } as { [K in Key]: number };
  findings.error('assertion', `"${key}" is a number${key === 'weight' ? ' that is not negative' : ''}, not ${describe(value)}`, locate(key));
  return {};
}

function textField<Key extends 'metric' | 'transform' | 'name'>(body: JsonObject, key: Key, locate: Locate, findings: Findings): { readonly [K in Key]?: string } {
  const value = body[key];
  if (value === undefined || value === null || value === '') return {};
  if (typeof value === 'string') return { [key]: value } as { [K in Key]: string };
  findings.error('assertion', `"${key}" is a text, not ${describe(value)}`, locate(key));
  return {};
}

function configField(body: JsonObject, locate: Locate, findings: Findings): { config?: JsonObject } {
  const extra: JsonObject = {};
  for (const key of ['contextTransform', 'method']) if (body[key] !== undefined) extra[key] = body[key];
  const config = body['config'];
  if (config === undefined || config === null) return Object.keys(extra).length > 0 ? { config: extra } : {};
  if (isObject(config)) return { config: { ...extra, ...config } };
  findings.error('assertion', `"config" is a mapping, not ${describe(config)}`, locate('config'));
  return {};
}

function modelField(body: JsonObject, locate: Locate, findings: Findings): { model?: ModelRef } {
  const key = body['model'] === undefined ? 'provider' : 'model';
  const value = body[key];
  if (value === undefined || value === null) return {};
  const wanted = String(body['type']).includes('similar') ? 'embedding' : 'text';
  const model = readJudge(value, wanted);
  if (model) return { model };
  findings.error('assertion', `"${key}" is a model's id, or a mapping with an id, not ${describe(value)}`, locate(key));
  return {};
}

/** A model that judges: an id, `{id, label, config}`, or promptfoo's `{text: …, embedding: …}`. `null`: none of these. */
export function readJudge(value: unknown, kind: 'text' | 'embedding'): ModelRef | null {
  if (typeof value === 'string' && value !== '') return { id: value };
  if (!isObject(value)) return null;
  if (value['id'] === undefined && value[kind] !== undefined) return readJudge(value[kind], kind);
  if (typeof value['id'] !== 'string' || value['id'] === '') return null;
  return {
    id: value['id'],
    ...(typeof value['label'] === 'string' ? { label: value['label'] } : {}),
    ...(isObject(value['config']) ? { config: value['config'] } : {}),
  };
}
