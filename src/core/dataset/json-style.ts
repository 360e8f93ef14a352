import { parseTree } from 'jsonc-parser';

/** How a file spaces what stands in one line: `{"a":1}`, `{"a": 1, "b": 2}`, `{ "a": 1 }`. */
export interface JsonStyle {
  readonly afterColon: string;
  readonly afterComma: string;
  /** Inside of the brackets of an object. */
  readonly inside: string;
}

export const COMPACT: JsonStyle = { afterColon: '', afterComma: '', inside: '' };

/** The spacing of a row, as its first members have it. What it does not show (an object of one member has no comma, one of several lines no space behind it) is as behind its colons. */
export function styleOf(row: string): JsonStyle {
  const root = parseTree(row);
  const [first, second] = root?.children ?? [];
  const value = first?.children?.[1];
  if (root?.type !== 'object' || first?.colonOffset === undefined || value === undefined) return COMPACT;
  const afterColon = spaceBetween(row, first.colonOffset + 1, value.offset);
  const comma = row.indexOf(',', first.offset + first.length);
  return {
    afterColon,
    afterComma: second === undefined || isBroken(row, comma + 1, second.offset) ? afterColon : spaceBetween(row, comma + 1, second.offset),
    inside: spaceBetween(row, root.offset + 1, first.offset),
  };
}

/** One space or none: a row stays in its line. */
function spaceBetween(text: string, from: number, to: number): string {
  return from === to || isBroken(text, from, to) ? '' : ' ';
}

function isBroken(text: string, from: number, to: number): boolean {
  return /[\r\n]/.test(text.slice(from, to));
}

/** A value in one line. `undefined` and the like are left out as `JSON.stringify` does. */
export function writeJson(value: unknown, style: JsonStyle): string {
  return write(JSON.parse(JSON.stringify(value)) as unknown, style);
}

function write(value: unknown, style: JsonStyle): string {
  if (Array.isArray(value)) return `[${value.map((item) => write(item, style)).join(`,${style.afterComma}`)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${style.afterColon}${write(member, style)}`);
  return members.length === 0 ? '{}' : `{${style.inside}${members.join(`,${style.afterComma}`)}${style.inside}}`;
}
