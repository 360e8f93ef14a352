import { isObject, type JsonObject } from '../json.ts';
import type { ModelParameters, ResponseFormat, Tool } from '../model/model.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';
import { valueText } from './placeholders.ts';
import { describe } from '../text/describe.ts';

type Known = Exclude<keyof ModelParameters, 'extra'>;

/** Spellings in use, GitHub Models' and the endpoints' own; the first that is there wins. */
const SPELLINGS: Readonly<Record<Known, readonly string[]>> = {
  temperature: ['temperature'],
  topP: ['topP', 'top_p'],
  maxTokens: ['maxCompletionTokens', 'max_completion_tokens', 'maxOutputTokens', 'max_output_tokens', 'maxTokens', 'max_tokens'],
  stop: ['stop', 'stopSequences', 'stop_sequences'],
  seed: ['seed'],
  frequencyPenalty: ['frequencyPenalty', 'frequency_penalty'],
  presencePenalty: ['presencePenalty', 'presence_penalty'],
  reasoningEffort: ['reasoningEffort', 'reasoning_effort'],
};
const WHOLE: ReadonlySet<Known> = new Set(['maxTokens', 'seed']);

/** Parameters as written; unknown keys are kept in `extra` and travel to the endpoint as they are. */
export function readParameters(value: unknown, locate: Locate, findings: Findings): ModelParameters {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    findings.error('parameters', `model parameters are a mapping, not ${describe(value)}`, locate());
    return {};
  }
  const known: { [Name in Known]?: unknown } = {};
  const taken = new Set<string>();
  for (const [name, spellings] of Object.entries(SPELLINGS) as [Known, readonly string[]][]) {
    for (const spelling of spellings) {
      if (!Object.hasOwn(value, spelling) || value[spelling] === null) continue;
      taken.add(spelling);
      if (known[name] !== undefined) {
        findings.warning('parameters', `"${spelling}" is ignored: the same parameter is given twice`, locate(spelling));
        continue;
      }
      const read = readParameter(name, value[spelling]);
      if (read === undefined) findings.error('parameters', `"${spelling}" is ${expectation(name)}, not ${describe(value[spelling])}`, locate(spelling));
      else known[name] = read;
    }
  }
  const extra = Object.fromEntries(Object.entries(value).filter(([key]) => !taken.has(key)));
  // Every member was checked by readParameter.
  return { ...(known as ModelParameters), ...(Object.keys(extra).length > 0 ? { extra } : {}) };
}

function readParameter(name: Known, value: unknown): unknown {
  if (name === 'stop') {
    const list = Array.isArray(value) ? value : [value];
    return list.every((item) => typeof item === 'string') ? list : undefined;
  }
  if (name === 'reasoningEffort') return typeof value === 'string' ? value : undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return WHOLE.has(name) && !Number.isInteger(value) ? undefined : value;
}

function expectation(name: Known): string {
  if (name === 'stop') return 'a text or a list of texts';
  if (name === 'reasoningEffort') return 'a text';
  return WHOLE.has(name) ? 'a whole number' : 'a number';
}

/** GitHub Models' `responseFormat` and `jsonSchema`. */
export function readResponseFormat(format: unknown, schema: unknown, locate: Locate, findings: Findings): ResponseFormat | undefined {
  const named = schema === undefined || schema === null ? undefined : readJsonSchema(schema, locate, findings);
  if (format === undefined || format === null) return named;
  if (format === 'text' || format === 'json_object') return { type: format };
  if (format !== 'json_schema') {
    findings.error('response-format', `invalid responseFormat: ${valueText(format)}. Must be 'text', 'json_object', or 'json_schema'`, locate('responseFormat'));
    return undefined;
  }
  if (schema === undefined || schema === null) findings.error('json-schema', 'responseFormat json_schema needs a jsonSchema', locate('responseFormat'));
  return named;
}

function readJsonSchema(value: unknown, locate: Locate, findings: Findings): ResponseFormat | undefined {
  const range = locate('jsonSchema');
  if (typeof value !== 'string') {
    findings.error('json-schema', 'jsonSchema must be a JSON string', range);
    return undefined;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch (error) {
    findings.error('json-schema', `jsonSchema is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, range);
    return undefined;
  }
  const name = isObject(parsed) ? parsed['name'] : undefined;
  const schema = isObject(parsed) ? parsed['schema'] : undefined;
  if (typeof name !== 'string' || !isObject(schema)) {
    findings.error('json-schema', 'jsonSchema must be an object with "name" (a text) and "schema" (a JSON Schema)', range);
    return undefined;
  }
  const strict = isObject(parsed) && typeof parsed['strict'] === 'boolean' ? { strict: parsed['strict'] } : {};
  return { type: 'json_schema', name, schema, ...strict };
}

/** Tools in OpenAI's form (`{type: function, function: {…}}`) or flat (`{name, description, parameters}`). */
export function readTools(value: unknown, locate: Locate, findings: Findings): Tool[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    findings.error('tools', `tools are a list, not ${describe(value)}`, locate());
    return [];
  }
  return value.flatMap((item: unknown, index) => {
    const body: JsonObject | null = !isObject(item) ? null : isObject(item['function']) ? item['function'] : item;
    if (!body || typeof body['name'] !== 'string' || body['name'] === '') {
      findings.error('tools', 'a tool needs a name', locate(index));
      return [];
    }
    const { parameters, description, strict } = body;
    if (parameters !== undefined && !isObject(parameters)) findings.error('tools', `the parameters of a tool are a JSON Schema, not ${describe(parameters)}`, locateIn(locate, index)('parameters'));
    return [{
      name: body['name'],
      ...(typeof description === 'string' ? { description } : {}),
      ...(isObject(parameters) ? { parameters } : {}),
      ...(typeof strict === 'boolean' ? { strict } : {}),
    }];
  });
}
