import { TouchstoneError } from '../errors.ts';
import { appendLine, textOf, type NewCase, type OffsetEdit } from './edit-text.ts';

interface Field {
  /** Offsets of the field as it stands in the file, quotes included. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** Replaces a field of the record that holds `offset`; the first of `columns` that the header has. */
export function setField(path: string, text: string, offset: number, columns: readonly string[], value: string): OffsetEdit {
  const { header, records } = scan(text);
  const column = columns.map((name) => header.findIndex((field) => field.value.trim() === name)).find((index) => index >= 0);
  if (column === undefined) {
    throw new TouchstoneError('invalid-dataset', `This CSV file has no column "${columns[0] ?? 'expected'}" for an expectation. Add the column, then accept the output again.`, { place: { file: path, line: 1 } });
  }
  const record = records.find((fields) => (fields[0]?.start ?? 0) <= offset && offset <= (fields.at(-1)?.end ?? 0));
  const field = record?.[column];
  if (!field) throw new TouchstoneError('invalid-dataset', 'There is no case at this place any more.', { place: { file: path } });
  return { start: field.start, end: field.end, newText: quoteField(value, header[column]?.value.trim() === '__expected') };
}

/** A new last record in the order of the header's columns. */
export function appendRecord(path: string, text: string, added: NewCase): OffsetEdit {
  const { header } = scan(text);
  const columns = header.map((field) => field.value.trim());
  const unplaced = Object.keys(added.vars).filter((name) => !columns.includes(name));
  const expectation = columns.includes('expected') ? 'expected' : '__expected';
  if (added.expected !== undefined && !columns.includes(expectation)) unplaced.push('expected');
  if (added.assertions !== undefined && added.assertions.length > 0) unplaced.push('assert');
  if (unplaced.length > 0) {
    throw new TouchstoneError('invalid-dataset', `This CSV file has no column for ${unplaced.map((name) => `"${name}"`).join(', ')}. Add it to the first line, then add the case.`, { place: { file: path, line: 1 } });
  }
  const record = columns.map((name) => {
    if (name === expectation) return added.expected === undefined ? '' : quoteField(textOf(added.expected), name === '__expected');
    // A row of a table keeps of the rest what the table has a column for.
    if (name === 'id' && added.id !== undefined) return quoteField(added.id, false);
    if (name.startsWith('__metadata:')) return quoteField(textOf(added.metadata?.[name.slice('__metadata:'.length)] ?? ''), false);
    if (name === 'tags') return quoteField((added.tags ?? []).join(','), false);
    return Object.hasOwn(added.vars, name) ? quoteField(textOf(added.vars[name]), false) : '';
  });
  return appendLine(text, record.join(','));
}

/** As RFC 4180 wants it; in promptfoo's `__expected` a text that reads like an assertion is marked as the text it is. */
function quoteField(value: string, assertion: boolean): string {
  const meant = assertion && /^[a-z-]+(\([^)]*\))?:/i.test(value) ? `equals:${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(meant) ? `"${meant.replaceAll('"', '""')}"` : meant;
}

function scan(text: string): { header: Field[]; records: Field[][] } {
  const records: Field[][] = [];
  let record: Field[] = [];
  // A byte order mark belongs to no field.
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length || record.length > 0) {
    const field = readField(text, at);
    record.push(field);
    at = field.end;
    if (text[at] === ',') {
      at += 1;
      continue;
    }
    if (record.length > 1 || record[0]?.value !== '') records.push(record);
    record = [];
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
  }
  return { header: records[0] ?? [], records: records.slice(1) };
}

function readField(text: string, start: number): Field {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end += 1;
    return { start, end, value: text.slice(start, end) };
  }
  let end = start + 1;
  while (end < text.length && (text[end] !== '"' || text[end + 1] === '"')) end += text[end] === '"' ? 2 : 1;
  return { start, end: Math.min(end + 1, text.length), value: text.slice(start + 1, end).replaceAll('""', '"') };
}
