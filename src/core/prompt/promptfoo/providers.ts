import { isObject, type JsonObject } from '../../json.ts';
import type { ModelRef } from '../../model/model.ts';
import { Findings } from '../../text/findings.ts';
import { locateIn, locateYaml, type Locate } from '../../text/locate.ts';
import { endingOf } from '../../text/path.ts';
import { YamlSource } from '../../text/yaml.ts';
import { describe } from '../../text/describe.ts';
import type { PromptfooText } from './config.ts';
import { isFileReference, type Loader } from './loader.ts';

export interface Provider {
  readonly ref: ModelRef;
  /** Labels or ids of the prompts that it is for; absent: all. */
  readonly prompts?: readonly string[];
}

const KEYS: ReadonlySet<string> = new Set(['id', 'label', 'config', 'prompts', 'inputs']);
const CHANGES_RESULTS: ReadonlySet<string> = new Set(['transform', 'env']);

/** `providers:` or `targets:`. Files that hold providers are read; programs are models by their path. */
export async function readProviders(text: PromptfooText, env: Readonly<Record<string, string>>, loader: Loader): Promise<Provider[]> {
  const { values, locate, findings, keyRange } = text;
  const key = values['providers'] === undefined ? 'targets' : 'providers';
  if (values['providers'] !== undefined && values['targets'] !== undefined) findings.error('providers', 'a config has providers or targets, not both: they are the same', keyRange('targets'));
  const value = values[key];
  if (value === undefined || value === null) {
    findings.warning('model-missing', 'the config names no provider: give a model when it is run', keyRange(key));
    return [];
  }
  return (await readList(value, locateIn(locate, key), findings, loader)).map((provider) => withEnv(provider, env));
}

/** Without reading files: for outlines. */
export function providerIds(text: PromptfooText): string[] {
  const value = text.values['providers'] ?? text.values['targets'];
  const list: unknown[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return list.flatMap((item) => readOne(item, () => text.keyRange('providers'), new Findings(), '')?.ref.id ?? []);
}

async function readList(value: unknown, locate: Locate, findings: Findings, loader: Loader): Promise<Provider[]> {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const providers: Provider[] = [];
  for (const [index, item] of list.entries()) {
    const place = Array.isArray(value) ? locateIn(locate, index) : locate;
    if (isFileReference(item) && ['yaml', 'yml', 'json'].includes(endingOf(item))) providers.push(...(await readProviderFiles(item, place, loader)));
    else {
      const provider = readOne(item, place, findings, loader.baseDir);
      if (provider) providers.push(provider);
    }
  }
  return providers;
}

async function readProviderFiles(written: string, locate: Locate, loader: Loader): Promise<Provider[]> {
  const providers: Provider[] = [];
  for (const file of await loader.find(written, locate())) {
    const text = await loader.text(file, locate());
    if (text === null) continue;
    const yaml = new YamlSource(text);
    const findings = new Findings(file);
    findings.addAll(yaml.errors.map((error) => ({ ...error, file })));
    if (!findings.failed) {
      const value = yaml.value(yaml.root);
      const list: unknown[] = Array.isArray(value) ? value : [value];
      list.forEach((item, index) => {
        const provider = readOne(item, locateIn(locateYaml(yaml, yaml.root), ...(Array.isArray(value) ? [index] : [])), findings, loader.baseDir);
        if (provider) providers.push(provider);
      });
    }
    loader.findings.addAll(findings.list);
  }
  return providers;
}

function readOne(item: unknown, locate: Locate, findings: Findings, baseDir: string): Provider | null {
  if (typeof item === 'string' && item !== '') return { ref: { id: item, baseDir } };
  if (!isObject(item)) {
    findings.error('providers', `a provider is an id, or a mapping with an id, not ${describe(item)}`, locate());
    return null;
  }
  if (typeof item['id'] === 'string' && item['id'] !== '') return readOptions(item['id'], item, locate, findings, baseDir);
  // `- openai:gpt-4o: { config: … }`: the id is the key.
  const [only, ...others] = Object.entries(item);
  if (only && others.length === 0 && isObject(only[1])) return readOptions(typeof only[1]['id'] === 'string' ? only[1]['id'] : only[0], only[1], locateIn(locate, only[0]), findings, baseDir);
  findings.error('providers', 'a provider needs an id', locate());
  return null;
}

function readOptions(id: string, body: JsonObject, locate: Locate, findings: Findings, baseDir: string): Provider | null {
  const { config, label, prompts } = body;
  for (const key of Object.keys(body)) {
    if (CHANGES_RESULTS.has(key)) findings.error('providers', `"${key}" of a provider is not supported${key === 'transform' ? ': put the transform under defaultTest.options' : ''}`, locate(key));
    else if (!KEYS.has(key)) findings.warning('unknown-key', `"${key}" of a provider is not used`, locate(key));
  }
  if (config !== undefined && config !== null && !isObject(config)) {
    findings.error('providers', `"config" is a mapping, not ${describe(config)}`, locate('config'));
    return null;
  }
  const wanted = Array.isArray(prompts) ? prompts.map(String) : undefined;
  return {
    ref: { id, baseDir, ...(typeof label === 'string' && label !== '' ? { label } : {}), ...(isObject(config) ? { config } : {}) },
    ...(wanted ? { prompts: wanted } : {}),
  };
}

/** `{{env.NAME}}` of the config's own `env:` is filled in; other names stay for the model, which asks the environment for them. */
function withEnv(provider: Provider, env: Readonly<Record<string, string>>): Provider {
  if (Object.keys(env).length === 0) return provider;
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(/\{\{\s*env\.(\w+)\s*\}\}/g, (match, name: string) => (Object.hasOwn(env, name) ? (env[name] ?? '') : match));
    if (Array.isArray(value)) return value.map(fill);
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)])) : value;
  };
  const { ref } = provider;
  return { ...provider, ref: { ...ref, id: String(fill(ref.id)), ...(ref.config ? { config: fill(ref.config) as JsonObject } : {}) } };
}
