import { sumsCells, sumsColumns, sumsLegend, type SumsBy } from '../../core/text/source-sums.ts';
import { formatCount, formatDuration, formatTokens, formatUsd } from '../../core/text/format.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { RemotePage, RemoteSummaryRow, RemoteTraceRow } from '../../protocol/remote.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { Interrupts } from '../interrupts.ts';
import { queryOf } from '../query-words.ts';
import { StatusLine } from '../status.ts';
import { table } from '../table.ts';
import { fit, paint, printable, printableLines, type Look } from '../terminal.ts';
import { traceColumns } from '../trace-columns.ts';
import { workspaceFolder } from '../workspace.ts';

export interface SourceTracesOptions extends CommonOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

export interface SourceSummaryOptions extends CommonOptions {
  readonly by?: SumsBy;
  readonly json?: boolean;
}

const COLUMNS = traceColumns('Here');
const ID_COLUMNS = 40;
const NAME_COLUMNS = 36;
const LABEL_COLUMNS = 20;
const LISTED = 20;

/** `touchstone sources traces NAME [QUERY]`: what a source lists, newest first. Nothing of it is stored. */
export function sourceTracesCommand(source: string, words: readonly string[], options: SourceTracesOptions, context: CliContext): Promise<ExitCode> {
  const { limit = LISTED, cursor } = options;
  return asking(source, options, context, async (engine, status, signal) => {
    const page = await engine.request('remote/list', { source, query: queryOf(words), limit, ...(cursor === undefined ? {} : { cursor }) }, signal);
    status.clear();
    if (options.json === true) await context.stdout.write(`${JSON.stringify({ source, traces: page.traces.map(traceDocument), next: page.next, notes: page.notes }, null, 1)}\n`);
    else await printTraces(page, context, status);
  });
}

/** `touchstone sources summary NAME [QUERY]`: sums that the source makes itself. */
export function sourceSummaryCommand(source: string, words: readonly string[], options: SourceSummaryOptions, context: CliContext): Promise<ExitCode> {
  const { by = 'day' } = options;
  return asking(source, options, context, async (engine, status, signal) => {
    const { rows, notes } = await engine.request('remote/summary', { source, query: queryOf(words), by }, signal);
    status.clear();
    if (options.json === true) {
      await context.stdout.write(`${JSON.stringify({ source, by, rows: rows.map(sumsDocument), notes }, null, 1)}\n`);
      return;
    }
    if (rows.length === 0) status.print('No trace is found by this.');
    else await context.stdout.write(table(sumsColumns(by), rows.map((row) => sumsCells(by, row)), context.stdout));
    for (const note of rows.length === 0 ? notes : [...notes, ...sumsLegend(by)]) status.print(printableLines(note).join('\n'));
  });
}

/** Somebody else's server takes its time: until it answers, Ctrl+C takes the question back. */
async function asking(source: string, options: CommonOptions, context: CliContext, work: (engine: EngineClient, status: StatusLine, signal: AbortSignal) => Promise<void>): Promise<ExitCode> {
  const status = new StatusLine(context.stderr, options.verbose === true);
  const engine = await context.openEngine(workspaceFolder(context.cwd, options.workspace), (entry) => status.log(entry));
  const interrupts = new Interrupts(context, status, 'Cancelling. Ctrl+C again ends at once.');
  try {
    status.setLive(fit(`Asking ${printable(source)}…`, context.stderr.columns - 1));
    await work(engine, status, interrupts.signal);
    return EXIT.good;
  } finally {
    status.clear();
    interrupts.dispose();
    await engine.dispose();
  }
}

async function printTraces({ traces, next, notes }: RemotePage, context: CliContext, status: StatusLine): Promise<void> {
  if (traces.length === 0) status.print('No trace is found by this.');
  else await context.stdout.write(table(COLUMNS, traces.map((row) => traceCells(row, context.stdout)), context.stdout));
  for (const note of notes) status.print(printableLines(note).join('\n'));
  if (next !== null) status.print(`Go on with --cursor ${printable(next)}`);
}

function traceCells(row: RemoteTraceRow, look: Look): string[] {
  return [
    fit(printable(row.id), ID_COLUMNS),
    fit(printable(row.name), NAME_COLUMNS),
    startOf(row),
    row.durationNs === null ? '' : formatDuration(Number(row.durationNs) / 1e6),
    row.spans === null ? '' : formatCount(row.spans),
    row.errors === null || row.errors === 0 ? '' : paint(look, 'red', formatCount(row.errors)),
    row.tokens === null ? '' : formatTokens(row.tokens),
    row.cost === null ? '' : formatUsd(row.cost),
    fit(printable(row.service ?? ''), LABEL_COLUMNS),
    fit(printable(row.session ?? ''), LABEL_COLUMNS),
    row.stored === null ? '' : 'yes',
  ];
}

/** Empty where the source's clock says what no calendar has. */
function startOf({ startNs }: RemoteTraceRow): string {
  const date = new Date(Number(startNs) / 1e6);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 19).replace('T', ' ');
}

/** As `touchstone traces --json` names what both know (docs/cli-output.schema.json, `traces`); `null`: the source does not say. */
function traceDocument({ id, ...row }: RemoteTraceRow): Record<string, unknown> {
  return { traceId: id, ...row };
}

/** As docs/cli-output.schema.json writes tokens and latencies (`summary`). */
function sumsDocument({ key, traces, spans, errors, inputTokens, outputTokens, cost, p50Ms, p95Ms }: RemoteSummaryRow): Record<string, unknown> {
  return { key: key === '' ? null : key, traces, spans, errors, cost, tokens: { input: inputTokens, output: outputTokens }, latency: { p50: p50Ms, p95: p95Ms } };
}
