import { createScanner, SyntaxKind } from 'jsonc-parser';

/** How a file spaces what stands in one line: `{"a":1}`, `{"a": 1, "b": 2}`, `{ "a": 1 }`. */
export interface JsonStyle {
  readonly afterColon: string;
  readonly afterComma: string;
  /** Inside of the brackets of an object. */
  readonly inside: string;
}

export const COMPACT: JsonStyle = { afterColon: '', afterComma: '', inside: '' };

/** A row says how it is written in its first members. */
const MOST_TOKENS = 64;

/** The spacing of a row that stands in one line. What it does not show (an object of one member has no comma) is as behind its colons. */
export function styleOf(row: string): JsonStyle {
  const scanner = createScanner(row, false);
  const found: { afterColon?: string; afterComma?: string; inside?: string } = {};
  let before = scanner.scan();
  for (let tokens = 0; tokens < MOST_TOKENS && before !== SyntaxKind.EOF; tokens++) {
    const kind = scanner.scan();
    const space = kind === SyntaxKind.Trivia ? ' ' : '';
    if (kind === SyntaxKind.LineBreakTrivia || kind === SyntaxKind.EOF) break;
    if (before === SyntaxKind.ColonToken) found.afterColon ??= space;
    if (before === SyntaxKind.CommaToken) found.afterComma ??= space;
    if (before === SyntaxKind.OpenBraceToken && kind !== SyntaxKind.CloseBraceToken) found.inside ??= space;
    before = kind;
  }
  const { afterColon = '', afterComma = afterColon, inside = '' } = found;
  return { afterColon, afterComma, inside };
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
