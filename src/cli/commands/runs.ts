import { runDocument, summaryDocument } from '../../core/report/json.ts';
import { formatCount, formatDuration, formatRate, formatUsd } from '../../core/text/format.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { table, type Column } from '../table.ts';
import { printable } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface RunsOptions extends CommonOptions {
  readonly limit: number;
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'Run' },
  { title: 'Prompt' },
  { title: 'Started (UTC)', dropAt: 2 },
  { title: 'Models', dropAt: 4 },
  { title: 'Pass rate' },
  { title: 'Cells', right: true, dropAt: 1 },
  { title: 'Errors', right: true, dropAt: 3 },
  { title: 'Cost', right: true, dropAt: 5 },
  { title: 'Took', right: true, dropAt: 6 },
  { title: 'Status' },
];

export function runsCommand(options: RunsOptions, context: CliContext): Promise<ExitCode> {
  return withEngine(options, context, async (engine) => {
    const { runs } = await engine.request('runs/list', { limit: options.limit });
    if (options.json === true) {
      await context.stdout.write(`${JSON.stringify({ runs: runs.map((run) => ({ run: runDocument(run), summary: summaryDocument(run.summary) })) }, null, 1)}\n`);
      return EXIT.good;
    }
    if (runs.length === 0) {
      await context.stderr.write('This workspace has no runs yet. `touchstone eval` makes one.\n');
      return EXIT.good;
    }
    const rows = runs.map(({ info, summary, done, total }) => [
      info.id,
      printable(info.title ?? (info.version === undefined ? info.promptName : `${info.promptName} ${info.version.label}`)),
      info.startedAt.slice(0, 16).replace('T', ' '),
      printable(info.models.map((model) => model.label).join(', ')),
      formatRate(summary.passRate, summary.interval),
      done === total ? formatCount(total) : `${formatCount(done)} of ${formatCount(total)}`,
      formatCount(summary.errors),
      formatUsd(summary.cost),
      formatDuration(info.durationMs),
      info.status,
    ]);
    await context.stdout.write(table(COLUMNS, rows, context.stdout));
    return EXIT.good;
  });
}
