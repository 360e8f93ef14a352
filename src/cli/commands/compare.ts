import { resolve } from 'node:path';
import { nearestOf } from '../../core/text/nearest.ts';
import { formatCount, formatUsd } from '../../core/text/format.ts';
import type { Comparison, CompareMethods, CompareRequest, CompareSettings, ComparisonRef, ComparisonView } from '../../protocol/compare.ts';
import type { EngineClient, RunSnapshot } from '../../protocol/engine.ts';
import { comparisonText } from '../compare-results.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode, usageError } from '../exit.ts';
import { Interrupts } from '../interrupts.ts';
import { relativeTo } from '../paths.ts';
import { followRuns, StatusLine } from '../status.ts';
import { printable } from '../terminal.ts';
import { workspaceFolder } from '../workspace.ts';

export interface CompareOptions extends CommonOptions {
  readonly model?: string;
  readonly dataset?: string;
  readonly repeat?: number;
  readonly concurrency?: number;
  readonly margin: number;
  readonly metric: string;
  readonly slice?: string;
  readonly sequential?: boolean;
  readonly budget?: number;
  readonly cache: boolean;
  readonly output?: readonly string[];
  readonly json?: boolean;
  readonly markdown?: boolean;
}

type ExportFormat = CompareMethods['compare/export'][0]['format'];

const SHOWN_REGRESSIONS = 10;
const SHOWN_SLICES = 20;
const REGRESSED: ComparisonView = { filter: 'regressed', search: '', slice: null, sort: { by: 'delta', descending: false } };

/** Runs what is missing of the sides, compares them, and says by the exit code whether B is worse than A by more than the margin. */
export async function compareCommand(sides: readonly string[], options: CompareOptions, context: CliContext): Promise<ExitCode> {
  const reports = (options.output ?? []).map((file) => ({ file: resolve(context.cwd, file), format: formatOf(file) }));
  const status = new StatusLine(context.stderr, options.verbose === true);
  const interrupts = new Interrupts(context, status);
  const engine = await context.openEngine(workspaceFolder(context.cwd, options.workspace), (entry) => status.log(entry)).catch((error: unknown) => {
    interrupts.dispose();
    throw error;
  });
  try {
    const comparisons = await run(sides, options, engine, status, interrupts.signal, context);
    const settings: CompareSettings = { margin: options.margin, metric: options.metric, sliceBy: options.slice ?? null };
    const question = { settings, together: comparisons };
    const shown: Comparison[] = [];
    for (const ref of comparisons) shown.push(await engine.request('compare/get', { ref, ...question }));
    for (const comparison of shown) checkSettings(comparison);
    const [first] = comparisons;
    if (first === undefined) return EXIT.notEvaluated;
    for (const { file, format } of reports) {
      await engine.request('compare/export', { ref: first, ...question, format, file });
      status.print(`Wrote ${relativeTo(context.cwd, file)}`);
    }
    if (options.json === true || options.markdown === true) {
      await context.stdout.write((await engine.request('compare/export', { ref: first, ...question, format: options.json === true ? 'json' : 'markdown' })).text);
    } else {
      for (const [at, comparison] of shown.entries()) await context.stdout.write(`${at === 0 ? '' : '\n'}${await textOf(comparison, engine, options, context)}`);
    }
    return interrupts.signal.aborted ? EXIT.cancelled : exitCodeFor(shown, status);
  } finally {
    interrupts.dispose();
    status.clear();
    await engine.dispose();
  }
}

