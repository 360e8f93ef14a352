import { editDistance } from './similarity/levenshtein.ts';
import { ASSERTION_TYPES, UNSUPPORTED_TYPES } from './types.ts';

/** Why a type is not evaluated, with the nearest one that is. */
export function unknownType(type: string): string {
  const name = type.replace(/^not-/u, '');
  const unsupported = Object.entries(UNSUPPORTED_TYPES).find(([pattern]) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
  if (unsupported !== undefined) return `${name} ${unsupported[1]}.`;
  if (Object.hasOwn(ASSERTION_TYPES, name)) return `${name} cannot be turned around with not-.`;
  const nearest = nearestType(name);
  return `There is no assertion type ${type}${nearest === null ? '' : `; did you mean ${type.startsWith('not-') ? 'not-' : ''}${nearest}?`}${nearest === null ? '.' : ''}`;
}

/** Within a third of the name's length, or sharing its words ("json-schema" has none near, "isjson" has). */
function nearestType(name: string): string | null {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/gu, '');
  let best: { name: string; distance: number } | null = null;
  for (const candidate of Object.keys(ASSERTION_TYPES)) {
    const distance = editDistance(plain(name).slice(0, 60), plain(candidate));
    if (distance <= Math.max(1, Math.floor(candidate.length / 3)) && (best === null || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name ?? null;
}
