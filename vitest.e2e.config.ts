import { defineConfig } from 'vitest/config';

/** Tests through the user interface of a real VS Code with the packaged extension: one file at a time, each with its own server. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    passWithNoTests: false,
    allowOnly: false,
  },
});
