/**
 * What VS Code's extension host loads: it runs every test file beside this one in one mocha, in that process. The same
 * files serve `npm run test:host` (the server's extension host) and `npm run test:desktop` (@vscode/test-electron).
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';
import type { HostResults } from './results.ts';

export async function run(): Promise<void> {
  const file = process.env['TOUCHSTONE_HOST_RESULTS'];
  if (!file) throw new Error('TOUCHSTONE_HOST_RESULTS names no file for the results');
  const grep = process.env['TOUCHSTONE_HOST_GREP'];
  const mocha = new Mocha({ ui: 'bdd', timeout: 5 * 60_000, forbidOnly: true, ...(grep ? { grep } : {}) });
  for (const name of readdirSync(__dirname).sort()) if (name.endsWith('.test.cjs')) mocha.addFile(join(__dirname, name));

  const results: HostResults = { passed: 0, failed: 0, skipped: 0, tests: [] };
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on('pass', (test) => note(results, 'passed', test));
    runner.on('fail', (test, error: unknown) => note(results, 'failed', test, error));
    runner.on('pending', (test) => note(results, 'skipped', test));
  });
  writeFileSync(file, JSON.stringify(results, null, 2));
  if (results.failed > 0) throw new Error(`${results.failed} host tests failed`);
}

function note(results: HostResults, state: 'passed' | 'failed' | 'skipped', test: Mocha.Runnable, error?: unknown): void {
  results[state]++;
  results.tests.push({
    title: test.fullTitle(),
    state,
    ms: test.duration ?? 0,
    ...(error === undefined ? {} : { error: error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error) }),
  });
}