/** Starts what is missing, says what it may cost, and follows it to its end. */
async function run(sides: readonly string[], options: CompareOptions, engine: EngineClient, status: StatusLine, signal: AbortSignal, context: CliContext): Promise<readonly ComparisonRef[]> {
  const { comparisons, runIds } = await engine.request('compare/start', requestOf(sides, options, context), signal);
  if (runIds.length === 0) {
    status.print('Every output is known: nothing is run.');
    return comparisons;
  }
  const cancel = (): void => {
    // A run that has just ended cannot be cancelled any more, which is as good.
    for (const runId of runIds) engine.request('eval/cancel', { runId }).catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    if (signal.aborted) cancel();
    for (const runId of runIds) status.print(announcement(await engine.request('runs/get', { runId })));
    const progress = followRuns(engine, runIds, status, context.now);
    try {
      await engine.request('eval/wait', { runIds });
    } finally {
      progress.stop();
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  return comparisons;
}

function requestOf(sides: readonly string[], options: CompareOptions, context: CliContext): CompareRequest {
  const { model, dataset, repeat, concurrency, budget, cache, sequential, margin, metric, slice } = options;
  return {
    sides,
    folder: context.cwd,
    ...(model === undefined ? {} : { model }),
    ...(dataset === undefined ? {} : { dataset: resolve(context.cwd, dataset) }),
    ...(repeat === undefined ? {} : { repeats: repeat }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(budget === undefined ? {} : { budgetUsd: budget }),
    ...(cache ? {} : { noCache: true }),
    ...(sequential === undefined ? {} : { sequential }),
    options: { margin, metric, sliceBy: slice ?? null },
    origin: 'cli',
  };
}

function announcement({ info, total }: RunSnapshot): string {
  const { usd, unpriced } = info.estimate;
  const size = `${formatCount(info.models.length, 'model')} × ${formatCount(info.cases, 'case')} × ${formatCount(info.repeats, 'repeat')} = ${formatCount(total, 'cell')}`;
  const cost = usd === 0 ? '' : usd === null ? `, cost unknown (no price for ${unpriced.map(printable).join(', ')})` : `, about ${formatUsd(usd)} without what is in the cache`;
  return `${printable(info.promptName)}${info.version === undefined ? '' : ` ${printable(info.version.label)}`}: ${size}${cost}`;
}

/** A metric or a field that nothing has is a misspelling; what has no answer yet cannot tell. */
function checkSettings({ result, settings, sliceFields }: Comparison): void {
  if (result === null || result.n === 0) return;
  const names = result.metrics.filter(({ a, b }) => a !== null || b !== null).map(({ name }) => name);
  const known = [...new Set(['passRate', 'score', 'cost', 'latencyMs', 'tokens', ...names])];
  if (!known.includes(settings.metric)) throw usageError(`There is no metric ${settings.metric}. ${suggestion(settings.metric, known)}`);
  if (settings.sliceBy !== null && !sliceFields.includes(settings.sliceBy)) {
    throw usageError(`The cases have no field ${settings.sliceBy} by which they can be sliced. ${suggestion(settings.sliceBy, sliceFields)}`);
  }
}

function suggestion(text: string, names: readonly string[]): string {
  const nearest = nearestOf(text, names);
  return nearest === null ? (names.length === 0 ? 'They have none.' : `There are: ${names.join(', ')}.`) : `Did you mean ${nearest}?`;
}

async function textOf(comparison: Comparison, engine: EngineClient, options: CompareOptions, context: CliContext): Promise<string> {
  const all = options.verbose === true;
  const { rows } = comparison.refused === null ? await engine.request('compare/page', { ref: comparison.ref, settings: comparison.settings, view: REGRESSED, from: 0, to: all ? 1000 : SHOWN_REGRESSIONS }) : { rows: [] };
  return comparisonText({ comparison, regressed: rows, mostSlices: all ? Number.POSITIVE_INFINITY : SHOWN_SLICES }, context.stdout);
}

/** Of several the worst: one that is worse, before one that cannot be told. */
function exitCodeFor(comparisons: readonly Comparison[], status: StatusLine): ExitCode {
  const unfinished = comparisons.flatMap(({ a, b }) => [a, b]).find((side) => side.status !== 'finished');
  if (comparisons.some(({ result }) => result?.gate === 'fails')) return EXIT.failed;
  if (unfinished !== undefined) {
    const why = unfinished.status === 'budget' ? 'reached its budget before its end' : `is ${unfinished.status}`;
    status.print(`${printable(unfinished.label)} ${why}: what is there is compared, and nothing is decided.`);
    return EXIT.undecided;
  }
  return comparisons.every(({ result }) => result?.gate === 'passes') ? EXIT.good : EXIT.undecided;
}

function formatOf(file: string): ExportFormat {
  const ending = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase();
  switch (ending) {
    case 'md':
    case 'markdown':
      return 'markdown';
    case 'html':
    case 'htm':
      return 'html';
    case 'json':
      return 'json';
    default:
      throw usageError(`--output ${file}: the ending says the format: .md, .html or .json.`);
  }
}
