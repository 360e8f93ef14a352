import { FIELDS, type Field, type FieldName } from './model.ts';
import { fieldNamed } from './parse.ts';
import { printValue } from './print.ts';

/** What stands at a place of a query. `from`, `to`: the part that a completion replaces. */
export type CompletionPlace =
  | { readonly type: 'field'; readonly typed: string; readonly from: number; readonly to: number }
  | { readonly type: 'value'; readonly field: FieldName; readonly typed: string; readonly from: number; readonly to: number };

/** What can stand there. `insert` replaces `from`..`to`. */
export interface Completion {
  readonly label: string;
  readonly detail: string;
  readonly insert: string;
  readonly from: number;
  readonly to: number;
}

/** A value that the store knows, with the number of traces that have it. */
export interface KnownValue {
  readonly value: string;
  readonly traces: number;
}

/** `null`: within a text, or behind a field that there is not. Half a query is a query too: nothing here is an error. */
export function placeAt(query: string, position: number): CompletionPlace | null {
  const at = Math.max(0, Math.min(position, query.length));
  const word = wordAt(query, at);
  if (word === null) return null;
  const from = word.from + (query[word.from] === '-' && word.from < at ? 1 : 0);
  const field = /^([A-Za-z][A-Za-z_.]*):/.exec(query.slice(from, at));
  if (!field) return query[from] === '"' ? null : { type: 'field', typed: query.slice(from, at), from, to: endOf(query, at, /[\s():,"]/) + (query[endOf(query, at, /[\s():,"]/)] === ':' ? 1 : 0) };
  const name = fieldNamed(field[1]!);
  if (name === null) return null;
  const start = word.value ?? from + field[0].length;
  return { type: 'value', field: name, typed: query.slice(start, at).replace(/^"/, '').replace(/\\(["\\])/g, '$1'), from: start, to: endOf(query, at, query[start] === '"' ? /"/ : /[\s(),"]/) + (query[start] === '"' && endOf(query, at, /"/) < query.length ? 1 : 0) };
}

/** Where the word around a position begins, and the last of its values (behind a comma). */
function wordAt(query: string, position: number): { from: number; value: number | null } | null {
  let from = 0;
  let value: number | null = null;
  let quoted = false;
  for (let at = 0; at < position; at++) {
    const character = query[at]!;
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (/[\s()]/.test(character)) [from, value] = [at + 1, null];
    else if (character === ',') value = at + 1;
  }
  return from > position ? null : { from, value };
}

function endOf(query: string, position: number, stop: RegExp): number {
  let at = position;
  while (at < query.length && !stop.test(query[at]!)) at++;
  return at;
}

/** `known`: values of the store for the field, the most frequent first. */
export function completionsFor(place: CompletionPlace, known: readonly KnownValue[]): Completion[] {
  const { from, to } = place;
  const typed = place.typed.toLowerCase();
  if (place.type === 'field') {
    return Object.entries(FIELDS).filter(([name]) => name.startsWith(typed)).map(([name, { about }]) => ({ label: `${name}:`, detail: about, insert: `${name}:`, from, to }));
  }
  const field: Field = FIELDS[place.field];
  const counts = new Map(known.map(({ value, traces }) => [value, traces]));
  const values = field.values ?? (field.examples === undefined ? [...counts.keys()] : field.examples);
  return values.filter((value) => value.toLowerCase().includes(typed)).map((value) => {
    const traces = counts.get(value);
    return { label: value, detail: traces === undefined ? field.about : `${traces} ${traces === 1 ? 'trace' : 'traces'}`, insert: field.examples === undefined ? printValue(value) : value, from, to };
  });
}
