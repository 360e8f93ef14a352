import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { findPrompt } from '../find-prompt.ts';
import { printable } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface SaveOptions extends CommonOptions {
  readonly message: string;
  readonly tag?: readonly string[];
  readonly useCase?: string;
  readonly json?: boolean;
}

export function saveCommand(wanted: string, options: SaveOptions, context: CliContext): Promise<ExitCode> {
  return withEngine(options, context, async (engine) => {
    const { message, tag, useCase, json } = options;
    const place = await findPrompt(engine, wanted, context.cwd);
    const saved = await engine.request('versions/save', { ...place, message, ...(tag === undefined ? {} : { tags: tag }), ...(useCase === undefined ? {} : { useCase }) });
    const { label, promptId, message: first } = saved.version;
    if (json === true) await context.stdout.write(`${JSON.stringify(saved, null, 1)}\n`);
    else await context.stdout.write(saved.created ? `Saved ${label} of ${printable(promptId)}.\n` : `${printable(promptId)} is ${label} already${first === '' ? '' : ` (${printable(first.split('\n')[0] ?? '')})`}: nothing of it changed.\n`);
    return EXIT.good;
  });
}
