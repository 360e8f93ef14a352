import { findNodeAtOffset, getNodePath, modify, parseTree, type Edit, type Node as JsonNode } from 'jsonc-parser';
import { TouchstoneError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { endingOf } from '../text/path.ts';
import { LineMap, type Position, type SourceRange } from '../text/position.ts';
import { appendRecord, setField } from './csv-edit.ts';
import { appendLine, textOf, type NewCase, type OffsetEdit } from './edit-text.ts';
import { COMPACT, styleOf, writeJson } from './json-style.ts';
import { ROW_KEYS } from './rows.ts';
import { appendYamlRow, setYamlValue } from './yaml-edit.ts';

/** A change of one text; the smallest one that does the job, so that a review shows one line. */
export interface TextEdit {
  readonly range: SourceRange;
  readonly newText: string;
}

/**
 * Writes the expectation of the case that begins at `at` into the text of its file (jsonl, json, yaml, csv, or inline in a
 * prompt file).
 * @throws TouchstoneError 'invalid-dataset' where the file has no place for an expectation
 */
export function expectationEdit(path: string, text: string, at: Position, expected: unknown): TextEdit {
  const lines = new LineMap(text);
  const offset = lines.offsetAt(at);
  const edit = ((): OffsetEdit => {
    switch (endingOf(path)) {
      case 'jsonl':
      case 'ndjson':
        return jsonLineExpectation(text, offset, expected);
      case 'json':
        return jsonExpectation(text, offset, expected);
      case 'csv':
        return setField(path, text, offset, ['expected', '__expected'], textOf(expected));
      default:
        return setYamlValue(path, text, offset, 'expected', expected);
    }
  })();
  return { range: lines.range(edit.start, edit.end), newText: edit.newText };
}

/**
 * Appends a case to the text of a dataset file; `key` names the list of an inline dataset (`testData`, `tests`).
 * @throws TouchstoneError 'invalid-dataset' where the file is no list of cases, or a CSV lacks a column
 */
export function appendCaseEdit(path: string, text: string, added: NewCase, key?: 'testData' | 'tests'): TextEdit {
  const lines = new LineMap(text);
  const edit = ((): OffsetEdit => {
    if (key !== undefined) return appendYamlRow(path, text, key === 'tests' ? promptfooRow(added) : datasetRow(added), key);
    switch (endingOf(path)) {
      case 'jsonl':
      case 'ndjson':
        return appendLine(text, writeJson(datasetRow(added), styleOf(lastLine(text))));
      case 'json':
        return appendJsonRow(path, text, datasetRow(added));
      case 'csv':
        return appendRecord(path, text, added);
      default:
        return appendYamlRow(path, text, datasetRow(added));
    }
  })();
  return { range: lines.range(edit.start, edit.end), newText: edit.newText };
}

/**
 * Appends several cases as one change: from the first character that differs to the last one.
 * @throws TouchstoneError 'invalid-dataset' as with one case
 */
export function appendCasesEdit(path: string, text: string, cases: readonly NewCase[], key?: 'testData' | 'tests'): TextEdit {
  let whole = text;
  for (const added of cases) {
    const { range, newText } = appendCaseEdit(path, whole, added, key);
    const lines = new LineMap(whole);
    whole = whole.slice(0, lines.offsetAt(range.start)) + newText + whole.slice(lines.offsetAt(range.end));
  }
  const most = Math.min(text.length, whole.length);
  let start = 0;
  while (start < most && text[start] === whole[start]) start++;
  while (start > 0 && isSplit(text, start)) start--;
  let same = 0;
  while (same < most - start && text[text.length - 1 - same] === whole[whole.length - 1 - same]) same++;
  while (same > 0 && isSplit(text, text.length - same)) same--;
  return { range: new LineMap(text).range(start, text.length - same), newText: whole.slice(start, whole.length - same) };
}

/** No editor has a place between the halves of a line break or of a character. */
function isSplit(text: string, at: number): boolean {
  return /^(?:\r\n|[\uD800-\uDBFF][\uDC00-\uDFFF])$/.test(text.slice(at - 1, at + 1));
}

/** The row of a case: flat, or with `vars` when a variable has the name of one of the row's own keys. */
export function datasetRow(added: NewCase): JsonObject {
  const reserved = Object.keys(added.vars).some((name) => (ROW_KEYS as readonly string[]).includes(name));
  return {
    ...(added.id === undefined ? {} : { id: added.id }),
    ...(reserved ? { vars: added.vars } : added.vars),
    ...(added.expected === undefined ? {} : { expected: added.expected }),
    ...(added.assertions === undefined || added.assertions.length === 0 ? {} : { assert: added.assertions }),
    ...(added.tags === undefined || added.tags.length === 0 ? {} : { tags: added.tags }),
    ...(added.metadata === undefined ? {} : { metadata: added.metadata }),
  };
}

function promptfooRow(added: NewCase): JsonObject {
  const assertions = [...(added.expected === undefined ? [] : [{ type: 'equals', value: added.expected }]), ...(added.assertions ?? [])];
  return {
    ...(added.id === undefined ? {} : { description: added.id }),
    vars: added.vars,
    ...(assertions.length === 0 ? {} : { assert: assertions }),
    ...(added.metadata === undefined ? {} : { metadata: added.metadata }),
  };
}

function jsonLineExpectation(text: string, offset: number, expected: unknown): OffsetEdit {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = text.slice(start, end < 0 ? text.length : end);
  return shifted(single(modify(line, ['expected'], expected, {})), start);
}

function jsonExpectation(text: string, offset: number, expected: unknown): OffsetEdit {
  const root = parseTree(text);
  let node: JsonNode | undefined = root && findNodeAtOffset(root, offset, true);
  while (node && node.type !== 'object') node = node.parent;
  if (!node) throw new TouchstoneError('invalid-dataset', 'There is no case at this place any more.');
  return shifted(single(modify(text, [...getNodePath(node), 'expected'], expected, {})), 0);
}

function appendJsonRow(path: string, text: string, row: JsonObject): OffsetEdit {
  const root = parseTree(text);
  const list = root?.type === 'array' ? root : undefined;
  if (!list) throw new TouchstoneError('invalid-dataset', 'A case can be added to a JSON file that holds a list of cases.', { place: { file: path } });
  const last = list.children?.at(-1);
  const json = writeJson(row, last ? styleOf(text.slice(last.offset, last.offset + last.length)) : COMPACT);
  if (!last) return { start: list.offset + 1, end: list.offset + 1, newText: json };
  const at = last.offset + last.length;
  const gap = /^\s*/.exec(text.slice(0, last.offset).split(/[[,]/).at(-1) ?? '')?.[0] ?? ' ';
  return { start: at, end: at, newText: `,${gap === '' ? ' ' : gap}${json}` };
}

/** The last line with anything in it: the row that a new one stands below. */
function lastLine(text: string): string {
  const rows = text.trimEnd();
  return rows.slice(rows.lastIndexOf('\n') + 1);
}

function single(edits: readonly Edit[]): OffsetEdit {
  const edit = edits[0];
  if (!edit || edits.length > 1) throw new TouchstoneError('invalid-dataset', 'The case cannot be changed here.');
  return { start: edit.offset, end: edit.offset + edit.length, newText: edit.content };
}

function shifted(edit: OffsetEdit, by: number): OffsetEdit {
  return { start: edit.start + by, end: edit.end + by, newText: edit.newText };
}
