import { isMap, isScalar, isSeq, parseDocument, stringify, visit, type Document, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import { TouchstoneError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { appendLine, lineBreakOf, type OffsetEdit } from './edit-text.ts';

/** Plain scalars that another reader might take for something else than the text that they are. */
const SAFE_PLAIN = /^[A-Za-z][\w./-]*( [\w./-]+)*$/;
const RESERVED = /^(true|false|yes|no|on|off|null|y|n)$/i;

/** Sets one key of the map that begins at `offset`, leaving everything else as it stands. */
export function setYamlValue(path: string, text: string, offset: number, key: string, value: unknown): OffsetEdit {
  const map = mapAt(parseDocument(text), offset);
  if (!map) throw new TouchstoneError('invalid-dataset', 'There is no case at this place any more.', { place: { file: path } });
  const written = flowText(value);
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  const node = pair?.value as Node | null | undefined;
  if (node?.range) {
    const [start, valueEnd] = node.range;
    // An absent value stands right behind its colon.
    return { start, end: trimmedEnd(text, start, valueEnd), newText: text[start - 1] === ':' ? ` ${written}` : written };
  }
  const [start, end] = extent(text, map);
  if (map.flow) {
    const inside = trimmedEnd(text, start, end - 1);
    return { start: inside, end: inside, newText: `${map.items.length > 0 ? ', ' : ' '}${key}: ${written}` };
  }
  const indent = ' '.repeat(start - lineStart(text, start));
  return { start: end, end, newText: `${lineBreakOf(text)}${indent}${key}: ${written}` };
}

/** Appends a row to the list at the root, or under `key` of the root. */
export function appendYamlRow(path: string, text: string, row: JsonObject, key?: string): OffsetEdit {
  const document = parseDocument(text);
  const root = document.contents;
  if (root === null && key === undefined) return appendLine(text, block([row], 0, lineBreakOf(text)).trimStart());
  const list = key === undefined ? listOf(root) : isMap(root) ? root.get(key, true) : undefined;
  if (list === undefined && key !== undefined && isMap(root)) {
    return appendLine(text, `${key}:${lineBreakOf(text)}${block([row], 2, lineBreakOf(text))}`);
  }
  if (!isSeq(list)) throw new TouchstoneError('invalid-dataset', 'A case can be added to a YAML file that holds a list of cases.', { place: { file: path } });
  return appendItem(text, list, row);
}

function appendItem(text: string, list: YAMLSeq, row: JsonObject): OffsetEdit {
  const [start, end] = extent(text, list);
  if (list.flow) {
    const inside = trimmedEnd(text, start, end - 1);
    return { start: inside, end: inside, newText: `${list.items.length > 0 ? ', ' : ''}${flowText(row)}` };
  }
  const indent = start - lineStart(text, start);
  return { start: end, end, newText: `${lineBreakOf(text)}${block([row], indent, lineBreakOf(text))}` };
}

/** The list of cases of a dataset file: the root, or the one list that a root map holds. */
function listOf(root: unknown): unknown {
  if (!isMap(root)) return root;
  const lists = root.items.filter((item) => isSeq(item.value));
  return lists.length === 1 ? lists[0]?.value : undefined;
}

/** The map that begins at the offset; else the smallest that holds it. */
function mapAt(document: Document, offset: number): YAMLMap | undefined {
  let best: YAMLMap | undefined;
  visit(document, {
    Map(_, map) {
      if (!map.range || map.range[0] > offset || offset > map.range[1]) return visit.SKIP;
      if (best?.range?.[0] === offset) return visit.BREAK;
      best = map;
      return undefined;
    },
  });
  return best;
}

function extent(text: string, node: Node): [start: number, end: number] {
  const [start, end] = node.range ?? [0, 0];
  return [start, trimmedEnd(text, start, end)];
}

function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && /\s/.test(text[at - 1] ?? '')) at -= 1;
  return at;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** One line: a plain word where that is safe, else JSON, which is YAML. */
function flowText(value: unknown): string {
  if (typeof value === 'string' && SAFE_PLAIN.test(value) && !RESERVED.test(value)) return value;
  return JSON.stringify(value ?? null);
}

function block(rows: readonly JsonObject[], indent: number, lineBreak: string): string {
  const lines = stringify(rows, { lineWidth: 0 }).trimEnd().split('\n');
  return lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join(lineBreak);
}
