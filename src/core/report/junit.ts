import type { Summary } from '../eval/model.ts';
import { labelOfModel, outputText, reportedCase, type ReportCell, type ReportRun, type ReportSource } from './model.ts';
import { failureReasons } from './reasons.ts';

/** A report is read by people in a build's log: longer outputs are cut, the JSON report has them whole. */
const LONGEST_OUTPUT = 4000;

/**
 * JUnit XML in the shape that Jenkins, GitLab and Surefire's readers share: a suite for every model of every prompt, a
 * test case for every cell, `failure` with the reasons, `error` where there was no answer. Times are seconds.
 */
export async function* junitReport(source: ReportSource): AsyncGenerator<string> {
  const all = source.runs.flatMap((run) => run.models.map((model) => model.summary));
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="touchstone" ${counts(all)} time="${seconds(source.runs.reduce((total, run) => total + run.info.durationMs, 0))}">\n`;
  for (const run of source.runs) {
    for (const [modelIndex, model] of run.models.entries()) {
      yield suiteStart(run, model.label, model.summary);
      for await (const page of source.cells(run.info.id, modelIndex)) {
        yield page.map((cell) => testCase(run, cell)).join('');
      }
      yield '  </testsuite>\n';
    }
  }
  yield '</testsuites>\n';
}

function suiteStart(run: ReportRun, label: string, summary: Summary): string {
  const { info } = run;
  const properties = [
    ['run', info.id],
    ['status', info.status],
    ['dataset', info.datasetName ?? ''],
    ['model', label],
  ] as const;
  return (
    `  <testsuite name="${attribute(`${info.promptId} [${label}]`)}" ${counts([summary])} time="${seconds(info.durationMs)}" timestamp="${attribute(info.startedAt.slice(0, 19))}">\n` +
    `    <properties>\n${properties.map(([name, value]) => `      <property name="${name}" value="${attribute(value)}"/>\n`).join('')}    </properties>\n`
  );
}

function testCase(run: ReportRun, cell: ReportCell): string {
  const { result } = cell;
  const name = run.info.repeats > 1 ? `${reportedCase(run, cell)} #${result.repeat + 1}` : reportedCase(run, cell);
  // Readers take dots in a class name for packages: the prompt's folders become those, and the model its last part.
  const className = `${run.info.promptId.replaceAll('/', '.')}.${labelOfModel(run, result.modelIndex).replaceAll('.', '_')}`;
  const start = `    <testcase classname="${attribute(className)}" name="${attribute(name)}" time="${seconds(result.latencyMs ?? 0)}"`;
  if (result.error !== null) {
    return `${start}>\n      <error type="${attribute(result.error.code)}" message="${attribute(result.error.message)}"/>\n    </testcase>\n`;
  }
  if (result.pass !== false) return `${start}/>\n`;
  const reasons = failureReasons(result);
  const body = [...reasons, '', 'Output:', shorten(outputText(result.output))].join('\n');
  return `${start}>\n      <failure type="assertion" message="${attribute(reasons.join('; '))}">${content(body)}</failure>\n    </testcase>\n`;
}

function counts(summaries: readonly Summary[]): string {
  let failures = 0;
  let errors = 0;
  let tests = 0;
  for (const summary of summaries) {
    failures += summary.failed;
    errors += summary.errors;
    tests += summary.passed + summary.failed + summary.errors;
  }
  return `tests="${tests}" failures="${failures}" errors="${errors}" skipped="0"`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

function shorten(text: string): string {
  return text.length <= LONGEST_OUTPUT ? text : `${text.slice(0, LONGEST_OUTPUT)}… (${text.length - LONGEST_OUTPUT} more characters)`;
}

/** Everything that XML 1.0 has no place for, not even escaped: control characters, lone surrogates, U+FFFE, U+FFFF. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function content(text: string): string {
  return text.replace(NOT_XML, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}

function attribute(text: string): string {
  return content(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}
