import type { AssertionSpec } from '../assert/model.ts';
import { readAssertions } from '../dataset/assertions.ts';
import { CaseIds } from '../dataset/ids.ts';
import type { Case, DatasetRef } from '../dataset/model.ts';
import { describe } from '../text/describe.ts';
import { caseOfNode } from '../dataset/yaml.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { Role } from '../model/model.ts';
import { Findings } from '../text/findings.ts';
import { locateIn, locateYaml, type Locate } from '../text/locate.ts';
import { folderOf, joinPath } from '../text/path.ts';
import type { SourceRange } from '../text/position.ts';
import { entriesOf, isMap, isScalar, isSeq, itemsOf, YamlSource, YamlValueError, type YAMLMap } from '../text/yaml.ts';
import { readEvaluators } from './github-evaluators.ts';
import { readContentParts } from './messages.ts';
import type { PromptDocument, PromptMessage } from './model.ts';
import { valueText } from './placeholders.ts';
import { readParameters, readResponseFormat, readTools } from './parameters.ts';
import { firstLine, promptIdOf } from './reading.ts';
import { VariableUses } from './variables.ts';

const ROLES: ReadonlySet<string> = new Set<Role>(['system', 'user', 'assistant']);
const KEYS: ReadonlySet<string> = new Set([
  'name', 'description', 'model', 'modelParameters', 'responseFormat', 'jsonSchema', 'messages', 'testData', 'evaluators',
  'golden', 'assert', 'metadata', 'threshold', 'tools', 'toolChoice',
]);

/** A `golden:` entry that names files. */
export interface GoldenFiles {
  /** As written. */
  readonly paths: readonly string[];
  readonly range: SourceRange;
}

export interface GithubModelsText {
  /** `null` when an error says why. */
  readonly document: PromptDocument | null;
  /** `null`: the file does not say where its golden dataset is. */
  readonly golden: GoldenFiles | null;
  readonly ranges: PromptDocument['ranges'];
  readonly messages: readonly PromptMessage[];
  readonly findings: Findings;
}

/** Everything that the text of a GitHub Models prompt file says, without reading another file. Never throws. */
export function parseGithubModels(path: string, text: string, root: string, ids: CaseIds = new CaseIds()): GithubModelsText {
  const yaml = new YamlSource(text);
  const findings = new Findings();
  findings.addAll(yaml.errors);
  const top = firstLine(yaml.lines, text);
  const nothing = { document: null, golden: null, ranges: { name: top, messages: top }, messages: [], findings };
  if (yaml.errors.length > 0) return nothing;
  if (!isMap(yaml.root)) {
    findings.error('prompt', 'a prompt file is a mapping with `messages:`', top);
    return nothing;
  }
  try {
    return readMap(path, yaml, yaml.root, root, findings, ids);
  } catch (error) {
    if (!(error instanceof YamlValueError) && !(error instanceof RangeError)) throw error;
    findings.error('yaml', `a value refers to itself or is nested too deeply: ${error.message}`, top);
    return nothing;
  }
}

