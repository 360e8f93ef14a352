import type { Summary } from '../core/eval/model.ts';
import { labelOfModel, outputText, reportedCase, type ReportCell, type ReportRun, type ReportSource } from '../core/report/model.ts';
import { failureReasons } from '../core/report/reasons.ts';
import { SliceCounter, type SliceSummary } from '../core/report/slices.ts';
import { formatCount, formatDuration, formatRate, formatTokens, formatUsd } from '../core/text/format.ts';
import { table, type Column } from './table.ts';
import { fit, paint, printable, type Look } from './terminal.ts';

/** What the terminal shows of a run, gathered in one pass over its cells: of a run without slices only those that did not pass. */
export interface RunResults {
  readonly run: ReportRun;
  readonly slices: readonly SliceSummary[];
  /** Cells that did not pass, at most as many as asked for. */
  readonly failures: readonly ReportCell[];
  readonly failureCount: number;
}

export async function gatherResults(source: ReportSource, run: ReportRun, mostFailures: number): Promise<RunResults> {
  const slices = new SliceCounter(run);
  const failures: ReportCell[] = [];
  let failureCount = 0;
  for await (const page of source.cells(run.info.id, undefined, run.slices?.length === 0 ? 'not-passed' : undefined)) {
    slices.add(page);
    for (const cell of page) {
      if (cell.result.error === null && cell.result.pass !== false) continue;
      failureCount++;
      if (failures.length < mostFailures) failures.push(cell);
    }
  }
  return { run, slices: slices.result(), failures, failureCount };
}

const MODEL_COLUMNS: readonly Column[] = [
  { title: 'Model' },
  { title: 'Pass rate' },
  { title: 'Passed', right: true, dropAt: 2 },
  { title: 'p50', right: true, dropAt: 3 },
  { title: 'p95', right: true, dropAt: 4 },
  { title: 'Input tok', right: true, dropAt: 6 },
  { title: 'Output tok', right: true, dropAt: 7 },
  { title: 'Cost', right: true, dropAt: 1 },
  { title: 'Cached', right: true, dropAt: 5 },
  { title: 'Errors', right: true },
];

export function resultsText({ run, slices, failures, failureCount }: RunResults, look: Look): string {
  const { info } = run;
  const facts = [info.promptId, info.datasetName, `${formatCount(info.models.length, 'model')} × ${formatCount(info.cases, 'case')} × ${formatCount(info.repeats, 'repeat')}`];
  const head = `${paint(look, 'bold', printable(info.title ?? info.promptName))}  ${paint(look, 'dim', facts.filter((fact) => fact !== null).map(printable).join(' · '))}\n\n`;
  const models = table(MODEL_COLUMNS, run.models.map(({ label, summary }) => modelRow(label, summary)), look);
  return [head, models, sliceText(run, slices, look), failureText(run, failures, failureCount, look), footText(run, look)].filter((part) => part !== '').join('');
}

function modelRow(label: string, summary: Summary): string[] {
  const ms = (value: number | null): string => (value === null ? '–' : formatDuration(value));
  return [
    printable(label),
    formatRate(summary.passRate, summary.interval),
    `${formatCount(summary.passed)} of ${formatCount(summary.passed + summary.failed)}`,
    ms(summary.latency.p50),
    ms(summary.latency.p95),
    formatTokens(summary.tokens.input),
    formatTokens(summary.tokens.output),
    formatUsd(summary.cost),
    formatCount(summary.cached),
    formatCount(summary.errors),
  ];
}

function sliceText(run: ReportRun, slices: readonly SliceSummary[], look: Look): string {
  if (slices.length === 0) return '';
  const columns: Column[] = [{ title: 'Slice' }, { title: 'Cases', right: true }, ...run.models.map(({ label }, at) => ({ title: printable(label), dropAt: at === 0 ? undefined : at }))];
  const rows = slices.map(({ slice, cases, models }) => [printable(slice), formatCount(cases), ...models.map((summary) => formatRate(summary.passRate, summary.interval, 0))]);
  return `\n${table(columns, rows, look)}`;
}

function failureText(run: ReportRun, failures: readonly ReportCell[], count: number, look: Look): string {
  if (count === 0) return '';
  const title = failures.length < count ? `${formatCount(count)} cells did not pass, the first ${formatCount(failures.length)}:` : `${formatCount(count, 'cell')} did not pass:`;
  const rest = failures.length < count ? `${paint(look, 'dim', `… and ${formatCount(count - failures.length)} more: touchstone show ${run.info.id} --verbose`)}\n` : '';
  return `\n${title}\n${failures.map((cell) => failure(run, cell, look)).join('')}${rest}`;
}

function failure(run: ReportRun, cell: ReportCell, look: Look): string {
  const { result } = cell;
  const errored = result.error !== null;
  const mark = errored ? paint(look, 'yellow', '!') : paint(look, 'red', '✗');
  const where = [
    printable(reportedCase(run, cell)),
    run.models.length > 1 ? printable(labelOfModel(run, result.modelIndex)) : '',
    run.info.repeats > 1 ? `#${result.repeat + 1}` : '',
  ].filter((part) => part !== '');
  const name = fit(where.join('  '), look.columns - 4);
  const room = look.columns - 4 - name.length;
  const output = errored || room < 12 ? '' : `  ${paint(look, 'dim', fit(printable(outputText(result.output)), room - 2))}`;
  const reasons = failureReasons(result).map((reason) => `    ${fit(printable(reason), Math.max(20, look.columns - 5))}\n`);
  return `${mark} ${name}${output}\n${reasons.join('')}`;
}

function footText(run: ReportRun, look: Look): string {
  const { info } = run;
  const state = info.status === 'finished' ? '' : `${info.status} · `;
  const early = info.sequence?.stopped == null ? '' : ` · ${printable(info.sequence.stopped.sentence)}`;
  return `\n${paint(look, 'dim', `run ${info.id} · ${state}${formatDuration(info.durationMs)}${early}`)}\n`;
}
