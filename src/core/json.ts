export type JsonObject = { [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deeper values exhaust the stack of what walks them (hashes, templates, the store); no dataset means it. */
export const DEEPEST = 500;

/** Whether a value of lists and mappings is nested deeper than `levels`. Without recursion. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (depth >= levels) return true;
      for (const member of Array.isArray(item) ? (item as unknown[]) : Object.values(item)) if (typeof member === 'object' && member !== null) below.push(member);
    }
    level = below;
  }
  return false;
}

/** JSON with keys sorted at every level: equal values give equal text. `undefined` members are left out, as in JSON. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    let text = '';
    for (const item of value as readonly unknown[]) text += (text === '' ? '[' : ',') + canonicalJson(item);
    return text === '' ? '[]' : `${text}]`;
  }
  if (isObject(value)) {
    let text = '';
    for (const key of sortedKeys(value)) {
      const member = value[key];
      if (member !== undefined) text += `${(text === '' ? '{' : ',') + JSON.stringify(key)}:${canonicalJson(member)}`;
    }
    return text === '' ? '{}' : `${text}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Most objects are small and have their keys in order: sorting those costs more than looking. */
function sortedKeys(value: JsonObject): string[] {
  const keys = Object.keys(value);
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] ?? '') > (keys[i] ?? '')) return keys.sort();
  return keys;
}