function readMap(path: string, yaml: YamlSource, map: YAMLMap, root: string, findings: Findings, ids: CaseIds): GithubModelsText {
  const entries = new Map(entriesOf(yaml, map).map((entry) => [entry.key, entry]));
  const locate = locateYaml(yaml, map);
  const top = firstLine(yaml.lines, yaml.text);
  const valueOf = (key: string): unknown => (entries.has(key) ? yaml.value(entries.get(key)?.value) : undefined);
  const baseDir = folderOf(path);
  for (const { key, keyNode } of entries.values()) {
    if (!KEYS.has(key)) findings.warning('unknown-key', `unknown key "${key}" is ignored`, yaml.range(keyNode));
  }
  const name = textOf(valueOf('name'), 'name', locate, findings);
  const description = textOf(valueOf('description'), 'description', locate, findings);
  const model = readModel(valueOf('model'), entries.has('model') ? locate('model') : top, findings);
  const messagesEntry = entries.get('messages');
  const variables = new VariableUses();
  const messages = readMessages(yaml, messagesEntry?.value, messagesEntry ? yaml.range(messagesEntry.keyNode) : top, findings, variables);
  const responseFormat = readResponseFormat(valueOf('responseFormat'), valueOf('jsonSchema'), locate, findings);
  const assertions: AssertionSpec[] = [
    ...readEvaluators(valueOf('evaluators'), locateIn(locate, 'evaluators'), findings, baseDir),
    ...readAssertions(valueOf('assert'), locateIn(locate, 'assert'), findings, { baseDir, ranges: true }),
  ];
  const { dataset, golden } = readCases(path, yaml, entries, findings, top, ids);
  const threshold = readThreshold(valueOf('threshold'), locate, findings);
  const metadata = readMetadata(valueOf('metadata'), locate, findings);
  const parameters = readParameters(valueOf('modelParameters'), locateIn(locate, 'modelParameters'), findings);
  const tools = readTools(valueOf('tools'), locateIn(locate, 'tools'), findings);
  const toolChoice = valueOf('toolChoice');
  warnOfLeak(messages, variables, dataset, findings);
  const id = promptIdOf(path, root);
  const ranges = {
    name: entries.has('name') ? yaml.range(entries.get('name')?.keyNode) : top,
    messages: messagesEntry ? yaml.range(messagesEntry.keyNode) : top,
    ...(entries.has('model') ? { model: yaml.range(entries.get('model')?.keyNode) } : {}),
  };
  const document: PromptDocument = {
    format: 'github-models', path, id, name: name ?? id.slice(id.lastIndexOf('/') + 1), syntax: 'placeholders', messages,
    models: model === null ? [] : [{ id: model, baseDir }],
    parameters, tools, variables: variables.list(), dataset, assertions, metadata, derivedMetrics: [], ranges,
    ...(description === undefined ? {} : { description }),
    ...(responseFormat ? { responseFormat } : {}),
    ...(toolChoice === undefined || toolChoice === null ? {} : { toolChoice }),
    ...(threshold === undefined ? {} : { threshold }),
  };
  return { document: findings.failed ? null : document, golden, ranges, messages, findings };
}

function readModel(value: unknown, range: SourceRange, findings: Findings): string | null {
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  if (value === undefined || value === null || value === '') findings.warning('model-missing', 'the prompt names no model: give one when it is run, or write `model: publisher/name`', range);
  else findings.error('model', `"model" is a text such as openai/gpt-5-mini, not ${describe(value)}`, range);
  return null;
}

function readMessages(yaml: YamlSource, node: unknown, range: SourceRange, findings: Findings, variables: VariableUses): PromptMessage[] {
  if (node === undefined || node === null || (isScalar(node) && node.value === null)) {
    findings.error('messages', 'a prompt needs `messages:`, a list of { role, content }', range);
    return [];
  }
  if (!isSeq(node)) {
    findings.error('messages', 'messages must be a list of { role, content }', yaml.range(node));
    return [];
  }
  if (node.items.length === 0) findings.error('messages', 'there is no message', yaml.range(node));
  return itemsOf(yaml, node).flatMap((item) => readMessage(yaml, item, findings, variables) ?? []);
}

function readMessage(yaml: YamlSource, item: unknown, findings: Findings, variables: VariableUses): PromptMessage | null {
  const range = yaml.range(item);
  if (!isMap(item)) {
    findings.error('message', 'a message is a mapping with role and content', range);
    return null;
  }
  const entries = new Map(entriesOf(yaml, item).map((entry) => [entry.key, entry]));
  for (const { key, keyNode } of entries.values()) if (key !== 'role' && key !== 'content' && key !== 'name') findings.warning('unknown-key', `unknown key "${key}" of a message is ignored`, yaml.range(keyNode));
  const roleNode = entries.get('role')?.value;
  const written = yaml.value(roleNode);
  const role = typeof written === 'string' ? written.toLowerCase() : '';
  if (!ROLES.has(role)) {
    const shown = written === null || written === undefined || written === '' ? 'it is missing' : valueText(written);
    findings.error('message-role', `unknown message role: ${shown}. Must be system, user or assistant`, roleNode ? yaml.range(roleNode) : range);
  }
  const contentNode = entries.get('content')?.value;
  const content = readContent(yaml, contentNode, range, findings, variables);
  if (content === null || !ROLES.has(role)) return null;
  return { role: role as Role, content, range, contentRange: contentNode ? yaml.contentRange(contentNode) : range };
}

