import type { AssertionResult } from '../assert/model.ts';
import type { Summary } from '../eval/model.ts';
import { formatCount, formatDuration, formatRate, formatScore, formatTokens, formatUsd } from '../text/format.ts';
import { escapeHtml } from './escape-html.ts';
import { SCRIPT, STYLE } from './html-assets.ts';
import { pageEnd, pageHead } from './html-page.ts';
import { labelOfModel, outputText, reportedCase, type ReportCell, type ReportRun, type ReportSource } from './model.ts';
import { failureReasons } from './reasons.ts';
import { sliceSummaries, type SliceSummary } from './slices.ts';

/** One page that is opened by a browser: longer texts are cut, the JSON report has them whole. */
const LONGEST_TEXT = 20_000;
const LONGEST_LINE = 200;

/**
 * A self-contained page: no address is loaded, and the content security policy allows only the page's own style and
 * script by their hashes. Every text from a model or a dataset is escaped.
 */
export async function* htmlReport(source: ReportSource): AsyncGenerator<string> {
  const title = source.runs.map((run) => run.info.title ?? run.info.promptName).join(', ') || 'No runs';
  yield `${pageHead({ title, style: STYLE, script: SCRIPT })}<h1>${escapeHtml(title)}</h1>
`;
  for (const run of source.runs) yield runHead(run, await sliceSummaries(source, run));
  yield `<div class="find" role="search" hidden>
<input type="search" placeholder="Search cases, outputs, reasons" aria-label="Search cases, outputs and reasons">
<label><input type="radio" name="show" value="all" checked> All</label>
<label><input type="radio" name="show" value="fail"> Failed</label>
<label><input type="radio" name="show" value="error"> Errors</label>
<label><input type="radio" name="show" value="pass"> Passed</label>
<output class="dim"></output>
</div>
<main>
`;
  for (const run of source.runs) {
    if (source.runs.length > 1) yield `<h2>${escapeHtml(run.info.title ?? run.info.promptName)}</h2>\n`;
    for await (const page of source.cells(run.info.id)) yield page.map((cell) => cellRow(run, cell)).join('');
  }
  yield `</main>\n${pageEnd(SCRIPT)}`;
}

