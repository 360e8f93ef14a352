import { readCsvRows } from '../../dataset/csv.ts';
import type { CaseIds } from '../../dataset/ids.ts';
import { explainJsonError } from '../../dataset/jsonl.ts';
import { linesOf } from '../../dataset/lines.ts';
import type { Case } from '../../dataset/model.ts';
import { describe } from '../../text/describe.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { Findings } from '../../text/findings.ts';
import { locateIn, locateJson, locateYaml, type Locate } from '../../text/locate.ts';
import { endingOf } from '../../text/path.ts';
import { isSeq, YamlSource } from '../../text/yaml.ts';
import type { PromptfooText } from './config.ts';
import { isFileReference, type Loader } from './loader.ts';
import { casesOf, mergeTests, readTest, testOfRow, type RawTest, type TestContext } from './test-case.ts';
import { loadFileVars, loadVarsFiles } from './variables-files.ts';

const PROGRAM = /\.(?:js|cjs|mjs|ts|cts|mts|py)(?::\w+)?$/;
const REMOTE = /^(?:https?|huggingface|az|s3|gs):\/\//;

/** Everything that `tests`, `scenarios` and `defaultTest` say, in the order in which promptfoo runs it. */
export class TestReader {
  readonly #text: PromptfooText;
  readonly #loader: Loader;
  readonly #path: string;
  readonly #templates: JsonObject;
  /** Files that are being read: one that names itself would never end. */
  readonly #open = new Set<string>();

  constructor(path: string, text: PromptfooText, loader: Loader) {
    this.#path = path;
    this.#text = text;
    this.#loader = loader;
    const templates = text.values['assertionTemplates'];
    this.#templates = isObject(templates) ? templates : {};
  }

