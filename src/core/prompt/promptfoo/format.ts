import { checkAssertions } from '../../assert/check.ts';
import { CaseIds, LaterIds } from '../../dataset/ids.ts';
import type { CasePlace, DatasetRef } from '../../dataset/model.ts';
import { TouchstoneError } from '../../errors.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { ModelParameters, ResponseFormat, Tool } from '../../model/model.ts';
import { Findings } from '../../text/findings.ts';
import { locateIn, type Locate } from '../../text/locate.ts';
import { fileNameOf } from '../../text/path.ts';
import { EMPTY_RANGE } from '../../text/position.ts';
import { YamlValueError } from '../../text/yaml.ts';
import { findAssertionFiles } from '../assertion-files.ts';
import { messagesFromText } from '../render.ts';
import type { PromptDocument, PromptFile, PromptMessage } from '../model.ts';
import { matchesName } from '../names.ts';
import { checkNunjucks } from '../nunjucks.ts';
import { readParameters, readTools } from '../parameters.ts';
import { outlineCases, type OutlineCase, type PromptOutlineFile } from '../outline.ts';
import { promptIdOf, rootFor, type PromptReadOptions } from '../reading.ts';
import { checkVariables, VariableUses } from '../variables.ts';
import { parsePromptfoo, readDerivedMetrics, readEnv, readRunDefaults, type PromptfooText } from './config.ts';
import { isFileReference, Loader } from './loader.ts';
import { loadPrompts, looksLikePath, readPromptEntries, type LoadedPrompt, type PromptEntry } from './prompts.ts';
import { providerIds, readProviders, type Provider } from './providers.ts';
import { casesOf, readTest, type RawTest } from './test-case.ts';
import { TestReader } from './tests.ts';
import { hasFileVars } from './variables-files.ts';

export async function readPromptfoo(path: string, text: string, options: PromptReadOptions): Promise<PromptFile> {
  const findings = new Findings();
  const loader = new Loader(options.files, rootFor(path, options.root), findings);
  const refused = (): PromptFile => ({ format: 'promptfoo', path, prompts: [], diagnostics: findings.list, dependencies: loader.dependencies, runDefaults: {} });
  try {
    const parsed = parsePromptfoo(text, findings);
    const file = parsed && (await readConfig(path, parsed, options, loader));
    return file && !findings.failed ? { ...file, diagnostics: findings.list, dependencies: loader.dependencies } : refused();
  } catch (error) {
    // A file that cannot be read to its end, or YAML that refers to itself or is nested without end.
    if (!(error instanceof TouchstoneError || error instanceof YamlValueError || error instanceof RangeError)) throw error;
    const file = error instanceof TouchstoneError && error.place ? `${fileNameOf(error.place.file)}: ` : '';
    findings.error('unreadable', file + error.message, EMPTY_RANGE);
    return refused();
  }
}

async function readConfig(path: string, parsed: PromptfooText, options: PromptReadOptions, loader: Loader): Promise<Omit<PromptFile, 'diagnostics' | 'dependencies'>> {
  const { findings } = parsed;
  const env = readEnv(parsed);
  const loaded = await loadPrompts(readPromptEntries(parsed), loader);
  const providers = await readProviders(parsed, env, loader);
  const reader = options.contentOnly === true ? null : new TestReader(path, parsed, loader);
  const defaults = (await reader?.defaults()) ?? null;
  const inline = (await reader?.cases(defaults, new CaseIds())) ?? [];
  const runDefaults = readRunDefaults(parsed);
  const shared: Shared = {
    path, env, providers, defaults,
    id: promptIdOf(path, options.root),
    dataset: { name: datasetName(parsed), files: [], inline, range: parsed.keyRange(parsed.values['tests'] === undefined ? 'scenarios' : 'tests') },
    derivedMetrics: readDerivedMetrics(parsed),
    text: parsed,
    findings,
  };
  const names = uniqueNames(loaded);
  const prompts = loaded.map((prompt, index) => documentOf(prompt, names[index] ?? '', loaded.length > 1, shared));
  if (reader === null) return { format: 'promptfoo', path, prompts, runDefaults };
  checkAssertionsOf(shared);
  const checks = await findAssertionFiles({ path, assertions: defaults?.assertions ?? [], cases: inline }, loader, options.files);
  findings.addAll(checks.diagnostics);
  loader.note(checks.found);
  checkFilters(shared, prompts);
  for (const prompt of prompts) findings.addAll(checkVariables(prompt, inline));
  return { format: 'promptfoo', path, prompts, runDefaults };
}

