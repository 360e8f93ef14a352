import type { MetricComparison, SliceComparison, Verdict } from '../compare/model.ts';
import { differenceInterval, gateSentence, isUnsure, metricDifference, metricName, metricsTogether, metricValue, pValue, slicesTogether, verdictWords } from '../compare/sentence.ts';
import { formatCount } from '../text/format.ts';
import { reportedVerdict, type ReportedCase, type ReportedComparison } from './compare-model.ts';
import { comparisonFacts, howItWasMade } from './compare-words.ts';

/** A comment of a pull request holds 65,536 characters: these keep a comparison far below. */
const MOST_CASES = 20;
const MOST_SLICES = 40;
const MOST_METRICS = 30;
const LONGEST_TEXT = 120;
/** Which cases and checks differ, and what to do about it. */
const LONGEST_REFUSAL = 2000;
const MOST_COMPARISONS = 5;

const MARKS: Readonly<Record<Verdict, string>> = { better: '▲', worse: '▼', 'no-difference-shown': '=', 'too-few-cases': '?' };

/**
 * Comparisons as Markdown for a pull request. Every text from a prompt, a dataset or a model stands in code: it makes no link, no mention,
 * no image and no markup, whatever it holds.
 */
export function compareMarkdown(comparisons: readonly ReportedComparison[]): string {
  const parts = comparisons.slice(0, MOST_COMPARISONS).map(section);
  const rest = comparisons.length - parts.length;
  return [...parts, ...(rest > 0 ? [`… and ${formatCount(rest, 'more comparison')} with the same baseline.\n`] : [])].join('\n');
}

function section(comparison: ReportedComparison): string {
  const { a, b, result, refused } = comparison;
  const [metric] = result?.metrics ?? [];
  const mark = refused !== null ? '✕' : metric === undefined ? '?' : markOf(metric);
  const head = [`### ${mark} ${refused === null ? inertSentence(reportedVerdict(comparison)) : 'Refused'}`, '', `${code(a.label)} → ${code(b.label)} · ${comparisonFacts(comparison).map((fact) => code(fact)).join(' · ')}`, ''];
  if (refused !== null || result === null) return [...head, code(refused?.message ?? '', LONGEST_REFUSAL), ''].join('\n');
  return [
    ...head,
    `${gateSentence(result)}.`,
    ...(comparison.stoppedEarly === null ? [] : ['', `${code(comparison.stoppedEarly)}`]),
    '',
    ...metricTable(result.metrics, comparison),
    ...details(`Slices (${formatCount(result.slices.length)})`, sliceTable(result.slices)),
    ...details(`Regressed (${formatCount(comparison.changes.filter(({ regressed }) => regressed).length)})`, caseTable(comparison.changes.filter(({ regressed }) => regressed), comparison)),
    ...details(`Improved (${formatCount(comparison.changes.filter(({ improved }) => improved).length)})`, caseTable(comparison.changes.filter(({ improved }) => improved), comparison)),
    ...warnings(result.metrics),
    `<sub>${howItWasMade(comparison).map(escapeMarkdown).join(' ')}</sub>`,
    '',
  ].join('\n');
}

function metricTable(metrics: readonly MetricComparison[], { a, b }: ReportedComparison): string[] {
  const rows = metrics.slice(0, MOST_METRICS).map((metric) => {
    return row([labelOfMetric(metric), valueOf(metric.a, metric), valueOf(metric.b, metric), differenceOf(metric), ...verdictCells(metric, metricsTogether(metrics))]);
  });
  return [row(['metric', code(a.label), code(b.label), 'difference [95 %]', 'p', '']), '|---|--:|--:|--:|--:|---|', ...rows, ''];
}

function markOf(metric: MetricComparison): string {
  return MARKS[isUnsure(metric) ? 'too-few-cases' : metric.verdict];
}

