import type { SumsBy } from '../../core/text/source-sums.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { table, type Column } from '../table.ts';
import { paint, printable, printableLines } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface SourcesOptions extends CommonOptions {
  readonly json?: boolean;
  /** Of `traces` */
  readonly limit?: number;
  readonly cursor?: string;
  /** Of `summary` */
  readonly by?: SumsBy;
}

const COLUMNS: readonly Column[] = [{ title: 'Source' }, { title: 'Type', dropAt: 1 }, { title: 'Where', least: 24 }, { title: 'Project', dropAt: 2 }, { title: 'Keys' }];

/**
 * `touchstone sources`: the backends of touchstone.yml. `touchstone sources test [NAME]`: whether they answer.
 * `touchstone sources traces NAME [QUERY]` and `touchstone sources summary NAME [QUERY]`: what one of them answers.
 */
export async function sourcesCommand(action: string | undefined, name: string | undefined, query: readonly string[], options: SourcesOptions, context: CliContext): Promise<ExitCode> {
  if (action !== 'traces' && (options.limit !== undefined || options.cursor !== undefined)) throw usageError('--limit and --cursor belong to touchstone sources traces NAME.');
  if (action !== 'summary' && options.by !== undefined) throw usageError('--by belongs to touchstone sources summary NAME.');
  if (action === 'traces' || action === 'summary') {
    if (name === undefined) throw usageError(`Which source? touchstone sources ${action} NAME [QUERY]; touchstone sources lists them.`);
    const { sourceSummaryCommand, sourceTracesCommand } = await import('./source-traces.ts');
    return action === 'traces' ? sourceTracesCommand(name, query, options, context) : sourceSummaryCommand(name, query, options, context);
  }
  if (action !== undefined && action !== 'test') throw usageError(`There is no action "${action}": touchstone sources lists, and touchstone sources test [NAME], traces NAME [QUERY] and summary NAME [QUERY] ask.`);
  if (query.length > 0) throw usageError('touchstone sources test takes one name, or none for all.');
  return withEngine(options, context, async (engine) => {
    const { sources } = await engine.request('remote/sources', {});
    if (sources.length === 0 && name === undefined && options.json !== true) {
      await context.stderr.write('touchstone.yml names no backend below traces.sources (docs/sources.md).\n');
      return EXIT.good;
    }
    if (action === undefined) {
      if (options.json === true) await context.stdout.write(`${JSON.stringify({ sources }, null, 1)}\n`);
      else await context.stdout.write(table(COLUMNS, sources.map((source) => [printable(source.name), source.type, printable(source.url), printable(source.project ?? ''), keys(source.secrets)]), context.stdout));
      return EXIT.good;
    }
    const chosen = name === undefined ? sources.map((source) => source.name) : [name];
    const tests = [];
    for (const source of chosen) {
      const { ok, message } = await engine.request('remote/test', { source });
      const test = { source, ok, message };
      tests.push(test);
      if (options.json !== true) await context.stdout.write(`${test.ok ? paint(context.stdout, 'green', '✓') : paint(context.stdout, 'red', '✗')} ${printable(source)}  ${printableLines(test.message).join('\n')}\n`);
    }
    if (options.json === true) await context.stdout.write(`${JSON.stringify({ tests }, null, 1)}\n`);
    return tests.every(({ ok }) => ok) ? EXIT.good : EXIT.failed;
  });
}

function keys(secrets: readonly { readonly name: string; readonly isSet: boolean }[]): string {
  return secrets.map(({ name, isSet }) => `${name} ${isSet ? 'set' : 'not set'}`).join(', ');
}
