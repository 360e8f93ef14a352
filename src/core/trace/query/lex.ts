import { QueryError, type Pattern } from './model.ts';

/** `from`, `to`: where it stands in the query. */
export type Token = { readonly from: number; readonly to: number } & (
  | { readonly type: 'open' | 'close' | 'minus' | 'or' | 'and' | 'not' | 'end' }
  /** `quoted`: stars and operators in it are only characters. */
  | { readonly type: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly type: 'field'; readonly name: string; readonly nameTo: number; readonly values: readonly Value[] }
);

export interface Value {
  readonly text: string;
  /** The text at its stars; those within quotes are only characters. */
  readonly pattern: Pattern;
  readonly from: number;
  readonly to: number;
}

const LONGEST = 4000;
const FIELD = /([A-Za-z][A-Za-z_.]*):/y;
const WORD = /[^\s()"]+/y;
const BARE_VALUE = /[^\s()",]+/y;
const KEYWORDS: Readonly<Record<string, 'or' | 'and' | 'not'>> = { OR: 'or', AND: 'and', NOT: 'not' };

/** @throws QueryError */
export function lex(query: string): Token[] {
  if (query.length > LONGEST) throw new QueryError(`it has ${query.length} characters; ${LONGEST} is the most`, LONGEST, query.length);
  const tokens: Token[] = [];
  for (let at = 0; ;) {
    while (/\s/.test(query[at] ?? '')) at++;
    if (at >= query.length) {
      tokens.push({ type: 'end', from: at, to: at });
      return tokens;
    }
    const token = tokenAt(query, at);
    tokens.push(token);
    at = token.to;
  }
}

function tokenAt(query: string, from: number): Token {
  const character = query[from]!;
  if (character === '(') return { type: 'open', from, to: from + 1 };
  if (character === ')') return { type: 'close', from, to: from + 1 };
  if (character === '-' && /[^\s)]/.test(query[from + 1] ?? '')) return { type: 'minus', from, to: from + 1 };
  if (character === '"') {
    const { text, end } = quoted(query, from);
    return { type: 'text', text, quoted: true, from, to: end };
  }
  const name = match(FIELD, query, from)?.[1];
  if (name !== undefined) return field(query, from, name);
  const word = match(WORD, query, from)![0];
  const keyword = Object.hasOwn(KEYWORDS, word) ? KEYWORDS[word] : undefined;
  const to = from + word.length;
  return keyword === undefined ? { type: 'text', text: word, quoted: false, from, to } : { type: keyword, from, to };
}

/** `name:value`, `name:one,"another one"`, `name:"begins so "*`. No value yet is no value: whoever reads it says so. */
function field(query: string, from: number, name: string): Token {
  const values: Value[] = [];
  const nameTo = from + name.length;
  let at = nameTo + 1;
  for (;;) {
    const value = valueAt(query, at);
    if (value !== null) values.push(value);
    at = value?.to ?? at;
    if (query[at] !== ',') break;
    at++;
  }
  return { type: 'field', name, nameTo, values, from, to: at };
}

/** Quoted and bare pieces up to the next separator. `null`: none. */
function valueAt(query: string, from: number): Value | null {
  const pattern = [''];
  let text = '';
  let at = from;
  for (;;) {
    const bare = match(BARE_VALUE, query, at)?.[0];
    if (bare !== undefined) {
      const [first = '', ...rest] = bare.split(/\*+/);
      pattern.push(pattern.pop()! + first, ...rest);
      text += bare;
      at += bare.length;
    } else if (query[at] === '"') {
      const piece = quoted(query, at);
      pattern.push(pattern.pop()! + piece.text);
      text += piece.text;
      at = piece.end;
    } else return at === from ? null : { text, pattern, from, to: at };
  }
}

function quoted(query: string, from: number): { text: string; end: number } {
  let text = '';
  for (let at = from + 1; at < query.length; at++) {
    const character = query[at]!;
    if (character === '"') return { text, end: at + 1 };
    if (character === '\\' && /["\\]/.test(query[at + 1] ?? '')) at++;
    text += query[at];
  }
  throw new QueryError('a closing quote is missing', from, query.length);
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
