import packageJson from '../../package.json' with { type: 'json' };
import { outputOf } from './terminal.ts';
import { EXIT } from './exit.ts';
import { runCommandLine } from './program.ts';
import type { CliContext } from './context.ts';

// One listener for the whole life of the process, so that a late Ctrl+C still ends it with 130 and not by the signal.
const interrupted = new Set<() => void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted.size === 0) process.exit(EXIT.cancelled);
    for (const listener of [...interrupted]) listener();
  });
}

const context: CliContext = {
  version: packageJson.version,
  cwd: process.cwd(),
  env: process.env,
  stdout: outputOf(process.stdout, process.env),
  stderr: outputOf(process.stderr, process.env),
  now: () => performance.now(),
  openEngine: async (folder, log) => {
    const { openEngine } = await import('./engine.ts');
    return openEngine(folder, process.env, log);
  },
  onInterrupt: (listener) => {
    interrupted.add(listener);
    return () => interrupted.delete(listener);
  },
  exitNow: (code) => process.exit(code),
};

// Not process.exit: what is still on its way to a pipe must arrive.
process.exitCode = await runCommandLine(process.argv.slice(2), context);
