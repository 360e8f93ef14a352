import type { AssertionSpec } from '../../assert/model.ts';
import { readAssertions } from '../../dataset/assertions.ts';
import type { CsvRow } from '../../dataset/csv.ts';
import type { CaseIds } from '../../dataset/ids.ts';
import type { Case, CaseOptions, CasePlace } from '../../dataset/model.ts';
import { readCaseOptions } from '../../dataset/options.ts';
import { describe } from '../../text/describe.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { Findings } from '../../text/findings.ts';
import { locateIn, type Locate } from '../../text/locate.ts';
import type { ReferencePlace } from './variables-files.ts';

/** A test as it is written, before defaults are laid under it and variables are expanded. */
export interface RawTest {
  readonly description?: string;
  readonly vars: JsonObject;
  readonly assertions: readonly AssertionSpec[];
  readonly threshold?: number;
  readonly metadata: JsonObject;
  readonly options: CaseOptions;
  /** Lists in variables stay lists. `undefined`: not said. */
  readonly disableVarExpansion?: boolean;
  readonly recordedOutput?: unknown;
  readonly prompts?: readonly string[];
  readonly models?: readonly string[];
  readonly place: CasePlace;
  /** Where each variable stands, and the findings of that file; absent where no variable can be a reference. */
  readonly references?: (name: string) => ReferencePlace;
}

export interface TestContext {
  readonly file: string;
  readonly baseDir: string;
  readonly findings: Findings;
  readonly templates: JsonObject;
}

const KEYS: ReadonlySet<string> = new Set([
  'description', 'vars', 'assert', 'threshold', 'metadata', 'options', 'provider', 'providers', 'providerOutput', 'prompts', 'assertScoringFunction',
]);

/** A test's mapping; `null`: it cannot be used, and a finding says why. `vars` must be a mapping by now. */
export function readTest(value: unknown, locate: Locate, context: TestContext): RawTest | null {
  const { findings, file } = context;
  if (!isObject(value)) {
    findings.error('test', `a test is a mapping with vars and assert, not ${describe(value)}`, locate());
    return null;
  }
  for (const key of Object.keys(value)) {
    if (key === 'assertScoringFunction') findings.error('test', 'assertScoringFunction is a program that decides the score; Touchstone does not run it', locate(key));
    else if (key === 'assertions') findings.warning('unknown-key', '"assertions" is not a key of a test, promptfoo and Touchstone ignore it: did you mean "assert"?', locate(key));
    else if (!KEYS.has(key)) findings.warning('unknown-key', `unknown key "${key}" of a test is ignored`, locate(key));
  }
  const { vars, metadata, options, description, threshold } = value;
  if (vars !== undefined && vars !== null && !isObject(vars)) findings.error('test-vars', `"vars" is a mapping, not ${describe(vars)}`, locate('vars'));
  if (metadata !== undefined && metadata !== null && !isObject(metadata)) findings.error('test', `"metadata" is a mapping, not ${describe(metadata)}`, locate('metadata'));
  const numeric = typeof threshold === 'number' && Number.isFinite(threshold);
  if (threshold !== undefined && threshold !== null && !numeric) findings.error('test', `"threshold" is a number, not ${describe(threshold)}`, locate('threshold'));
  const prompts = readNames(value['prompts'], 'prompts', locate, findings);
  const models = readNames(value['providers'] ?? value['provider'], value['providers'] === undefined ? 'provider' : 'providers', locate, findings);
  const expansion = isObject(options) && typeof options['disableVarExpansion'] === 'boolean' ? { disableVarExpansion: options['disableVarExpansion'] } : {};
  return {
    vars: isObject(vars) ? vars : {},
    assertions: readAssertions(value['assert'], locateIn(locate, 'assert'), findings, { baseDir: context.baseDir, ranges: true, templates: context.templates }),
    metadata: isObject(metadata) ? metadata : {},
    options: readCaseOptions(options, locateIn(locate, 'options'), findings),
    place: { file, range: locate() },
    references: (name) => ({ range: locate('vars', name), findings }),
    ...(typeof description === 'string' ? { description } : {}),
    ...(numeric ? { threshold } : {}),
    ...expansion,
    ...(value['providerOutput'] === undefined ? {} : { recordedOutput: value['providerOutput'] }),
    ...(prompts ? { prompts } : {}),
    ...(models ? { models } : {}),
  };
}

function readNames(value: unknown, key: string, locate: Locate, findings: Findings): string[] | null {
  if (value === undefined || value === null) return null;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const names = list.map((item) => (typeof item === 'string' ? item : isObject(item) && typeof item['id'] === 'string' ? item['id'] : null));
  if (names.every((name) => name !== null)) return names;
  findings.error('test', `"${key}" is a name or a list of names`, locate(key));
  return null;
}

/** A record of a CSV file; without a description it is `Row #n`. */
export function testOfRow(row: CsvRow, file: string): RawTest {
  return {
    description: row.description ?? `Row #${row.number}`,
    vars: row.vars,
    assertions: row.assertions,
    metadata: row.metadata,
    options: row.options,
    place: { file, range: row.range, ...(row.expectedRange ? { expectedRange: row.expectedRange } : {}) },
    ...(row.threshold === undefined ? {} : { threshold: row.threshold }),
    ...(row.recordedOutput === undefined ? {} : { recordedOutput: row.recordedOutput }),
  };
}

function mergeReferences(under: RawTest, over: RawTest): Pick<RawTest, 'references'> {
  const references = (name: string): ReferencePlace => {
    const owner = Object.hasOwn(over.vars, name) ? over : under;
    return (owner.references ?? under.references ?? over.references)?.(name) ?? { range: over.place.range, findings: new Findings() };
  };
  return { references };
}

/** `over` wins; variables, metadata and options are merged key by key, assertions are joined (promptfoo's rules for scenarios). */
export function mergeTests(under: RawTest, over: RawTest): RawTest {
  return {
    ...under,
    ...over,
    vars: { ...under.vars, ...over.vars },
    metadata: { ...under.metadata, ...over.metadata },
    options: { ...under.options, ...over.options },
    assertions: [...under.assertions, ...over.assertions],
    ...mergeReferences(under, over),
  };
}

/**
 * The cases of a test: defaults under it, and one case for every combination of the variables that are lists of texts;
 * later variables vary fastest. The default's assertions and threshold stay with the prompt.
 */
export function casesOf(test: RawTest, defaults: RawTest | null, ids: CaseIds): Case[] {
  const merged = defaults ? mergeTests({ ...defaults, assertions: [] }, test) : test;
  const vars = merged.vars;
  const combinations = (merged.disableVarExpansion ?? false) ? [vars] : expandVars(vars);
  const { disableVarExpansion: _expansion, threshold: _threshold, references: _references, ...rest } = merged;
  const tags = merged.metadata['tags'];
  return combinations.map((one) => ({
    ...rest,
    id: ids.generate(one, undefined),
    vars: one,
    tags: Array.isArray(tags) ? tags.map(String) : typeof tags === 'string' ? [tags] : [],
    ...(test.threshold === undefined ? {} : { threshold: test.threshold }),
  }));
}

/** Lists whose first item is a text stand for one case per item; other lists stay as they are. */
function expandVars(vars: JsonObject): JsonObject[] {
  let combinations: [string, unknown][][] = [[]];
  for (const [name, value] of Object.entries(vars)) {
    const values: unknown[] = Array.isArray(value) && typeof value[0] === 'string' ? value : [value];
    combinations = combinations.flatMap((combination) => values.map((one): [string, unknown][] => [...combination, [name, one]]));
  }
  return combinations.map((combination) => Object.fromEntries(combination));
}
