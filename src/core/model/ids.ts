import type { ModelEntry, ProjectConfig } from '../config/model.ts';
import { TouchstoneError } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ModelParameters, ModelPrice, ModelRef } from './model.ts';
import { mergeParameters, parametersFrom } from './parameters.ts';
import { findVendor, VENDORS, type Vendor } from './vendors.ts';

export type OpenAiApi = 'chat' | 'responses' | 'completions' | 'embeddings';

/** An endpoint that speaks OpenAI's protocol. */
export interface OpenAiTarget {
  readonly kind: 'openai';
  /** For people: whose endpoint it is. */
  readonly vendor: string;
  readonly api: OpenAiApi;
  readonly model: string;
  /** Without a slash at the end. For Azure the resource's address, without `/openai`. */
  readonly baseUrl: string;
  readonly azure: { readonly apiVersion: string } | null;
  /** Names under which the key is looked for, in order; empty: none is sent. */
  readonly keys: readonly string[];
  readonly keyOptional: boolean;
  readonly organization: string | null;
  readonly project: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly priceName: string | null;
}

export type ModelTarget =
  | OpenAiTarget
  | { readonly kind: 'local'; readonly model: 'labels' | 'embeddings' }
  | { readonly kind: 'vscode'; readonly selector: string }
  | { readonly kind: 'exec'; readonly command: string }
  | { readonly kind: 'http'; readonly url: string }
  /** A promptfoo provider in JavaScript or TypeScript: a class or a function. */
  | { readonly kind: 'file'; readonly path: string; readonly export: string | null }
  | { readonly kind: 'python'; readonly path: string; readonly function: string }
  | { readonly kind: 'replay'; readonly path: string; readonly field: string | null }
  | { readonly kind: 'echo' };

/** What an id means once touchstone.yml has been asked. */
export interface ResolvedId {
  readonly target: ModelTarget;
  /** Provider settings: touchstone.yml's below those of the prompt file. */
  readonly config: JsonObject;
  /** Those of the settings that are sent with every request, under the prompt's own. */
  readonly parameters: ModelParameters;
  /** Folder of touchstone.yml where its entry was used: its commands and paths start there. */
  readonly baseDir: string | null;
  /** From touchstone.yml. */
  readonly price: ModelPrice | null;
  /** Milliseconds for one whole attempt, from touchstone.yml. */
  readonly timeoutMs: number | null;
}

/** The part of touchstone.yml that names models. */
export type ModelSettings = Pick<ProjectConfig, 'path' | 'models'>;

/** Variables that are not secret (addresses). */
export type Environment = (name: string) => string | undefined;

/** GA version of Azure's data plane; `apiVersion` replaces it. */
const AZURE_API_VERSION = '2024-10-21';
const LEGACY_COMPLETIONS = new Set(['gpt-3.5-turbo-instruct', 'davinci-002', 'babbage-002']);
const API_WORDS: Readonly<Record<string, OpenAiApi>> = {
  chat: 'chat',
  messages: 'chat',
  responses: 'responses',
  completion: 'completions',
  completions: 'completions',
  embedding: 'embeddings',
  embeddings: 'embeddings',
};
/** Kinds of promptfoo providers that answer with something else than a text, or need a protocol of their own. */
const OTHER_APIS = new Set(['assistant', 'assistants', 'image', 'video', 'realtime', 'audio', 'speech', 'transcription', 'moderation', 'agents', 'chatkit', 'codex', 'codex-sdk', 'foundry-agent', 'live', 'vision', 'reranker', 'kb', 'nova-sonic', 'claude-agent-sdk']);

/**
 * Maps an id to what answers for it: the `models:` of touchstone.yml first, then our own schemes, then promptfoo's names.
 * @throws TouchstoneError 'unknown-model' that names the id, why it cannot be used and what to set; 'invalid-config' for a key written into a file
 */
export function resolveModelId(ref: ModelRef, settings: ModelSettings, environment: Environment): ResolvedId {
  const config = ref.config ?? {};
  const found = findEntry(ref.id, settings);
  if (found === undefined) return { target: targetOf(ref.id, config, environment), config, parameters: parametersFrom(config), baseDir: null, price: null, timeoutMs: null };
  const { entry, name } = found;
  return {
    target: entryTarget(ref.id, entry, entry.model ?? name, { ...entrySettings(entry), ...config }, environment),
    config: { ...entry.extra, ...config },
    parameters: mergeParameters(parametersFrom(entry.parameters ?? {}, { keepUnknown: true }), parametersFrom(config)),
    baseDir: settings.path.slice(0, Math.max(settings.path.lastIndexOf('/'), settings.path.lastIndexOf('\\'))) || null,
    price: entry.price ?? null,
    timeoutMs: entry.timeoutMs ?? null,
  };
}

