import type { Scalar } from 'yaml';

/**
 * Where each UTF-16 unit of a YAML scalar's value stands in the source: block scalars lose their indentation, folded ones
 * their line ends, quoted ones their escapes, so a search of the source would miss or misplace what the value holds.
 */
export interface ScalarMap {
  /** Source offset of the unit at `index`; for the value's length, the end of its last unit. */
  sourceOffset(index: number): number;
  /** Source offset after the unit that precedes `index`. */
  sourceEnd(index: number): number;
}

/** A decoded text whose units know where they stand in the source. */
interface Units {
  readonly text: string;
  readonly start: (unit: number) => number;
  readonly end: (unit: number) => number;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0', a: '\x07', b: '\b', e: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', N: '\u0085', _: '\u00a0', L: '\u2028', P: '\u2029',
  ' ': ' ', '"': '"', '/': '/', '\\': '\\', '\t': '\t',
};
const HEX_ESCAPES: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** `null` when value and source cannot be aligned (the caller then falls back to the whole scalar). */
export function mapScalar(source: string, node: Scalar): ScalarMap | null {
  if (typeof node.value !== 'string' || !node.range) return null;
  const [start, end] = node.range;
  switch (node.type) {
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED': {
      const body = source.indexOf('\n', start) + 1;
      return align(node.value, plainUnits(source, body > start && body <= end ? body : end, end));
    }
    case 'QUOTE_DOUBLE':
      return align(node.value, doubleQuotedUnits(source, start + 1, end - 1));
    case 'QUOTE_SINGLE':
      return align(node.value, singleQuotedUnits(source, start + 1, end - 1));
    default:
      return align(node.value, plainUnits(source, start, end));
  }
}

function plainUnits(source: string, start: number, end: number): Units {
  return { text: source.slice(start, end), start: (unit) => start + unit, end: (unit) => start + unit + 1 };
}

function singleQuotedUnits(source: string, start: number, end: number): Units {
  return decodedUnits(source, start, end, (at) => [source[at] ?? '', source[at] === "'" ? 2 : 1]);
}

function doubleQuotedUnits(source: string, start: number, end: number): Units {
  return decodedUnits(source, start, end, (at) => (source[at] === '\\' ? decodeEscape(source, at) : [source[at] ?? '', 1]));
}

function decodedUnits(source: string, start: number, end: number, decode: (at: number) => [text: string, width: number]): Units {
  if (!/[\\']/.test(source.slice(start, end))) return plainUnits(source, start, end);
  let text = '';
  const starts: number[] = [];
  const ends: number[] = [];
  for (let at = start; at < end; ) {
    const [decoded, width] = decode(at);
    for (let unit = 0; unit < decoded.length; unit++) {
      starts.push(at);
      ends.push(at + width);
    }
    text += decoded;
    at += width;
  }
  return { text, start: (unit) => starts[unit] ?? start, end: (unit) => ends[unit] ?? start };
}

/** The escape's text and its width in the source. An escaped line end joins two lines and stands for nothing. */
function decodeEscape(source: string, at: number): [string, number] {
  const key = source[at + 1] ?? '';
  const digits = HEX_ESCAPES[key];
  if (digits !== undefined) {
    const code = Number.parseInt(source.slice(at + 2, at + 2 + digits), 16);
    return [code <= 0x10ffff ? String.fromCodePoint(code) : '', 2 + digits];
  }
  if (key === '\n' || key === '\r') {
    const rest = /^\r?\n[ \t]*/.exec(source.slice(at + 1));
    return ['', 1 + (rest?.[0].length ?? 1)];
  }
  return [SIMPLE_ESCAPES[key] ?? key, 2];
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}

function endOfSpaces(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/**
 * YAML changes only white space and escapes: with the escapes decoded, everything else stands in the source in the same
 * order, and every run of white space of the value comes from one run of the source.
 */
function align(value: string, units: Units): ScalarMap | null {
  const unitOf = new Uint32Array(value.length);
  const { text } = units;
  let unit = 0;
  for (let at = 0; at < value.length; ) {
    const valueRun = endOfSpaces(value, at);
    const sourceRun = endOfSpaces(text, unit);
    if (valueRun > at) {
      const width = sourceRun - unit;
      // A block at the very end of a file without a last line end still has one in its value.
      if (width === 0 && (valueRun < value.length || unit === 0)) return null;
      // A run of equal length is the same text; otherwise its last units are the indentation that was removed.
      for (let i = 0; at + i < valueRun; i++) unitOf[at + i] = unit + Math.min(i, width - 1);
      at = valueRun;
      unit = sourceRun;
      continue;
    }
    unit = sourceRun;
    for (; at < value.length; at++, unit++) {
      const code = value.charCodeAt(at);
      if (isSpace(code)) break;
      if (code !== text.charCodeAt(unit)) return null;
      unitOf[at] = unit;
    }
  }
  const startOf = (index: number): number => units.start(unitOf[index] ?? 0);
  const endOf = (index: number): number => units.end(unitOf[index] ?? 0);
  const last = value.length - 1;
  return {
    sourceOffset: (index) => (last < 0 || index <= last ? startOf(index) : endOf(last)),
    sourceEnd: (index) => (index <= 0 || last < 0 ? startOf(0) : endOf(Math.min(index - 1, last))),
  };
}
