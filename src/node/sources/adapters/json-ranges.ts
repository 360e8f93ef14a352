const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Where an array of objects lies in a text of JSON: at its opening and its closing bracket, and its elements. */
export interface ArrayRange {
  readonly open: number;
  readonly close: number;
  readonly items: readonly ObjectRange[];
}

/** From its opening brace to behind its closing one, with the arrays of it that were looked for. */
export interface ObjectRange {
  readonly start: number;
  readonly end: number;
  readonly arrays: ReadonlyMap<string, ArrayRange>;
}

interface Wanted {
  readonly names: ReadonlySet<string>;
  readonly leaf: string;
  /** Elements that may still be found. */
  left: number;
}

/**
 * Finds arrays by their names, at any depth that leads through such arrays and through plain objects, without making values of the rest:
 * an answer of tens of megabytes is cut in milliseconds where parsing and writing it again would hold up everything else.
 * Elements of the array `leaf` are not looked into. `null`: the brackets do not match, so the text is broken, or there are more elements
 * than any trace has. Whether it is JSON otherwise is for whoever parses the pieces.
 */
export function findArrays(bytes: Uint8Array, names: ReadonlySet<string>, leaf: string): ObjectRange | null {
  const root = skipSpace(bytes, 0);
  if (bytes[root] !== OPEN_BRACE) return null;
  const found = objectAt(bytes, root, { names, leaf, left: MOST_ITEMS }, MOST_DEPTH);
  return found !== null && skipSpace(bytes, found.end) === bytes.length ? found : null;
}

function objectAt(bytes: Uint8Array, start: number, wanted: Wanted, depth: number): ObjectRange | null {
  let arrays = NONE;
  const add = (name: string, range: ArrayRange): void => void (arrays = new Map(arrays).set(name, range));
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] === QUOTE) {
    const keyEnd = endOfString(bytes, at);
    const colon = skipSpace(bytes, keyEnd);
    if (keyEnd < 0 || bytes[colon] !== COLON) return null;
    const key = keyEnd - at <= LONGEST_NAME ? text.decode(bytes.subarray(at + 1, keyEnd - 1)) : '';
    const value = skipSpace(bytes, colon + 1);
    const array = depth > 0 && wanted.names.has(key) && bytes[value] === OPEN_BRACKET ? arrayAt(bytes, value, wanted, key === wanted.leaf, depth - 1) : undefined;
    if (array === null) return null;
    if (array !== undefined) add(key, array);
    const inner = depth > 0 && WRAPPERS.has(key) && bytes[value] === OPEN_BRACE ? objectAt(bytes, value, wanted, depth - 1) : undefined;
    if (inner === null) return null;
    for (const [name, range] of inner?.arrays ?? []) add(name, range);
    const end = array !== undefined ? array.close + 1 : inner !== undefined ? inner.end : endOfValue(bytes, value);
    if (end < 0) return null;
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return bytes[at] === CLOSE_BRACE ? { start, end: at + 1, arrays } : null;
}

/** `null`: broken, or too long; `undefined`: its elements are not all objects. `isLeaf`: they are not looked into. */
function arrayAt(bytes: Uint8Array, open: number, wanted: Wanted, isLeaf: boolean, depth: number): ArrayRange | null | undefined {
  const items: ObjectRange[] = [];
  let at = skipSpace(bytes, open + 1);
  while (bytes[at] !== CLOSE_BRACKET) {
    if (at >= bytes.length) return null;
    if (bytes[at] !== OPEN_BRACE) return undefined;
    if (wanted.left-- === 0) return null;
    const item = isLeaf ? { start: at, end: endOfValue(bytes, at), arrays: NONE } : objectAt(bytes, at, wanted, depth);
    if (item === null || item.end < 0) return null;
    items.push(item);
    at = skipSpace(bytes, item.end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return { open, close: at, items };
}

const text = new TextDecoder();
const NONE: ReadonlyMap<string, ArrayRange> = new Map();
/** No known answer has its spans deeper; a hostile one nests until the stack ends. */
const MOST_DEPTH = 8;
/** A text of 256 MB may hold 80 million empty objects, of which memory would not hold the places. */
const MOST_ITEMS = 2_000_000;
const LONGEST_NAME = 32;
/** Members in which answers put the trace. */
const WRAPPERS: ReadonlySet<string> = new Set(['result', 'trace']);

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at >= 0 && at < bytes.length && bytes[at]! <= 0x20) at++;
  return at;
}

/** Behind the closing quote of the string that opens at `from`; -1: it never closes. */
function endOfString(bytes: Uint8Array, from: number): number {
  // Byte by byte: calling indexOf for each of many short strings takes longer.
  for (let at = from + 1; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

/** Behind any value; -1: it does not end. */
function endOfValue(bytes: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; ) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      if (at < 0) return -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      at++;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      // The end of what a number or a word stands in
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (byte === COMMA && depth === 0) {
      return at;
    } else {
      at++;
      continue;
    }
    if (depth === 0) return at;
  }
  return -1;
}
