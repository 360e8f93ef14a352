import { formatCount } from '../../core/text/format.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode, usageError } from '../exit.ts';
import { withEngine } from '../with-engine.ts';

export interface CacheOptions extends CommonOptions {
  readonly json?: boolean;
}

export function cacheCommand(what: string, options: CacheOptions, context: CliContext): Promise<ExitCode> {
  if (what !== 'clear') throw usageError(`touchstone cache ${what}: the only thing to do is \`touchstone cache clear\`.`);
  return withEngine(options, context, async (engine) => {
    const { entries } = await engine.request('cache/clear', {});
    await context.stdout.write(options.json === true ? `${JSON.stringify({ entries })}\n` : `Forgot ${formatCount(entries, 'stored answer')}.\n`);
    return EXIT.good;
  });
}
