import type { AST } from '@eslint-community/regexpp';

/** Measured on patterns that need nearly all of them: up to 18 ms, mostly below 1. */
const QUICK_STEPS = 5_000_000;
/** Compiling takes time as well; what people write is far shorter. */
const LONGEST_PATTERN = 2_000;
const KEPT = 100;

/** Upper bounds of what a backtracking matcher does with a part of a pattern from one place in the text on. */
interface Bound {
  /** In how many ways the part can match: as often may what follows it be tried. */
  readonly ways: number;
  /** Steps to try them all. */
  readonly steps: number;
}

type Parse = (pattern: string) => AST.Pattern | null;

let parser: Promise<Parse> | undefined;
const parsed = new Map<string, AST.Pattern | null>();

/**
 * Whether a regular expression without flags cannot take long on a text of this length, matching or not: by the number of ways that a
 * backtracking matcher has to try at worst. What repeats a choice, such as `(a+)+` or `(a|b)*c`, is not quick, and neither is what
 * the parser does not know. Safe to ask for patterns from anybody.
 */
export async function isQuickRegex(pattern: string, textLength: number): Promise<boolean> {
  if (pattern.length > LONGEST_PATTERN) return false;
  if (stepsWithoutRepetition(pattern, textLength) <= QUICK_STEPS) return true;
  let tree = parsed.get(pattern);
  if (tree === undefined) {
    tree = (await (parser ??= loadParser()))(pattern);
    if (parsed.size >= KEPT) parsed.clear();
    parsed.set(pattern, tree);
  }
  return tree !== null && matchSteps(tree, textLength) <= QUICK_STEPS;
}

/**
 * An upper bound that needs no parser: where nothing is repeated, looked around for or referred back to, every alternative at most
 * doubles the ways. Infinity for other patterns, and for those that only look like them.
 */
export function stepsWithoutRepetition(pattern: string, textLength: number): number {
  if (/[*+?{]|\\[\dk]/.test(pattern)) return Infinity;
  const alternatives = pattern.split('|').length - 1;
  return (textLength + 1) * 3 * (pattern.length + 1) * 2 ** alternatives;
}

/** Few evals have a pattern that needs it: the parser is loaded for the first. */
async function loadParser(): Promise<Parse> {
  const { RegExpParser } = await import('@eslint-community/regexpp');
  const reader = new RegExpParser();
  return (pattern) => {
    try {
      return reader.parsePattern(pattern);
    } catch {
      return null;
    }
  };
}

/**
 * An upper bound of a backtracking matcher's steps for all places of a text where a match may begin; Infinity where none is known.
 * One step looks at one character, or enters an alternative or a repetition.
 */
export function matchSteps(pattern: AST.Pattern, textLength: number): number {
  let steps = 0;
  for (const { elements } of pattern.alternatives) {
    const [first] = elements;
    // Behind the first place of the text, `^` is as far as it gets.
    const once = 1 + sequence(elements, textLength).steps;
    steps += first?.type === 'Assertion' && first.kind === 'start' ? once + 3 * textLength : once * (textLength + 1);
  }
  return steps;
}

function choice(alternatives: readonly AST.Alternative[], length: number): Bound {
  let ways = 0;
  let steps = 1;
  for (const alternative of alternatives) {
    const bound = sequence(alternative.elements, length);
    ways += bound.ways;
    steps += bound.steps;
  }
  return { ways, steps };
}

/** Every way of what is before leads to all of what follows. */
function sequence(elements: readonly AST.Element[], length: number): Bound {
  let ways = 1;
  let steps = 1;
  for (const element of elements) {
    const bound = boundOf(element, length);
    steps += ways * bound.steps;
    ways *= bound.ways;
  }
  return { ways, steps };
}

function boundOf(element: AST.Element, length: number): Bound {
  switch (element.type) {
    case 'Character':
    case 'CharacterClass':
    case 'CharacterSet':
    case 'ExpressionCharacterClass':
      return { ways: 1, steps: 1 };
    case 'Backreference':
      return { ways: 1, steps: 1 + length };
    case 'Group':
    case 'CapturingGroup':
      return choice(element.alternatives, length);
    case 'Assertion':
      // Once it holds, a look ahead or behind is not entered again.
      return { ways: 1, steps: element.kind === 'lookahead' || element.kind === 'lookbehind' ? choice(element.alternatives, length).steps : 1 };
    case 'Quantifier':
      return repetition(element, boundOf(element.element, length), length);
  }
}

/** After min repetitions each further one is a choice; one that takes nothing ends it (ECMA-262 RepeatMatcher), so it is entered length + 1 times at most beyond min. */
function repetition({ min, max }: AST.Quantifier, { ways: each, steps: once }: Bound, length: number): Bound {
  const most = Math.min(max, min + length + 1);
  if (each === 1) return { ways: most - min + 1, steps: 1 + most * (once + 1) };
  let ways = min === 0 ? 1 : 0;
  let steps = 1;
  // Ways after i repetitions: those of the last one, for each of the one before.
  for (let i = 1, after = 1; i <= most; i++) {
    steps += after * (once + 1);
    after *= each;
    if (i >= min) ways += after;
    if (!(steps <= Number.MAX_SAFE_INTEGER)) return { ways: Infinity, steps: Infinity };
  }
  return { ways, steps };
}
