import { resolve } from 'node:path';
import type { TraceMethods } from '../../protocol/traces.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { relativeTo } from '../paths.ts';
import { printableLines } from '../terminal.ts';
import { spanIdOf, traceIdOf } from '../trace-ids.ts';
import { withEngine } from '../with-engine.ts';

export interface TraceOptions extends CommonOptions {
  readonly json?: boolean;
  readonly otlp?: boolean;
  readonly tree?: boolean;
  readonly markdown?: boolean;
  readonly span?: string;
  readonly output?: string;
}

type Format = TraceMethods['traces/export'][0]['format'];
const FORMATS = ['json', 'otlp', 'tree', 'markdown'] as const satisfies readonly Format[];

export function traceCommand(wanted: string, options: TraceOptions, context: CliContext): Promise<ExitCode> {
  const given = FORMATS.filter((format) => options[format] === true);
  if (given.length > 1) throw usageError(`--${given[0]} and --${given[1]} cannot be given together.`);
  const format = given[0] ?? formatOfFile(options.output);
  return withEngine(options, context, async (engine) => {
    const traceId = await traceIdOf(engine, wanted);
    const which = { traceId, format, ...(options.span === undefined ? {} : { spanId: await spanIdOf(engine, traceId, options.span) }) };
    if (options.output !== undefined) {
      const file = resolve(context.cwd, options.output);
      await engine.request('traces/export', { ...which, file });
      await context.stderr.write(`Wrote ${relativeTo(context.cwd, file)}\n`);
      return EXIT.good;
    }
    const { text } = await engine.request('traces/export', which);
    // Documents escape what could steer a terminal, and a program that reads them needs every character; the other forms are for people.
    await context.stdout.write(format === 'json' || format === 'otlp' ? text : `${printableLines(text.replace(/\n$/, '')).join('\n')}\n`);
    return EXIT.good;
  });
}

function formatOfFile(file: string | undefined): Format {
  if (file === undefined) return 'tree';
  if (/\.otlp\.json$/i.test(file)) return 'otlp';
  if (/\.json$/i.test(file)) return 'json';
  return /\.(md|markdown)$/i.test(file) ? 'markdown' : 'tree';
}
