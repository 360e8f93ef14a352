import type { FlatPattern } from './pattern.ts';

/** A value that a variable had; `unique` is false where the text could have been made with another one as well. */
export interface FoundValue {
  readonly value: string;
  readonly unique: boolean;
}

export interface TextMatch {
  /** By the name of the variable. One that nothing can be said about is left out. */
  readonly values: ReadonlyMap<string, FoundValue>;
  /** Names of variables whose values cannot be told apart (`{{a}}{{b}}`). */
  readonly unknown: readonly string[];
}

/** Ways that are tried where a variable stands more than once; hostile text could offer very many. */
const MOST_STEPS = 5000;

/**
 * Whether a pattern can have become this text, and with which values. Literals stand in their order; the first and the last at the ends.
 * What stands between two literals is unique if both can stand at one place only. Linear, but for variables that repeat.
 * @returns `null` if it cannot
 */
export function matchText(pattern: FlatPattern, text: string): TextMatch | null {
  const { literals, groups } = pattern;
  const first = literals[0] ?? '';
  const last = literals[groups.length] ?? '';
  if (groups.length === 0) return text === first ? { values: new Map(), unknown: [] } : null;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return null;
  const leftmost = places(text, literals, groups.length);
  if (leftmost === null) return null;
  const rightmost = placesFromRight(text, literals, groups.length, first.length);
  const repeated = repeatedNames(groups);
  const chosen = repeated.size === 0 ? leftmost : consistent(pattern, text, leftmost, rightmost, repeated);
  if (chosen === null) return null;
  const fixed = chosen.map((place, i) => (repeated.size === 0 ? place === rightmost[i] : i === 0 || i === groups.length || leftmost[i] === rightmost[i]));
  return valuesOf(pattern, text, chosen, fixed, repeated);
}

/** Where each literal stands, as far to the left as it can: `starts[i]` is where `literals[i]` begins. */
function places(text: string, literals: readonly string[], groups: number): number[] | null {
  const starts = [0];
  let at = literals[0]?.length ?? 0;
  for (let i = 1; i < groups; i++) {
    const literal = literals[i] ?? '';
    const start = text.indexOf(literal, at);
    if (start < 0) return null;
    starts.push(start);
    at = start + literal.length;
  }
  const end = text.length - (literals[groups]?.length ?? 0);
  if (at > end) return null;
  return [...starts, end];
}

/** As far to the right as each can stand. There is one way at least, as `places` has found one. */
function placesFromRight(text: string, literals: readonly string[], groups: number, firstLength: number): number[] {
  const starts = new Array<number>(groups + 1).fill(0);
  let end = text.length - (literals[groups]?.length ?? 0);
  starts[groups] = end;
  for (let i = groups - 1; i > 0; i--) {
    const literal = literals[i] ?? '';
    const start = end - literal.length < firstLength ? -1 : text.lastIndexOf(literal, end - literal.length);
    starts[i] = start;
    end = start;
  }
  return starts;
}

/** Names that stand alone between literals at more than one place: all their places must hold the same. */
function repeatedNames(groups: FlatPattern['groups']): Set<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const group of groups) {
    const [name] = group;
    if (group.length !== 1 || typeof name !== 'string') continue;
    if (seen.has(name)) repeated.add(name);
    seen.add(name);
  }
  return repeated;
}

/** The first way to place the literals so that a variable has one value wherever it stands. */
function consistent({ literals, groups }: FlatPattern, text: string, leftmost: readonly number[], rightmost: readonly number[], repeated: ReadonlySet<string>): number[] | null {
  let steps = MOST_STEPS;
  const values = new Map<string, string>();
  const starts = new Array<number>(groups.length + 1).fill(0);
  const place = (group: number): boolean => {
    const from = (starts[group] ?? 0) + (literals[group]?.length ?? 0);
    const next = literals[group + 1] ?? '';
    const isLast = group === groups.length - 1;
    const name = groups[group]?.length === 1 ? (groups[group]?.[0] ?? null) : null;
    const key = name !== null && repeated.has(name) ? name : null;
    const known = key === null ? undefined : values.get(key);
    const latest = rightmost[group + 1] ?? 0;
    const at = (start: number): boolean => {
      starts[group + 1] = start;
      const fresh = key !== null && known === undefined;
      if (fresh) values.set(key, text.slice(from, start));
      if (isLast || place(group + 1)) return true;
      if (fresh) values.delete(key);
      return false;
    };
    if (known !== undefined) {
      const start = from + known.length;
      if (start > latest || !text.startsWith(known, from) || !text.startsWith(next, start) || (isLast && start !== latest)) return false;
      return at(start);
    }
    if (isLast) return latest >= from && at(latest);
    for (let start = text.indexOf(next, Math.max(from, leftmost[group + 1] ?? 0)); start >= 0 && start <= latest; start = text.indexOf(next, start + 1)) {
      if (--steps < 0) return false;
      if (at(start)) return true;
    }
    return false;
  };
  return place(0) ? starts : null;
}

function valuesOf({ literals, groups }: FlatPattern, text: string, starts: readonly number[], fixed: readonly boolean[], repeated: ReadonlySet<string>): TextMatch {
  const values = new Map<string, FoundValue>();
  const unknown = new Set<string>();
  groups.forEach((group, i) => {
    const value = text.slice((starts[i] ?? 0) + (literals[i]?.length ?? 0), starts[i + 1]);
    const [name] = group;
    if (group.length !== 1 || typeof name !== 'string') {
      for (const one of group) if (one !== null) value === '' ? values.set(one, { value: '', unique: true }) : unknown.add(one);
      return;
    }
    const unique = (fixed[i] === true && fixed[i + 1] === true) || (values.get(name)?.unique ?? false);
    // Of a variable that repeats, one place where it can have been nothing else settles all.
    if (!values.has(name) || (repeated.has(name) && unique)) values.set(name, { value, unique });
  });
  for (const name of values.keys()) unknown.delete(name);
  return { values, unknown: [...unknown] };
}
