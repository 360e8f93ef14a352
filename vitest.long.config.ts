import { defineConfig } from 'vitest/config';

/**
 * `npm run test:long`: test/long, and the contract tests and senders once more in full sizes, which they take from `TOUCHSTONE_LONG=1`.
 */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/senders/**/*.test.ts'],
    env: { TOUCHSTONE_LONG: '1' },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20 * 60_000,
    hookTimeout: 5 * 60_000,
    passWithNoTests: false,
    allowOnly: false,
  },
});
