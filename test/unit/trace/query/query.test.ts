import { describe, expect, it } from 'vitest';
import { completionsFor, placeAt } from '../../../../src/core/trace/query/complete.ts';
import { ALIASES, COMPARISONS, FIELDS, names, QueryError, type Field, type Query, type TextField } from '../../../../src/core/trace/query/model.ts';
import { parseQuery } from '../../../../src/core/trace/query/parse.ts';
import { printQuery } from '../../../../src/core/trace/query/print.ts';
import { momentMs, readMoment, readNumber } from '../../../../src/core/trace/query/values.ts';
import { randomOf } from '../random.ts';

function problem(query: string): { message: string; from: number; to: number } {
  try {
    parseQuery(query);
  } catch (error) {
    if (error instanceof QueryError) return { message: error.message, from: error.from, to: error.to };
    throw error;
  }
  throw new Error(`“${query}” is understood`);
}

describe('reading a query', () => {
  it('takes nothing as every trace', () => {
    expect(parseQuery('')).toEqual({ type: 'every' });
    expect(parseQuery(' \t\n')).toEqual({ type: 'every' });
  });

  it.each<[string, Query]>([
    ['refund', { type: 'text', text: 'refund', prefix: false }],
    ['refu*', { type: 'text', text: 'refu', prefix: true }],
    ['"order not found*"', { type: 'text', text: 'order not found*', prefix: false }],
    ['"say \\"no\\" \\\\ "', { type: 'text', text: 'say "no" \\ ', prefix: false }],
    ['kind:tool', { type: 'match', field: 'kind', patterns: [['tool']] }],
    ['KIND:Tool', { type: 'match', field: 'kind', patterns: [['tool']] }],
    ['type:llm,tool', { type: 'match', field: 'kind', patterns: [['llm'], ['tool']] }],
    ['model:gpt-5*', { type: 'match', field: 'model', patterns: [['gpt-5', '']] }],
    ['model:*/gpt-*-mini', { type: 'match', field: 'model', patterns: [['', '/gpt-', '-mini']] }],
    ['name:"run (a*b), then",other', { type: 'match', field: 'name', patterns: [['run (a*b), then'], ['other']] }],
    ['name:"chat "*"*",x', { type: 'match', field: 'name', patterns: [['chat ', '*'], ['x']] }],
    ['duration:>2s', { type: 'compare', field: 'duration', comparison: '>', value: 2000 }],
    ['duration:<=0.3s', { type: 'compare', field: 'duration', comparison: '<=', value: 300 }],
    ['duration:300ms..1.5m', { type: 'between', field: 'duration', from: 300, to: 90_000 }],
    ['cost:>$0.01', { type: 'compare', field: 'cost', comparison: '>', value: 0.01 }],
    ['tokens:>=100k', { type: 'compare', field: 'tokens', comparison: '>=', value: 100_000 }],
    ['errors:0', { type: 'compare', field: 'errors', comparison: '=', value: 0 }],
    ['after:-2h', { type: 'time', field: 'after', moment: { ago: 7_200_000 } }],
    ['before:2026-11-20', { type: 'time', field: 'before', moment: { date: [2026, 11, 20, 0, 0, 0], zoneMinutes: null } }],
    ['before:2026-11-20T10:30+02:00', { type: 'time', field: 'before', moment: { date: [2026, 11, 20, 10, 30, 0], zoneMinutes: 120 } }],
    ['10:30', { type: 'text', text: '10:30', prefix: false }],
    ['-kind:llm', { type: 'not', term: { type: 'match', field: 'kind', patterns: [['llm']] } }],
  ])('%s', (text, query) => expect(parseQuery(text)).toEqual(query));

  it('binds what stands side by side before OR, and minus before both', () => {
    const word = (text: string): Query => ({ type: 'text', text, prefix: false });
    expect(parseQuery('a b OR c -d')).toEqual({ type: 'or', terms: [{ type: 'and', terms: [word('a'), word('b')] }, { type: 'and', terms: [word('c'), { type: 'not', term: word('d') }] }] });
    expect(parseQuery('a AND (b OR c) NOT (d e)')).toEqual({ type: 'and', terms: [word('a'), { type: 'or', terms: [word('b'), word('c')] }, { type: 'not', term: { type: 'and', terms: [word('d'), word('e')] } }] });
    // lower case is a word to be found
    expect(parseQuery('a or b')).toEqual({ type: 'and', terms: [word('a'), word('or'), word('b')] });
    expect(parseQuery('(a b) (c)')).toEqual(parseQuery('a b c'));
  });

  it('says which fields are spoken of', () => {
    expect(names(parseQuery('a (b OR -origin:eval)'), 'origin')).toBe(true);
    expect(names(parseQuery('origin a'), 'origin')).toBe(false);
  });
});

