import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { table, type Column } from '../table.ts';
import { paint, printable, printableLines } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface SourcesOptions extends CommonOptions {
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [{ title: 'Source' }, { title: 'Type' }, { title: 'Where' }, { title: 'Project', dropAt: 2 }, { title: 'Keys', dropAt: 1 }];

/** `touchstone sources`: the backends of touchstone.yml. `touchstone sources test [NAME]`: whether they answer. */
export function sourcesCommand(action: string | undefined, name: string | undefined, options: SourcesOptions, context: CliContext): Promise<ExitCode> {
  if (action !== undefined && action !== 'test') throw usageError(`There is no action "${action}": touchstone sources lists, touchstone sources test [NAME] asks.`);
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
      const test = await engine.request('remote/test', { source });
      tests.push({ source, ...test });
      if (options.json !== true) await context.stdout.write(`${test.ok ? paint(context.stdout, 'green', '✓') : paint(context.stdout, 'red', '✗')} ${printable(source)}  ${printableLines(test.message).join('\n')}\n`);
    }
    if (options.json === true) await context.stdout.write(`${JSON.stringify({ tests }, null, 1)}\n`);
    return tests.every(({ ok }) => ok) ? EXIT.good : EXIT.failed;
  });
}

function keys(secrets: readonly { readonly name: string; readonly isSet: boolean }[]): string {
  return secrets.map(({ name, isSet }) => `${name} ${isSet ? 'set' : 'not set'}`).join(', ');
}
