import type { NumberField, Pattern, Query, TextField } from '../../../core/trace/query/model.ts';
import { printQuery } from '../../../core/trace/query/print.ts';
import { momentMs } from '../../../core/trace/query/values.ts';
import type { Params } from './queries.ts';
import { CALL_NAMES, ENVIRONMENT, firstOf, hasOne, IS_ERROR, isOfKind, NAMES, PROJECT, type Schema } from './schema.ts';

/** Milliseconds since 1970, the end not included; `null`: no bound. */
export interface Window {
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** A query in SQL: a condition on the root spans of traces, with its parameters. */
export interface TraceCondition {
  /** `1`: every root. */
  readonly sql: string;
  readonly params: Params;
  /** It says when a root begins, and nothing else. */
  readonly isOnlyTime: boolean;
  /** Terms that a table of spans cannot answer. */
  readonly notes: readonly string[];
}

/** A span of a trace begins at most so long before its root, and so long after it. */
const BEFORE_ROOT_MS = 3_600_000;
const AFTER_ROOT_MS = 86_400_000;

/** What a query says about when traces begin. Only what holds for all of it bounds the time. */
export function windowOf(query: Query, now: number): Window {
  let [fromMs, toMs] = [-Infinity, Infinity];
  for (const term of query.type === 'and' ? query.terms : [query]) {
    if (term.type !== 'time') continue;
    const ms = momentMs(term.moment, now);
    if (term.field === 'after') fromMs = Math.max(fromMs, ms);
    else toMs = Math.min(toMs, ms);
  }
  return { fromMs: Number.isFinite(fromMs) ? fromMs : null, toMs: Number.isFinite(toMs) ? toMs : null };
}

/** When spans of traces begin whose roots do within a window. */
export function spansWindow({ fromMs, toMs }: Window): Window {
  return { fromMs: fromMs === null ? null : Math.floor(fromMs) - BEFORE_ROOT_MS, toMs: toMs === null ? null : Math.ceil(toMs) + AFTER_ROOT_MS };
}

/**
 * What a query says of a trace is that some span of it fits: the ids of the traces with such spans, of which the roots are taken.
 * Values travel as parameters (`{p0:String}`); the SQL itself is made of our own words only.
 *
 * @param window within which the roots are looked for: spans are read about as far only
 */
export function conditionOf(query: Query, schema: Schema, now: number, window: Window = windowOf(query, now)): TraceCondition {
  return new Compiler(schema, now, window).compile(query);
}

/** A condition on roots, or one on spans that one of a trace's must meet. */
interface Part {
  readonly on: 'root' | 'span';
  readonly sql: string;
  /** It reads all attributes of all spans. */
  readonly isText?: boolean;
}

class Compiler {
  readonly #schema: Schema;
  readonly #now: number;
  readonly #params: Record<string, string | number> = {};
  readonly #left: Query[] = [];
  /** Conditions on when a span begins. */
  readonly #time: readonly string[];

  constructor(schema: Schema, now: number, window: Window) {
    this.#schema = schema;
    this.#now = now;
    const { fromMs, toMs } = spansWindow(window);
    this.#time = [
      ...(fromMs === null ? [] : [`Timestamp >= fromUnixTimestamp64Milli(${this.#param(fromMs)})`]),
      ...(toMs === null ? [] : [`Timestamp < fromUnixTimestamp64Milli(${this.#param(toMs)})`]),
    ];
  }

  compile(query: Query): TraceCondition {
    const part = this.#term(query);
    const terms = query.type === 'and' ? query.terms : [query];
    const notes = this.#left.length === 0 ? [] : [`ClickHouse cannot be asked for ${this.#left.map((term) => `“${printQuery(term)}”`).join(', ')}: the list has traces to which it does not apply.`];
    return { sql: part === null ? '1' : this.#ofRoot(part), params: this.#params, isOnlyTime: terms.every(({ type }) => type === 'time'), notes };
  }

  #param(value: string | number): string {
    const name = `p${Object.keys(this.#params).length}`;
    this.#params[name] = value;
    return `{${name}:${typeof value === 'string' ? 'String' : Number.isInteger(value) ? 'Int64' : 'Float64'}}`;
  }

