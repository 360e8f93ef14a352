/** What `npm test` consists of, in the order in which it begins: cheap first. Each step is a process of its own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { countHost, countVitest, type Counts } from './counts.ts';
import { root } from './paths.ts';
import { run } from './processes.ts';

export interface Step {
  name: string;
  what: string;
  /** How many processors it keeps busy, of the two that `npm test` counts on; two such steps of one run beside each other. */
  processors: 1 | 2;
  run(show: boolean): Promise<Counts & { output: string }>;
}

const LIMIT_MS = 30 * 60_000;
const bin = (name: string) => join(root, 'node_modules', name);

/** A check counts as one test. */
function check(name: string, what: string, ...commands: string[][]): Step {
  return {
    name,
    what,
    processors: 1,
    async run(show) {
      let output = '';
      let failed = 0;
      for (const [script = '', ...args] of commands) {
        const result = await run(process.execPath, [script, ...args], { cwd: root, show, timeoutMs: LIMIT_MS });
        output += result.output;
        if (result.code !== 0) failed = 1;
      }
      return { passed: 1 - failed, failed, skipped: 0, output };
    },
  };
}

function suite(name: string, what: string, processors: 1 | 2, resultsFile: string, count: (file: string) => Counts, args: string[]): Step {
  return {
    name,
    what,
    processors,
    async run(show) {
      const file = join(root, resultsFile);
      rmSync(file, { force: true });
      const { code, output } = await run(process.execPath, args, { cwd: root, show, timeoutMs: LIMIT_MS });
      const counts = count(file);
      if (counts.passed + counts.failed === 0) return { ...counts, failed: 1, output: `${output}\n${name} ran no test` };
      return { ...counts, failed: code !== 0 && counts.failed === 0 ? 1 : counts.failed, output };
    },
  };
}

function vitest(name: string, what: string, processors: 1 | 2, args: string[], file = `out/results/${name}.json`): Step {
  return suite(name, what, processors, file, countVitest, [bin('vitest/vitest.mjs'), 'run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]);
}

const BUILD = check('build', 'bundles of extension, engine, command and panels', ['scripts/build.mjs']);

export const STEPS: readonly Step[] = [
  BUILD,
  check('types', 'TypeScript', [bin('typescript/bin/tsc'), '-p', '.'], [bin('typescript/bin/tsc'), '-p', 'webview'], [bin('typescript/bin/tsc'), '-p', 'test/fixtures/webview-harness']),
  check('lint', 'ESLint', [bin('eslint/bin/eslint.js'), '--max-warnings=0', '.']),
  check('layers', 'who may import whom', ['scripts/checks/layers.ts']),
  check('unused', 'files, exports and dependencies that nobody needs', [bin('knip/bin/knip.js'), '--no-progress']),
  check('contributes', "package.json's contributions against the code", ['scripts/checks/contributes.ts']),
  check('nls', 'texts of package.json', ['scripts/checks/nls.ts']),
  check('tracked', 'tracked files and the lockfile', ['scripts/checks/tracked.ts']),
  vitest('unit', 'one part at a time', 2, ['test/unit']),
  vitest('contract', 'the seams between parts', 2, ['test/contract']),
  check('package', 'VSIX packages and their sizes', ['scripts/package.ts']),
  vitest('senders', 'real SDKs against the receiver', 1, ['test/senders']),
  suite('host', "inside a real VS Code's extension host", 2, 'out/results/host.json', countHost, ['test/host/run.ts']),
  vitest('e2e', 'a real VS Code with the package, as a person uses it', 2, ['--config', 'vitest.e2e.config.ts']),
];

/** One part of the full sizes. */
function long(name: string, what: string, processors: 1 | 2, path: string): Step {
  return vitest(name, what, processors, ['--config', 'vitest.long.config.ts', path], `out/results/long-${name}.json`);
}

/** The full sizes, and the oldest runtime: `npm run test:long`. */
export const LONG_STEPS: readonly Step[] = [
  BUILD,
  long('coverage', 'the published tables of the statistics, drawn again', 1, 'test/long/coverage.test.ts'),
  long('node22', 'the bundles on the oldest Node', 1, 'test/long/node22.test.ts'),
  long('senders', 'every SDK against the receiver', 1, 'test/senders'),
  long('clickhouse', 'queries in a real ClickHouse', 1, 'test/long/clickhouse.test.ts'),
  long('contract', 'the seams between parts, as often and as large as they must hold', 2, 'test/contract'),
  long('import-memory', 'the memory that a file of 1 GB takes', 2, 'test/long/import-memory.test.ts'),
];
