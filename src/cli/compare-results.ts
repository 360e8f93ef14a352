import type { MetricComparison, SliceComparison, Verdict } from '../core/compare/model.ts';
import { differenceInterval, gateSentence, metricDifference, isUnsure, metricName, metricsTogether, metricValue, pValue, slicesTogether, verdictSentence, verdictWords } from '../core/compare/sentence.ts';
import { formatCount } from '../core/text/format.ts';
import type { Comparison, ComparisonRow } from '../protocol/compare.ts';
import { table, type Column } from './table.ts';
import { fit, paint, printable, type Look } from './terminal.ts';

const STYLES: Readonly<Record<Verdict, 'green' | 'red' | 'yellow' | 'bold'>> = { better: 'green', worse: 'red', 'no-difference-shown': 'bold', 'too-few-cases': 'yellow' };
const MARKS: Readonly<Record<Verdict, string>> = { better: '▲', worse: '▼', 'no-difference-shown': '=', 'too-few-cases': '?' };

/** What the terminal shows of one comparison. */
export interface ComparisonResults {
  readonly comparison: Comparison;
  /** The cases that lost most, at most as many as asked for. */
  readonly regressed: readonly ComparisonRow[];
  readonly mostSlices: number;
}

export function comparisonText({ comparison, regressed, mostSlices }: ComparisonResults, look: Look): string {
  const { a, b, result, refused, datasetName, cases, stoppedEarly } = comparison;
  const sides = paint(look, 'bold', `${printable(a.label)} → ${printable(b.label)}`);
  const repeats = result === null || result.repeats <= 1 ? '' : ` × ${formatCount(result.repeats, 'repeat')}`;
  const facts = [a.promptId === b.promptId ? a.promptId : `${a.promptId} → ${b.promptId}`, datasetName ?? '', `${formatCount(cases, 'case')}${repeats}`, a.model === b.model ? a.model : ''].filter((fact) => fact !== '');
  const head = `${sides}  ${paint(look, 'dim', facts.map(printable).join(' · '))}\n\n`;
  if (refused !== null) return `${head}${paint(look, 'red', 'Refused:')} ${printable(refused.message)}\n${foot(comparison, look)}`;
  if (result === null) return head;
  const [main] = result.metrics;
  return [
    head,
    `${verdictMark(main, look)} ${printable(verdictSentence(result))}\n`,
    `  ${printable(gateSentence(result))}.\n`,
    stoppedEarly === null ? '' : `  ${printable(stoppedEarly.sentence)}\n`,
    `\n${metricTable(result.metrics, look)}`,
    warnings(result.metrics, look),
    sliceTable(result.slices, mostSlices, look),
    regressions(comparison, regressed, look),
    foot(comparison, look),
  ].join('');
}

function metricTable(metrics: readonly MetricComparison[], look: Look): string {
  const columns: readonly Column[] = [
    { title: 'Metric' },
    { title: 'Before', right: true, dropAt: 1 },
    { title: 'After', right: true, dropAt: 1 },
    { title: 'Difference [95%]', right: true },
    { title: 'p', right: true },
    { title: 'Verdict' },
    { title: 'Shows from', right: true, dropAt: 2 },
  ];
  const rows = metrics.map((metric) => [
    printable(metricName(metric.name)),
    value(metric.a, metric),
    value(metric.b, metric),
    difference(metric),
    testedP(metric),
    `${verdictMark(metric, look)} ${verdictWords(metric, metricsTogether(metrics))}`,
    metric.minimumDetectable === null ? '–' : metricDifference(metric.minimumDetectable, metric.unit).replace('+', ''),
  ]);
  return table(columns, rows, look);
}

