import type { AssertionSpec } from '../assert/model.ts';
import type { FileReader } from '../files.ts';
import type { JsonObject } from '../json.ts';
import { Findings } from '../text/findings.ts';
import type { SourceRange } from '../text/position.ts';
import { assertionFromText } from './assertion-text.ts';
import { csvRecords, type CsvCell, type CsvRecord } from './csv-scan.ts';
import type { CaseOptions } from './model.ts';
import { splitTags } from './rows.ts';
import type { DatasetItem, DatasetSource } from './source.ts';

/**
 * `touchstone`: the columns `id`, `description`, `expected` and `tags` are a case's own. `promptfoo`: they are variables,
 * as there. In both, columns with two underscores are promptfoo's.
 */
export type CsvFlavor = 'touchstone' | 'promptfoo';

/** One record in terms of a case, before an id is given and before promptfoo's defaults are laid under it. */
export interface CsvRow {
  /** One-based, the header not counted. */
  readonly number: number;
  readonly id?: string;
  readonly description?: string;
  readonly vars: JsonObject;
  readonly expected?: string;
  readonly tags: readonly string[];
  readonly assertions: readonly AssertionSpec[];
  readonly threshold?: number;
  readonly metadata: JsonObject;
  readonly options: CaseOptions;
  readonly recordedOutput?: string;
  readonly range: SourceRange;
  readonly expectedRange?: SourceRange;
}

type Target =
  | { readonly kind: 'var' | 'metadata' | 'metadata-list'; readonly name: string }
  | { readonly kind: 'expected-assertion'; readonly number: number }
  | { readonly kind: 'assertion-threshold'; readonly number: number }
  | { readonly kind: 'id' | 'description' | 'expected' | 'tags' | 'metric' | 'threshold' | 'prefix' | 'suffix' | 'providerOutput' };

const OWN_COLUMNS = ['id', 'description', 'expected', 'tags'] as const;
const DOUBLE_UNDERSCORE = { __description: 'description', __metric: 'metric', __threshold: 'threshold', __prefix: 'prefix', __suffix: 'suffix', __providerOutput: 'providerOutput' } as const;

/** Rows of a CSV file, streamed. What is wrong goes into `findings`; a row that cannot be read is left out. */
export async function* readCsvRows(file: string, files: FileReader, flavor: CsvFlavor, findings: Findings, baseDir: string): AsyncGenerator<CsvRow> {
  let columns: readonly Target[] | null = null;
  let number = 0;
  for await (const record of csvRecords(files.readChunks(file))) {
    if (record.fault) {
      findings.error('csv', record.fault.message, record.fault.range);
      continue;
    }
    if (columns === null) {
      columns = readHeader(record, flavor, findings);
      if (findings.failed) return;
      continue;
    }
    number++;
    if (record.cells.length !== columns.length) {
      findings.error('csv-columns', `this record has ${record.cells.length} cells, the header has ${columns.length}`, record.range);
      continue;
    }
    const row = readRecord(columns, record, number, findings, baseDir);
    if (row) yield row;
  }
}

function readHeader(record: CsvRecord, flavor: CsvFlavor, findings: Findings): Target[] {
  const seen = new Set<string>();
  return record.cells.map((cell) => {
    if (seen.has(cell.text)) findings.error('csv-columns', `the column "${cell.text}" is there twice`, cell.range);
    seen.add(cell.text);
    return readColumn(cell, flavor, findings);
  });
}

function readColumn(cell: CsvCell, flavor: CsvFlavor, findings: Findings): Target {
  const name = cell.text;
  if (flavor === 'touchstone') {
    const own = OWN_COLUMNS.find((column) => column === name);
    if (own) return { kind: own };
  }
  if (!name.startsWith('__')) return { kind: 'var', name };
  if (Object.hasOwn(DOUBLE_UNDERSCORE, name)) return { kind: DOUBLE_UNDERSCORE[name as keyof typeof DOUBLE_UNDERSCORE] };
  const expected = /^__expected(\d*)$/.exec(name);
  if (expected) return { kind: 'expected-assertion', number: Number(expected[1] || 1) };
  const threshold = /^__config:__expected(?:(\d*)|\[(\d+)\]):threshold$/.exec(name);
  if (threshold) return { kind: 'assertion-threshold', number: Number(threshold[1] || threshold[2] || 1) };
  const metadata = /^__metadata:(.+?)(\[\])?$/.exec(name);
  if (metadata?.[1] !== undefined) return { kind: metadata[2] ? 'metadata-list' : 'metadata', name: metadata[1] };
  findings.warning('csv-columns', `unknown column "${name}" is taken as a variable`, cell.range);
  return { kind: 'var', name };
}

