import type { AssertionResult } from '../assert/model.ts';
import type { Summary } from '../eval/model.ts';
import { labelOfModel, reportedCase, type ReportCell, type ReportRun, type ReportSource } from './model.ts';
import { OverallSummary } from './summary.ts';

/**
 * The document of `touchstone eval --json` and `touchstone show RUN --json` (docs/cli-output.schema.json, `$defs.eval`),
 * one cell a line, so that a run of any size is written without being held.
 */
export async function* jsonReport(source: ReportSource): AsyncGenerator<string> {
  const overall = new OverallSummary(source.runs);
  yield '{"runs":[';
  let firstRun = true;
  for (const run of source.runs) {
    yield `${firstRun ? '' : ','}\n{"run":${JSON.stringify(runDocument(run))},\n"summary":${JSON.stringify(summaryDocument(run.summary))},\n"cells":[`;
    firstRun = false;
    let firstCell = true;
    for await (const page of source.cells(run.info.id)) {
      overall.add(run, page);
      let piece = '';
      for (const cell of page) {
        piece += `${firstCell ? '' : ','}\n${JSON.stringify(cellDocument(run, cell))}`;
        firstCell = false;
      }
      yield piece;
    }
    yield ']}';
  }
  yield `],\n"summary":${JSON.stringify(summaryDocument(overall.result()))}}\n`;
}

export function runDocument(run: ReportRun): object {
  const { info } = run;
  return {
    id: info.id,
    ...(info.title === undefined ? {} : { title: info.title }),
    prompt: info.promptId,
    promptVersion: info.version?.label ?? null,
    promptHash: info.promptHash,
    models: info.models.map((model) => model.label),
    dataset: info.datasetName,
    cases: info.cases,
    repeats: info.repeats,
    status: info.status,
    startedAt: info.startedAt,
    durationMs: info.durationMs,
  };
}

export function summaryDocument(summary: Summary): object {
  return {
    cells: summary.cells,
    passed: summary.passed,
    failed: summary.failed,
    errors: summary.errors,
    passRate: summary.passRate,
    interval: summary.interval,
    score: summary.score,
    cost: summary.cost,
    tokens: summary.tokens,
    latency: summary.latency,
    cached: summary.cached,
    namedScores: summary.namedScores,
  };
}

function cellDocument(run: ReportRun, cell: ReportCell): object {
  const { result } = cell;
  return {
    case: reportedCase(run, cell),
    prompt: run.info.promptId,
    model: labelOfModel(run, result.modelIndex),
    repeat: result.repeat,
    tags: cell.case.tags,
    vars: cell.case.vars,
    ...(cell.case.expected === undefined ? {} : { expected: cell.case.expected }),
    output: result.output ?? null,
    pass: result.pass,
    score: result.score,
    assertions: result.assertions.map(assertionDocument),
    namedScores: result.namedScores,
    error: result.error === null ? null : { code: result.error.code, message: result.error.message },
    latencyMs: result.latencyMs,
    tokens: result.usage,
    cost: result.cost,
    cached: result.cached,
    attempts: result.attempts,
    finishReason: result.finishReason,
    traceId: result.traceId,
  };
}

function assertionDocument(assertion: AssertionResult): object {
  return {
    type: assertion.type,
    ...(assertion.name === undefined ? {} : { name: assertion.name }),
    pass: assertion.pass,
    score: assertion.score,
    reason: assertion.reason,
    weight: assertion.weight,
    metric: assertion.metric,
    ...(assertion.value === undefined ? {} : { value: assertion.value }),
    ...(assertion.error === undefined ? {} : { error: assertion.error }),
    ...(assertion.components === undefined ? {} : { components: assertion.components.map(assertionDocument) }),
  };
}
