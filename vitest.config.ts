import { defineConfig } from 'vitest/config';
import { V8_FLAGS } from './test/v8-flags.ts';

/** Unit and contract tests. The tests in a real VS Code have their own: vitest.e2e.config.ts and test/host. */
export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.{ts,tsx}', 'test/contract/**/*.test.ts', 'test/senders/**/*.test.ts'],
    pool: 'forks',
    execArgv: V8_FLAGS,
    maxWorkers: 2,
    // What waits for a process, or for its own turn, has to on a busy machine, too: what is waited for comes at once or never.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // A suite that finds no test is a defect, not a pass.
    passWithNoTests: false,
    // A focused test would silently drop all others from `npm test`.
    allowOnly: false,
  },
  // webview parts use Preact's JSX, as in the bundles
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
