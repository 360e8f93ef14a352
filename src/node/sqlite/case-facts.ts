import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JsonObject } from '../../core/json.ts';
import { firstLine } from './run-journal.ts';
import type { RunStore, StoredRun } from './run-store.ts';

/** What comparisons need of a run's cases, which never change once it is planned. */
export interface CaseFacts {
  readonly caseIds: readonly string[];
  readonly tags: readonly (readonly string[])[];
  /** Source that cases share, such as one conversation: `metadata.cluster`, else `metadata.conversation`. */
  readonly clusters: readonly (string | null)[];
  /** First line of the expectation. */
  readonly expected: readonly (string | null)[];
  /** Fields by which the cases can be sliced: by field the values of every case that has some. Those of the metadata come first. */
  readonly fields: ReadonlyMap<string, { readonly from: 'metadata' | 'vars'; readonly values: readonly (readonly string[] | undefined)[] }>;
}

/** A field with more values tells cases apart, not slices of them. */
const MOST_VALUES = 20;
const LONGEST_VALUE = 60;
/** In metadata: what groups cases, and what only names them. */
const NO_SLICE: ReadonlySet<string> = new Set(['cluster', 'conversation']);
const CASES_AT_ONCE = 1000;

export async function readCaseFacts(store: RunStore, run: StoredRun): Promise<CaseFacts> {
  const read = store.database.prepare('SELECT c.case_id, b.json FROM run_case c JOIN case_body b ON b.n = c.body WHERE c.run = ? AND c.case_index >= ? AND c.case_index < ? ORDER BY c.case_index').raw();
  const facts = { caseIds: [] as string[], tags: [] as (readonly string[])[], clusters: [] as (string | null)[], expected: [] as (string | null)[] };
  const fields = new FieldValues(run.info.cases);
  let until = performance.now() + 10;
  for (let from = 0; from < run.info.cases; from += CASES_AT_ONCE) {
    for (const [caseId, json] of read.all(run.n, from, from + CASES_AT_ONCE) as [string, string][]) {
      const { tags, metadata, vars, expected } = JSON.parse(json) as { tags: string[]; metadata: JsonObject; vars: JsonObject; expected?: unknown };
      fields.add(facts.caseIds.length, metadata, vars);
      facts.caseIds.push(caseId);
      facts.tags.push(tags);
      facts.clusters.push(clusterOf(metadata));
      facts.expected.push(expected === undefined ? null : firstLine(typeof expected === 'string' ? expected : (JSON.stringify(expected) ?? '')));
    }
    if (performance.now() > until) {
      await nextTurn();
      until = performance.now() + 10;
    }
  }
  return { ...facts, fields: fields.result() };
}

function clusterOf(metadata: JsonObject): string | null {
  for (const key of ['cluster', 'conversation']) {
    const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    if (typeof value === 'string' || typeof value === 'number') return String(value);
  }
  return null;
}

/** Collects the values of fields, and forgets a field as soon as it has too many of them. */
class FieldValues {
  readonly #cases: number;
  readonly #fields = new Map<string, { from: 'metadata' | 'vars'; values: (readonly string[] | undefined)[]; distinct: Set<string> } | null>();

  constructor(cases: number) {
    this.#cases = cases;
  }

  add(caseIndex: number, metadata: JsonObject, vars: JsonObject): void {
    for (const [name, value] of Object.entries(metadata)) if (!NO_SLICE.has(name)) this.#value(name, 'metadata', value, caseIndex);
    for (const [name, value] of Object.entries(vars)) if (!Object.hasOwn(metadata, name)) this.#value(name, 'vars', value, caseIndex);
  }

  result(): CaseFacts['fields'] {
    const kept = [...this.#fields].flatMap(([name, field]) => (field !== null && field.distinct.size > 1 && field.distinct.size <= this.#cases / 2 ? [[name, { from: field.from, values: field.values }] as const] : []));
    return new Map(kept.sort(([, x], [, y]) => Number(x.from === 'vars') - Number(y.from === 'vars')));
  }

  #value(name: string, from: 'metadata' | 'vars', value: unknown, caseIndex: number): void {
    let field = this.#fields.get(name);
    if (field === null || value === null || value === undefined) return;
    const texts = textsOf(value);
    if (field === undefined) this.#fields.set(name, (field = { from, values: new Array<readonly string[] | undefined>(this.#cases), distinct: new Set() }));
    for (const text of texts ?? []) field.distinct.add(text);
    if (texts === null || field.distinct.size > MOST_VALUES) this.#fields.set(name, null);
    else field.values[caseIndex] = texts;
  }
}

/** A value as names of slices: itself, or each item of a list. `null`: it cannot name one. */
function textsOf(value: unknown): string[] | null {
  const texts: string[] = [];
  for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
    if (typeof item !== 'string' && typeof item !== 'number' && typeof item !== 'boolean') return null;
    const text = String(item);
    if (text === '' || text.length > LONGEST_VALUE || text.includes('\n')) return null;
    texts.push(text);
  }
  return texts;
}