  /** `null`: nothing that can be asked. */
  #term(query: Query): Part | null {
    switch (query.type) {
      case 'every': return null;
      case 'and': return this.#all(query.terms.map((term) => this.#term(term)).filter((part) => part !== null));
      case 'or': {
        const parts = query.terms.map((term) => this.#term(term)).filter((part) => part !== null);
        // One that cannot be asked might hold for any trace.
        return parts.length < query.terms.length ? null : this.#any(parts);
      }
      case 'not': {
        const part = this.#term(query.term);
        return part === null ? null : root(`NOT ${this.#ofRoot(part)}`);
      }
      case 'text': return { on: 'span', sql: this.#text(query.text, query.prefix), isText: true };
      case 'match': return this.#match(query, query.field, query.patterns);
      case 'compare': return this.#number(query.field, (column, scale) => `${column} ${query.comparison} ${this.#param(query.value * scale)}`);
      case 'between': return this.#number(query.field, (column, scale) => `${column} BETWEEN ${this.#param(query.from * scale)} AND ${this.#param(query.to * scale)}`);
      case 'time': return root(`Timestamp ${query.field === 'after' ? '>=' : '<'} fromUnixTimestamp64Milli(${this.#param(Math.round(momentMs(query.moment, this.#now)))})`);
    }
  }

  /** Each of them, by whichever spans. Texts are looked for in one go: attributes are by far the largest column. */
  #all(parts: readonly Part[]): Part | null {
    if (parts.length <= 1) return parts[0] ?? null;
    const texts = parts.filter(({ isText }) => isText === true).map(({ sql }) => sql);
    const others = texts.length > 1 ? parts.filter(({ isText }) => isText !== true) : parts;
    return root(`(${[...others.map((part) => this.#ofRoot(part)), ...(texts.length > 1 ? [this.#traces(`(${texts.join(' OR ')})`, texts.map((test) => `countIf(${test}) > 0`).join(' AND '))] : [])].join(' AND ')})`);
  }

