import { defineConfig } from 'vitest/config';

const PANELS = 'test/e2e/webview-*.test.ts';
const COMMANDS = 'test/e2e/bundle*.test.ts';

/**
 * Tests through the user interface: windows of a real VS Code with the packaged extension, panels in a browser, and the built command. One file
 * at a time: of two windows on two processors one may keep the other waiting for longer than a person would.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      { extends: true, test: { name: 'windows', include: ['test/e2e/*.test.ts'], exclude: [PANELS, COMMANDS], globalSetup: ['test/e2e/window-setup.ts'] } },
      { extends: true, test: { name: 'panels', include: [PANELS, COMMANDS] } },
    ],
  },
});