function runHead(run: ReportRun, slices: readonly SliceSummary[]): string {
  const { info } = run;
  const facts = [
    info.promptId,
    info.datasetName,
    `${formatCount(info.models.length, 'model')} × ${formatCount(info.cases, 'case')} × ${formatCount(info.repeats, 'repeat')}`,
    `${info.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    formatDuration(info.durationMs),
    info.status === 'finished' ? null : info.status,
    `run ${info.id}`,
  ].filter((fact) => fact !== null);
  const rows = run.models.map(({ label, summary }) => {
    const answered = summary.passed + summary.failed;
    return `<tr><th scope="row">${escapeHtml(label)}</th><td>${rateCell(summary, 120)}</td><td class="n">${formatCount(summary.passed)} of ${formatCount(answered)}</td><td class="n">${latency(summary.latency.p50)}</td><td class="n">${latency(summary.latency.p95)}</td><td class="n">${formatTokens(summary.tokens.input)}</td><td class="n">${formatTokens(summary.tokens.output)}</td><td class="n">${formatUsd(summary.cost)}</td><td class="n">${formatCount(summary.cached)}</td><td class="n">${formatCount(summary.errors)}</td></tr>`;
  });
  return `<section aria-label="${escapeHtml(info.promptName)}">
<p class="dim">${facts.map((fact) => `<span>${escapeHtml(fact)}</span>`).join(' · ')}</p>
<table><thead><tr><th>Model</th><th>Pass rate [95 % interval]</th><th class="n">Passed</th><th class="n">p50</th><th class="n">p95</th><th class="n">Input tokens</th><th class="n">Output tokens</th><th class="n">Cost</th><th class="n">Cached</th><th class="n">Errors</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
${sliceTable(run, slices)}</section>
`;
}

function sliceTable(run: ReportRun, slices: readonly SliceSummary[]): string {
  if (slices.length === 0) return '';
  const rows = slices.map(
    ({ slice, cases, models }) => `<tr><th scope="row">${escapeHtml(slice)}</th><td class="n">${formatCount(cases)}</td>${models.map((summary) => `<td>${rateCell(summary, 80)}</td>`).join('')}</tr>`,
  );
  return `<table><thead><tr><th>Slice</th><th class="n">Cases</th>${run.models.map(({ label }) => `<th>${escapeHtml(label)}</th>`).join('')}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
`;
}

/** A bar from zero to the rate on a track of 0 to 100 %, a whisker over its interval, and both in digits. */
function rateCell({ passRate, interval }: Summary, width: number): string {
  if (passRate === null) return formatRate(null, null);
  const x = (share: number): string => (Math.round(share * width) + 0.5).toFixed(1);
  const whisker = interval === null ? '' : `<path class="whisker" d="M${x(interval[0])} 2v9M${x(interval[1])} 2v9M${x(interval[0])} 6.5H${x(interval[1])}"/>`;
  return `<svg width="${width + 1}" height="13" aria-hidden="true"><path class="track" d="M0 6.5H${width + 1}M.5 3v7M${width + 0.5} 3v7"/><rect class="bar" y="4" width="${x(passRate)}" height="5"/>${whisker}</svg><span class="mono">${formatRate(passRate, interval)}</span>`;
}

function cellRow(run: ReportRun, cell: ReportCell): string {
  const { result } = cell;
  const state = result.error !== null ? 'error' : result.pass === false ? 'fail' : 'pass';
  const mark = { error: '!', fail: '✗', pass: '✓' }[state];
  const word = { error: 'error', fail: 'failed', pass: 'passed' }[state];
  // The table below has the reasons of assertions; what else made the cell fail stands above it.
  const reasons = result.assertions.every((assertion) => assertion.pass) ? failureReasons(result) : [];
  const output = outputText(result.output);
  const name = run.info.repeats > 1 ? `${reportedCase(run, cell)} #${result.repeat + 1}` : reportedCase(run, cell);
  const time = result.cached ? 'cached' : latency(result.latencyMs);
  const line = result.error === null ? oneLine(output) : oneLine(result.error.message);
  return `<details class="cell ${state}"><summary><span role="img" aria-label="${word}">${mark}</span><span class="mono">${escapeHtml(name)}</span><span class="dim">${escapeHtml(labelOfModel(run, result.modelIndex))}</span><span class="mono why">${escapeHtml(line)}</span><span class="mono">${result.score === null ? '' : formatScore(result.score)}</span><span class="mono dim">${time}</span></summary><div class="body">${
    reasons.length === 0 ? '' : `<ul class="no">${reasons.map((reason) => `<li>${escapeHtml(shorten(reason))}</li>`).join('')}</ul>`
  }${output === '' ? '' : block('Output', output)}${cell.case.expected === undefined ? '' : block('Expected', outputText(cell.case.expected))}${assertionTable(result.assertions)}${variables(cell)}</div></details>\n`;
}

function block(title: string, text: string): string {
  return `<h3>${title}</h3><pre>${escapeHtml(shorten(text))}</pre>`;
}

function assertionTable(assertions: readonly AssertionResult[]): string {
  if (assertions.length === 0) return '';
  const rows = (list: readonly AssertionResult[], depth: string): string =>
    list
      .map(
        (assertion) =>
          `<tr><td class="${assertion.pass ? 'yes' : 'no'}">${assertion.pass ? '✓' : '✗'}</td><td>${depth}${escapeHtml(assertion.name ?? assertion.type)} <span class="mono">${escapeHtml(assertion.value ?? '')}</span></td><td class="n">${formatScore(assertion.score)}</td><td class="n">${assertion.weight}</td><td${assertion.pass ? '' : ' class="no"'}>${escapeHtml(shorten(assertion.error ?? assertion.reason))}</td></tr>${rows(assertion.components ?? [], `${depth}– `)}`,
      )
      .join('');
  return `<table><thead><tr><th></th><th>Assertion</th><th class="n">Score</th><th class="n">Weight</th><th>Reason</th></tr></thead><tbody>${rows(assertions, '')}</tbody></table>`;
}

function variables(cell: ReportCell): string {
  const rows = Object.entries(cell.case.vars).map(([name, value]) => `<tr><td class="dim">${escapeHtml(name)}</td><td class="mono">${escapeHtml(shorten(outputText(value)))}</td></tr>`);
  return rows.length === 0 ? '' : `<table><tbody>${rows.join('')}</tbody></table>`;
}

function latency(ms: number | null): string {
  return ms === null ? '–' : formatDuration(ms);
}

function oneLine(text: string): string {
  const end = text.search(/[\r\n]/);
  return end === -1 && text.length <= LONGEST_LINE ? text : `${text.slice(0, end === -1 ? LONGEST_LINE : Math.min(end, LONGEST_LINE))}…`;
}

function shorten(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${formatCount(text.length - LONGEST_TEXT)} more characters)`;
}