describe('what cannot be understood', () => {
  it.each([
    ['modle:gpt-5', 0, 5, 'Did you mean “model”?'],
    ['a https://example.org', 2, 7, 'To search for the text, put it in quotes.'],
    ['status:eror', 7, 11, 'Did you mean “error”?'],
    ['kind:', 0, 5, 'expected a value after “kind:”: llm, '],
    ['duration:2s', 9, 11, 'no duration is exactly “2s”: write >2s'],
    ['duration:>2', 9, 11, 'expected a duration such as 2s, 300ms or 1.5m after “duration:”, not “2”'],
    ['tokens:>2s', 7, 10, 'expected a count'],
    ['cost:>1,2', 8, 9, '“cost” takes one value'],
    ['after:soon', 6, 10, 'expected a time such as -2h'],
    ['after:2026-02-30', 6, 16, 'expected a time'],
    ['a "b c', 2, 6, 'a closing quote is missing'],
    ['(a (b)', 0, 1, 'this parenthesis is not closed'],
    ['a)', 1, 2, 'there is no open parenthesis to close'],
    ['OR a', 0, 2, 'expected a word or a field, not OR'],
    ['a OR', 4, 4, 'expected a word or a field after OR'],
    ['a -(', 4, 4, 'expected a word or a field after “(”'],
    ['a ***', 2, 5, 'cannot be searched for'],
    ['""', 0, 2, 'an empty text cannot be searched for'],
  ])('%s', (query, from, to, message) => {
    expect(problem(query)).toEqual({ message: expect.stringContaining(message) as unknown, from, to });
    expect(problem(query).message).toContain(`column ${from + 1}:`);
  });

  it('nesting, terms and length have limits', () => {
    expect(problem('('.repeat(100) + 'a').message).toContain('nested deeper');
    expect(problem('-'.repeat(100) + 'a').message).toContain('nested deeper');
    expect(problem('a '.repeat(101)).message).toContain('more than 100 terms');
    expect(problem('a'.repeat(4001)).message).toContain('4000 is the most');
  });
});

describe('numbers and times', () => {
  it('have units', () => {
    expect([readNumber('1.5m', 'duration'), readNumber('2µs', 'duration'), readNumber('.5', 'dollars'), readNumber('1_000', 'count'), readNumber('2M', 'count')]).toEqual([90_000, 0.002, 0.5, 1000, 2_000_000]);
    for (const [text, unit] of [['1', 'duration'], ['1e3', 'count'], ['-1', 'count'], ['$1', 'count'], ['1s', 'dollars'], ['NaN', 'count'], ['', 'count'], ['1'.repeat(20), 'count']] as const) expect(readNumber(text, unit), text).toBeNull();
  });

  it('are resolved when they are asked for', () => {
    const now = Date.UTC(2026, 10, 20, 12);
    expect(momentMs(readMoment('-2h')!, now)).toBe(now - 7_200_000);
    expect(momentMs(readMoment('2026-11-20T14:00+02:00')!, 0)).toBe(now);
    expect(momentMs(readMoment('2026-11-20T12:00Z')!, 0)).toBe(now);
    expect(momentMs(readMoment('2026-11-20 12:00')!, 0)).toBe(new Date(2026, 10, 20, 12).getTime());
    expect(momentMs(readMoment('today')!, now)).toBe(new Date(new Date(now).toDateString()).getTime());
    expect(momentMs(readMoment('yesterday')!, now)).toBe(new Date(2026, new Date(now).getMonth(), new Date(now).getDate() - 1).getTime());
    expect(momentMs(readMoment('-9999999d')!, now)).toBe(0);
  });
});

function shareOf(seed: number): () => number {
  const below = randomOf(seed);
  return () => below(1 << 30) / (1 << 30);
}

