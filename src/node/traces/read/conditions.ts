import type { NumberField, Pattern, Query, TextField } from '../../../core/trace/query/model.ts';
import { names } from '../../../core/trace/query/model.ts';
import { parseQuery } from '../../../core/trace/query/parse.ts';
import { momentMs } from '../../../core/trace/query/values.ts';
import type { Facet } from '../../../core/trace/store/facets.ts';
import { ORIGINS } from '../../../core/trace/store/numbers.ts';
import type { Database } from '../../sqlite/database.ts';
import { phrase, type Phrase, type TextMatches, type Within } from './full-text.ts';
import { keyOf, testOf, valuesThatFit } from './texts.ts';

/** A condition on a row of `trace`, of which every word that a person wrote is a parameter. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** What a query means for the table of traces. */
export interface CompiledQuery {
  /** The condition on the row that is called `t`, or what the caller calls it. */
  readonly where: (t?: string) => Condition;
  /** Numbers of traces among which all that fit are, where these are few; `null`: they may be anywhere. */
  readonly candidates: readonly number[] | null;
}

/** So few traces are looked at one by one; for more the list is read in its order until the page is full. */
const FEW_TRACES = 5000;

type Where = (t: string) => Condition;

/** Where traces are looked for. */
export interface Store {
  readonly database: Database;
  readonly matches: TextMatches;
  /** Traces in the order of the list among which words are looked for first. */
  readonly window: number;
  /** In no more traces than these words are looked for one trace after the other (some 40 µs each); in more, in all at once. */
  readonly asked: number;
}

/** What a query is compiled for. */
interface Scope extends Pick<Store, 'database' | 'matches' | 'asked'> {
  /** Words are looked for in these traces only; `null`: in all. */
  readonly within: Within | null;
}

interface Compiled {
  readonly where: Where;
  readonly candidates: readonly number[] | null;
}

const NOTHING: Compiled = { where: () => ({ sql: '0', values: [] }), candidates: [] };

/**
 * The query of a person. Traces of eval runs are left out unless it speaks of the origin. `within`: words are looked for there (a list is all
 * that the query can find); `null`: everywhere; absent: where it takes least.
 * @throws QueryError
 */
export function compileQuery(store: Store, text: string, within: Within | null = fewOf(store, besideWords(store, text)), now = Date.now()): CompiledQuery {
  const query = parseQuery(text);
  store.matches.begin();
  const compiled = compile({ ...store, within }, query, now);
  const where = withOrigin(query, within === null ? compiled.where : all([compiled.where, oneOf(within)], ' AND '));
  return { where: (t = 't') => where(t), candidates: within?.numbers ?? compiled.candidates };
}

/** Of others, and of a trace that has come to fit the rest of the query since, it is not known whether they hold the words: a query may leave out what does. */
function oneOf({ numbers }: Within): Where {
  const values = [JSON.stringify(numbers)];
  return (t) => ({ sql: `${t}.n IN (SELECT value FROM json_each(?))`, values });
}

function withOrigin(query: Query, where: Where): Where {
  const own: Where = (t) => ({ sql: `${t}.origin <> ${ORIGINS.indexOf('eval')}`, values: [] });
  return names(query, 'origin') ? where : query.type === 'every' ? own : all([own, where], ' AND ');
}

/** What a query asks for beside its words; `null`: nothing. @throws QueryError */
export function besideWords(store: Store, text: string, now = Date.now()): CompiledQuery | null {
  const query = parseQuery(text);
  if (query.type !== 'and') return null;
  const terms = query.terms.filter((term) => !looksForWords(term));
  if (terms.length === 0 || terms.length === query.terms.length) return null;
  const { where, candidates } = compile({ ...store, within: null }, { type: 'and', terms }, now);
  const own = withOrigin(query, where);
  return { where: (t = 't') => own(t), candidates };
}

/** The traces that are left by what a query says beside its words, where these are few; `null`: they are many, or it says nothing else. */
export function fewOf({ database, asked }: Store, beside: CompiledQuery | null): Within | null {
  if (beside === null) return null;
  const { where, candidates } = beside;
  const { sql, values } = where();
  const among = candidates === null ? '' : ' AND t.n IN (SELECT value FROM json_each(?))';
  const numbers = database.prepare(`SELECT t.n FROM trace t WHERE ${sql}${among} LIMIT ?`).pluck().all(...values, ...(candidates === null ? [] : [JSON.stringify(candidates)]), asked + 1) as number[];
  return numbers.length > asked ? null : { numbers: numbers.sort((a, b) => a - b) };
}

/** @throws QueryError */
export function hasWords(text: string): boolean {
  return looksForWords(parseQuery(text));
}

/** Whether a trace fits a query because it does not hold some words. @throws QueryError */
export function leavesOutWords(text: string): boolean {
  return hasWordsLeftOut(parseQuery(text));
}

