import { isMap, isScalar, isSeq, parseDocument, stringify, type Node, type Pair, type YAMLMap } from 'yaml';
import { appendLine, lineBreakOf, type OffsetEdit } from '../dataset/edit-text.ts';
import { TouchstoneError } from '../errors.ts';

/**
 * Adds a file or pattern to `traces.sources` of a touchstone.yml, leaving everything else as it stands. `null`: it is there.
 * @throws TouchstoneError 'invalid-config' where the text has another shape than `traces: { sources: [...] }`
 */
export function addTraceSource(path: string, text: string, source: string): OffsetEdit | null {
  return addItem(path, text, scalarText(source), (known) => (isScalar(known) ? known.value : isMap(known) ? known.get('path') : undefined) === source);
}

/**
 * Adds a backend to `traces.sources`: one line of `{ name: …, type: … }`. `null`: there is one of this name.
 * @param entry texts, numbers and booleans, in the order in which they are written
 * @throws TouchstoneError 'invalid-config' as above
 */
export function addBackendSource(path: string, text: string, entry: Readonly<Record<string, string | number | boolean>>): OffsetEdit | null {
  const members = Object.entries(entry).map(([key, value]) => `${key}: ${typeof value === 'string' ? flowText(value) : String(value)}`);
  return addItem(path, text, `{ ${members.join(', ')} }`, (known) => isMap(known) && known.get('name') === entry['name']);
}

/**
 * Takes a backend out of `traces.sources`. `null`: there is none of this name.
 * @throws TouchstoneError 'invalid-config' as above
 */
export function removeBackendSource(path: string, text: string, name: string): OffsetEdit | null {
  const root = parseDocument(text).contents;
  const traces = isMap(root) ? pairOf(root, 'traces')?.value : undefined;
  const list = isMap(traces) ? pairOf(traces, 'sources')?.value : undefined;
  if (list === undefined || list === null) return null;
  if (!isSeq(list)) throw unexpected(path);
  const at = list.items.findIndex((item) => isMap(item) && item.get('name') === name);
  if (at === -1) return null;
  // An empty list, not a key without a value.
  if (list.items.length === 1) return { ...between(extent(text, list)), newText: '[]' };
  const [start, end] = extent(text, list.items[at] as Node);
  const before = list.items[at - 1] as Node | undefined;
  if (list.flow) {
    const from = before === undefined ? start : extent(text, before)[1];
    return { start: from, end: before === undefined ? extent(text, list.items[at + 1] as Node)[0] : end, newText: '' };
  }
  // Whole lines: its dash, what it says, and a comment behind it.
  const dash = text.lastIndexOf('-', start);
  const line = lineStart(text, dash);
  const lineEnd = text.indexOf('\n', end);
  return { start: line, end: lineEnd === -1 ? text.length : lineEnd + 1, newText: '' };
}

function between([start, end]: readonly [number, number]): { readonly start: number; readonly end: number } {
  return { start, end };
}

function addItem(path: string, text: string, item: string, isSame: (known: unknown) => boolean): OffsetEdit | null {
  const lineBreak = lineBreakOf(text);
  const root = parseDocument(text).contents;
  if (root === null) return appendLine(text, `traces:${lineBreak}  sources:${lineBreak}    - ${item}`);
  if (!isMap(root)) throw unexpected(path);
  const traces = pairOf(root, 'traces');
  if (!traces) return root.flow ? insertKey(text, root, `traces: { sources: [${item}] }`) : appendLine(text, `traces:${lineBreak}  sources:${lineBreak}    - ${item}`);
  if (isNothing(traces.value)) return fill(text, traces, `${lineBreak}  sources:${lineBreak}    - ${item}`);
  if (!isMap(traces.value)) throw unexpected(path);
  const sources = pairOf(traces.value, 'sources');
  if (!sources) return insertKey(text, traces.value, `sources: [${item}]`);
  const value = sources.value as Node | null;
  if (isNothing(value)) return fill(text, sources, ` [${item}]`);
  if (isScalar(value)) return typeof value.value === 'string' && isSame(value) ? null : around(text, value, item);
  if (!isSeq(value)) throw unexpected(path);
  if (value.items.some(isSame)) return null;
  const [start, end] = extent(text, value);
  if (value.flow) {
    const inside = trimmedEnd(text, start, end - 1);
    return { start: inside, end: inside, newText: `${value.items.length > 0 ? ', ' : ''}${item}` };
  }
  return { start: end, end, newText: `${lineBreak}${' '.repeat(start - lineStart(text, start))}- ${item}` };
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (isScalar(value) && value.value === null);
}

/** Behind `key:`, where nothing (or a bare `null`) stands. */
function fill(text: string, pair: Pair, newText: string): OffsetEdit {
  const key = pair.key as Node;
  const value = pair.value as Node | null;
  const colon = text.indexOf(':', key.range?.[1] ?? 0) + 1;
  const end = value?.range && value.range[1] > value.range[0] ? value.range[1] : colon;
  return { start: colon, end, newText };
}

function insertKey(text: string, map: YAMLMap, entry: string): OffsetEdit {
  const [start, end] = extent(text, map);
  if (!map.flow) return { start: end, end, newText: `${lineBreakOf(text)}${' '.repeat(start - lineStart(text, start))}${entry}` };
  const inside = trimmedEnd(text, start, end - 1);
  return { start: inside, end: inside, newText: `${map.items.length > 0 ? ', ' : ' '}${entry}` };
}

/** One source that stands without a list. */
function around(text: string, value: Node, item: string): OffsetEdit {
  const [start, end] = extent(text, value);
  return { start, end, newText: `[${text.slice(start, end)}, ${item}]` };
}

function extent(text: string, node: Node): [start: number, end: number] {
  const [start, end] = node.range ?? [0, 0];
  return [start, trimmedEnd(text, start, end)];
}

function trimmedEnd(text: string, start: number, end: number): number {
  return start + text.slice(start, end).trimEnd().length;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** On one line, and safe inside of brackets, too: patterns are full of characters that mean something to YAML. */
function scalarText(source: string): string {
  return /^[\w./~-]+$/.test(source) && stringify(source).trimEnd() === source ? source : JSON.stringify(source);
}

/** A text as a member of `{ }`: references and addresses are full of characters that mean something to YAML. */
function flowText(value: string): string {
  return /^[A-Za-z][\w./-]*$/.test(value) && stringify(value).trimEnd() === value ? value : JSON.stringify(value);
}

function unexpected(path: string): TouchstoneError {
  return new TouchstoneError('invalid-config', 'A source is added below "traces: { sources: [...] }"; here stands something else. Change it by hand.', { place: { file: path } });
}
