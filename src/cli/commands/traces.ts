import { formatCount, formatDuration, formatTokens, formatUsd } from '../../core/text/format.ts';
import type { TraceListRequest, TracePage, TraceRow } from '../../protocol/traces.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { matchCalls } from '../match-calls.ts';
import { queryOf } from '../query-words.ts';
import { table } from '../table.ts';
import { fit, paint, printable } from '../terminal.ts';
import { traceColumns } from '../trace-columns.ts';
import { withEngine } from '../with-engine.ts';

export interface TracesOptions extends CommonOptions {
  readonly limit: number;
  readonly sort: TraceListRequest['sort'];
  readonly ascending?: boolean;
  readonly cursor?: string;
  readonly json?: boolean;
}

const COLUMNS = traceColumns('Begins with');
const NAME_COLUMNS = 36;
const SESSION_COLUMNS = 20;
const PREVIEW_COLUMNS = 48;
const SHORTEST_ID = 8;

export function tracesCommand(words: readonly string[], options: TracesOptions, context: CliContext): Promise<ExitCode> {
  return withEngine(options, context, async (engine) => {
    const { limit, sort, cursor } = options;
    const query = queryOf(words);
    await matchCalls(engine, query, context);
    const page = await engine.request('traces/list', { query, limit, sort, descending: options.ascending !== true, ...(cursor === undefined ? {} : { cursor }) });
    if (options.json === true) await context.stdout.write(`${JSON.stringify(page, null, 1)}\n`);
    else await print(page, words, context);
    return EXIT.good;
  });
}

async function print({ traces, next, total }: TracePage, words: readonly string[], context: CliContext): Promise<void> {
  if (traces.length === 0) {
    await context.stderr.write(words.length > 0 ? 'No trace is found by this.\n' : 'This workspace has no traces yet. `touchstone serve` receives them, `touchstone import FILE…` reads them from files.\n');
    return;
  }
  const ids = shortIds(traces.map(({ traceId }) => traceId));
  const rows = traces.map((trace, index) => [
    ids[index]!,
    fit(printable(trace.name), NAME_COLUMNS),
    startOf(trace),
    trace.durationNs === null ? paint(context.stdout, 'cyan', 'running') : formatDuration(Number(trace.durationNs) / 1e6),
    formatCount(trace.spans),
    trace.errors === 0 ? '' : paint(context.stdout, 'red', formatCount(trace.errors)),
    trace.tokens === null ? '' : formatTokens(trace.tokens),
    costOf(trace),
    printable(trace.service ?? ''),
    fit(printable(trace.session ?? ''), SESSION_COLUMNS),
    fit(printable(trace.preview ?? ''), PREVIEW_COLUMNS),
  ]);
  await context.stdout.write(table(COLUMNS, rows, context.stdout));
  if (next !== null) await context.stderr.write(`${formatCount(traces.length)} of ${total.atLeast ? 'more than ' : ''}${formatCount(total.count)}. Go on with --cursor ${next}\n`);
}

/** A lower bound where calls have no price. */
function costOf({ cost, unpriced }: TraceRow): string {
  if (cost === null) return unpriced > 0 ? 'unknown' : '';
  return `${unpriced > 0 ? '≥ ' : ''}${formatUsd(cost)}`;
}

function startOf({ startNs }: TraceRow): string {
  return new Date(Number(BigInt(startNs) / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ');
}

/** As many first digits as tell the traces of the page apart. */
function shortIds(ids: readonly string[]): string[] {
  for (let length = SHORTEST_ID; ; length += 4) {
    const short = ids.map((id) => id.slice(0, length));
    if (length >= 32 || new Set(short).size === new Set(ids).size) return short;
  }
}
