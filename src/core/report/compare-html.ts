import type { MetricComparison, SliceComparison, Verdict } from '../compare/model.ts';
import { differenceInterval, gateSentence, isUnsure, metricDifference, metricName, metricsTogether, metricValue, pValue, slicesTogether, verdictWords } from '../compare/sentence.ts';
import type { Interval } from '../stats/proportion.ts';
import { formatCount } from '../text/format.ts';
import { reportedVerdict, type ReportedCase, type ReportedComparison } from './compare-model.ts';
import { comparisonFacts, howItWasMade } from './compare-words.ts';
import { escapeHtml } from './escape-html.ts';
import { STYLE } from './html-assets.ts';
import { pageEnd, pageHead } from './html-page.ts';

/** A page that a browser opens: more cases are counted, the JSON document has them all. */
const MOST_CASES = 2000;
const LONGEST_TEXT = 300;

const COMPARE_STYLE = `${STYLE}
.verdict{font-size:15px;line-height:22px;margin:8px 0}.better{color:var(--pass)}.worse,.refused{color:var(--fail)}.unsure{color:var(--warn)}
.zero{stroke:var(--line);fill:none}.point{fill:var(--fg)}
td.text{white-space:normal;overflow-wrap:anywhere;min-width:140px;max-width:420px}
h3{font-size:13px;line-height:20px;margin:16px 0 0}
`;

const LOOKS: Readonly<Record<Verdict, { readonly mark: string; readonly style: string }>> = {
  better: { mark: '▲', style: 'better' },
  worse: { mark: '▼', style: 'worse' },
  'no-difference-shown': { mark: '=', style: 'dim' },
  'too-few-cases': { mark: '?', style: 'unsure' },
};

/**
 * Comparisons as a self-contained page: no address is loaded, no script runs, and every text from a prompt, a dataset or a model is
 * escaped. Intervals are drawn and written.
 */
export function compareHtml(comparisons: readonly ReportedComparison[]): string {
  const [first] = comparisons;
  const title = first === undefined ? 'No comparison' : `${first.a.label} → ${first.b.label}`;
  return `${pageHead({ title, style: COMPARE_STYLE })}${comparisons.map(section).join('\n')}\n${pageEnd()}`;
}

function section(comparison: ReportedComparison): string {
  const { a, b, result, refused, stoppedEarly } = comparison;
  const [metric] = result?.metrics ?? [];
  const look = metric === undefined ? null : lookOf(metric);
  const head = `<h1>${escapeHtml(a.label)} → ${escapeHtml(b.label)}</h1>
<p class="dim">${comparisonFacts(comparison).map((fact) => `<span>${escapeHtml(fact)}</span>`).join(' · ')}</p>
<p class="verdict ${refused === null ? (look?.style ?? 'unsure') : 'refused'}"><span aria-hidden="true">${refused === null ? (look?.mark ?? '?') : '✕'}</span> ${escapeHtml(reportedVerdict(comparison))}</p>`;
  if (result === null) return `<section>${head}\n</section>`;
  return `<section>${head}
<p>${escapeHtml(gateSentence(result))}.</p>
${stoppedEarly === null ? '' : `<p>${escapeHtml(stoppedEarly)}</p>\n`}<h3>Scores</h3>
${metricTable(result.metrics, comparison)}
${sliceTable(result.slices)}${caseTables(comparison)}<p class="dim">${escapeHtml(howItWasMade(comparison).join(' '))}</p>
</section>`;
}

function metricTable(metrics: readonly MetricComparison[], { a, b }: ReportedComparison): string {
  const reach = reachOf(metrics);
  const rows = metrics.map((metric) => {
    return `<tr><th scope="row">${escapeHtml(metricName(metric.name))}</th><td class="n">${valueOf(metric.a, metric)}</td><td class="n">${valueOf(metric.b, metric)}</td><td>${drawn(metric, reach)}</td><td class="n">${differenceOf(metric)}</td>${verdictCells(metric, metricsTogether(metrics))}</tr>`;
  });
  return `<table><thead><tr><th>Metric</th><th class="n">${escapeHtml(a.label)}</th><th class="n">${escapeHtml(b.label)}</th><th></th><th class="n">Difference [95 % interval]</th><th class="n">p</th><th>Verdict</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>${metrics.flatMap(({ name, warning }) => (warning === undefined ? [] : [`\n<p class="dim">${escapeHtml(metricName(name))}: ${escapeHtml(warning)}</p>`])).join('')}`;
}

function lookOf(metric: MetricComparison): { readonly mark: string; readonly style: string } {
  return LOOKS[isUnsure(metric) ? 'too-few-cases' : metric.verdict];
}

