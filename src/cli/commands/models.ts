import { formatCount, formatUsd } from '../../core/text/format.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { table, type Column } from '../table.ts';
import { printable } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface ModelsOptions extends CommonOptions {
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'Model' },
  { title: 'Kind', dropAt: 2 },
  { title: 'Input $/M tok', right: true, dropAt: 3 },
  { title: 'Output $/M tok', right: true, dropAt: 3 },
  { title: 'Price of', dropAt: 5 },
  { title: 'Context', right: true, dropAt: 4 },
  { title: 'Ready' },
];

export function modelsCommand(options: ModelsOptions, context: CliContext): Promise<ExitCode> {
  return withEngine(options, context, async (engine) => {
    const { models } = await engine.request('models/list', {});
    if (options.json === true) {
      await context.stdout.write(`${JSON.stringify({ models }, null, 1)}\n`);
      return EXIT.good;
    }
    const rows = models.map(({ id, kind, price, contextWindow, problem }) => [
      printable(id),
      kind,
      price === null ? 'unknown' : formatUsd(price.input),
      price === null ? 'unknown' : formatUsd(price.output),
      price === null || price.source === 'free' ? '' : price.date,
      contextWindow === undefined ? '' : formatCount(contextWindow),
      problem === null ? 'yes' : `no: ${printable(problem)}`,
    ]);
    await context.stdout.write(table(COLUMNS, rows, context.stdout));
    return EXIT.good;
  });
}
