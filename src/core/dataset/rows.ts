import { readAssertions } from './assertions.ts';
import { DEEPEST, isDeeperThan, isObject, type JsonObject } from '../json.ts';
import { describe } from '../text/describe.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';
import type { SourceRange } from '../text/position.ts';
import type { CaseIds } from './ids.ts';
import type { Case, CaseOptions } from './model.ts';
import { readCaseOptions } from './options.ts';

/** Keys that are never variables in a row without `vars`. A variable with one of these names is given under `vars`. */
export const ROW_KEYS = ['id', 'description', 'vars', 'expected', 'tags', 'assert', 'threshold', 'metadata'] as const;
/** Keys that a row may have beside `vars`. */
const FULL_ROW_KEYS: ReadonlySet<string> = new Set([...ROW_KEYS, 'options', 'providerOutput']);
const SHORT_ROW_KEYS: ReadonlySet<string> = new Set(ROW_KEYS);

export interface RowContext {
  /** Absolute path of the dataset's file. */
  readonly file: string;
  /** Folder for `file://` values of assertions, absolute. */
  readonly baseDir: string;
  readonly ids: CaseIds;
  readonly findings: Findings;
  readonly range: SourceRange;
  readonly expectedRange: SourceRange | undefined;
  readonly locate: Locate;
  /** Whether assertions carry their places; absent: not. */
  readonly assertionRanges?: boolean;
}

/**
 * A row of a jsonl, json, yaml or inline dataset as a case; `null` when it is refused, with the reason in the findings.
 * With `vars`, a row has only the keys above; without, every other key is a variable.
 */
export function caseFromRow(row: unknown, context: RowContext): Case | null {
  const { findings, locate } = context;
  if (!isObject(row)) {
    findings.error('row', `a case is an object such as {"input": "…", "expected": "…"}, not ${describe(row)}`, locate());
    return null;
  }
  if (isDeeperThan(row, DEEPEST)) {
    findings.error('row', `a case is nested at most ${DEEPEST} levels deep`, context.range);
    return null;
  }
  const full = Object.hasOwn(row, 'vars');
  if (full && !isObject(row['vars'])) {
    findings.error('row', `"vars" is an object of variables, not ${describe(row['vars'])}`, locate('vars'));
    return null;
  }
  const vars = full ? (row['vars'] as JsonObject) : Object.fromEntries(Object.entries(row).filter(([key]) => !SHORT_ROW_KEYS.has(key)));
  if (full) {
    for (const key of Object.keys(row)) {
      if (!FULL_ROW_KEYS.has(key)) findings.error('row', `unknown key "${key}" beside "vars": put variables under "vars"`, locate(key));
    }
  }
  return buildCase(row, vars, full ? readCaseOptions(row['options'], locateIn(locate, 'options'), findings) : {}, context);
}

function buildCase(row: JsonObject, vars: JsonObject, options: CaseOptions, context: RowContext): Case | null {
  const { findings, locate } = context;
  const before = findings.list.length;
  const expected = row['expected'];
  const place = { file: context.file, range: context.range, ...(context.expectedRange ? { expectedRange: context.expectedRange } : {}) };
  const description = readText(row['description'], 'description', locate, findings);
  const tags = readTags(row['tags'], locate, findings);
  const threshold = readThreshold(row['threshold'], locate, findings);
  const metadata = row['metadata'] ?? {};
  if (!isObject(metadata)) findings.error('row', `"metadata" is an object, not ${describe(metadata)}`, locate('metadata'));
  const assertions = row['assert'] === undefined ? [] : readAssertions(row['assert'], locateIn(locate, 'assert'), findings, { baseDir: context.baseDir, ranges: context.assertionRanges ?? false });
  const id = readId(row['id'], vars, expected, place, context);
  const failed = findings.list.slice(before).some((finding) => finding.severity === 'error');
  if (failed || id === null || !isObject(metadata)) return null;
  return {
    id, vars, tags, assertions, metadata, options, place,
    ...(description === undefined ? {} : { description }),
    ...(expected === undefined ? {} : { expected }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(row['providerOutput'] === undefined || !Object.hasOwn(row, 'vars') ? {} : { recordedOutput: row['providerOutput'] }),
  };
}

function readId(given: unknown, vars: JsonObject, expected: unknown, place: Case['place'], context: RowContext): string | null {
  if (given === undefined || given === null || given === '') return context.ids.generate(vars, expected);
  if (typeof given !== 'string' && typeof given !== 'number') {
    context.findings.error('case-id', `"id" is a text or a number, not ${describe(given)}`, context.locate('id'));
    return null;
  }
  const id = String(given);
  const earlier = context.ids.claim(id, place);
  if (!earlier) return id;
  const where = earlier.file === place.file ? `line ${earlier.range.start.line + 1}` : `${earlier.file}:${earlier.range.start.line + 1}`;
  context.findings.error('duplicate-id', `the id "${id}" on line ${place.range.start.line + 1} is already taken by ${where}`, context.locate('id'));
  return null;
}

function readText(value: unknown, key: string, locate: Locate, findings: Findings): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  findings.error('row', `"${key}" is a text, not ${describe(value)}`, locate(key));
  return undefined;
}

function readThreshold(value: unknown, locate: Locate, findings: Findings): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  findings.error('row', '"threshold" is a number from 0 to 1', locate('threshold'));
  return undefined;
}

function readTags(value: unknown, locate: Locate, findings: Findings): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return splitTags(value);
  if (Array.isArray(value) && value.every((tag) => typeof tag === 'string' || typeof tag === 'number')) return [...new Set(value.map(String))];
  findings.error('row', '"tags" is a list of texts, or one text with commas', locate('tags'));
  return [];
}

/** `billing, urgent` → two tags. */
export function splitTags(text: string): string[] {
  return [...new Set(text.split(',').map((tag) => tag.trim()).filter((tag) => tag !== ''))];
}