/** `name` is the model's name unless the entry gives one: for `publisher/*` what follows the slash. */
function findEntry(id: string, settings: ModelSettings): { entry: ModelEntry; name: string } | undefined {
  const own = Object.hasOwn(settings.models, id) ? settings.models[id] : undefined;
  const slash = id.indexOf('/');
  if (own !== undefined) return { entry: own, name: own.provider === 'openai-compatible' ? id : id.slice(slash + 1) };
  const pattern = slash < 0 ? '' : `${id.slice(0, slash)}/*`;
  const all = Object.hasOwn(settings.models, pattern) ? settings.models[pattern] : undefined;
  return all === undefined ? undefined : { entry: all, name: id.slice(slash + 1) };
}

/** The entry's own keys in the words of a provider's config, so that both travel one way. */
function entrySettings(entry: ModelEntry): JsonObject {
  return {
    ...(entry.apiKey === undefined ? {} : { apiKeyEnvar: entry.apiKey.env }),
    ...(entry.organization === undefined ? {} : { organization: entry.organization }),
    ...(entry.apiVersion === undefined ? {} : { apiVersion: entry.apiVersion }),
    ...(entry.headers === undefined ? {} : { headers: entry.headers }),
    ...(entry.baseUrl === undefined ? {} : { apiBaseUrl: entry.baseUrl }),
  };
}

function entryTarget(id: string, entry: ModelEntry, model: string, config: JsonObject, environment: Environment): ModelTarget {
  const need = (value: string | undefined, key: string): string => {
    if (value !== undefined && value !== '') return value;
    throw unknown(id, `its entry in touchstone.yml (\`provider: ${entry.provider}\`) has no \`${key}\``);
  };
  switch (entry.provider) {
    case 'openai':
      return vendorTarget(id, 'openai', `${entry.api ?? (LEGACY_COMPLETIONS.has(model) ? 'completion' : 'chat')}:${model}`, config, environment);
    case 'azure':
      return azureTarget(id, `${entry.api ?? 'chat'}:${entry.deployment ?? model}`, config, environment);
    case 'openai-compatible': {
      const baseUrl = checkUrl(id, need(entry.baseUrl, 'baseUrl'));
      return {
        kind: 'openai',
        vendor: new URL(baseUrl).host,
        api: entry.api ?? 'chat',
        model,
        baseUrl,
        azure: null,
        keys: entry.apiKey === undefined ? [] : [entry.apiKey.env],
        keyOptional: false,
        ...accountOf(config),
        priceName: null,
      };
    }
    case 'vscode':
      return { kind: 'vscode', selector: model };
    case 'local':
      return targetOf(`local:${entry.model ?? 'labels'}`, config, environment);
    case 'exec':
      return { kind: 'exec', command: need(entry.command, 'command') };
    case 'http':
      return { kind: 'http', url: checkUrl(id, need(entry.url, 'url')) };
    case 'replay':
      return targetOf(`replay:${need(entry.file, 'file')}`, config, environment);
    case 'file':
      return fileTarget(id, need(entry.file, 'file'));
    case 'echo':
      return { kind: 'echo' };
  }
}

