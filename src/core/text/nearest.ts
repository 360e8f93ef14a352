import { editDistance } from '../assert/similarity/levenshtein.ts';

/** The name that a misspelt one was most likely meant to be, within a third of its length: a turned pair of letters counts as two. `null`: none. */
export function nearestOf(text: string, names: readonly string[]): string | null {
  const lower = text.toLowerCase().slice(0, 60);
  const distances = names.map((name) => [name, editDistance(lower, name.toLowerCase())] as const).filter(([name, distance]) => distance <= Math.max(1, Math.ceil(name.length / 3)));
  return distances.sort((a, b) => a[1] - b[1])[0]?.[0] ?? null;
}
