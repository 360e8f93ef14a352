import { TouchstoneError } from '../../core/errors.ts';
import type { AssertionResult } from '../../core/assert/model.ts';
import type { ChatMessage } from '../../core/model/model.ts';
import { jsonReport } from '../../core/report/json.ts';
import { labelOfModel, outputText, reportedCase, type ReportCell } from '../../core/report/model.ts';
import { formatDuration, formatScore, formatTokens, formatUsd } from '../../core/text/format.ts';
import type { CellDetail, EngineClient, RunSnapshot } from '../../protocol/engine.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { gatherResults, resultsText } from '../results.ts';
import { findRun, storedRuns } from '../stored-runs.ts';
import { paint, printable, printableLines, type Look } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface ShowOptions extends CommonOptions {
  readonly json?: boolean;
}

const SHOWN_FAILURES = 20;

export function showCommand(wanted: string, caseName: string | undefined, options: ShowOptions, context: CliContext): Promise<ExitCode> {
  return withEngine(options, context, async (engine) => {
    const { stdout } = context;
    const run = await findRun(engine, wanted);
    const caseId = caseName === undefined ? undefined : await findCase(engine, run, caseName);
    const source = storedRuns(engine, [run], caseId);
    if (options.json === true) {
      for await (const piece of jsonReport(source)) {
        if (!(await stdout.write(piece))) break;
      }
      return EXIT.good;
    }
    if (caseId === undefined) {
      const mostFailures = options.verbose === true ? Number.POSITIVE_INFINITY : SHOWN_FAILURES;
      await stdout.write(resultsText(await gatherResults(source, run, mostFailures), stdout));
      return EXIT.good;
    }
    for await (const page of source.cells(run.info.id)) {
      for (const cell of page) {
        const { caseIndex, modelIndex, repeat } = cell.result;
        const detail = await engine.request('cells/get', { runId: run.info.id, key: { caseIndex, modelIndex, repeat } });
        await stdout.write(cellText(run, cell, detail, stdout));
      }
    }
    return EXIT.good;
  });
}

/** The id of the case that a person means: its id, or how reports call it. */
async function findCase(engine: EngineClient, run: RunSnapshot, wanted: string): Promise<string> {
  const { cells } = await engine.request('cells/list', { runId: run.info.id, from: 0, to: 1, caseId: wanted });
  if (cells.length > 0) return wanted;
  for await (const page of storedRuns(engine, [run]).cells(run.info.id)) {
    const match = page.find((cell) => reportedCase(run, cell) === wanted);
    if (match !== undefined) return match.case.id;
  }
  throw new TouchstoneError('not-found', `Run ${run.info.id} has no finished cell of a case ${wanted}.`);
}

function cellText(run: RunSnapshot, cell: ReportCell, detail: CellDetail, look: Look): string {
  const { result } = cell;
  const mark = result.error !== null ? paint(look, 'yellow', '! error') : result.pass === false ? paint(look, 'red', '✗ failed') : paint(look, 'green', '✓ passed');
  const facts = [
    result.score === null ? '' : `score ${formatScore(result.score)}`,
    result.cached ? 'cached' : result.latencyMs === null ? '' : formatDuration(result.latencyMs),
    result.usage === null ? '' : `${formatTokens(result.usage.input)} → ${formatTokens(result.usage.output)} tok`,
    formatUsd(result.cost),
    result.attempts > 1 ? `${result.attempts} attempts` : '',
  ].filter((fact) => fact !== '');
  const repeat = run.info.repeats > 1 ? ` #${result.repeat + 1}` : '';
  const title = `${mark}  ${paint(look, 'bold', printable(reportedCase(run, cell)))}  ${printable(labelOfModel(run, result.modelIndex))}${repeat}  ${paint(look, 'dim', facts.join(' · '))}\n`;
  const variables = Object.entries(cell.case.vars).map(([name, value]) => `${name}: ${outputText(value)}`);
  return [
    title,
    section('Error', result.error === null ? [] : [`${result.error.code}: ${result.error.message}`], look),
    section('Output', result.output === null ? [] : [outputText(result.output)], look),
    section('Expected', cell.case.expected === undefined ? [] : [outputText(cell.case.expected)], look),
    assertions(result.assertions, look),
    section('Variables', variables, look),
    ...(detail.request?.messages ?? []).map((message) => section(message.role, [messageText(message)], look)),
    '\n',
  ].join('');
}

function section(title: string, texts: readonly string[], look: Look): string {
  if (texts.length === 0) return '';
  return `  ${paint(look, 'dim', title)}\n${texts.flatMap(printableLines).map((line) => `    ${line}\n`).join('')}`;
}

function assertions(results: readonly AssertionResult[], look: Look): string {
  if (results.length === 0) return '';
  const lines = (list: readonly AssertionResult[], indent: string): string =>
    list
      .map((result) => {
        const mark = result.pass ? paint(look, 'green', '✓') : paint(look, 'red', '✗');
        const name = [result.name ?? result.type, result.value ?? ''].filter((part) => part !== '').map(printable).join(' ');
        const weight = result.weight === 1 ? '' : `, weight ${result.weight}`;
        return `${indent}${mark} ${name}  ${paint(look, 'dim', `score ${formatScore(result.score)}${weight}`)}\n${indent}  ${printable(result.error ?? result.reason)}\n${lines(result.components ?? [], `${indent}  `)}`;
      })
      .join('');
  return `  ${paint(look, 'dim', 'Assertions')}\n${lines(results, '    ')}`;
}

function messageText(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content;
  return message.content.map((part) => (part.type === 'text' ? part.text : `[image ${part.url.slice(0, 60)}]`)).join('\n');
}
