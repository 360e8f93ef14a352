import { isObject, type JsonObject } from '../json.ts';
import type { ModelParameters, ResponseFormat, Tool } from './model.ts';

const NAMES: Readonly<Record<string, keyof ModelParameters>> = {
  temperature: 'temperature',
  topP: 'topP',
  top_p: 'topP',
  maxTokens: 'maxTokens',
  max_tokens: 'maxTokens',
  maxCompletionTokens: 'maxTokens',
  max_completion_tokens: 'maxTokens',
  max_output_tokens: 'maxTokens',
  maxOutputTokens: 'maxTokens',
  stop: 'stop',
  seed: 'seed',
  frequencyPenalty: 'frequencyPenalty',
  frequency_penalty: 'frequencyPenalty',
  presencePenalty: 'presencePenalty',
  presence_penalty: 'presencePenalty',
  reasoningEffort: 'reasoningEffort',
  reasoning_effort: 'reasoningEffort',
};

/**
 * The parameters in a provider's settings, in either spelling. Keys that are not parameters (addresses, key names) are left out
 * unless `keepUnknown`; what stands below `passthrough` always travels as it is.
 */
export function parametersFrom(settings: JsonObject, options: { readonly keepUnknown?: boolean } = {}): ModelParameters {
  const known: Record<string, unknown> = {};
  const extra: JsonObject = {};
  for (const [key, value] of Object.entries(settings)) {
    const name = Object.hasOwn(NAMES, key) ? NAMES[key] : undefined;
    if (name === 'stop') {
      const stop = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
      if (stop.length > 0) known['stop'] = stop;
    } else if (name === 'reasoningEffort') {
      if (typeof value === 'string') known['reasoningEffort'] = value;
    } else if (name !== undefined) {
      if (typeof value === 'number') known[name] = value;
    } else if (options.keepUnknown === true && key !== 'passthrough') {
      extra[key] = value;
    }
  }
  const reasoning = settings['reasoning'];
  if (isObject(reasoning) && typeof reasoning['effort'] === 'string') known['reasoningEffort'] ??= reasoning['effort'];
  if (isObject(settings['passthrough'])) Object.assign(extra, settings['passthrough']);
  return { ...known, ...(Object.keys(extra).length === 0 ? {} : { extra }) };
}

/** `over` wins key by key, also within `extra`. */
export function mergeParameters(under: ModelParameters, over: ModelParameters): ModelParameters {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) if (value !== undefined) merged[key] = value;
  const extra = { ...under.extra, ...over.extra };
  if (Object.keys(extra).length > 0) merged['extra'] = extra;
  return merged;
}

/** Tools in OpenAI's form (`{type: 'function', function: {…}}`, or the flat one of the responses API); others are left out. */
export function toolsFrom(value: unknown): Tool[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).flatMap((item): Tool[] => {
    const tool = isObject(item['function']) ? item['function'] : item;
    const { name, description, parameters, strict } = tool;
    if (typeof name !== 'string') return [];
    return [
      {
        name,
        ...(typeof description === 'string' ? { description } : {}),
        ...(isObject(parameters) ? { parameters } : {}),
        ...(typeof strict === 'boolean' ? { strict } : {}),
      },
    ];
  });
}

/** OpenAI's `response_format`: `{type: 'json_schema', json_schema: {name, schema, strict}}`, or with those keys beside the type. */
export function responseFormatFrom(value: unknown): ResponseFormat | undefined {
  if (!isObject(value)) return undefined;
  if (value['type'] === 'json_object' || value['type'] === 'text') return { type: value['type'] };
  if (value['type'] !== 'json_schema') return undefined;
  const inner = isObject(value['json_schema']) ? value['json_schema'] : value;
  if (!isObject(inner['schema'])) return undefined;
  return {
    type: 'json_schema',
    name: typeof inner['name'] === 'string' ? inner['name'] : 'response',
    schema: inner['schema'],
    ...(typeof inner['strict'] === 'boolean' ? { strict: inner['strict'] } : {}),
  };
}
