import { isObject, type JsonObject } from '../json.ts';
import { describe } from '../text/describe.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';
import { joinPath } from '../text/path.ts';
import { MODEL_PROVIDERS, type ModelEntry, type ModelProvider, type SecretReference } from './model.ts';
import { readPrice } from './prices.ts';

const TEXTS = ['model', 'baseUrl', 'organization', 'apiVersion', 'deployment', 'command', 'url'] as const;
const OWN_KEYS: ReadonlySet<string> = new Set([...TEXTS, 'provider', 'apiKey', 'headers', 'api', 'timeoutMs', 'price', 'file', 'parameters']);
const REFERENCE = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;
/** Headers that carry a key: their values are references as well. */
const SECRET_HEADER = /^(?:authorization|proxy-authorization|.*(?:api[-_]?key|token|secret).*)$/i;

export function readModelEntries(value: unknown, folder: string, locate: Locate, findings: Findings): Record<string, ModelEntry> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    findings.error('models', `"models" is a mapping from ids to { provider, … }, not ${describe(value)}`, locate());
    return {};
  }
  const entries: [string, ModelEntry][] = [];
  for (const [name, item] of Object.entries(value)) {
    const entry = readEntry(name, item, folder, locateIn(locate, name), findings);
    if (entry) entries.push([name, entry]);
  }
  return Object.fromEntries(entries);
}

function readEntry(name: string, value: unknown, folder: string, locate: Locate, findings: Findings): ModelEntry | null {
  if (!isObject(value)) {
    findings.error('models', `the model "${name}" is a mapping such as { provider: openai, model: … }, not ${describe(value)}`, locate());
    return null;
  }
  const provider = value['provider'];
  if (!isProvider(provider)) {
    findings.error('models', `the model "${name}" needs a provider: one of ${MODEL_PROVIDERS.join(', ')}`, locate('provider'));
    return null;
  }
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const key of TEXTS) {
    const text = value[key];
    if (text === undefined || text === null) continue;
    if (typeof text === 'string' && text !== '') texts[key] = text;
    else findings.error('models', `"${key}" is a text, not ${describe(text)}`, locate(key));
  }
  for (const [needed, providers] of Object.entries(NEEDED)) {
    if (providers.includes(provider) && value[needed] === undefined) findings.error('models', `a model of provider ${provider} needs "${needed}"`, locate());
  }
  const apiKey = readSecret(value['apiKey'], locateIn(locate, 'apiKey'), findings);
  const headers = readHeaders(value['headers'], locateIn(locate, 'headers'), findings);
  const price = value['price'] === undefined ? null : readPrice(value['price'], locateIn(locate, 'price'), findings);
  const parameters = readMapping(value['parameters'], 'parameters', locate, findings);
  return {
    provider,
    ...texts,
    ...(apiKey ? { apiKey } : {}),
    ...(headers ? { headers } : {}),
    ...readApi(value['api'], locate, findings),
    ...readTimeout(value['timeoutMs'], locate, findings),
    ...(price ? { price } : {}),
    ...readFile(value['file'], folder, locate, findings),
    ...(parameters ? { parameters } : {}),
    extra: Object.fromEntries(Object.entries(value).filter(([key]) => !OWN_KEYS.has(key))),
    range: locate(),
  };
}

const NEEDED: Readonly<Record<string, readonly ModelProvider[]>> = { baseUrl: ['openai-compatible'], command: ['exec'], url: ['http'], file: ['replay', 'file'] };

function isProvider(value: unknown): value is ModelProvider {
  return MODEL_PROVIDERS.some((provider) => provider === value);
}

/** A reference to a secret, never the secret itself. */
export function readSecret(value: unknown, locate: Locate, findings: Findings): SecretReference | null {
  if (value === undefined || value === null) return null;
  const name = typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined;
  if (name !== undefined) return { env: name };
  // The message never repeats the value: it may be a key.
  findings.error('secret', 'a key does not belong into a file: write a reference such as ${env:OPENAI_API_KEY}, and set the key with "Touchstone: Set API Key" or in the environment', locate());
  return null;
}

function readHeaders(value: unknown, locate: Locate, findings: Findings): Record<string, string> | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) {
    findings.error('models', `"headers" is a mapping of texts, not ${describe(value)}`, locate());
    return null;
  }
  const headers: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string' && typeof text !== 'number') findings.error('models', `the header "${name}" is a text`, locate(name));
    else if (SECRET_HEADER.test(name) && !/\$\{env:[A-Za-z_][A-Za-z0-9_]*\}/.test(String(text))) {
      findings.error('secret', `a key does not belong into a file: write the header "${name}" with a reference such as \${env:MY_TOKEN}`, locate(name));
    } else headers.push([name, String(text)]);
  }
  return Object.fromEntries(headers);
}

function readApi(value: unknown, locate: Locate, findings: Findings): { api?: 'chat' | 'responses' } {
  if (value === undefined || value === null) return {};
  if (value === 'chat' || value === 'responses') return { api: value };
  findings.error('models', '"api" is chat or responses', locate('api'));
  return {};
}

function readTimeout(value: unknown, locate: Locate, findings: Findings): { timeoutMs?: number } {
  if (value === undefined || value === null) return {};
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return { timeoutMs: value };
  findings.error('models', '"timeoutMs" is a number of milliseconds above 0', locate('timeoutMs'));
  return {};
}

function readFile(value: unknown, folder: string, locate: Locate, findings: Findings): { file?: string } {
  if (value === undefined || value === null) return {};
  if (typeof value === 'string' && value !== '') return { file: joinPath(folder, value) };
  findings.error('models', `"file" is a path, not ${describe(value)}`, locate('file'));
  return {};
}

function readMapping(value: unknown, key: string, locate: Locate, findings: Findings): JsonObject | null {
  if (value === undefined || value === null) return null;
  if (isObject(value)) return value;
  findings.error('models', `"${key}" is a mapping, not ${describe(value)}`, locate(key));
  return null;
}
