import { defineConfig } from 'vitest/config';
import { V8_FLAGS } from './test/v8-flags.ts';

/**
 * `npm run test:long`: test/long, and the contract tests and senders once more in full sizes, which they take from `TOUCHSTONE_LONG=1`.
 */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/senders/**/*.test.ts'],
    env: { TOUCHSTONE_LONG: '1' },
    pool: 'forks',
    execArgv: V8_FLAGS,
    maxWorkers: 2,
    testTimeout: 20 * 60_000,
    hookTimeout: 5 * 60_000,
    expect: { poll: { timeout: 60_000 } },
    passWithNoTests: false,
    allowOnly: false,
  },
});
