import type { NumberField, Pattern, Query, TextField } from '../../../core/trace/query/model.ts';
import { printQuery } from '../../../core/trace/query/print.ts';
import { momentMs } from '../../../core/trace/query/values.ts';
import type { Params } from './queries.ts';
import { CALL_NAMES, ENVIRONMENT, firstOf, hasOne, IS_ERROR, isOfKind, NAMES, PROJECT, type Schema } from './schema.ts';

/** A query in SQL: a condition on the root spans of traces, with its parameters. */
export interface TraceCondition {
  readonly sql: string;
  readonly params: Params;
  /** Milliseconds since 1970 within which every trace that fits begins, as far as the query says; `null`: no bound. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** Terms that a table of spans cannot answer. */
  readonly notes: readonly string[];
}

/** A span lies near its root: so far before or after the traces that are looked for, in seconds. */
const SLACK = 86_400;

/**
 * What a query says of a trace is that some span of it fits: the ids of the traces with such spans, of which the roots are taken.
 * Values travel as parameters (`{p0:String}`); the SQL itself is made of our own words only.
 */
export function conditionOf(query: Query, schema: Schema, now: number): TraceCondition {
  return new Compiler(schema, now).compile(query);
}

class Compiler {
  readonly #schema: Schema;
  readonly #now: number;
  readonly #params: Record<string, string | number> = {};
  readonly #left: Query[] = [];
  #fromMs: number | null = null;
  #toMs: number | null = null;

  constructor(schema: Schema, now: number) {
    this.#schema = schema;
    this.#now = now;
  }

