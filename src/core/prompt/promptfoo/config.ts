import { isObject, type JsonObject } from '../../json.ts';
import type { Findings } from '../../text/findings.ts';
import { locateIn, locateYaml, type Locate } from '../../text/locate.ts';
import type { SourceRange } from '../../text/position.ts';
import { entriesOf, isMap, YamlSource, YamlValueError } from '../../text/yaml.ts';
import { describe } from '../../text/describe.ts';
import type { PromptDocument, PromptFile } from '../model.ts';
import { valueText } from '../placeholders.ts';
import { firstLine } from '../reading.ts';

/** The text of a promptfoo config taken apart, without reading another file. */
export interface PromptfooText {
  readonly yaml: YamlSource;
  /** Values by key, as plain data. */
  readonly values: JsonObject;
  /** Nodes by key, for exact places. */
  readonly nodes: ReadonlyMap<string, unknown>;
  readonly locate: Locate;
  /** Of a key itself; the first line when it is not there. */
  readonly keyRange: (key: string) => SourceRange;
  readonly findings: Findings;
}

type Treatment = { readonly severity: 'read' } | { readonly severity: 'error' | 'warning' | 'information'; readonly message: string };
const READ: Treatment = { severity: 'read' };

/** Every key of a config that promptfoo knows: read, or what happens to it instead. */
const KEYS: Readonly<Record<string, Treatment>> = {
  description: READ, tags: READ, metadata: READ, prompts: READ, providers: READ, targets: READ, tests: READ, scenarios: READ, defaultTest: READ,
  assertionTemplates: READ, derivedMetrics: READ, evaluateOptions: READ, commandLineOptions: READ, env: READ, $schema: READ,
  nunjucksFilters: { severity: 'error', message: 'templates with filters of your own are not rendered: nunjucksFilters are programs that would run in the middle of every prompt' },
  extensions: { severity: 'error', message: 'extensions are programs that change tests and results; Touchstone does not run them' },
  redteam: { severity: 'warning', message: 'red-team generation is not part of an eval; this section is not read' },
  tracing: { severity: 'warning', message: 'this section is not read' },
  envPath: { severity: 'warning', message: 'files with secrets are not read: set them with "Touchstone: Set API Key" or in the environment' },
  outputPath: { severity: 'information', message: 'results are kept in .touchstone/; write a file with `touchstone eval --output`' },
  sharing: { severity: 'information', message: 'nothing is shared' },
  writeLatestResults: { severity: 'information', message: 'results are always kept in .touchstone/' },
};

/** `null` for a text that cannot be used at all; the findings say why. */
export function parsePromptfoo(text: string, findings: Findings): PromptfooText | null {
  const yaml = new YamlSource(text);
  findings.addAll(yaml.errors);
  const top = firstLine(yaml.lines, text);
  if (findings.failed) return null;
  if (!isMap(yaml.root)) {
    findings.error('config', 'a promptfoo config is a mapping with prompts, providers and tests', top);
    return null;
  }
  const root = yaml.root;
  let values: unknown;
  try {
    values = yaml.value(root);
  } catch (error) {
    if (!(error instanceof YamlValueError)) throw error;
    findings.error('yaml', error.message, top);
  }
  if (!isObject(values)) return null;
  const entries = entriesOf(yaml, root);
  const keys = new Map(entries.map(({ key, keyNode }) => [key, keyNode]));
  for (const { key, keyNode } of entries) tellKey(key, values[key], yaml.range(keyNode), findings);
  return {
    yaml, values, findings,
    nodes: new Map(entries.map(({ key, value }) => [key, value])),
    locate: locateYaml(yaml, root),
    keyRange: (key) => (keys.has(key) ? yaml.range(keys.get(key)) : top),
  };
}

function tellKey(key: string, value: unknown, range: SourceRange, findings: Findings): void {
  const treatment = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  const empty = value === null || value === undefined || value === false || (Array.isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0);
  if (!treatment) findings.warning('unknown-key', `"${key}" is not a key of a promptfoo config and is ignored`, range);
  else if (treatment.severity !== 'read' && !empty) findings[treatment.severity]('unsupported-key', `${key}: ${treatment.message}`, range);
}

/** `env:`: texts only; this is all that `{{env.NAME}}` in a prompt can see. */
export function readEnv({ values, locate, findings }: PromptfooText): Record<string, string> {
  const env = values['env'];
  if (env === undefined || env === null) return {};
  if (!isObject(env)) {
    findings.error('env', `"env" is a mapping, not ${describe(env)}`, locate('env'));
    return {};
  }
  for (const [name, value] of Object.entries(env)) {
    if (/(?:api_?key|token|secret|password)$/i.test(name) && typeof value === 'string' && value !== '' && !value.includes('{{')) {
      findings.warning('secret', `${name} stands in this file as text: keep keys out of files`, locate('env', name));
    }
  }
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, isObject(value) ? '' : valueText(value)]));
}

export function readRunDefaults({ values, locate, findings }: PromptfooText): PromptFile['runDefaults'] {
  const defaults: { concurrency?: number; repeat?: number; cache?: boolean; timeoutMs?: number } = {};
  const quiet = new Set(['showProgressBar', 'generateSuggestions', 'verbose', 'table', 'progressBar', 'write', 'share', 'output', 'watch']);
  // evaluateOptions win over commandLineOptions.
  for (const section of ['commandLineOptions', 'evaluateOptions']) {
    const options = values[section];
    if (options === undefined || options === null) continue;
    if (!isObject(options)) {
      findings.error('evaluate-options', `"${section}" is a mapping, not ${describe(options)}`, locate(section));
      continue;
    }
    const place = locateIn(locate, section);
    for (const [key, value] of Object.entries(options)) {
      const positive = typeof value === 'number' && value > 0;
      if (key === 'maxConcurrency' && positive && Number.isInteger(value)) defaults.concurrency = value;
      else if (key === 'repeat' && positive && Number.isInteger(value)) defaults.repeat = value;
      else if (key === 'timeoutMs' && positive) defaults.timeoutMs = value;
      else if (key === 'cache' && typeof value === 'boolean') defaults.cache = value;
      else if (key === 'maxConcurrency' || key === 'repeat' || (key === 'timeoutMs' && value !== 0) || key === 'cache') findings.error('evaluate-options', `"${key}" cannot be ${describe(value)}`, place(key));
      else if (key !== 'timeoutMs' && !quiet.has(key)) findings.warning('evaluate-options', `"${key}" is not used`, place(key));
    }
  }
  return defaults;
}

export function readDerivedMetrics({ values, locate, findings }: PromptfooText): PromptDocument['derivedMetrics'] {
  const metrics = values['derivedMetrics'];
  if (metrics === undefined || metrics === null) return [];
  if (!Array.isArray(metrics)) {
    findings.error('derived-metrics', `"derivedMetrics" is a list, not ${describe(metrics)}`, locate('derivedMetrics'));
    return [];
  }
  return metrics.flatMap((item: unknown, index) => {
    if (isObject(item) && typeof item['name'] === 'string' && typeof item['value'] === 'string') return [{ name: item['name'], value: item['value'] }];
    findings.error('derived-metrics', 'a derived metric has a name and a value, a formula over named scores', locate('derivedMetrics', index));
    return [];
  });
}
