import type { FileReader } from '../files.ts';
import { isObject, type JsonObject } from '../json.ts';
import { Findings } from '../text/findings.ts';
import { locateIn, locateYaml, type Locate } from '../text/locate.ts';
import { joinPath } from '../text/path.ts';
import { isMap, YamlSource, YamlValueError } from '../text/yaml.ts';
import { describe } from '../text/describe.ts';
import type { PathRule } from '../code/path-rules.ts';
import { DEFAULT_ENVIRONMENTS, environmentProblem } from '../registry/names.ts';
import { readModelEntries } from './models.ts';
import { readPrice } from './prices.ts';
import { readTraces } from './sources.ts';
import type { ProjectConfig, RateLimits } from './model.ts';

export const CONFIG_FILE_NAMES = ['touchstone.yml', 'touchstone.yaml'];
const KEYS = ['models', 'prices', 'datasets', 'judge', 'embedding', 'budget', 'concurrency', 'limits', 'environments', 'code', 'traces'];

/** The settings of the project in `folder`; without a file, the defaults. @throws TouchstoneError when the file cannot be read */
export async function readProjectConfig(folder: string, options: { readonly files: FileReader }): Promise<ProjectConfig> {
  for (const name of CONFIG_FILE_NAMES) {
    const path = joinPath(folder, name);
    if (await options.files.isFile(path)) return parseProjectConfig(path, folder, await options.files.readText(path));
  }
  return emptyConfig(joinPath(folder, 'touchstone.yml'));
}

function emptyConfig(path: string): ProjectConfig {
  return { path, models: {}, prices: {}, datasets: {}, budgetUsd: null, concurrency: null, limits: {}, environments: DEFAULT_ENVIRONMENTS, code: [], traces: { sources: [], backends: [] }, diagnostics: [] };
}

/** Reads the text of touchstone.yml. Never throws: what is wrong is in `diagnostics`, at its exact place. */
export function parseProjectConfig(path: string, folder: string, text: string): ProjectConfig {
  const yaml = new YamlSource(text);
  const findings = new Findings();
  findings.addAll(yaml.errors);
  const empty = (): ProjectConfig => ({ ...emptyConfig(path), diagnostics: findings.list });
  if (findings.failed || yaml.root === null) return empty();
  const locate = locateYaml(yaml, yaml.root);
  if (!isMap(yaml.root)) {
    findings.error('config', 'touchstone.yml is a mapping', locate());
    return empty();
  }
  let value: unknown;
  try {
    value = yaml.value(yaml.root);
  } catch (error) {
    if (!(error instanceof YamlValueError)) throw error;
    findings.error('yaml', error.message, locate());
  }
  return isObject(value) ? readConfig(path, folder, value, locate, findings) : empty();
}

function readConfig(path: string, folder: string, value: JsonObject, locate: Locate, findings: Findings): ProjectConfig {
  for (const key of Object.keys(value)) {
    if (!KEYS.includes(key)) findings.warning('unknown-key', `unknown key "${key}" is ignored: touchstone.yml has ${KEYS.join(', ')}`, locate(key));
  }
  const judge = readText(value, 'judge', locate, findings);
  const embedding = readText(value, 'embedding', locate, findings);
  return {
    path,
    models: readModelEntries(value['models'], folder, locateIn(locate, 'models'), findings),
    prices: readTable(value, 'prices', locate, findings, (item, place) => readPrice(item, place, findings)),
    datasets: readTable(value, 'datasets', locate, findings, (item, place) => readPaths(item, folder, place, findings)),
    ...(judge === undefined ? {} : { judge }),
    ...(embedding === undefined ? {} : { embedding }),
    budgetUsd: readNumber(value['budget'], 'budget', 'US dollars, from 0', (number) => number >= 0, locate, findings),
    concurrency: readNumber(value['concurrency'], 'concurrency', 'a whole number from 1', (number) => Number.isInteger(number) && number >= 1, locate, findings),
    environments: readEnvironments(value['environments'], locateIn(locate, 'environments'), findings),
    code: readPathRules(value['code'], locateIn(locate, 'code'), findings),
    limits: readTable(value, 'limits', locate, findings, (item, place) => readLimits(item, place, findings)),
    traces: readTraces(value['traces'], folder, locateIn(locate, 'traces'), findings),
    diagnostics: findings.list,
  };
}