/** p as it is adjusted, and the verdict by it: an interval is each one's own, and of many some exclude 0 by chance. */
function verdictCells(metric: MetricComparison | undefined, together: string): [string, string] {
  if (metric === undefined) return ['–', ''];
  const p = metric.pAdjusted ?? metric.p;
  return [p === null ? '–' : ours(pValue(p)), `${markOf(metric)} ${verdictWords(metric, together)}`];
}

function sliceTable(slices: readonly SliceComparison[]): string[] {
  if (slices.length === 0) return [];
  const together = slicesTogether(slices);
  const rows = slices.slice(0, MOST_SLICES).map(({ slice, n, regressed, improved, metrics: [metric] }) =>
    row([code(slice), formatCount(n), metric === undefined ? '–' : valueOf(metric.a, metric), metric === undefined ? '–' : valueOf(metric.b, metric), metric === undefined ? '–' : differenceOf(metric), formatCount(regressed), formatCount(improved), ...verdictCells(metric, together)]),
  );
  return [row(['slice', 'cases', 'before', 'after', 'difference [95 %]', 'regressed', 'improved', 'p', '']), '|---|--:|--:|--:|--:|--:|--:|--:|---|', ...rows, ...more(slices.length, MOST_SLICES), ''];
}

function caseTable(cases: readonly ReportedCase[], { a, b }: ReportedComparison): string[] {
  if (cases.length === 0) return [];
  const rows = cases.slice(0, MOST_CASES).map(({ caseId, expected, outputs }) => row([code(caseId), expected === null ? '–' : code(expected), code(outputs.a), code(outputs.b)]));
  return [row(['case', 'expected', code(a.label), code(b.label)]), '|---|---|---|---|', ...rows, ...more(cases.length, MOST_CASES), ''];
}

function more(count: number, shown: number): string[] {
  return count > shown ? ['', `… and ${formatCount(count - shown)} more.`] : [];
}

function details(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['<details>', `<summary>${title}</summary>`, '', ...lines, '</details>', ''];
}

function warnings(metrics: readonly MetricComparison[]): string[] {
  const found = metrics.filter(({ warning }) => warning !== undefined).slice(0, MOST_METRICS);
  return found.length === 0 ? [] : [...found.map((metric) => `- ${labelOfMetric(metric)}: ${escapeMarkdown(metric.warning ?? '')}`), ''];
}

const KNOWN: ReadonlySet<string> = new Set(['passRate', 'score', 'cost', 'latencyMs', 'tokens']);

/** Named metrics are called as the files call them. */
function labelOfMetric({ name }: MetricComparison): string {
  return KNOWN.has(name) ? metricName(name) : code(name);
}

function valueOf(value: number | null, { unit }: MetricComparison): string {
  return value === null ? '–' : ours(metricValue(value, unit));
}

function differenceOf({ delta, interval, unit }: MetricComparison): string {
  if (delta === null) return '–';
  return ours(`${metricDifference(delta, unit)}${interval === null ? '' : ` ${differenceInterval(interval, unit)}`}`);
}

/** Numbers as we write them, `<1 ms` among them. */
function ours(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The sentence holds no text of others but the name of a metric. */
function inertSentence(text: string): string {
  return escapeMarkdown(text);
}

/** Characters that steer a terminal or turn the reading direction. */
const STEERING = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;

/** One line of code: GitHub and CommonMark take nothing in it for markup, a link or a mention. */
function code(text: string, longest = LONGEST_TEXT): string {
  const line = text.replaceAll(STEERING, ' ').replaceAll(/\s+/g, ' ').trim();
  const short = line.length > longest ? `${line.slice(0, longest - 1).toWellFormed()}…` : line;
  if (short === '') return '–';
  const run = Math.max(0, ...[...short.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(run + 1);
  const space = short.startsWith('`') || short.endsWith('`') ? ' ' : '';
  // Tables are cut at pipes before code is read.
  return `${fence}${space}${short.replaceAll('|', '\\|')}${space}${fence}`;
}

/** For our own words, which may hold a name. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(STEERING, ' ').replaceAll(/[\\`*_{}[\]<>#|~@&]/g, (character) => `&#${character.charCodeAt(0)};`).replaceAll('://', '&#58;//');
}