/** Queries by chance, all that the language can say. */
function anyQuery(next: () => number, depth = 0): Query {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const word = (): string => pick(['refund', 'Müller', '10:30', 'a-b', '日本語', 'not found', 'a "b"', 'OR', '-x', 'a:b', 'x*y', '(1)', 'C:\\temp', 'eval,']);
  const kind = depth > 3 ? 2 + Math.floor(next() * 5) : Math.floor(next() * 7);
  if (kind < 2) {
    const type = pick(['and', 'or'] as const);
    const terms = Array.from({ length: 2 + Math.floor(next() * 2) }, () => anyQuery(next, depth + 1)).flatMap((term) => (term.type === type ? term.terms : [term]));
    return { type, terms };
  }
  const numbers = ['duration', 'cost', 'tokens', 'spans', 'errors', 'calls'] as const;
  const amount = (): number => pick([0, 1, 2.5, 1000, 60_000, 90_000, 86_400_000, 0.001]);
  switch (kind) {
    case 2: return { type: 'not', term: anyQuery(next, depth + 1) };
    case 3: {
      const text = word();
      return { type: 'text', text, prefix: next() < 0.3 && !/[\s"()*]|^-|^[aC]:/.test(text) && text !== 'OR' };
    }
    case 4: {
      const field = pick(Object.keys(FIELDS).filter((name) => (FIELDS[name as TextField] as Field).type === 'text')) as TextField;
      const values = (FIELDS[field] as Field).values;
      const value = (): string => (values ? pick(values) : word());
      return { type: 'match', field, patterns: Array.from({ length: 1 + Math.floor(next() * 2) }, () => (next() < 0.3 ? (values ? ['e', ''] : pick([['gpt', ''], ['', word(), word()], ['a b', '']])) : [value()])) };
    }
    case 5: {
      const field = pick(numbers);
      if (next() < 0.3) return { type: 'between', field, from: amount(), to: amount() };
      return { type: 'compare', field, comparison: pick(COMPARISONS), value: amount() };
    }
    default: return { type: 'time', field: pick(['after', 'before'] as const), moment: pick([{ ago: 0 }, { ago: 3_600_000 }, { ago: 1 }, { midnight: 0 }, { midnight: 1 }, { date: [2026, 1, 31, 23, 59, 59], zoneMinutes: null }, { date: [2026, 11, 20, 0, 0, 0], zoneMinutes: null }, { date: [2026, 11, 20, 0, 0, 0], zoneMinutes: -330 }]) };
  }
}

it('prints what reads as the same query: 3,000 random ones', () => {
  const next = shareOf(7);
  for (let round = 0; round < 3000; round++) {
    const query = anyQuery(next);
    const text = printQuery(query);
    let again: Query;
    try {
      again = parseQuery(text);
    } catch (error) {
      if (error instanceof QueryError && /nested|terms|characters/.test(error.message)) continue;
      throw error;
    }
    expect(again, text).toEqual(query);
  }
});

it('throws nothing but its own error, whatever is typed: 20,000 random texts', () => {
  const next = shareOf(11);
  const pieces = ['"', '(', ')', '-', ':', ',', '*', '>', '=', '..', ' ', 'OR ', 'AND ', 'NOT ', '\\', '\u0000', 'a', 'status', 'kind', 'duration', 'after', 'cost', '1', '2s', 'é', '💥', '__proto__', 'constructor', ...Object.keys(ALIASES)];
  let understood = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: Math.floor(next() * 12) }, () => pieces[Math.floor(next() * pieces.length)]!).join('');
    try {
      parseQuery(text);
      understood++;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      if (error.from < 0 || error.from > error.to || error.to > text.length) throw new Error(`“${text}”: ${error.from}..${error.to}`, { cause: error });
    }
    for (let at = 0; at <= text.length; at += 3) {
      const place = placeAt(text, at);
      if (place !== null && !(place.from <= at && at <= place.to && place.to <= text.length)) throw new Error(`“${text}” at ${at}: ${JSON.stringify(place)}`);
    }
  }
  expect(understood).toBeGreaterThan(1000);
});

describe('completion', () => {
  const complete = (text: string, known: { value: string; traces: number }[] = []): string[] => {
    const at = text.indexOf('|');
    const query = text.replace('|', '');
    const place = placeAt(query, at);
    return place === null ? [] : completionsFor(place, known).map(({ insert, from, to }) => query.slice(0, from) + insert + query.slice(to));
  };

  it('offers fields, and what is known of them', () => {
    expect(complete('a se|')).toEqual(['a service:', 'a session:']);
    expect(complete('-ki|')).toEqual(['-kind:']);
    expect(complete('ki|nd:tool')).toEqual(['kind:tool']);
    expect(complete('(status:e|')).toEqual(['(status:error']);
    expect(complete('status:error,r|')).toEqual(['status:error,error', 'status:error,running']);
    expect(complete('duration:|')).toEqual(['duration:>2s', 'duration:<300ms', 'duration:1s..5s']);
    expect(complete('tool:lo| a', [{ value: 'lookup order', traces: 3 }, { value: 'log', traces: 1 }, { value: 'refund', traces: 1 }])).toEqual(['tool:"lookup order" a', 'tool:log a']);
    expect(complete('tool:"look|" a', [{ value: 'lookup order', traces: 3 }])).toEqual(['tool:"lookup order" a']);
    expect(complete('nosuch:|')).toEqual([]);
    expect(complete('"in a te|')).toEqual([]);
  });

  it('says how many traces have a value', () => {
    expect(completionsFor(placeAt('model:', 6)!, [{ value: 'gpt-5', traces: 1 }, { value: 'gpt-5-mini', traces: 12 }]).map(({ detail }) => detail)).toEqual(['1 trace', '12 traces']);
  });
});
