import type { JsonObject } from '../json.ts';

/** A change in offsets of the text (UTF-16 units). */
export interface OffsetEdit {
  readonly start: number;
  readonly end: number;
  readonly newText: string;
}

export interface NewCase {
  readonly vars: JsonObject;
  /** `undefined`: the case expects nothing. */
  readonly expected?: unknown;
  readonly tags?: readonly string[];
  readonly id?: string;
  readonly assertions?: readonly JsonObject[];
  /** Where it comes from, and whatever else a reader should know. */
  readonly metadata?: JsonObject;
}

/** The line break that the text uses. */
export function lineBreakOf(text: string): '\n' | '\r\n' {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}

/** A new last line, whether or not the text ends with a line break. */
export function appendLine(text: string, line: string): OffsetEdit {
  const lineBreak = lineBreakOf(text);
  const before = text === '' || text.endsWith('\n') ? '' : lineBreak;
  return { start: text.length, end: text.length, newText: `${before}${line}${lineBreak}` };
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