interface Shared {
  readonly path: string;
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
  readonly providers: readonly Provider[];
  readonly defaults: RawTest | null;
  readonly dataset: DatasetRef;
  readonly derivedMetrics: PromptDocument['derivedMetrics'];
  readonly text: PromptfooText;
  readonly findings: Findings;
}

/** Checks that many tests share are looked at once. */
function checkAssertionsOf({ defaults, dataset, findings, path }: Shared): void {
  findings.addAll(checkAssertions(defaults?.assertions ?? []));
  const seen = new Set<unknown>();
  for (const item of dataset.inline) {
    if (seen.has(item.assertions)) continue;
    seen.add(item.assertions);
    const { file } = item.place;
    findings.addAll(checkAssertions(item.assertions).map((finding) => (file === path ? finding : { ...finding, file })));
  }
}

/** A test for a prompt or a provider that the config does not have would never be run, and nobody would notice. */
function checkFilters({ dataset, providers, findings, path }: Shared, prompts: readonly PromptDocument[]): void {
  const models = providers.flatMap(({ ref }) => [ref.id, ...(ref.label === undefined ? [] : [ref.label])]);
  const names = prompts.flatMap(({ filterNames }) => filterNames ?? []);
  const told = new Set<string>();
  const tell = (wanted: string, known: readonly string[], what: string, { file, range }: CasePlace): void => {
    const key = `${what} ${wanted}`;
    if (told.has(key) || matchesName(wanted, known)) return;
    told.add(key);
    findings.addAll([{ severity: 'error', code: 'test-filter', message: `the config has no ${what} "${wanted}", which this test names`, range, ...(file === path ? {} : { file }) }]);
  };
  for (const item of dataset.inline) {
    if (models.length > 0) for (const wanted of item.models ?? []) tell(wanted, models, 'provider', item.place);
    for (const wanted of item.prompts ?? []) tell(wanted, names, 'prompt', item.place);
  }
}