function warnings(metrics: readonly MetricComparison[], look: Look): string {
  const lines = metrics.flatMap(({ name, warning }) => (warning === undefined ? [] : [`  ${paint(look, 'yellow', '!')} ${printable(metricName(name))}: ${printable(warning)}\n`]));
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

function sliceTable(slices: readonly SliceComparison[], most: number, look: Look): string {
  if (slices.length === 0) return '';
  const columns: readonly Column[] = [
    { title: 'Slice' }, { title: 'Cases', right: true }, { title: 'Before', right: true, dropAt: 1 }, { title: 'After', right: true, dropAt: 1 }, { title: 'Difference [95%]', right: true },
    { title: 'p', right: true }, { title: 'Regressed', right: true, dropAt: 2 }, { title: 'Improved', right: true, dropAt: 3 }, { title: 'Verdict' },
  ];
  const rows = slices.slice(0, most).map(({ slice, n, regressed, improved, metrics: [metric] }) => [
    fit(printable(slice), 40),
    formatCount(n),
    metric === undefined ? '–' : value(metric.a, metric),
    metric === undefined ? '–' : value(metric.b, metric),
    metric === undefined ? '–' : difference(metric),
    metric === undefined ? '–' : testedP(metric),
    formatCount(regressed),
    formatCount(improved),
    metric === undefined || metric.verdict === 'too-few-cases' ? paint(look, 'dim', 'too few cases') : `${verdictMark(metric, look)} ${isUnsure(metric) ? 'not sure' : verdictWords(metric, '')}`,
  ]);
  const rest = slices.length > most ? paint(look, 'dim', `… and ${formatCount(slices.length - most)} more slices (--verbose shows them)\n`) : '';
  // An interval of one slice may exclude 0 where p, adjusted for all slices, does not: then a reader wants to know for how many.
  const isAdjusted = slices.some(({ metrics: [metric] }) => metric?.pAdjusted !== undefined);
  const adjusted = isAdjusted ? paint(look, 'dim', `p is adjusted for ${slicesTogether(slices)} (Holm)\n`) : '';
  return `\n${table(columns, rows, look)}${rest}${adjusted}`;
}

function verdictMark(metric: MetricComparison | undefined, look: Look): string {
  const verdict = metric === undefined || isUnsure(metric) ? 'too-few-cases' : metric.verdict;
  return paint(look, STYLES[verdict], MARKS[verdict]);
}

/** `.012`, `< .001`: of what was tested together the adjusted one. */
function testedP({ p, pAdjusted }: MetricComparison): string {
  const tested = pAdjusted ?? p;
  return tested === null ? '–' : pValue(tested).replace(/^p (?:= )?/, '');
}

function regressions({ counts }: Comparison, rows: readonly ComparisonRow[], look: Look): string {
  if (counts.regressed === 0) return counts.improved === 0 ? '' : `\n${formatCount(counts.improved, 'case')} improved, none regressed.\n`;
  const title = `\n${formatCount(counts.regressed, 'case')} regressed, ${formatCount(counts.improved)} improved${rows.length < counts.regressed ? `; the first ${formatCount(rows.length)} that regressed` : ''}:\n`;
  const room = Math.max(12, Math.floor((look.columns - 8) / 2));
  const lines = rows.map(({ caseId, a, b }) => {
    const outputs = `${fit(printable(a.text), room)} ${paint(look, 'dim', '→')} ${fit(printable(b.text), room)}`;
    return `${paint(look, 'red', '✗')} ${fit(printable(caseId), look.columns - 4)}\n    ${outputs}\n`;
  });
  return `${title}${lines.join('')}`;
}

function foot({ a, b }: Comparison, look: Look): string {
  const runs = a.ref.runId === b.ref.runId ? `run ${a.ref.runId}` : `runs ${a.ref.runId} and ${b.ref.runId}`;
  const unfinished = [a, b].filter(({ status }) => status !== 'finished').map((side) => `${printable(side.label)} is ${side.status} (${formatCount(side.done)} of ${formatCount(side.total, 'cell')})`);
  return `\n${paint(look, 'dim', [runs, ...unfinished].join(' · '))}\n`;
}

function value(number: number | null, { unit }: MetricComparison): string {
  return number === null ? '–' : metricValue(number, unit);
}

function difference({ delta, interval, unit }: MetricComparison): string {
  if (delta === null) return '–';
  return `${metricDifference(delta, unit)}${interval === null ? '' : ` ${differenceInterval(interval, unit)}`}`;
}
