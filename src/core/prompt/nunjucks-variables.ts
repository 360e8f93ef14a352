import type { Placeholder } from './placeholders.ts';

const WORDS: ReadonlySet<string> = new Set([
  'and', 'or', 'not', 'in', 'is', 'if', 'else', 'elif', 'elseif', 'endif', 'for', 'endfor', 'set', 'endset', 'block', 'endblock', 'macro', 'endmacro', 'call', 'endcall',
  'filter', 'endfilter', 'raw', 'endraw', 'verbatim', 'endverbatim', 'include', 'import', 'from', 'as', 'extends', 'true', 'false', 'none', 'null', 'ignore', 'missing', 'with', 'without',
  'context', 'asyncEach', 'endeach', 'asyncAll', 'endall', 'switch', 'case', 'default', 'endswitch', 'loop', 'caller', 'super', 'range', 'cycler', 'joiner', 'env',
]);
const TAG = /\{#[\s\S]*?#\}|\{%-?\s*(raw|verbatim)\s*-?%\}[\s\S]*?\{%-?\s*end\1\s*-?%\}|\{\{-?([\s\S]*?)-?\}\}|\{%-?([\s\S]*?)-?%\}/g;
const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|r\/(?:[^/\\]|\\.)*\/[a-z]*|(?:\.\s*)?[A-Za-z_$][\w$]*|\|\s*[A-Za-z_][\w.]*|\d[\w.]*|\S/g;

/**
 * The variables that a nunjucks text reads, for hints and hovers: names that the text does not set itself. Where a name
 * is the whole of `{{ name }}`, the range has the braces. A reading by tokens, not a parse: what is sent is never decided by it.
 */
export function findNunjucksVariables(text: string): Placeholder[] {
  const uses: Placeholder[] = [];
  const own = new Set<string>();
  for (const tag of text.matchAll(TAG)) {
    const inner = tag[2] ?? tag[3];
    if (inner === undefined) continue;
    const offset = tag.index + tag[0].indexOf(inner, 2);
    if (tag[3] !== undefined) for (const name of ownNames(inner)) own.add(name);
    const names = namesIn(inner);
    const whole = tag[2] !== undefined && names.length === 1 && inner.trim() === names[0]?.name;
    for (const { name, start } of names) {
      uses.push(whole ? { name, start: tag.index, end: tag.index + tag[0].length } : { name, start: offset + start, end: offset + start + name.length });
    }
  }
  return uses.filter(({ name }) => !own.has(name));
}

/** Names that a tag brings in: `for a, b in …`, `set a, b = …`, `macro name(a, b)`. */
function ownNames(inner: string): string[] {
  const match = /^\s*(?:for\s+([\s\S]+?)\s+in\s|set\s+([\w$,\s]+?)\s*(?:=|$)|macro\s+([\s\S]+)|import\s[\s\S]+\sas\s+(\w+))/.exec(inner);
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