function targetOf(id: string, config: JsonObject, environment: Environment): ModelTarget {
  if (id === 'echo') return { kind: 'echo' };
  const match = /^([^:/\s]+)([:/])(.*)$/s.exec(id);
  if (match === null) throw unknown(id, 'it has neither a scheme (`openai:…`) nor a publisher (`openai/…`)');
  const [, prefix, separator, rest] = match as unknown as [string, string, string, string];
  if (rest === '') throw unknown(id, 'nothing follows the prefix');
  if (separator === '/') return publisherTarget(id, prefix, rest, config, environment);
  switch (prefix) {
    case 'local':
      if (rest === 'labels' || rest === 'embeddings') return { kind: 'local', model: rest };
      throw unknown(id, 'the local models are `local:labels` and `local:embeddings`');
    case 'vscode':
      return { kind: 'vscode', selector: rest };
    case 'exec':
      return { kind: 'exec', command: rest.trim() };
    case 'http':
    case 'https':
      return { kind: 'http', url: rest.startsWith('//') ? id : checkUrl(id, rest) };
    case 'file':
      return fileTarget(id, rest.replace(/^\/\/(?!\/)/, '').replace(/^\/\/\//, '/'));
    case 'python':
      return pythonTarget(rest.replace(/^file:\/\//, ''));
    case 'javascript':
      return fileTarget(id, rest);
    case 'replay': {
      const hash = rest.indexOf('#');
      const path = (hash < 0 ? rest : rest.slice(0, hash)).replace(/^file:\/\//, '');
      return { kind: 'replay', path, field: hash < 0 ? null : rest.slice(hash + 1) };
    }
    case 'azure':
    case 'azureopenai':
      return azureTarget(id, rest, config, environment);
    default:
      return vendorTarget(id, prefix, rest, config, environment);
  }
}

function publisherTarget(id: string, publisher: string, model: string, config: JsonObject, environment: Environment): ModelTarget {
  if (publisher === 'openai') return vendorTarget(id, 'openai', `${LEGACY_COMPLETIONS.has(model) ? 'completion' : 'chat'}:${model}`, config, environment);
  if (publisher === 'azure') return azureTarget(id, `chat:${model}`, config, environment);
  throw unknown(id, `only the publisher \`openai\` has an endpoint of its own. Say where "${id}" runs, in touchstone.yml:\n  models:\n    ${id}: { provider: openai-compatible, baseUrl: https://…/v1, apiKey: "\${env:NAME}" }`);
}

function fileTarget(id: string, path: string): ModelTarget {
  const match = /^(.*\.(?:js|cjs|mjs|ts|cts|mts|py))(?::([\w$.]+))?$/i.exec(path);
  if (match === null) throw unknown(id, 'a provider file ends with .js, .cjs, .mjs, .ts or .py');
  const [, file, name] = match;
  if (/\.py$/i.test(file!)) return pythonTarget(path);
  return { kind: 'file', path: file!, export: name ?? null };
}

function pythonTarget(path: string): ModelTarget {
  const match = /^(.*\.py)(?::(\w+))?$/i.exec(path);
  return { kind: 'python', path: match?.[1] ?? path, function: match?.[2] ?? 'call_api' };
}

function splitApi(id: string, prefix: string, rest: string): { api: OpenAiApi | null; model: string } {
  const colon = rest.indexOf(':');
  const word = colon < 0 ? rest : rest.slice(0, colon);
  if (OTHER_APIS.has(word)) throw unknown(id, `Touchstone has no adapter for \`${prefix}:${word}\`. An agent of any kind can be run with \`exec:\` (docs/models.md)`);
  const api = API_WORDS[word];
  if (api === undefined) return { api: null, model: rest };
  if (colon < 0 || colon === rest.length - 1) throw unknown(id, `the model's name is missing after \`${prefix}:${word}\``);
  return { api, model: rest.slice(colon + 1) };
}

function vendorTarget(id: string, prefix: string, rest: string, config: JsonObject, environment: Environment): OpenAiTarget {
  const vendor = findVendor(prefix);
  if (vendor === undefined) {
    throw unknown(id, `the prefix \`${prefix}\` is not known. Known: echo, exec, file, http, https, local, python, replay, vscode, azure, ${VENDORS.map((row) => row.prefix).join(', ')}. Any OpenAI-compatible endpoint can be named in touchstone.yml:\n  models:\n    ${id}: { provider: openai-compatible, baseUrl: https://…/v1, model: …, apiKey: "\${env:NAME}" }`);
  }
  const { api, model } = splitApi(id, prefix, rest);
  const baseUrl = addressOf(config, environment, vendor);
  if (baseUrl === null) {
    throw unknown(id, `${vendor.name} needs an address. ${vendor.needs ?? ''} (${vendor.docs}). Set it in touchstone.yml:\n  models:\n    ${id}: { provider: openai-compatible, baseUrl: https://…, model: ${model}, apiKey: "\${env:${vendor.keys[0] ?? 'NAME'}}" }`);
  }
  const ownAddress = vendor.baseUrl !== null && baseUrl === vendor.baseUrl;
  return {
    kind: 'openai',
    vendor: vendor.name,
    api: api ?? (prefix === 'openai' && LEGACY_COMPLETIONS.has(model) ? 'completions' : 'chat'),
    model,
    baseUrl: checkUrl(id, baseUrl),
    azure: null,
    keys: keysOf(id, config, vendor.keys),
    keyOptional: vendor.keyOptional === true || config['apiKeyRequired'] === false,
    ...accountOf(config),
    // Behind another address (a gateway, a server of one's own) the vendor's price list does not hold.
    priceName: ownAddress && vendor.prices !== undefined ? `${vendor.prices}/${model}` : null,
  };
}

function azureTarget(id: string, rest: string, config: JsonObject, environment: Environment): OpenAiTarget {
  const { api, model } = splitApi(id, 'azure', rest);
  const host = text(config['apiHost']) ?? environment('AZURE_API_HOST') ?? environment('AZURE_OPENAI_API_HOST');
  const address = text(config['apiBaseUrl']) ?? text(config['baseUrl']) ?? (host === undefined ? undefined : withScheme(host)) ?? environment('AZURE_API_BASE_URL') ?? environment('AZURE_OPENAI_ENDPOINT');
  if (address === undefined) {
    throw unknown(id, `the address of the Azure resource is not known. Set AZURE_OPENAI_ENDPOINT, or in touchstone.yml:\n  models:\n    ${id}: { provider: azure, deployment: ${model}, baseUrl: https://NAME.openai.azure.com }`);
  }
  return {
    kind: 'openai',
    vendor: 'Azure OpenAI',
    api: api ?? 'chat',
    model,
    baseUrl: checkUrl(id, address).replace(/\/openai$/, ''),
    azure: { apiVersion: text(config['apiVersion']) ?? environment('OPENAI_API_VERSION') ?? AZURE_API_VERSION },
    keys: keysOf(id, config, ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY']),
    keyOptional: false,
    ...accountOf(config),
    // A deployment's name says nothing about its model: `price:` in touchstone.yml does.
    priceName: null,
  };
}

function addressOf(config: JsonObject, environment: Environment, vendor: Vendor): string | null {
  const host = text(config['apiHost']);
  return (
    text(config['apiBaseUrl']) ??
    text(config['baseUrl']) ??
    (host === undefined ? undefined : `${withScheme(host)}${/\/v\d/.test(host) ? '' : '/v1'}`) ??
    vendor.baseUrlVariables.map((name) => ollamaPath(vendor, environment(name))).find((value) => value !== undefined && value !== '') ??
    vendor.baseUrl
  );
}

/** OLLAMA_BASE_URL names the server; its OpenAI-compatible interface lies below /v1. */
function ollamaPath(vendor: Vendor, url: string | undefined): string | undefined {
  return vendor.prefix === 'ollama' && url !== undefined && url !== '' && !/\/v1\/?$/.test(url) ? `${url.replace(/\/$/, '')}/v1` : url;
}

function keysOf(id: string, config: JsonObject, fallback: readonly string[]): readonly string[] {
  const named = text(config['apiKeyEnvar']);
  if (named !== undefined) return [named];
  const key = text(config['apiKey']);
  if (key === undefined) return fallback;
  const reference = /^\s*(?:\{\{\s*env\.(\w+)\s*\}\}|\$\{?(?:env:)?(\w+)\}?)\s*$/.exec(key);
  const name = reference?.[1] ?? reference?.[2];
  if (name !== undefined) return [name];
  throw new TouchstoneError('invalid-config', `The settings of the model ${id} hold a key as text. Remove it, store it with "Touchstone: Set API Key" or in the environment, and write its name: \`apiKeyEnvar: ${fallback[0] ?? 'NAME'}\`.`);
}

function accountOf(config: JsonObject): Pick<OpenAiTarget, 'organization' | 'project' | 'headers'> {
  const headers: Record<string, string> = {};
  if (isObject(config['headers'])) {
    for (const [name, value] of Object.entries(config['headers'])) if (typeof value === 'string' || typeof value === 'number') headers[name] = String(value);
  }
  return { organization: text(config['organization']) ?? null, project: text(config['project']) ?? null, headers };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function withScheme(host: string): string {
  return /^https?:\/\//.test(host) ? host : `https://${host}`;
}

function checkUrl(id: string, url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw unknown(id, `its address "${url}" is not a URL`);
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw unknown(id, `its address must begin with http:// or https://`);
  if (parsed.username !== '' || parsed.password !== '') throw unknown(id, 'its address holds a user name or password: use a header with `{{env.NAME}}`');
  return url.replace(/\/+$/, '');
}

function unknown(id: string, why: string): TouchstoneError {
  return new TouchstoneError('unknown-model', `The model "${id}" cannot be used: ${why}.`);
}