/** p as it is adjusted, and the verdict by it: an interval is each one's own, and of many some exclude 0 by chance. */
function verdictCells(metric: MetricComparison | undefined, together: string): string {
  if (metric === undefined) return '<td class="n">–</td><td></td>';
  const p = metric.pAdjusted ?? metric.p;
  const { mark, style } = lookOf(metric);
  return `<td class="n">${p === null ? '–' : escapeHtml(pValue(p))}</td><td class="${style}"><span aria-hidden="true">${mark}</span> ${verdictWords(metric, together)}</td>`;
}

function sliceTable(slices: readonly SliceComparison[]): string {
  if (slices.length === 0) return '';
  const reach = reachOf(slices.flatMap(({ metrics: [metric] }) => (metric === undefined ? [] : [metric])));
  const together = slicesTogether(slices);
  const rows = slices.map(({ slice, n, regressed, improved, metrics: [metric] }) => {
    const cells = metric === undefined ? '<td class="n">–</td><td class="n">–</td><td></td><td class="n">–</td>' : `<td class="n">${valueOf(metric.a, metric)}</td><td class="n">${valueOf(metric.b, metric)}</td><td>${drawn(metric, reach)}</td><td class="n">${differenceOf(metric)}</td>`;
    return `<tr><th scope="row" class="mono">${escapeHtml(slice)}</th><td class="n">${formatCount(n)}</td>${cells}<td class="n">${formatCount(regressed)}</td><td class="n">${formatCount(improved)}</td>${verdictCells(metric, together)}</tr>`;
  });
  return `<h3>Slices</h3>
<table><thead><tr><th>Slice</th><th class="n">Cases</th><th class="n">Before</th><th class="n">After</th><th></th><th class="n">Difference [95 % interval]</th><th class="n">Regressed</th><th class="n">Improved</th><th class="n">p</th><th>Verdict</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
`;
}

function caseTables(comparison: ReportedComparison): string {
  const { changes } = comparison;
  return [
    caseTable('Regressed', changes.filter(({ regressed }) => regressed), comparison),
    caseTable('Improved', changes.filter(({ improved }) => improved), comparison),
  ].join('');
}

function caseTable(title: string, cases: readonly ReportedCase[], { a, b }: ReportedComparison): string {
  if (cases.length === 0) return '';
  const judged = cases.some(({ verdict }) => verdict !== null);
  const rows = cases.slice(0, MOST_CASES).map(
    ({ caseId, expected, outputs, verdict }) =>
      `<tr><th scope="row" class="mono">${escapeHtml(caseId)}</th><td class="mono text">${escapeHtml(shorten(expected ?? '–'))}</td><td class="mono text">${escapeHtml(shorten(outputs.a))}</td><td class="mono text">${escapeHtml(shorten(outputs.b))}</td>${judged ? `<td>${verdict === null ? '' : verdict === 'tie' ? 'tie' : escapeHtml((verdict === 'a' ? a : b).label)}</td>` : ''}</tr>`,
  );
  const rest = cases.length > MOST_CASES ? `<p class="dim">… and ${formatCount(cases.length - MOST_CASES)} more.</p>\n` : '';
  return `<h3>${title} (${formatCount(cases.length)})</h3>
<table><thead><tr><th>Case</th><th>Expected</th><th>${escapeHtml(a.label)}</th><th>${escapeHtml(b.label)}</th>${judged ? '<th>Person’s verdict</th>' : ''}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
${rest}`;
}

const WIDTH = 160;

/** The largest difference that is drawn: rates and scores share an axis around 0. */
function reachOf(metrics: readonly MetricComparison[]): number {
  const ends = metrics.flatMap(({ unit, interval, delta }) => (unit === 'rate' || unit === 'score' ? [...(interval ?? []), delta ?? 0] : []));
  return Math.max(0.05, ...ends.map(Math.abs));
}

/** A point with a whisker over its interval, beside a line at 0. */
function drawn({ unit, delta, interval }: MetricComparison, reach: number): string {
  if (delta === null || (unit !== 'rate' && unit !== 'score')) return '';
  const x = (value: number): string => (WIDTH / 2 + (value / reach) * (WIDTH / 2 - 4)).toFixed(1);
  const whisker = interval === null ? '' : whiskerOf(interval, x);
  return `<svg width="${WIDTH}" height="13" aria-hidden="true"><path class="zero" d="M${WIDTH / 2} 0V13"/>${whisker}<circle class="point" cx="${x(delta)}" cy="6.5" r="2.5"/></svg>`;
}

function whiskerOf([low, high]: Interval, x: (value: number) => string): string {
  return `<path class="whisker" d="M${x(low)} 3v7M${x(high)} 3v7M${x(low)} 6.5H${x(high)}"/>`;
}

function valueOf(value: number | null, { unit }: MetricComparison): string {
  return value === null ? '–' : escapeHtml(metricValue(value, unit));
}

function differenceOf({ delta, interval, unit }: MetricComparison): string {
  if (delta === null) return '–';
  return escapeHtml(`${metricDifference(delta, unit)}${interval === null ? '' : ` ${differenceInterval(interval, unit)}`}`);
}

function shorten(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}
