import { isObject } from '../json.ts';

/**
 * The value at `a.b[0].c` or `a.b.0.c`; `undefined` where there is none. A key that holds dots itself is found first.
 * Only own properties are followed.
 */
export function valueAt(value: unknown, path: string): unknown {
  if (path === '') return value;
  if (isObject(value) && Object.hasOwn(value, path)) return value[path];
  let current = value;
  for (const key of path.replace(/\[(?:(\d+)|["']([^"']*)["'])\]/g, (_, index: string | undefined, name: string | undefined) => `.${index ?? name ?? ''}`).split('.')) {
    if (key === '') continue;
    if (Array.isArray(current)) {
      const index = Number(key);
      current = Number.isInteger(index) ? current.at(index) : undefined;
    } else if (isObject(current) && Object.hasOwn(current, key)) current = current[key];
    else return undefined;
  }
  return current;
}