function readContent(yaml: YamlSource, node: unknown, messageRange: SourceRange, findings: Findings, variables: VariableUses): PromptMessage['content'] | null {
  if (isScalar(node) && node.value !== null) {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? valueText(node.value));
    if (text.trim() === '') findings.warning('empty-content', 'this message is empty', yaml.range(node));
    variables.addScalar(yaml, node, 'placeholders');
    return text;
  }
  if (isSeq(node)) {
    const value = yaml.value(node);
    const parts = Array.isArray(value) ? readContentParts(value) : null;
    if (parts) {
      for (const part of parts) variables.addText(part.type === 'text' ? part.text : part.url, 'placeholders', yaml.range(node));
      return parts;
    }
    findings.error('message-content', 'a list of contents has only { type: text, text } and { type: image_url, image_url: { url } }', yaml.range(node));
    return null;
  }
  if (isMap(node)) findings.error('message-content', 'content is a text: put quotes around {{…}}, which is a mapping to YAML', yaml.range(node));
  else findings.error('message-content', 'a message needs content', node ? yaml.range(node) : messageRange);
  return null;
}

function readCases(path: string, yaml: YamlSource, entries: Map<string, { keyNode: unknown; value: unknown }>, findings: Findings, top: SourceRange, ids: CaseIds): { dataset: DatasetRef; golden: GoldenFiles | null } {
  const inline: Case[] = [];
  const testData = entries.get('testData');
  if (testData && isSeq(testData.value)) {
    for (const item of itemsOf(yaml, testData.value)) {
      const one = testDataCase(path, yaml, item, ids, findings);
      if (one) inline.push(one);
    }
  } else if (testData && yaml.value(testData.value) !== null) findings.error('test-data', 'testData is a list of mappings', yaml.range(testData.value));
  const golden = entries.get('golden');
  const paths: string[] = [];
  const goldenItems = golden === undefined ? [] : isSeq(golden.value) ? itemsOf(yaml, golden.value) : [golden.value];
  for (const item of goldenItems) {
    if (isScalar(item) && typeof item.value === 'string' && item.value !== '') paths.push(item.value);
    else if (isMap(item)) {
      const one = caseOfNode(yaml, item, { file: path, baseDir: folderOf(path), ids, findings });
      if (one) inline.push(one);
    } else findings.error('golden', '"golden" is a path, a pattern, or a list of paths or cases', yaml.range(item));
  }
  const range = golden ? yaml.range(golden.keyNode) : testData ? yaml.range(testData.keyNode) : top;
  const files = paths.map((written) => joinPath(folderOf(path), written.replace(/^file:\/\//, '')));
  return { dataset: { name: datasetName(inline, files), files, inline, range }, golden: golden ? { paths, range: yaml.range(golden.value) } : null };
}

export function datasetName(inline: readonly Case[], files: readonly string[]): string {
  const names = files.map((file) => file.slice(file.lastIndexOf('/') + 1));
  return [...(inline.length > 0 || names.length === 0 ? ['inline'] : []), ...names].join(' + ');
}

/** Every key of a row is a variable; `expected` is the expectation as well. */
function testDataCase(path: string, yaml: YamlSource, node: unknown, ids: CaseIds, findings: Findings): Case | null {
  const row = yaml.value(node);
  if (!isObject(row)) {
    findings.error('test-data', `a row of testData is a mapping, not ${describe(row)}`, yaml.range(node));
    return null;
  }
  const { expected, ...vars } = row;
  const expectedNode = isMap(node) ? entriesOf(yaml, node).find(({ key }) => key === 'expected')?.value : undefined;
  return {
    id: ids.generate(vars, expected), vars, tags: [], assertions: [], metadata: {}, options: {},
    place: { file: path, range: yaml.range(node), ...(expectedNode ? { expectedRange: yaml.range(expectedNode) } : {}) },
    ...(expected === undefined ? {} : { expected }),
  };
}

function warnOfLeak(messages: readonly PromptMessage[], variables: VariableUses, dataset: DatasetRef, findings: Findings): void {
  const use = variables.list().find(({ name }) => name === 'expected');
  if (!use || messages.length === 0 || !dataset.inline.some((item) => item.expected !== undefined)) return;
  for (const range of use.ranges) findings.warning('expected-in-prompt', 'this shows the expected answer to the model', range);
}

function textOf(value: unknown, key: string, locate: Locate, findings: Findings): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  findings.error(key, `"${key}" is a text, not ${describe(value)}`, locate(key));
  return undefined;
}

function readThreshold(value: unknown, locate: Locate, findings: Findings): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  findings.error('threshold', '"threshold" is a number from 0 to 1', locate('threshold'));
  return undefined;
}

function readMetadata(value: unknown, locate: Locate, findings: Findings): JsonObject {
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  findings.error('metadata', `"metadata" is a mapping, not ${describe(value)}`, locate('metadata'));
  return {};
}
