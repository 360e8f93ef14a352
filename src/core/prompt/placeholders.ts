import type { JsonObject } from '../json.ts';

/**
 * GitHub Models' placeholders: `{{name}}`, replaced in one pass. Names are letters, digits, `_`, `.` and `-`. Spaces
 * inside the braces are allowed (`{{ name }}`), which GitHub's own tools would leave as they stand.
 */
const PLACEHOLDER = /\{\{[ \t]*([\w.-]+)[ \t]*\}\}/g;

export interface Placeholder {
  readonly name: string;
  /** In UTF-16 units of the text, braces included. */
  readonly start: number;
  readonly end: number;
}

export function findPlaceholders(text: string): Placeholder[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => ({ name: match[1] ?? '', start: match.index, end: match.index + match[0].length }));
}

/** A value as text. Data is JSON, so that a model reads it; nothing is the empty text. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : `${value as number | boolean | bigint}`;
}

export interface Filled {
  readonly text: string;
  /** Where the values stand in `text`. */
  readonly inserted: (readonly [number, number])[];
}

/** `lookup` returns `undefined` for a name that is not known: its placeholder then stays as it is. */
export function fillPlaceholders(text: string, lookup: (name: string) => unknown): Filled {
  const inserted: (readonly [number, number])[] = [];
  let filled = '';
  let end = 0;
  for (const placeholder of findPlaceholders(text)) {
    const value = lookup(placeholder.name);
    filled += text.slice(end, placeholder.start);
    if (value === undefined) filled += text.slice(placeholder.start, placeholder.end);
    else {
      const start = filled.length;
      filled += valueText(value);
      inserted.push([start, filled.length]);
    }
    end = placeholder.end;
  }
  return { text: filled + text.slice(end), inserted };
}

/** The value of a name: of the key as it stands, else along the path that its dots make. Own members only; `undefined`: nobody has given it. */
export function lookUp(variables: JsonObject, name: string): unknown {
  if (Object.hasOwn(variables, name)) return variables[name];
  let value: unknown = variables;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}
