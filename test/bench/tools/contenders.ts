import BetterSqlite3 from 'better-sqlite3';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../scripts/tools/paths.ts';
import { measure, type Measurement } from './measure.ts';
import { installedPromptfoo } from './promptfoo.ts';
import type { Workload } from './workload.ts';

/** A program that evaluates a config and keeps what came out. */
export interface Contender {
  readonly name: string;
  /** Without a cache, results stored. @throws when it fails, or stored fewer results than there are cases */
  evaluate(workload: Workload, concurrency: number, args?: readonly string[]): Promise<Measurement>;
  dispose(): void;
}

/** What both are started with: settings of whoever runs the benchmark must not count. */
function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_COMPILE_CACHE: _cache, NODE_V8_COVERAGE: _coverage, ...env } = process.env;
  return { ...env, BENCH_API_KEY: 'none-needed', ...more };
}

/** The command as people have it: the bundle, started by bin/touchstone. */
export function touchstone(): Contender {
  return {
    name: 'touchstone',
    async evaluate({ folder, config, cases }, concurrency, args = []) {
      const database = join(folder, '.touchstone/touchstone.db');
      const before = countRows(database, 'cell_body');
      const measured = await measure(join(root, 'bin/touchstone'), ['eval', config, '--no-cache', '--concurrency', String(concurrency), ...args], { cwd: folder, env: environment() });
      checkStored('touchstone', countRows(database, 'cell_body') - before, cases);
      return measured;
    },
    dispose: () => undefined,
  };
}

export async function promptfoo(): Promise<Contender> {
  const program = await installedPromptfoo();
  const configFolder = mkdtempSync(join(tmpdir(), 'touchstone-promptfoo-'));
  const database = join(configFolder, 'promptfoo.db');
  const env = environment({ PROMPTFOO_CONFIG_DIR: configFolder, PROMPTFOO_DISABLE_TELEMETRY: '1', PROMPTFOO_DISABLE_UPDATE: '1' });
  return {
    name: 'promptfoo',
    async evaluate({ folder, config, cases }, concurrency, args = []) {
      const before = countRows(database, 'eval_results');
      const measured = await measure(process.execPath, [program, 'eval', '-c', config, '--no-cache', '-j', String(concurrency), '--no-table', '--no-progress-bar', ...args], { cwd: folder, env });
      checkStored('promptfoo', countRows(database, 'eval_results') - before, cases);
      return measured;
    },
    dispose: () => rmSync(configFolder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

function countRows(database: string, table: string): number {
  if (!existsSync(database)) return 0;
  const connection = new BetterSqlite3(database, { readonly: true });
  try {
    return Number(connection.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
  } finally {
    connection.close();
  }
}

function checkStored(name: string, stored: number, cases: number): void {
  if (stored !== cases) throw new Error(`${name} stored ${stored} results of ${cases} cases`);
}
