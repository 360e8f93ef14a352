import type { Pattern } from '../../../core/trace/query/model.ts';
import { FACETS, type Facet } from '../../../core/trace/store/facets.ts';
import type { Database } from '../../sqlite/database.ts';

/** So many different values of one field are compared one by one; of more (session ids), SQLite looks for them. */
const FEW_VALUES = 5000;
/** A wildcard that fits more values than these takes part with these only. */
const MOST_VALUES = 20_000;
/** Of a value's traces so many are counted for a completion. */
const MOST_COUNTED = 1000;
const MOST_OFFERED = 50;

interface FacetValue {
  readonly n: number;
  readonly text: string;
}

/** Every different value of a facet by leaps through the index, at most `limit`. */
const VALUES = `
  WITH RECURSIVE v (x) AS (
    SELECT min(value) FROM trace_facet WHERE key = @key
    UNION ALL
    SELECT (SELECT min(value) FROM trace_facet WHERE key = @key AND value > v.x) FROM v WHERE v.x IS NOT NULL
  )
  SELECT t.n, t.text FROM v JOIN trace_text t ON t.n = v.x WHERE v.x IS NOT NULL LIMIT @limit`;

export function keyOf(facet: Facet): number {
  return FACETS.indexOf(facet);
}

/** Numbers of the texts of a facet that fit one of the patterns, without regard to case. */
export function valuesThatFit(database: Database, facet: Facet, patterns: readonly Pattern[]): number[] {
  const key = keyOf(facet);
  const values = database.prepare(VALUES).all({ key, limit: FEW_VALUES + 1 }) as FacetValue[];
  if (values.length <= FEW_VALUES) {
    const tests = patterns.map(testOf);
    return values.filter(({ text }) => tests.some((test) => test(text))).map(({ n }) => n);
  }
  return [...new Set(patterns.flatMap((pattern) => manyThatFit(database, key, pattern)))];
}

/** Among very many values a whole one is looked up as it is written; stars go through all texts (ASCII letters without regard to case). */
function manyThatFit(database: Database, key: number, pattern: Pattern): number[] {
  if (pattern.length === 1) return database.prepare('SELECT n FROM trace_text WHERE text = ?').pluck().all(pattern[0]) as number[];
  const like = pattern.map((piece) => piece.replace(/[\\%_]/g, '\\$&')).join('%');
  return database.prepare("SELECT n FROM trace_text WHERE text LIKE ? ESCAPE '\\' AND EXISTS (SELECT 1 FROM trace_facet WHERE key = ? AND value = trace_text.n) LIMIT ?").pluck().all(like, key, MOST_VALUES) as number[];
}

/** Whether a text is the pattern's pieces with anything between them. Linear: each piece is looked for once, as early as it comes. */
export function testOf(pattern: Pattern): (text: string) => boolean {
  const pieces = pattern.map((piece) => piece.toLowerCase());
  const [first, ...rest] = pieces;
  const last = rest.pop();
  return (text) => {
    const lower = text.toLowerCase();
    if (last === undefined) return lower === first;
    if (!lower.startsWith(first!)) return false;
    let at = first!.length;
    for (const piece of rest) {
      const found = lower.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return lower.length - last.length >= at && lower.endsWith(last);
  };
}

/** Values of a facet that hold what was typed, those of the most traces first. */
export function facetValues(database: Database, facet: Facet, typed: string): { value: string; traces: number }[] {
  const key = keyOf(facet);
  const lower = typed.toLowerCase();
  const values = (database.prepare(VALUES).all({ key, limit: FEW_VALUES }) as FacetValue[]).filter(({ text }) => text.toLowerCase().includes(lower)).slice(0, MOST_OFFERED * 4);
  const count = database.prepare('SELECT count(*) FROM (SELECT 1 FROM trace_facet WHERE key = ? AND value = ? LIMIT ?)').pluck();
  return values.map(({ n, text }) => ({ value: text, traces: count.get(key, n, MOST_COUNTED) as number })).sort((a, b) => b.traces - a.traces || (a.value < b.value ? -1 : 1)).slice(0, MOST_OFFERED);
}
