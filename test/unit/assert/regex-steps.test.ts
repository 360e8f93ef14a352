import { RegExpParser, type AST } from '@eslint-community/regexpp';
import { describe, expect, it } from 'vitest';
import { isQuickRegex, matchSteps, stepsWithoutRepetition } from '../../../src/core/assert/text/regex-steps.ts';
import { seededRandom } from '../../../src/core/stats/random.ts';

const parse = (pattern: string): AST.Pattern => new RegExpParser().parsePattern(pattern);

describe('isQuickRegex', () => {
  it.each([
    ['"queue":"(billing|technical|account|other)"', 5_000],
    ['^\\s*(yes|no)\\b', 5_000],
    ['\\d{4}-\\d{2}-\\d{2}', 20_000],
    ['(?<=answer: )\\d+$', 600],
    ['(?!.*sorry)^Dear', 600],
    ['total: \\$?\\d+', 600],
  ])('%s on %i characters: yes', async (pattern, length) => {
    expect(await isQuickRegex(pattern, length)).toBe(true);
  });

  it.each([
    ['(a+)+$', 29],
    ['(a|a)*b', 40],
    ['(a|aa)+$', 40],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 40],
    ['(.*,){11}P', 60],
    ['(?=(a+)+b)c', 40],
    ['(x?){40}x{40}', 40],
    ['.*.*.*=.*', 200],
    // Linear, and yet too long to be looked at here.
    ['\\d+', 50_000],
    ['(unclosed+', 10],
  ])('%s on %i characters: no', async (pattern, length) => {
    expect(await isQuickRegex(pattern, length)).toBe(false);
  });

  it('leaves patterns of unusual length to the thread', async () => {
    expect(await isQuickRegex('a'.repeat(1_000), 10)).toBe(true);
    expect(await isQuickRegex('a'.repeat(3_000), 10)).toBe(false);
  });
});

describe('stepsWithoutRepetition', () => {
  it('is never below what the pattern taken apart shows', () => {
    const random = seededRandom(11);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const pattern = (depth: number): string => {
      const piece = (): string => (depth > 0 && random() < 0.4 ? `(${pattern(depth - 1)})` : pick(['a', 'b', '.', '[a|b]', '\\w', '\\|', '^', '$', '']));
      return Array.from({ length: pick([1, 1, 2, 3]) }, () => Array.from({ length: Math.floor(random() * 4) }, piece).join('')).join('|');
    };
    for (let i = 0; i < 2_000; i++) {
      const source = pattern(3);
      expect(stepsWithoutRepetition(source, 50), source).toBeGreaterThanOrEqual(matchSteps(parse(source), 50));
    }
  });

  it.each(['a+', 'a*', 'a?', 'a{2}', '(?=a)', '(a)\\1', '(?<x>a)\\k<x>'])('leaves %s to the parser', (pattern) => {
    expect(stepsWithoutRepetition(pattern, 1)).toBe(Infinity);
  });
});

