import { FIELDS, type Field, type Pattern, type Query } from './model.ts';
import { printMoment, printNumber } from './values.ts';

/** The query as text that reads as the same query. */
export function printQuery(query: Query): string {
  return print(query, 'or');
}

/** `within`: the loosest operator that needs no parentheses here. */
function print(query: Query, within: 'or' | 'and' | 'not'): string {
  switch (query.type) {
    case 'every': return '';
    case 'or': return grouped(query.terms.map((term) => print(term, 'and')).join(' OR '), within !== 'or');
    case 'and': return grouped(query.terms.map((term) => print(term, 'not')).join(' '), within === 'not');
    case 'not': return `-${print(query.term, 'not')}`;
    case 'text': return query.prefix && isPlainWord(query.text) ? `${query.text}*` : isPlainWord(query.text) ? query.text : quote(query.text);
    case 'match': return `${query.field}:${query.patterns.map(printPattern).join(',')}`;
    case 'compare': return `${query.field}:${query.comparison === '=' && unitOf(query.field) === 'count' ? '' : query.comparison}${printNumber(query.value, unitOf(query.field))}`;
    case 'between': return `${query.field}:${printNumber(query.from, unitOf(query.field))}..${printNumber(query.to, unitOf(query.field))}`;
    case 'time': return `${query.field}:${printMoment(query.moment)}`;
  }
}

function unitOf(field: keyof typeof FIELDS): NonNullable<Field['unit']> {
  return (FIELDS[field] as Field).unit ?? 'count';
}

function grouped(text: string, parenthesised: boolean): string {
  return parenthesised ? `(${text})` : text;
}

function isPlainWord(text: string): boolean {
  return /^[^\s()"-][^\s()"]*$/.test(text) && !text.endsWith('*') && !/^[A-Za-z][A-Za-z_.]*:/.test(text) && !['OR', 'AND', 'NOT'].includes(text);
}

function printPattern(pattern: Pattern): string {
  if (pattern.length === 1) return printValue(pattern[0]!);
  return pattern.map((piece) => (piece === '' ? '' : printValue(piece))).join('*');
}

/** A value as it is written behind a field: quoted where it needs to be. */
export function printValue(value: string): string {
  return /^[^\s()",*<>=]+$/.test(value) ? value : quote(value);
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