  compile(query: Query): TraceCondition {
    // Only what holds for all of it bounds the time.
    for (const term of query.type === 'and' ? query.terms : [query]) {
      if (term.type !== 'time') continue;
      const ms = momentMs(term.moment, this.#now);
      if (term.field === 'after') this.#fromMs = Math.max(this.#fromMs ?? 0, ms);
      else this.#toMs = Math.min(this.#toMs ?? Infinity, ms);
    }
    const sql = this.#term(query) ?? '1';
    const notes = this.#left.length === 0 ? [] : [`ClickHouse cannot be asked for ${this.#left.map((term) => `“${printQuery(term)}”`).join(', ')}: the list has traces to which it does not apply.`];
    return { sql, params: this.#params, fromMs: this.#fromMs, toMs: this.#toMs, notes };
  }

  #param(value: string | number): string {
    const name = `p${Object.keys(this.#params).length}`;
    this.#params[name] = value;
    return `{${name}:${typeof value === 'string' ? 'String' : Number.isInteger(value) ? 'Int64' : 'Float64'}}`;
  }

  /** `null`: nothing that can be asked. */
  #term(query: Query): string | null {
    switch (query.type) {
      case 'every': return null;
      case 'and': {
        const terms = query.terms.map((term) => this.#term(term)).filter((term) => term !== null);
        return terms.length === 0 ? null : `(${terms.join(' AND ')})`;
      }
      case 'or': {
        const terms = query.terms.map((term) => this.#term(term));
        // One that cannot be asked might hold for any trace.
        return terms.includes(null) ? null : `(${terms.join(' OR ')})`;
      }
      case 'not': {
        const term = this.#term(query.term);
        return term === null ? null : `NOT ${term}`;
      }
      case 'text': return this.#spans(this.#text(query.text, query.prefix));
      case 'match': return this.#match(query, query.field, query.patterns);
      case 'compare': return this.#number(query.field, (column, scale) => `${column} ${query.comparison} ${this.#param(query.value * scale)}`);
      case 'between': return this.#number(query.field, (column, scale) => `${column} BETWEEN ${this.#param(query.from * scale)} AND ${this.#param(query.to * scale)}`);
      case 'time': return `Timestamp ${query.field === 'after' ? '>=' : '<'} fromUnixTimestamp64Milli(${this.#param(Math.round(momentMs(query.moment, this.#now)))})`;
    }
  }

  #leave(query: Query): null {
    this.#left.push(query);
    return null;
  }

  /** The traces with a span that fits. */
  #spans(condition: string, having?: string): string {
    const time = [
      ...(this.#fromMs === null ? [] : [`Timestamp >= fromUnixTimestamp64Milli(${this.#param(Math.floor(this.#fromMs) - SLACK * 1000)})`]),
      ...(this.#toMs === null ? [] : [`Timestamp < fromUnixTimestamp64Milli(${this.#param(Math.ceil(this.#toMs) + SLACK * 1000)})`]),
    ];
    const where = [...time, ...(condition === '' ? [] : [condition])];
    return `TraceId IN (SELECT TraceId FROM ${this.#schema.table}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}${having === undefined ? '' : ` GROUP BY TraceId HAVING ${having}`})`;
  }

  #match(query: Query, field: TextField, patterns: readonly Pattern[]): string | null {
    const schema = this.#schema;
    const anyOf = (text: string): string => `(${patterns.map((pattern) => this.#fits(text, pattern)).join(' OR ')})`;
    const attributeOf = (names: readonly string[]): string => this.#spans(`${hasOne(schema, names)} AND ${anyOf(firstOf(schema, 'SpanAttributes', names))}`);
    switch (field) {
      case 'service': return this.#spans(anyOf('ServiceName'));
      case 'name': return this.#spans(anyOf('SpanName'));
      case 'model': {
        // What was asked for and what served may differ: either fits.
        const [requested, served, ...others] = NAMES.model;
        return `(${attributeOf([requested, ...others])} OR ${attributeOf([served])})`;
      }
      case 'provider': return attributeOf(NAMES.provider);
      case 'tool': return attributeOf(NAMES.tool);
      case 'agent': return attributeOf(NAMES.agent);
      case 'prompt': return attributeOf(NAMES.prompt);
      case 'user': return attributeOf(NAMES.user);
      case 'session': return attributeOf(NAMES.session);
      case 'error': return this.#spans(`(${IS_ERROR} AND ${anyOf(firstOf(schema, 'SpanAttributes', NAMES.errorType))})`);
      case 'environment': return this.#spans(anyOf(firstOf(schema, 'ResourceAttributes', ENVIRONMENT)));
      case 'project': return this.#spans(anyOf(firstOf(schema, 'ResourceAttributes', PROJECT)));
      case 'tag': return this.#spans(`${hasOne(schema, NAMES.tag)} AND (${patterns.map((pattern) => this.#like(firstOf(schema, 'SpanAttributes', NAMES.tag), ['"', ...pattern, '"'], pattern)).join(' OR ')})`);
      case 'id': return `(${patterns.map((pattern) => `startsWith(TraceId, ${this.#param(pattern.join('').toLowerCase())})`).join(' OR ')})`;
      case 'kind': {
        const kinds = patterns.map((pattern) => (pattern.length === 1 ? isOfKind(schema, pattern[0]!) : null));
        return kinds.includes(null) ? this.#leave(query) : this.#spans(`(${kinds.join(' OR ')})`);
      }
      case 'status': {
        const words = patterns.map((pattern) => pattern.join('*'));
        const failed = this.#spans(IS_ERROR);
        const parts = words.map((word) => (word === 'error' ? failed : word === 'ok' ? `NOT ${failed}` : null));
        return parts.includes(null) ? this.#leave(query) : `(${parts.join(' OR ')})`;
      }
      case 'origin': return this.#leave(query);
    }
  }

  /** Without regard to case, as in the store. */
  #fits(text: string, pattern: Pattern): string {
    if (pattern.length === 1) return `lowerUTF8(${text}) = ${this.#param(pattern[0]!.toLowerCase())}`;
    if (pattern.every((piece) => piece === '')) return `${text} <> ''`;
    return `lowerUTF8(${text}) LIKE ${this.#param(likeOf(pattern))}`;
  }

  /** A tag within a list that is written as JSON. */
  #like(text: string, quoted: readonly string[], pattern: Pattern): string {
    return `lowerUTF8(${text}) LIKE ${this.#param(`%${[quoted[0]!, likeOf(pattern), quoted.at(-1)!].join('')}%`)}`;
  }

  /** Words in a row, in names, messages of errors and values of attributes. A single word is a token; several are looked for as they stand. */
  #text(words: string, prefix: boolean): string {
    const isToken = !prefix && /^[A-Za-z0-9]+$/.test(words);
    const value = this.#param(isToken ? words : words.toLowerCase());
    const test = (text: string): string => (isToken ? `hasTokenCaseInsensitive(${text}, ${value})` : `position(lowerUTF8(${text}), ${value}) > 0`);
    const attributes = this.#schema.form === 'map' ? `arrayExists(v -> ${test('v')}, mapValues(SpanAttributes))` : test('toJSONString(SpanAttributes)');
    return `(${test('SpanName')} OR ${test('StatusMessage')} OR ${attributes})`;
  }

  #number(field: NumberField, test: (column: string, scale: number) => string): string {
    const schema = this.#schema;
    const tokens = [NAMES.input, NAMES.output].map((names) => `sum(toFloat64OrZero(${firstOf(schema, 'SpanAttributes', names)}))`).join(' + ');
    switch (field) {
      // Of the root, which lasts as long as its trace does.
      case 'duration': return test('Duration', 1e6);
      case 'spans': return this.#spans('', test('count()', 1));
      case 'errors': return this.#spans('', test(`countIf(${IS_ERROR})`, 1));
      case 'calls': return this.#spans('', test(`countIf(${isOfKind(schema, 'llm') ?? '0'})`, 1));
      case 'tokens': return this.#spans(`${hasOne(schema, CALL_NAMES)} AND ${isOfKind(schema, 'llm') ?? '1'}`, test(`(${tokens})`, 1));
      case 'cost': return this.#spans(hasOne(schema, NAMES.cost), test(`sum(toFloat64OrZero(${firstOf(schema, 'SpanAttributes', NAMES.cost)}))`, 1));
    }
  }
}

/** The texts between the stars as a pattern of LIKE, in small letters. */
function likeOf(pattern: Pattern): string {
  return pattern.map((piece) => piece.toLowerCase().replace(/[\\%_]/g, '\\$&')).join('%');
}