describe('matchSteps', () => {
  it('bounds the steps of a backtracking matcher that finds what the built-in one finds', () => {
    const random = seededRandom(7);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const pattern = (depth: number): string => {
      const atom = (): string => (depth > 0 && random() < 0.4 ? `${pick(['(', '(?:', '(?=', '(?!'])}${pattern(depth - 1)})` : pick(['a', 'b', '.', '[ab]', '[^a]', '\\b', '^', '$', '(a)\\1']));
      const piece = (): string => {
        const made = atom();
        return /^(?:\\b|\^|\$)$/.test(made) || random() < 0.5 ? made : `(?:${made})${pick(['*', '+', '?', '*?', '{2}', '{1,3}', '{0,2}?', '{2,}'])}`;
      };
      const sequence = (): string => Array.from({ length: 1 + Math.floor(random() * 3) }, piece).join('');
      return Array.from({ length: random() < 0.3 ? 2 : 1 }, sequence).join('|');
    };
    let matched = 0;
    let tight = 0;
    for (let i = 0; i < 3_000; i++) {
      const source = pattern(2);
      const text = Array.from({ length: Math.floor(random() * 9) }, () => pick(['a', 'b', 'a', ' '])).join('');
      const tree = parse(source);
      const bound = matchSteps(tree, text.length);
      if (bound > 1e6) continue;
      const { found, steps } = backtrack(tree, text);
      expect(found, `/${source}/ on "${text}"`).toBe(new RegExp(source).test(text));
      expect(steps, `/${source}/ on "${text}"`).toBeLessThanOrEqual(bound);
      if (found) matched++;
      if (steps * 4 > bound) tight++;
    }
    // Neither a generator that makes nothing that matches nor a bound that is always far off would show much.
    expect(matched).toBeGreaterThan(500);
    expect(tight).toBeGreaterThan(100);
  });

  it('grows with what a quantifier leaves open', () => {
    expect(matchSteps(parse('a'), 100)).toBeLessThan(1_000);
    expect(matchSteps(parse('a+'), 100)).toBeGreaterThan(10_000);
    expect(matchSteps(parse('a+b+'), 100)).toBeGreaterThan(1_000_000);
    expect(matchSteps(parse('(?:a|b)+'), 100)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    expect(matchSteps(parse('(?:a|b)+'), 10_000)).toBe(Infinity);
  });
});

/** A place in the text, and what the groups hold. */
interface State {
  readonly at: number;
  readonly groups: ReadonlyMap<AST.CapturingGroup, string>;
}
type Continue = (state: State) => State | null;

/** ECMA-262 22.2.2 as it is written, without flags and looking behind, counting what it enters and which characters it looks at. */
function backtrack(pattern: AST.Pattern, text: string): { found: boolean; steps: number } {
  let steps = 0;

  const word = (at: number): boolean => /\w/.test(text[at] ?? '');
  const choice = (alternatives: readonly AST.Alternative[], state: State, next: Continue): State | null => {
    for (const { elements } of alternatives) {
      steps++;
      const found = sequence(elements, state, next);
      if (found !== null) return found;
    }
    return null;
  };
  const sequence = (elements: readonly AST.Element[], state: State, next: Continue): State | null => {
    const [first, ...rest] = elements;
    return first === undefined ? next(state) : match(first, state, (after) => sequence(rest, after, next));
  };
  const repeat = (quantifier: AST.Quantifier, done: number, state: State, next: Continue): State | null => {
    const { min, max, greedy, element } = quantifier;
    const again = (): State | null => {
      if (done >= max) return null;
      steps++;
      return match(element, state, (after) => (done >= min && after.at === state.at ? null : repeat(quantifier, done + 1, after, next)));
    };
    if (done < min) return again();
    return greedy ? (again() ?? next(state)) : (next(state) ?? again());
  };
  const match = (element: AST.Element, state: State, next: Continue): State | null => {
    switch (element.type) {
      case 'Quantifier':
        return repeat(element, 0, state, next);
      case 'Group':
        return choice(element.alternatives, state, next);
      case 'CapturingGroup':
        return choice(element.alternatives, state, (after) => next({ at: after.at, groups: new Map(after.groups).set(element, text.slice(state.at, after.at)) }));
      case 'Backreference': {
        const held = state.groups.get([element.resolved].flat()[0] as AST.CapturingGroup) ?? '';
        steps += 1 + held.length;
        return text.startsWith(held, state.at) ? next({ ...state, at: state.at + held.length }) : null;
      }
      case 'Assertion': {
        if (element.kind === 'lookahead') {
          const found = choice(element.alternatives, state, (after) => after);
          if (element.negate) return found === null ? next(state) : null;
          return found === null ? null : next({ at: state.at, groups: found.groups });
        }
        steps++;
        const holds = element.kind === 'start' ? state.at === 0 : element.kind === 'end' ? state.at === text.length : word(state.at - 1) !== word(state.at);
        return holds ? next(state) : null;
      }
      default: {
        steps++;
        const character = text[state.at];
        return character !== undefined && new RegExp(`^${element.raw}$`).test(character) ? next({ ...state, at: state.at + 1 }) : null;
      }
    }
  };

  for (let at = 0; at <= text.length; at++) if (choice(pattern.alternatives, { at, groups: new Map() }, (state) => state) !== null) return { found: true, steps };
  return { found: false, steps };
}