function hasWordsLeftOut(query: Query): boolean {
  switch (query.type) {
    case 'and': case 'or': return query.terms.some(hasWordsLeftOut);
    case 'not': return looksForWords(query.term);
    default: return false;
  }
}

function looksForWords(query: Query): boolean {
  switch (query.type) {
    case 'and': case 'or': return query.terms.some(looksForWords);
    case 'not': return looksForWords(query.term);
    default: return query.type === 'text';
  }
}

function compile(store: Scope, query: Query, now: number): Compiled {
  const { database } = store;
  switch (query.type) {
    case 'every': return { where: () => ({ sql: '1', values: [] }), candidates: null };
    case 'and': {
      const terms = allOf(store, query.terms, now);
      return { where: all(terms.map(({ where }) => where), ' AND '), candidates: fewest(terms.map(({ candidates }) => candidates)) };
    }
    case 'or': {
      const terms = query.terms.map((term) => compile(store, term, now));
      return { where: all(terms.map(({ where }) => where), ' OR '), candidates: union(terms.map(({ candidates }) => candidates)) };
    }
    case 'not': {
      const { where } = compile(store, query.term, now);
      return { where: (t) => wrap('NOT ', where(t)), candidates: null };
    }
    case 'text': return textCondition(store, phrase(query.text, query.prefix));
    case 'match': return matchCondition(database, query.field, query.patterns);
    case 'compare': return numberCondition(database, query.field, `${query.comparison} ?`, [query.value], query.comparison.startsWith('>'));
    case 'between': return numberCondition(database, query.field, 'BETWEEN ? AND ?', [query.from, query.to], true);
    case 'time': {
      const ns = BigInt(momentMs(query.moment, now)) * 1_000_000n;
      return { where: (t) => ({ sql: `${t}.start_ns ${query.field === 'after' ? '>=' : '<'} ?`, values: [ns] }), candidates: null };
    }
  }
}

/** The words that stand in the fewest rows first: the others are looked for only in the traces that these leave, where they are few. */
function allOf(store: Scope, terms: readonly Query[], now: number): Compiled[] {
  const rows = new Map(terms.map((term) => [term, term.type === 'text' ? store.matches.rowsAtMost(phrase(term.text, term.prefix), store.within) : Infinity]));
  let scope = store;
  return terms.toSorted((a, b) => (rows.get(a)! < rows.get(b)! ? -1 : rows.get(a)! > rows.get(b)! ? 1 : 0)).map((term) => {
    const compiled = compile(scope, term, now);
    if (term.type === 'text') scope = { ...scope, within: narrowed(scope, compiled.candidates) };
    return compiled;
  });
}

/** Where what must hold beside the candidates is looked for. */
function narrowed({ within, asked }: Scope, candidates: readonly number[] | null): Within | null {
  if (candidates === null) return within;
  if (within === null) return candidates.length > asked ? null : { numbers: candidates.toSorted((a, b) => a - b) };
  const those = new Set(candidates);
  return { numbers: within.numbers.filter((n) => those.has(n)) };
}

function textCondition({ database, matches, within }: Scope, words: Phrase): Compiled {
  const table = matches.tableOf(words, within);
  return { where: (t) => ({ sql: `${t}.n IN (SELECT n FROM ${table})`, values: [] }), candidates: few(database, `SELECT n FROM ${table}`, []) };
}

const STATUS_SQL: Readonly<Record<string, (t: string) => string>> = {
  ok: (t) => `(${t}.errors = 0 AND ${t}.running = 0)`,
  error: (t) => `${t}.errors > 0`,
  running: (t) => `${t}.running > 0`,
};

function matchCondition(database: Database, field: TextField, patterns: readonly Pattern[]): Compiled {
  const tests = patterns.map(testOf);
  switch (field) {
    case 'status': {
      const chosen = Object.keys(STATUS_SQL).filter((name) => tests.some((test) => test(name)));
      const compiled: Compiled = { where: (t) => ({ sql: `(${chosen.map((name) => STATUS_SQL[name]!(t)).join(' OR ')})`, values: [] }), candidates: null };
      if (chosen.length === 0) return NOTHING;
      return chosen.length === 1 && chosen[0] === 'error' ? { ...compiled, candidates: few(database, 'SELECT n FROM trace WHERE errors > 0', []) } : compiled;
    }
    case 'origin': {
      const chosen = ORIGINS.flatMap((name, index) => (tests.some((test) => test(name)) ? [index] : []));
      return chosen.length === 0 ? NOTHING : { where: (t) => ({ sql: `${t}.origin IN (${chosen.join(', ')})`, values: [] }), candidates: null };
    }
    case 'id': return anyOf(patterns.map((pattern) => idCondition(database, pattern)));
    default: return facetCondition(database, field, patterns);
  }
}

