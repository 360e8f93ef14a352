import { nearestOf } from '../../text/nearest.ts';
import { lex, type Token, type Value } from './lex.ts';
import { ALIASES, COMPARISONS, FIELDS, names, QueryError, type Comparison, type Field, type FieldName, type NumberField, type Query, type TextField, type TimeField } from './model.ts';
import { EXPECTED, readMoment, readNumber } from './values.ts';

/** A nesting and a number of terms that no person writes and every database takes. */
const DEEPEST = 30;
const MOST_TERMS = 100;

/**
 * Reads a query: terms side by side must all hold, `OR` binds less, `-` or `NOT` turns a term round, parentheses group. An empty text is every
 * trace. docs/trace-query.md describes the language.
 * @throws QueryError
 */
export function parseQuery(text: string): Query {
  return new Parser(lex(text)).read();
}

/** Whether the text is a query that says anything of a field. What cannot be read is refused by whoever asks it. */
export function asksFor(text: string, field: FieldName): boolean {
  try {
    return names(parseQuery(text), field);
  } catch (error) {
    if (error instanceof QueryError) return false;
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): Query {
    if (this.#token.type === 'end') return { type: 'every' };
    const query = this.#or(0);
    if (this.#token.type === 'close') throw this.#error('there is no open parenthesis to close');
    return query;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #error(message: string, token: Token = this.#token): QueryError {
    return new QueryError(message, token.from, token.to);
  }

  #or(depth: number): Query {
    const terms = [this.#and(depth)];
    while (this.#token.type === 'or') {
      this.#at++;
      terms.push(this.#and(depth));
    }
    return join('or', terms);
  }

  #and(depth: number): Query {
    const terms = [this.#unary(depth)];
    for (;;) {
      if (this.#token.type === 'and') {
        this.#at++;
        terms.push(this.#unary(depth));
      } else if (this.#token.type === 'end' || this.#token.type === 'close' || this.#token.type === 'or') return join('and', terms);
      else terms.push(this.#unary(depth));
    }
  }

  #unary(depth: number): Query {
    if (depth > DEEPEST) throw this.#error(`it is nested deeper than ${DEEPEST} levels`);
    const token = this.#token;
    switch (token.type) {
      case 'minus': case 'not':
        this.#at++;
        return { type: 'not', term: this.#unary(depth + 1) };
      case 'open': return this.#group(depth);
      case 'text': case 'field':
        this.#at++;
        if (++this.#terms > MOST_TERMS) throw this.#error(`it has more than ${MOST_TERMS} terms`, token);
        return token.type === 'text' ? textOf(token) : fieldOf(token);
      case 'end': throw this.#error(`expected a word or a field${this.#after()}`);
      case 'close': case 'or': case 'and': throw this.#error(`expected a word or a field${this.#after()}, not ${token.type === 'close' ? '“)”' : token.type.toUpperCase()}`);
    }
  }

  #after(): string {
    const before = this.#at === 0 ? undefined : this.#tokens[this.#at - 1]!;
    const word = before === undefined ? undefined : { open: '“(”', minus: '“-”', not: 'NOT', or: 'OR', and: 'AND' }[before.type as string];
    return word === undefined ? '' : ` after ${word}`;
  }

  #group(depth: number): Query {
    const open = this.#token;
    this.#at++;
    const query = this.#or(depth + 1);
    if (this.#token.type !== 'close') throw this.#error('this parenthesis is not closed', open);
    this.#at++;
    return query;
  }
}

function join(type: 'and' | 'or', terms: readonly Query[]): Query {
  // (a b) c is a b c
  const flat = terms.flatMap((term) => (term.type === type ? term.terms : [term]));
  return flat.length === 1 ? flat[0]! : { type, terms: flat };
}

function textOf(token: Extract<Token, { type: 'text' }>): Query {
  const prefix = !token.quoted && token.text.endsWith('*');
  const text = prefix ? token.text.replace(/\*+$/, '') : token.text;
  if (!/[\p{L}\p{N}]/u.test(text)) throw new QueryError(`${token.text === '' ? 'an empty text' : `“${token.text}” has no letter or digit and`} cannot be searched for`, token.from, token.to);
  return { type: 'text', text, prefix };
}

function fieldOf(token: Extract<Token, { type: 'field' }>): Query {
  const name = fieldNamed(token.name);
  if (name === null) {
    const nearest = nearestField(token.name);
    throw new QueryError(`there is no field “${token.name}”. ${nearest === null ? 'To search for the text, put it in quotes.' : `Did you mean “${nearest}”? To search for the text, put it in quotes.`}`, token.from, token.nameTo);
  }
  const field: Field = FIELDS[name];
  if (token.values.length === 0) throw new QueryError(`expected a value after “${token.name}:”${hint(field)}`, token.from, token.to);
  if (field.type === 'text') return matchOf(name as TextField, field, token.values);
  const [value, another] = token.values;
  if (another !== undefined) throw new QueryError(`“${token.name}” takes one value`, another.from, another.to);
  if (field.type === 'number') return numberOf(name as NumberField, field, value!);
  const moment = readMoment(value!.text);
  if (moment === null) throw new QueryError(`expected a time such as -2h, today, 2026-11-20 or 2026-11-20T14:30, not “${value!.text}”`, value!.from, value!.to);
  return { type: 'time', field: name as TimeField, moment };
}

/** The field by its name or another word for it, in any case. */
export function fieldNamed(name: string): FieldName | null {
  const lower = name.toLowerCase();
  if (Object.hasOwn(FIELDS, lower)) return lower as FieldName;
  return Object.hasOwn(ALIASES, lower) ? ALIASES[lower]! : null;
}

function hint(field: Field): string {
  if (field.values) return `: ${field.values.join(', ')}`;
  return field.examples ? `, such as ${field.examples[0]}` : '';
}

function matchOf(field: TextField, { values }: Field, given: readonly Value[]): Query {
  for (const { text, pattern, from, to } of given) {
    const known = values === undefined || pattern.length > 1 || values.includes(text.toLowerCase());
    if (!known) {
      const nearest = nearestOf(text, values);
      throw new QueryError(`“${text}” is no ${field}: ${values.join(', ')}${nearest === null ? '' : `. Did you mean “${nearest}”?`}`, from, to);
    }
  }
  return { type: 'match', field, patterns: given.map(({ pattern }) => (values === undefined ? pattern : pattern.map((piece) => piece.toLowerCase()))) };
}

function numberOf(field: NumberField, { unit, examples = [] }: Field, { text, from, to }: Value): Query {
  const [low, high, more] = text.split('..');
  if (high !== undefined && more === undefined) return { type: 'between', field, from: amount(low!), to: amount(high) };
  const comparison: Comparison | undefined = COMPARISONS.find((sign) => text.startsWith(sign));
  const value = amount(text.slice(comparison?.length ?? 0));
  if (comparison === undefined && unit !== 'count') throw new QueryError(`no ${field} is exactly “${text}”: write ${examples.join(' or ')}`, from, to);
  return { type: 'compare', field, comparison: comparison ?? '=', value };

  function amount(digits: string): number {
    const read = readNumber(digits, unit!);
    if (read === null) throw new QueryError(`expected ${EXPECTED[unit!]} after “${field}:”, not “${digits}”`, from, to);
    return read;
  }
}

function nearestField(name: string): string | null {
  return nearestOf(name, [...Object.keys(FIELDS), ...Object.keys(ALIASES)]);
}