function readRecord(columns: readonly Target[], record: CsvRecord, number: number, findings: Findings, baseDir: string): CsvRow | null {
  const vars: [string, string][] = [];
  const metadata: [string, unknown][] = [];
  const assertions = new Map<number, AssertionSpec>();
  const thresholds = new Map<number, number>();
  const own: Partial<Record<Target['kind'], CsvCell>> = {};
  let failed = false;
  const readNumber = (cell: CsvCell): number | null => {
    const value = Number(cell.text);
    if (Number.isFinite(value)) return value;
    failed = true;
    findings.error('csv', `"${cell.text}" is not a number`, cell.range);
    return null;
  };
  columns.forEach((target, index) => {
    const cell = record.cells[index];
    if (!cell) return;
    if (target.kind === 'var') vars.push([target.name, cell.text]);
    else if (cell.text.trim() === '') return;
    else if (target.kind === 'metadata') metadata.push([target.name, cell.text]);
    else if (target.kind === 'metadata-list') metadata.push([target.name, splitEscaped(cell.text)]);
    else if (target.kind === 'expected-assertion') {
      assertions.set(target.number, { ...assertionFromText(cell.text.trim()), baseDir, range: cell.range });
      own['expected-assertion'] ??= cell;
    } else if (target.kind === 'assertion-threshold') {
      const value = readNumber(cell);
      if (value !== null) thresholds.set(target.number, value);
    } else own[target.kind] = cell;
  });
  const threshold = own.threshold ? readNumber(own.threshold) : null;
  if (failed) return null;
  const metric = own.metric?.text;
  const expectedRange = (own.expected ?? own['expected-assertion'])?.range;
  return {
    number,
    vars: Object.fromEntries(vars),
    tags: splitTags(own.tags?.text ?? ''),
    metadata: Object.fromEntries(metadata),
    assertions: [...assertions].map(([place, spec]) => ({ ...spec, ...(thresholds.has(place) ? { threshold: thresholds.get(place) } : {}), ...(metric === undefined ? {} : { metric }) })),
    options: { ...(own.prefix ? { prefix: own.prefix.text } : {}), ...(own.suffix ? { suffix: own.suffix.text } : {}) },
    range: record.range,
    ...(own.id ? { id: own.id.text.trim() } : {}),
    ...(own.description ? { description: own.description.text } : {}),
    ...(own.expected ? { expected: own.expected.text } : {}),
    ...(threshold === null ? {} : { threshold }),
    ...(own.providerOutput ? { recordedOutput: own.providerOutput.text } : {}),
    ...(expectedRange ? { expectedRange } : {}),
  };
}

/** A list with commas; `\,` is a comma inside an item. */
function splitEscaped(text: string): string[] {
  return text.split(/(?<!\\),/).map((item) => item.trim().replaceAll('\\,', ','));
}

/** The records of a golden dataset as cases. */
export async function* readCsv(source: DatasetSource): AsyncGenerator<DatasetItem> {
  const findings = new Findings(source.file);
  let told = 0;
  for await (const row of readCsvRows(source.file, source.files, 'touchstone', findings, source.baseDir)) {
    for (; told < findings.list.length; told++) yield* problem(findings, told);
    const place = { file: source.file, range: row.range, ...(row.expectedRange ? { expectedRange: row.expectedRange } : {}) };
    const earlier = row.id === undefined ? null : source.ids.claim(row.id, place);
    if (row.id !== undefined && earlier) {
      findings.error('duplicate-id', `the id "${row.id}" on line ${row.range.start.line + 1} is already taken by line ${earlier.range.start.line + 1}${earlier.file === source.file ? '' : ` of ${earlier.file}`}`, row.range);
      continue;
    }
    const { number: _number, range: _range, expectedRange: _expectedRange, id, ...rest } = row;
    yield { case: { ...rest, id: id ?? source.ids.generate(row.vars, row.expected), place } };
  }
  for (; told < findings.list.length; told++) yield* problem(findings, told);
}

function* problem(findings: Findings, index: number): Generator<DatasetItem> {
  const finding = findings.list[index];
  if (finding) yield { problem: finding };
}
