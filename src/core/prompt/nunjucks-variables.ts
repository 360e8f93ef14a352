import type { Placeholder } from './placeholders.ts';

const WORDS: ReadonlySet<string> = new Set([
  'and', 'or', 'not', 'in', 'is', 'if', 'else', 'elif', 'elseif', 'endif', 'for', 'endfor', 'set', 'endset', 'block', 'endblock', 'macro', 'endmacro', 'call', 'endcall',
  'filter', 'endfilter', 'raw', 'endraw', 'verbatim', 'endverbatim', 'include', 'import', 'from', 'as', 'extends', 'true', 'false', 'none', 'null', 'ignore', 'missing', 'with', 'without',
  'context', 'asyncEach', 'endeach', 'asyncAll', 'endall', 'switch', 'case', 'default', 'endswitch', 'loop', 'caller', 'super', 'range', 'cycler', 'joiner', 'env',
]);
const CLOSING = { '{{': '}}', '{%': '%}', '{#': '#}' } as const;
const VERBATIM_END = { raw: /\{%-?\s*endraw\s*-?%\}/g, verbatim: /\{%-?\s*endverbatim\s*-?%\}/g } as const;
/** A text that does not end is one token to the end: whoever types it has not written its quote yet. */
const TOKEN = /"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?|r\/(?:[^/\\]|\\.)*\/[a-z]*|(?:\.\s*)?[A-Za-z_$][\w$]*|\|\s*[A-Za-z_][\w.]*|\d[\w.]*|\S/g;

/**
 * The variables that a nunjucks text reads, for hints and hovers: names that the text does not set itself. Where a name
 * is the whole of `{{ name }}`, the range has the braces. A reading by tokens, not a parse: what is sent is never decided by it.
 */
export function findNunjucksVariables(text: string): Placeholder[] {
  const uses: Placeholder[] = [];
  const own = new Set<string>();
  for (const { kind, start: opening, end: closing, inner, innerStart } of tagsOf(text)) {
    if (kind === '{%') for (const name of ownNames(inner)) own.add(name);
    const names = namesIn(inner);
    const whole = kind === '{{' && names.length === 1 && inner.trim() === names[0]?.name;
    for (const { name, start } of names) {
      uses.push(whole ? { name, start: opening, end: closing } : { name, start: innerStart + start, end: innerStart + start + name.length });
    }
  }
  return uses.filter(({ name }) => !own.has(name));
}

interface Tag {
  readonly kind: '{{' | '{%';
  /** The whole tag with its braces, and what stands in it without the dashes that trim spaces. */
  readonly start: number;
  readonly end: number;
  readonly inner: string;
  readonly innerStart: number;
}

/**
 * The tags outside of comments and verbatim blocks. One pass: a file may hold nothing but openings, and is read at every key stroke,
 * so an end that is not there is looked for once.
 */
function* tagsOf(text: string): Generator<Tag> {
  const missing = new Set<string>();
  for (const opening = /\{[{%#]/g; ;) {
    const match = opening.exec(text);
    if (match === null) return;
    const kind = match[0] as keyof typeof CLOSING;
    if (missing.has(kind)) continue;
    const close = text.indexOf(CLOSING[kind], match.index + 2);
    if (close < 0) {
      missing.add(kind);
      continue;
    }
    const end = close + 2;
    opening.lastIndex = end;
    if (kind === '{#') continue;
    const innerStart = match.index + (text[match.index + 2] === '-' ? 3 : 2);
    const inner = text.slice(innerStart, text[close - 1] === '-' ? close - 1 : close);
    const verbatim = kind === '{%' ? inner.trim() : '';
    if ((verbatim === 'raw' || verbatim === 'verbatim') && !missing.has(verbatim)) {
      const last = VERBATIM_END[verbatim];
      last.lastIndex = end;
      if (last.exec(text) !== null) {
        opening.lastIndex = last.lastIndex;
        continue;
      }
      missing.add(verbatim);
    }
    yield { kind, start: match.index, end, inner, innerStart };
  }
}

/** Names that a tag brings in: `for a, b in …`, `set a, b = …`, `macro name(a, b)`. */
function ownNames(inner: string): string[] {
  const match = /^ ?(?:for (.+?) in |set ([\w$, ]+?) ?(?:=|$)|macro (.+)|import .+ as (\w+))/.exec(inner.replace(/\s+/g, ' '));
  return (match?.slice(1).find((part) => part !== undefined) ?? '').match(/[A-Za-z_$][\w$]*/g) ?? [];
}

function namesIn(inner: string): { name: string; start: number }[] {
  const found: { name: string; start: number }[] = [];
  const tokens = [...inner.matchAll(TOKEN)];
  tokens.forEach((token, index) => {
    const name = token[0];
    if (!/^[A-Za-z_$]/.test(name) || WORDS.has(name) || name.startsWith('r/')) return;
    const before = tokens[index - 1]?.[0];
    const after = tokens[index + 1]?.[0];
    // After `is` stands a test; before `=` a named argument; before `:` a key of a mapping.
    if (before === 'is' || (before === 'not' && tokens[index - 2]?.[0] === 'is')) return;
    if (after === '=' && tokens[index + 2]?.[0] !== '=') return;
    if (after === ':') return;
    found.push({ name, start: token.index });
  });
  return found;
}