function readText(value: JsonObject, key: string, locate: Locate, findings: Findings): string | undefined {
  const text = value[key];
  if (text === undefined || text === null) return undefined;
  if (typeof text === 'string' && text !== '') return text;
  findings.error('config', `"${key}" is a model's id, not ${describe(text)}`, locate(key));
  return undefined;
}

function readNumber(value: unknown, key: string, what: string, allowed: (value: number) => boolean, locate: Locate, findings: Findings): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value) && allowed(value)) return value;
  findings.error('config', `"${key}" is ${what}, not ${describe(value)}`, locate(key));
  return null;
}

function readTable<T>(value: JsonObject, key: string, locate: Locate, findings: Findings, read: (item: unknown, locate: Locate) => T | null): Record<string, T> {
  const table = value[key];
  if (table === undefined || table === null) return {};
  if (!isObject(table)) {
    findings.error('config', `"${key}" is a mapping, not ${describe(table)}`, locate(key));
    return {};
  }
  const entries: [string, T][] = [];
  for (const [name, item] of Object.entries(table)) {
    const one = read(item, locateIn(locate, key, name));
    if (one !== null) entries.push([name, one]);
  }
  return Object.fromEntries(entries);
}

function readPaths(value: unknown, folder: string, locate: Locate, findings: Findings): string[] | null {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((item) => typeof item === 'string' && item !== '')) return list.map((item) => joinPath(folder, String(item)));
  findings.error('config', `a dataset is a path or a list of paths, not ${describe(value)}`, locate());
  return null;
}

function readEnvironments(value: unknown, locate: Locate, findings: Findings): readonly string[] {
  if (value === undefined || value === null) return DEFAULT_ENVIRONMENTS;
  if (!Array.isArray(value) || value.length === 0) {
    findings.error('environments', `"environments" is a list of names, not ${describe(value)}`, locate());
    return DEFAULT_ENVIRONMENTS;
  }
  const names: string[] = [];
  value.forEach((item: unknown, index) => {
    const problem = typeof item === 'string' ? environmentProblem(item) : `an environment is a name, not ${describe(item)}`;
    if (problem !== null) findings.error('environments', problem, locate(index));
    else if (names.includes(String(item))) findings.warning('environments', `"${String(item)}" stands here twice`, locate(index));
    else names.push(String(item));
  });
  return names;
}

function readLimits(value: unknown, locate: Locate, findings: Findings): RateLimits | null {
  if (!isObject(value)) {
    findings.error('limits', `limits are { requestsPerMinute, tokensPerMinute }, not ${describe(value)}`, locate());
    return null;
  }
  const limits: { requestsPerMinute?: number; tokensPerMinute?: number } = {};
  for (const [key, number] of Object.entries(value)) {
    if (key !== 'requestsPerMinute' && key !== 'tokensPerMinute') findings.warning('unknown-key', `unknown key "${key}" of limits is ignored`, locate(key));
    else if (typeof number === 'number' && number > 0 && Number.isFinite(number)) limits[key] = number;
    else findings.error('limits', `"${key}" is a number above 0, not ${describe(number)}`, locate(key));
  }
  return limits;
}

/** `code: [{ from: /srv/app, to: services/app }]` */
function readPathRules(value: unknown, locate: Locate, findings: Findings): PathRule[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    findings.error('code', `"code" is a list of {from, to}, not ${describe(value)}`, locate());
    return [];
  }
  return value.flatMap((item: unknown, index): PathRule[] => {
    const { from, to } = isObject(item) ? item : {};
    if (typeof from === 'string' && from !== '' && typeof to === 'string' && !/^\/|^[A-Za-z]:|(?:^|[\\/])\.\.(?:[\\/]|$)/.test(to)) return [{ from, to: to.replace(/^\.\//, '') }];
    findings.error('code', 'a rule has "from", the beginning of paths where the program runs, and "to", a folder below this one', locate(index));
    return [];
  });
}