  async defaults(): Promise<RawTest | null> {
    const value = this.#text.values['defaultTest'];
    const locate = locateIn(this.#text.locate, 'defaultTest');
    if (value === undefined || value === null) return null;
    const [test] = isFileReference(value) ? await this.#readFiles(value, locate, this.#text.findings) : await this.#readOne(value, locate, this.#context(this.#path, this.#text.findings));
    return test ? { ...test, vars: await this.#loadVars(test) } : null;
  }

  async cases(defaults: RawTest | null, ids: CaseIds): Promise<Case[]> {
    const { values, locate } = this.#text;
    const cases: Case[] = [];
    const add = async (test: RawTest): Promise<void> => {
      cases.push(...casesOf({ ...test, vars: await this.#loadVars(test) }, defaults, ids));
    };
    if (values['tests'] !== undefined && values['tests'] !== null) for await (const test of this.#readList(values['tests'], locateIn(locate, 'tests'), this.#context(this.#path, this.#text.findings))) await add(test);
    for await (const test of this.#scenarios()) await add(test);
    // A config without tests sends every prompt once.
    const nothing = values['tests'] ?? values['scenarios'] ?? null;
    if (nothing === null) await add({ vars: {}, assertions: [], metadata: {}, options: {}, place: { file: this.#path, range: this.#text.keyRange('prompts') } });
    return cases;
  }

  #loadVars(test: RawTest): Promise<JsonObject> {
    const place = test.references ?? (() => ({ range: test.place.range, findings: this.#loader.findings }));
    return loadFileVars(test.vars, place, this.#loader);
  }

  #context(file: string, findings: Findings): TestContext {
    return { file, baseDir: this.#loader.baseDir, findings, templates: this.#templates };
  }

  async *#readList(value: unknown, locate: Locate, context: TestContext): AsyncGenerator<RawTest> {
    if (!Array.isArray(value)) {
      yield* this.#readItem(value, locate, context);
      return;
    }
    for (const [index, item] of value.entries()) yield* this.#readItem(item, locateIn(locate, index), context);
  }

  async *#readItem(item: unknown, locate: Locate, context: TestContext): AsyncGenerator<RawTest> {
    if (typeof item === 'string') yield* await this.#readFiles(item, locate, context.findings);
    else if (isObject(item) && typeof item['path'] === 'string' && item['vars'] === undefined) refuseProgram(item['path'], locate, context.findings);
    else yield* await this.#readOne(item, locate, context);
  }

  async #readOne(value: unknown, locate: Locate, context: TestContext): Promise<RawTest[]> {
    let body = value;
    if (isObject(value)) {
      const { vars } = value;
      const references = (Array.isArray(vars) ? vars : [vars]).filter((item) => typeof item === 'string');
      if (references.length > 0) body = { ...value, vars: await loadVarsFiles(references, { range: locate('vars'), findings: context.findings }, this.#loader) };
    }
    const test = readTest(body, locate, context);
    return test ? [test] : [];
  }

  async #readFiles(written: string, locate: Locate, findings: Findings): Promise<RawTest[]> {
    if (REMOTE.test(written)) {
      findings.error('tests-remote', `${written} is not fetched: save the tests into a file`, locate());
      return [];
    }
    if (PROGRAM.test(written)) {
      refuseProgram(written, locate, findings);
      return [];
    }
    const tests: RawTest[] = [];
    for (const file of await this.#loader.find(written, locate(), findings)) {
      if (PROGRAM.test(file)) refuseProgram(file, locate, findings);
      else if (this.#open.has(file)) findings.error('tests-circle', `${written} names itself`, locate());
      else {
        this.#open.add(file);
        for await (const test of this.#readFile(file, locate, findings)) tests.push(test);
        this.#open.delete(file);
      }
    }
    return tests;
  }

  /** `outer`: the findings of the file that refers to this one. */
  async *#readFile(file: string, locate: Locate, outer: Findings): AsyncGenerator<RawTest> {
    const findings = new Findings(file);
    switch (endingOf(file)) {
      case 'csv':
        for await (const row of readCsvRows(file, this.#loader.files, 'promptfoo', findings, this.#loader.baseDir)) yield testOfRow(row, file);
        break;
      case 'jsonl':
        yield* this.#readJsonl(file, findings);
        break;
      case 'yaml':
      case 'yml':
      case 'json':
        yield* this.#readYaml(file, locate, outer, findings);
        break;
      default:
        outer.error('tests-file', `${file.slice(this.#loader.baseDir.length + 1)}: tests are read from yaml, json, jsonl and csv files`, locate());
    }
    this.#loader.findings.addAll(findings.list);
  }

  async *#readJsonl(file: string, findings: Findings): AsyncGenerator<RawTest> {
    for await (const line of linesOf(this.#loader.files.readChunks(file))) {
      const text = line.text.trim();
      if (text === '') continue;
      const start = line.text.indexOf(text);
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        const { message, range } = explainJsonError(text, line.number, start);
        findings.error('json', message, range);
        continue;
      }
      const at = locateJson(text, start, { range: (from, to) => ({ start: { line: line.number, character: from }, end: { line: line.number, character: to } }) });
      yield* await this.#readOne(value, at, this.#context(file, findings));
    }
  }

  async *#readYaml(file: string, locate: Locate, outer: Findings, findings: Findings): AsyncGenerator<RawTest> {
    const text = await this.#loader.text(file, locate(), outer);
    if (text === null) return;
    const yaml = new YamlSource(text);
    findings.addAll(yaml.errors.map((error) => ({ ...error, file })));
    if (yaml.errors.length > 0) return;
    const value = yaml.value(yaml.root);
    if (value === null) findings.warning('tests-file', 'this file is empty', yaml.range(yaml.root));
    else yield* this.#readList(value, locateYaml(yaml, yaml.root), this.#context(file, findings));
  }

  /** Every mapping of `config` with every test; the first is merged under the second. */
  async *#scenarios(): AsyncGenerator<RawTest> {
    const value = this.#text.values['scenarios'];
    if (value === undefined || value === null) return;
    const counter = { next: 0 };
    const locate = locateIn(this.#text.locate, 'scenarios');
    const list: unknown[] = Array.isArray(value) ? value : [value];
    for (const [index, item] of list.entries()) {
      const place = Array.isArray(value) ? locateIn(locate, index) : locate;
      if (typeof item === 'string') yield* this.#scenarioFiles(item, place, counter);
      else yield* this.#scenario(item, place, this.#context(this.#path, this.#text.findings), counter);
    }
  }

  async *#scenarioFiles(written: string, locate: Locate, counter: { next: number }): AsyncGenerator<RawTest> {
    for (const file of await this.#loader.find(written, locate())) {
      const text = await this.#loader.text(file, locate());
      if (text === null) continue;
      const yaml = new YamlSource(text);
      const findings = new Findings(file);
      findings.addAll(yaml.errors.map((error) => ({ ...error, file })));
      const value = yaml.errors.length > 0 ? [] : yaml.value(yaml.root);
      const place = locateYaml(yaml, yaml.root);
      const list: unknown[] = Array.isArray(value) ? value : [value];
      for (const [index, item] of list.entries()) yield* this.#scenario(item, isSeq(yaml.root) ? locateIn(place, index) : place, this.#context(file, findings), counter);
      this.#loader.findings.addAll(findings.list);
    }
  }

  async *#scenario(item: unknown, locate: Locate, context: TestContext, counter: { next: number }): AsyncGenerator<RawTest> {
    if (!isObject(item)) {
      context.findings.error('scenario', `a scenario is a mapping with config and tests, not ${describe(item)}`, locate());
      return;
    }
    for (const key of Object.keys(item)) if (!['description', 'config', 'tests'].includes(key)) context.findings.warning('unknown-key', `unknown key "${key}" of a scenario is ignored`, locate(key));
    const configs = await collect(this.#readList(item['config'] ?? [], locateIn(locate, 'config'), context));
    const tests = item['tests'] === undefined || item['tests'] === null ? null : await collect(this.#readList(item['tests'], locateIn(locate, 'tests'), context));
    if (configs.length === 0) context.findings.error('scenario', 'a scenario needs config, a list of mappings with vars', locate());
    for (const config of configs) {
      const conversation = { conversationId: `__scenario_${counter.next++}__` };
      for (const test of tests ?? [{ ...config, vars: {}, metadata: {}, options: {}, assertions: [] }]) {
        const merged = mergeTests(config, test);
        yield { ...merged, metadata: { ...merged.metadata, ...conversation } };
      }
    }
  }
}

function refuseProgram(path: string, locate: Locate, findings: Findings): void {
  findings.error('tests-program', `${path} is a program that makes tests; Touchstone does not run it: write its output to a file`, locate());
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
