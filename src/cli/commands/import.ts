import { resolve } from 'node:path';
import { formatCount, formatPercent } from '../../core/text/format.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { ImportedFile, TraceNotifications } from '../../protocol/traces.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { errorLine, EXIT, type ExitCode } from '../exit.ts';
import { Interrupts } from '../interrupts.ts';
import { relativeTo } from '../paths.ts';
import { StatusLine } from '../status.ts';
import { table, type Column } from '../table.ts';
import { fit, printable } from '../terminal.ts';
import { workspaceFolder } from '../workspace.ts';

export interface ImportOptions extends CommonOptions {
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'File' },
  { title: 'Format', dropAt: 1 },
  { title: 'Traces', right: true },
  { title: 'Spans', right: true },
  { title: 'Logs', right: true, dropAt: 2 },
  { title: 'Not taken', right: true },
];
const SHOWN_REJECTIONS = 20;
const PATH_COLUMNS = 48;

/** Reads files one after the other; each is in the store as far as it was read, whatever becomes of the next. */
export async function importCommand(files: readonly string[], options: ImportOptions, context: CliContext): Promise<ExitCode> {
  const status = new StatusLine(context.stderr, options.verbose === true);
  const engine = await context.openEngine(workspaceFolder(context.cwd, options.workspace), (entry) => status.log(entry));
  const interrupts = new Interrupts(context, status);
  const off = engine.on('traces/progress', (progress) => status.setLive(progressLine(progress, context)));
  try {
    const imported: ImportedFile[] = [];
    let failed = false;
    for (const file of files) {
      try {
        imported.push(await importOne(engine, resolve(context.cwd, file), interrupts.signal));
      } catch (error) {
        if (interrupts.signal.aborted) break;
        // The others can still be read.
        failed = true;
        status.print(errorLine(error, context.cwd));
      } finally {
        status.clear();
      }
    }
    await report(imported, options, context, status);
    if (interrupts.signal.aborted) return EXIT.cancelled;
    if (failed) return EXIT.notEvaluated;
    return imported.some(({ rejected, spans, logs }) => rejected.length > 0 || spans + logs === 0) ? EXIT.failed : EXIT.good;
  } finally {
    off();
    interrupts.dispose();
    await engine.dispose();
  }
}

async function importOne(engine: EngineClient, file: string, signal: AbortSignal): Promise<ImportedFile> {
  const { files } = await engine.request('traces/import', { files: [file] }, signal);
  return files[0]!;
}

async function report(imported: readonly ImportedFile[], options: ImportOptions, context: CliContext, status: StatusLine): Promise<void> {
  if (options.json === true) {
    await context.stdout.write(`${JSON.stringify({ files: imported }, null, 1)}\n`);
    return;
  }
  const rows = imported.map(({ file, format, traces, spans, logs, rejected }) => [shortPath(printable(relativeTo(context.cwd, file))), format, formatCount(traces), formatCount(spans), formatCount(logs), formatCount(rejected.length)]);
  if (rows.length > 0) await context.stdout.write(table(COLUMNS, rows, context.stdout));
  const most = options.verbose === true ? Number.POSITIVE_INFINITY : SHOWN_REJECTIONS;
  for (const { file, rejected, spans, logs } of imported) {
    if (spans + logs + rejected.length === 0) status.print(`${printable(relativeTo(context.cwd, file))}: there is nothing in it`);
    for (const rejection of rejected.slice(0, most)) status.print(rejectionLine(relativeTo(context.cwd, file), rejection));
    if (rejected.length > most) status.print(`${printable(relativeTo(context.cwd, file))}: and ${formatCount(rejected.length - most)} more (--verbose shows them)`);
  }
}

/** The end of a path tells files apart. */
function shortPath(path: string): string {
  return path.length <= PATH_COLUMNS ? path : `…${path.slice(1 - PATH_COLUMNS)}`;
}

/** `file:12: resourceSpans[0]…: reason`, which terminals make clickable. */
function rejectionLine(file: string, { where, reason }: { readonly where: string; readonly reason: string }): string {
  const match = /^line (\d+)(?:: )?/.exec(where);
  const rest = [match === null ? where : where.slice(match[0].length), reason].filter((text) => text !== '').join(': ');
  return printable(`${file}${match === null ? '' : `:${match[1]}`}: ${rest}`);
}

function progressLine({ file, bytes, total, spans }: TraceNotifications['traces/progress'], context: CliContext): string {
  const share = total === 0 ? '' : formatPercent(Math.min(1, bytes / total), 0);
  return fit(`${printable(relativeTo(context.cwd, file))}  ${share}  ${formatCount(spans, 'span')}`, context.stderr.columns - 1);
}