/** Ids by how they begin. */
function idCondition(database: Database, pattern: Pattern): Compiled {
  const range = idRange(pattern.join(''));
  if (range === null || pattern.slice(1).some((piece) => piece !== '')) return NOTHING;
  return { where: (t) => ({ sql: `${t}.id BETWEEN ? AND ?`, values: range }), candidates: few(database, 'SELECT n FROM trace WHERE id BETWEEN ? AND ?', range) };
}

/** The first and the last id that begin with the digits; `null`: no id begins so. */
export function idRange(digits: string): [Buffer, Buffer] | null {
  const plain = digits.toLowerCase();
  if (!/^[0-9a-f]{1,32}$/.test(plain)) return null;
  return [Buffer.from(plain.padEnd(32, '0'), 'hex'), Buffer.from(plain.padEnd(32, 'f'), 'hex')];
}

function facetCondition(database: Database, facet: Facet, patterns: readonly Pattern[]): Compiled {
  const key = keyOf(facet);
  if (patterns.some((pattern) => pattern.length > 1 && pattern.every((piece) => piece === ''))) {
    return { where: (t) => ({ sql: `EXISTS (SELECT 1 FROM trace_facet f WHERE f.trace = ${t}.n AND f.key = ?)`, values: [key] }), candidates: few(database, 'SELECT DISTINCT trace FROM trace_facet WHERE key = ?', [key]) };
  }
  const values = valuesThatFit(database, facet, patterns);
  if (values.length === 0) return NOTHING;
  const list = JSON.stringify(values);
  // One value is looked up; of many the index by trace is read, which has as many rows as the trace has facets.
  const fits = values.length === 1 ? `f.value = ${values[0]}` : 'f.value IN (SELECT value FROM json_each(?))';
  const parameters = values.length === 1 ? [key] : [key, list];
  return {
    where: (t) => ({ sql: `EXISTS (SELECT 1 FROM trace_facet f WHERE f.trace = ${t}.n AND f.key = ? AND ${fits})`, values: parameters }),
    candidates: few(database, `SELECT DISTINCT f.trace FROM trace_facet f WHERE f.key = ? AND ${fits}`, parameters),
  };
}

const NUMBER_SQL: Readonly<Record<NumberField, { readonly column: string; readonly scale: number; readonly indexed: boolean }>> = {
  duration: { column: 'duration_ns', scale: 1e6, indexed: true },
  cost: { column: 'cost', scale: 1, indexed: true },
  tokens: { column: 'tokens', scale: 1, indexed: true },
  errors: { column: 'errors', scale: 1, indexed: false },
  spans: { column: 'spans', scale: 1, indexed: false },
  calls: { column: 'llm_calls', scale: 1, indexed: false },
};

/** What is not known fits no number: neither more nor less. */
function numberCondition(database: Database, field: NumberField, comparison: string, amounts: readonly number[], fromBelow: boolean): Compiled {
  const { column, scale, indexed } = NUMBER_SQL[field];
  const values = amounts.map((amount) => amount * scale);
  const sql = (t: string): string => `(${t}.${column} IS NOT NULL AND ${t}.${column} ${comparison})`;
  return { where: (t) => ({ sql: sql(t), values }), candidates: indexed && fromBelow ? few(database, `SELECT n FROM trace t WHERE ${sql('t')}`, values) : null };
}

function few(database: Database, sql: string, values: readonly unknown[]): number[] | null {
  const found = database.prepare(`${sql} LIMIT ?`).pluck().all(...values, FEW_TRACES + 1) as number[];
  return found.length > FEW_TRACES ? null : found;
}

function anyOf(terms: readonly Compiled[]): Compiled {
  return { where: all(terms.map(({ where }) => where), ' OR '), candidates: union(terms.map(({ candidates }) => candidates)) };
}

function all(wheres: readonly Where[], operator: ' AND ' | ' OR '): Where {
  return (t) => {
    const conditions = wheres.map((where) => where(t));
    return { sql: `(${conditions.map(({ sql }) => sql).join(operator)})`, values: conditions.flatMap(({ values }) => values) };
  };
}

function wrap(prefix: string, { sql, values }: Condition): Condition {
  return { sql: `${prefix}(${sql})`, values };
}

function fewest(lists: readonly (readonly number[] | null)[]): readonly number[] | null {
  let best: readonly number[] | null = null;
  for (const list of lists) if (list !== null && (best === null || list.length < best.length)) best = list;
  return best;
}

function union(lists: readonly (readonly number[] | null)[]): readonly number[] | null {
  const found = new Set<number>();
  for (const list of lists) {
    if (list === null) return null;
    for (const n of list) found.add(n);
  }
  return found.size > FEW_TRACES ? null : [...found];
}
