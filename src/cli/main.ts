import packageJson from '../../package.json' with { type: 'json' };
import { outputOf } from './terminal.ts';
import { runCommandLine } from './program.ts';
import type { CliContext } from './context.ts';

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
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
    return () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    };
  },
  exitNow: (code) => process.exit(code),
};

// Not process.exit: what is still on its way to a pipe must arrive.
process.exitCode = await runCommandLine(process.argv.slice(2), context);
