import { parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { Findings } from '../text/findings.ts';
import { locateJson } from '../text/locate.ts';
import type { SourceRange } from '../text/position.ts';
import { linesOf, type TextLine } from './lines.ts';
import { caseFromRow } from './rows.ts';
import type { DatasetItem, DatasetSource } from './source.ts';
import { topLevelValue } from './json-scan.ts';

/** One case on every line that is not blank. Streamed: one line is held at a time. */
export async function* readJsonl(source: DatasetSource): AsyncGenerator<DatasetItem> {
  for await (const line of linesOf(source.files.readChunks(source.file))) yield* readLine(line, source);
}

/** The items of one line: none for a blank one, a case, or everything that is wrong with it. */
function readLine(line: TextLine, source: Pick<DatasetSource, 'file' | 'baseDir' | 'ids'>): DatasetItem[] {
  const start = line.text.length - line.text.trimStart().length;
  const text = line.text.trim();
  if (text === '') return [];
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    return [{ problem: { severity: 'error', code: 'json', file: source.file, ...explainJsonError(text, line.number, start) } }];
  }
  const findings = new Findings(source.file);
  const expected = topLevelValue(text, 'expected');
  const at = lineRange(line.number);
  const item = caseFromRow(row, {
    file: source.file,
    baseDir: source.baseDir,
    ids: source.ids,
    findings,
    range: at(start, start + text.length),
    expectedRange: expected ? at(start + expected[0], start + expected[1]) : undefined,
    locate: locateJson(text, start, { range: at }),
  });
  return [...findings.list.map((problem) => ({ problem })), ...(item ? [{ case: item }] : [])];
}

function lineRange(line: number): (start: number, end: number) => SourceRange {
  return (start, end) => ({ start: { line, character: start }, end: { line, character: end } });
}

/** Why a text is not JSON, and where; `offset` is the column at which the text starts on its line. */
export function explainJsonError(text: string, line: number, offset: number): { message: string; range: SourceRange } {
  const errors: ParseError[] = [];
  try {
    parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { message: 'this is nested too deeply', range: lineRange(line)(offset, offset + text.length) };
  }
  const first = errors[0];
  const at = first?.offset ?? 0;
  const width = Math.max(1, first?.length ?? 1);
  const reason = text.startsWith('//') || text.startsWith('#')
    ? 'comments are not allowed in jsonl'
    : (first ? printParseErrorCode(first.error).replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().replace('close brace', '}').replace('close bracket', ']') : 'not a JSON value');
  return { message: `not valid JSON: ${reason}`, range: lineRange(line)(offset + at, offset + Math.min(at + width, text.length + 1)) };
}
