import { labelOfModel, outputText, reportedCase, type ReportCell, type ReportRun, type ReportSource } from './model.ts';
import { failureReasons } from './reasons.ts';

const COLUMNS = [
  'run', 'prompt', 'case', 'tags', 'model', 'repeat', 'pass', 'score', 'output', 'expected', 'reasons', 'error',
  'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'cached', 'vars',
] as const;

/**
 * RFC 4180: comma, CRLF, quotes doubled; UTF-8 without a byte order mark. Variables are one JSON column, because cases of
 * one dataset may have different ones. Empty: unknown, or no answer.
 */
export async function* csvReport(source: ReportSource): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for (const run of source.runs) {
    for await (const page of source.cells(run.info.id)) {
      yield page.map((cell) => `${row(run, cell).map(field).join(',')}\r\n`).join('');
    }
  }
}

function row(run: ReportRun, cell: ReportCell): readonly Field[] {
  const { result } = cell;
  return [
    run.info.id,
    run.info.promptId,
    reportedCase(run, cell),
    cell.case.tags.join(' '),
    labelOfModel(run, result.modelIndex),
    result.repeat,
    result.pass,
    result.score,
    outputText(result.output),
    outputText(cell.case.expected),
    failureReasons(result).join('\n'),
    result.error === null ? null : `${result.error.code}: ${result.error.message}`,
    result.latencyMs,
    result.usage?.input,
    result.usage?.output,
    result.cost,
    result.cached,
    JSON.stringify(cell.case.vars),
  ];
}

/**
 * Spreadsheets run a cell that begins with one of these as a formula, and outputs are not ours: such texts get a leading
 * apostrophe (OWASP, CSV injection; tab and line ends are stripped by some programs before they look, and programs set to
 * Chinese or Japanese take the full-width signs as well).
 */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

type Field = string | number | boolean | null | undefined;

function field(value: Field): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