function datasetName({ values }: PromptfooText): string {
  const tests = values['tests'];
  const list: unknown[] = Array.isArray(tests) ? tests : [tests];
  const files = list.filter((item) => typeof item === 'string').map((item) => fileNameOf(item.replace(/^file:\/\//, '')));
  const inline = files.length === 0 || list.some((item) => isObject(item)) || isObject(values['scenarios']) || Array.isArray(values['scenarios']);
  return [...(inline ? ['inline'] : []), ...files].join(' + ');
}

/** `undefined`: only a place in the list tells it from others. */
function givenName({ label, id, file }: LoadedPrompt): string | undefined {
  const inFile = file && fileNameOf(file.path) + (file.number === undefined ? '' : `:${file.number}`);
  return (label ?? id ?? inFile)?.replace(/\s+/g, ' ').slice(0, 60);
}

/** Short names within one config: the label that the author gave, else the file, else the number. */
function uniqueNames(prompts: readonly LoadedPrompt[]): string[] {
  const taken = new Set<string>();
  return prompts.map((prompt, index) => {
    const base = givenName(prompt) ?? String(index + 1);
    let name = base;
    for (let count = 2; taken.has(name); count++) name = `${base}-${count}`;
    taken.add(name);
    return name;
  });
}

/**
 * `short` alone says nothing beside the prompts of other files: the config's description, else its id, stands behind it, where a view that
 * has no room for all cuts what the prompts of a config have in common.
 */
function shownName(name: string, named: boolean, { id, text }: Shared): string {
  const { description } = text.values;
  const config = typeof description === 'string' && description.trim() !== '' ? description.trim().replace(/\s+/g, ' ').slice(0, 60) : id;
  return named ? `${name} · ${config}` : config;
}

function documentOf(prompt: LoadedPrompt, name: string, several: boolean, shared: Shared): PromptDocument {
  const { findings, defaults, text } = shared;
  const names = [prompt.fullLabel, ...(prompt.id === undefined ? [] : [prompt.id])];
  const settings = readPromptConfig(prompt.config, locateIn(prompt.locate, 'config'), findings);
  const variables = new VariableUses();
  addVariables(prompt, text, variables);
  if (prompt.text !== null) checkTemplate(prompt, shared);
  const own = shared.text.values['metadata'];
  const tags = shared.text.values['tags'];
  return {
    format: 'promptfoo',
    path: shared.path,
    id: several ? `${shared.id}#${name}` : shared.id,
    name: shownName(name, several || prompt.label !== undefined, shared),
    ...(givenName(prompt) === undefined ? {} : { label: name }),
    syntax: 'nunjucks',
    messages: prompt.text === null ? [] : messagesOf(prompt.text, prompt),
    models: shared.providers.filter((provider) => isFor(provider, names)).map(({ ref }) => ref),
    ...settings,
    variables: variables.list(),
    dataset: shared.dataset,
    assertions: defaults?.assertions ?? [],
    metadata: { ...(isObject(own) ? own : {}), ...(isObject(tags) ? { tags } : {}) },
    derivedMetrics: shared.derivedMetrics,
    ranges: { name: prompt.range, messages: prompt.range, ...(text.values['providers'] === undefined && text.values['targets'] === undefined ? {} : { model: text.keyRange(text.values['providers'] === undefined ? 'targets' : 'providers') }) },
    filterNames: names,
    env: shared.env,
    ...(prompt.text === null ? {} : { template: prompt.text }),
    ...(prompt.source ? { source: prompt.source } : {}),
    ...(typeof text.values['description'] === 'string' ? { description: text.values['description'] } : {}),
    ...(defaults?.threshold === undefined ? {} : { threshold: defaults.threshold }),
  };
}

function addVariables(prompt: PromptEntry & { readonly text?: string | null }, text: PromptfooText, variables: VariableUses): void {
  const body = prompt.text === undefined ? prompt.raw : prompt.text;
  if (body === null) return;
  if (prompt.node !== undefined && body === prompt.raw) variables.addScalar(text.yaml, prompt.node, 'nunjucks');
  else variables.addText(body, 'nunjucks', prompt.range);
}

function checkTemplate(prompt: LoadedPrompt, { findings }: Shared): void {
  const problem = checkNunjucks(prompt.text ?? '');
  if (problem) findings.error('template', prompt.file ? `${fileNameOf(prompt.file.path)}, line ${problem.line + 1}: ${problem.message}` : problem.message, prompt.range);
  if (/\b_conversation\b/.test(prompt.text ?? '')) findings.error('conversation', '_conversation makes later tests depend on earlier outputs; Touchstone runs every case by itself', prompt.range);
}

/** What can be known of the messages before anything is filled in. */
function messagesOf(text: string, { range }: PromptEntry): PromptMessage[] {
  return messagesFromText(text).map(({ role, content }) => ({ role, content, range, contentRange: range }));
}

function isFor(provider: Provider, names: readonly string[]): boolean {
  return provider.prompts?.some((wanted) => matchesName(wanted, names)) ?? true;
}

interface Settings {
  readonly parameters: ModelParameters;
  readonly tools: readonly Tool[];
  readonly responseFormat?: ResponseFormat;
  readonly toolChoice?: unknown;
}

/** A prompt's own `config`: parameters in the endpoint's words, `response_format`, `tools`, `tool_choice`. */
function readPromptConfig(config: JsonObject | undefined, locate: Locate, findings: Findings): Settings {
  if (!config) return { parameters: {}, tools: [] };
  const { response_format: format, tools, tool_choice: toolChoice, ...rest } = config;
  const responseFormat = readEndpointFormat(format, locate, findings);
  return {
    parameters: readParameters(rest, locate, findings),
    tools: readTools(tools, locateIn(locate, 'tools'), findings),
    ...(responseFormat ? { responseFormat } : {}),
    ...(toolChoice === undefined ? {} : { toolChoice }),
  };
}

function readEndpointFormat(format: unknown, locate: Locate, findings: Findings): ResponseFormat | null {
  if (format === undefined || format === null) return null;
  if (isObject(format)) {
    if (format['type'] === 'text' || format['type'] === 'json_object') return { type: format['type'] };
    const body = isObject(format['json_schema']) ? format['json_schema'] : format;
    if (format['type'] === 'json_schema' && typeof body['name'] === 'string' && isObject(body['schema'])) {
      return { type: 'json_schema', name: body['name'], schema: body['schema'], ...(typeof body['strict'] === 'boolean' ? { strict: body['strict'] } : {}) };
    }
  }
  findings.error('response-format', 'response_format is { type: text }, { type: json_object }, or { type: json_schema, json_schema: { name, schema } }', locate('response_format'));
  return null;
}

export function outlinePromptfoo(path: string, text: string): PromptOutlineFile {
  const findings = new Findings();
  try {
    const parsed = parsePromptfoo(text, findings);
    if (parsed) return outlineConfig(path, parsed);
  } catch (error) {
    if (!(error instanceof YamlValueError || error instanceof RangeError)) throw error;
    findings.error('unreadable', error.message, EMPTY_RANGE);
  }
  return { format: 'promptfoo', path, prompts: [], diagnostics: findings.list };
}

function outlineConfig(path: string, parsed: PromptfooText): PromptOutlineFile {
  const models = providerIds(parsed);
  const cases = inlineCases(path, parsed);
  const model = parsed.values['providers'] === undefined && parsed.values['targets'] === undefined ? {} : { model: parsed.keyRange(parsed.values['providers'] === undefined ? 'targets' : 'providers') };
  const tests = parsed.values['tests'];
  const paths = (Array.isArray(tests) ? tests : [tests]).filter((item) => typeof item === 'string');
  const prompts = readPromptEntries(parsed).map((entry, index) => {
    const variables = new VariableUses();
    const literal = !isFileReference(entry.raw) && !looksLikePath(entry.raw);
    if (literal) addVariables(entry, parsed, variables);
    return {
      name: (entry.label ?? entry.id ?? (literal ? String(index + 1) : fileNameOf(entry.raw))).slice(0, 60),
      ranges: { name: entry.range, messages: entry.range, ...model },
      messages: literal ? messagesOf(entry.raw, entry).map(({ role, content, range, contentRange }) => ({ role, range, contentRange, text: typeof content === 'string' ? content : '' })) : [],
      models,
      variables: variables.list(),
      golden: paths.length > 0 ? { paths, range: parsed.keyRange('tests') } : null,
      cases,
    };
  });
  return { format: 'promptfoo', path, prompts, diagnostics: parsed.findings.list };
}

/** Cases of tests that stand in this text and read no file; their ids are those of the real reading. */
function inlineCases(path: string, parsed: PromptfooText): OutlineCase[] {
  const { values, locate } = parsed;
  const templates = isObject(values['assertionTemplates']) ? values['assertionTemplates'] : {};
  const context = { file: path, baseDir: '', findings: new Findings(), templates };
  const defaults = isObject(values['defaultTest']) ? readTest(values['defaultTest'], locateIn(locate, 'defaultTest'), context) : null;
  const tests = values['tests'];
  if (!Array.isArray(tests) || typeof values['defaultTest'] === 'string' || (defaults && hasFileVars(defaults.vars))) return [];
  const ids = new LaterIds();
  return outlineCases(tests.flatMap((item: unknown, index) => {
    const test = isObject(item) && (item['vars'] === undefined || isObject(item['vars'])) ? readTest(item, locateIn(locate, 'tests', index), context) : null;
    if (!test || hasFileVars(test.vars)) return [];
    return casesOf(test, defaults, ids);
  }));
}