  /** One of them. That one span meets one condition or another one is the other is one condition on spans, for which they are read once. */
  #any(parts: readonly Part[]): Part {
    if (parts.length === 1) return parts[0]!;
    const spans = parts.filter(({ on }) => on === 'span');
    const either: Part[] = spans.length === 0 ? [] : [{ on: 'span', sql: `(${spans.map(({ sql }) => sql).join(' OR ')})`, isText: spans.every(({ isText }) => isText === true) }];
    if (spans.length === parts.length) return either[0]!;
    return root(`(${[...parts.filter(({ on }) => on === 'root'), ...either].map((part) => this.#ofRoot(part)).join(' OR ')})`);
  }

  #ofRoot({ on, sql }: Part): string {
    return on === 'root' ? sql : this.#traces(sql);
  }

  #leave(query: Query): null {
    this.#left.push(query);
    return null;
  }

  /** The traces with a span that fits; `having`: with such spans. */
  #traces(condition: string | null, having?: string): string {
    const where = [...this.#time, ...(condition === null ? [] : [condition])];
    return `TraceId IN (SELECT TraceId FROM ${this.#schema.table}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}${having === undefined ? '' : ` GROUP BY TraceId HAVING ${having}`})`;
  }

  #match(query: Query, field: TextField, patterns: readonly Pattern[]): Part | null {
    const schema = this.#schema;
    const anyOf = (text: string): string => `(${patterns.map((pattern) => this.#fits(text, pattern)).join(' OR ')})`;
    const attributeOf = (names: readonly string[]): Part => span(`(${hasOne(schema, names)} AND ${anyOf(firstOf(schema, 'SpanAttributes', names))})`);
    switch (field) {
      case 'service': return span(anyOf('ServiceName'));
      case 'name': return span(anyOf('SpanName'));
      case 'model': {
        // What was asked for and what served may differ: either fits.
        const [requested, served, ...others] = NAMES.model;
        return this.#any([attributeOf([requested, ...others]), attributeOf([served])]);
      }
      case 'provider': return attributeOf(NAMES.provider);
      case 'tool': return attributeOf(NAMES.tool);
      case 'agent': return attributeOf(NAMES.agent);
      case 'prompt': return attributeOf(NAMES.prompt);
      case 'user': return attributeOf(NAMES.user);
      case 'session': return attributeOf(NAMES.session);
      case 'error': return span(`(${IS_ERROR} AND ${anyOf(firstOf(schema, 'SpanAttributes', NAMES.errorType))})`);
      case 'environment': return span(anyOf(firstOf(schema, 'ResourceAttributes', ENVIRONMENT)));
      case 'project': return span(anyOf(firstOf(schema, 'ResourceAttributes', PROJECT)));
      case 'tag': return span(`(${hasOne(schema, NAMES.tag)} AND (${patterns.map((pattern) => this.#like(firstOf(schema, 'SpanAttributes', NAMES.tag), ['"', ...pattern, '"'], pattern)).join(' OR ')}))`);
      case 'id': return root(`(${patterns.map((pattern) => `startsWith(TraceId, ${this.#param(pattern.join('').toLowerCase())})`).join(' OR ')})`);
      case 'kind': {
        const kinds = patterns.map((pattern) => (pattern.length === 1 ? isOfKind(schema, pattern[0]!) : null));
        return kinds.includes(null) ? this.#leave(query) : span(`(${kinds.join(' OR ')})`);
      }
      case 'status': {
        const words = patterns.map((pattern) => pattern.join('*'));
        const parts = words.map((word) => (word === 'error' ? span(IS_ERROR) : word === 'ok' ? root(`NOT ${this.#traces(IS_ERROR)}`) : null)).filter((part) => part !== null);
        return parts.length < words.length ? this.#leave(query) : this.#any(parts);
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
    const attributes = this.#schema.form === 'map' ? `arrayExists(v -> ${test('v')}, SpanAttributes.values)` : test('toJSONString(SpanAttributes)');
    return `(${test('SpanName')} OR ${test('StatusMessage')} OR ${attributes})`;
  }

  #number(field: NumberField, test: (column: string, scale: number) => string): Part {
    const schema = this.#schema;
    const tokens = [NAMES.input, NAMES.output].map((names) => `sum(toFloat64OrZero(${firstOf(schema, 'SpanAttributes', names)}))`).join(' + ');
    switch (field) {
      // Of the root, which lasts as long as its trace does.
      case 'duration': return root(test('Duration', 1e6));
      case 'spans': return root(this.#traces(null, test('count()', 1)));
      case 'errors': return root(this.#traces(null, test(`countIf(${IS_ERROR})`, 1)));
      case 'calls': return root(this.#traces(null, test(`countIf(${isOfKind(schema, 'llm') ?? '0'})`, 1)));
      case 'tokens': return root(this.#traces(`${hasOne(schema, CALL_NAMES)} AND ${isOfKind(schema, 'llm') ?? '1'}`, test(`(${tokens})`, 1)));
      case 'cost': return root(this.#traces(hasOne(schema, NAMES.cost), test(`sum(toFloat64OrZero(${firstOf(schema, 'SpanAttributes', NAMES.cost)}))`, 1)));
    }
  }
}

function root(sql: string): Part {
  return { on: 'root', sql };
}

function span(sql: string): Part {
  return { on: 'span', sql };
}

/** The texts between the stars as a pattern of LIKE, in small letters. */
function likeOf(pattern: Pattern): string {
  return pattern.map((piece) => piece.toLowerCase().replace(/[\\%_]/g, '\\$&')).join('%');
}
