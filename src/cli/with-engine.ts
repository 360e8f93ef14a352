import type { EngineClient } from '../protocol/engine.ts';
import type { CliContext, CommonOptions } from './context.ts';
import type { ExitCode } from './exit.ts';
import { StatusLine } from './status.ts';
import { workspaceFolder } from './workspace.ts';

/** For commands that ask something of the engine and are done. */
export async function withEngine(options: CommonOptions, context: CliContext, work: (engine: EngineClient, folder: string) => Promise<ExitCode>): Promise<ExitCode> {
  const status = new StatusLine(context.stderr, options.verbose === true);
  const folder = workspaceFolder(context.cwd, options.workspace);
  const engine = await context.openEngine(folder, (entry) => status.log(entry));
  try {
    return await work(engine, folder);
  } finally {
    await engine.dispose();
  }
}
