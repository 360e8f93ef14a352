import { isObject, type JsonObject } from '../../../core/json.ts';

/** Longer texts are cut: a panel shows their beginning, and asks for the rest. */
const LONGEST_TEXT = 32_768;
/** Once a span's texts have taken so many characters together, shorter ones are cut too. */
const MOST_CHARACTERS = 4_000_000;
const LONGEST_BEYOND = 1000;
/** A list goes on no longer than this. */
const MOST_ITEMS = 5000;

export interface Cut {
  /** JSON pointer. */
  readonly pointer: string;
  /** Of the whole: characters of a text, members of a list. */
  readonly length: number;
}

/** The value with its long texts cut, and where. Nothing is copied that is short enough. */
export function cutLong<T>(value: T): { value: T; cut: Cut[] } {
  const cut: Cut[] = [];
  let taken = 0;
  const walk = (item: unknown, pointer: string): unknown => {
    if (typeof item === 'string') {
      const limit = taken > MOST_CHARACTERS ? LONGEST_BEYOND : LONGEST_TEXT;
      taken += Math.min(item.length, limit);
      if (item.length <= limit) return item;
      cut.push({ pointer, length: item.length });
      return item.slice(0, limit);
    }
    if (Array.isArray(item)) {
      if (item.length > MOST_ITEMS) cut.push({ pointer, length: item.length });
      return (item as unknown[]).slice(0, MOST_ITEMS).map((member, index) => walk(member, `${pointer}/${index}`));
    }
    if (!isObject(item)) return item;
    const copy: JsonObject = {};
    for (const [key, member] of Object.entries(item)) setOwn(copy, key, walk(member, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`));
    return copy;
  };
  return { value: walk(value, '') as T, cut };
}

/** What a JSON pointer points at; `undefined`: nothing. */
export function valueAt(value: unknown, pointer: string): unknown {
  if (pointer === '') return value;
  if (!pointer.startsWith('/')) return undefined;
  let at = value;
  for (const step of pointer.slice(1).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = /^\d+$/.test(key) ? (at as unknown[])[Number(key)] : undefined;
    else at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

/** `__proto__` is a key like any other. */
function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}
