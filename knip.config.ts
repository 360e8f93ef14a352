import type { KnipConfig } from 'knip';
import { EXTENSION_ENTRY, NODE_ENTRIES, RUNTIME_ENTRY } from './scripts/build/entries.mjs';

/** Files, exports and dependencies that nobody needs. What is bundled is what is needed; `!` marks the product. */
const config: KnipConfig = {
  entry: [
    ...[EXTENSION_ENTRY, RUNTIME_ENTRY, ...Object.values(NODE_ENTRIES), 'webview/panels/*/main.tsx', 'webview/lazy/*.ts'].map((file) => `${file}!`),
    'scripts/*.{mjs,ts}',
    'scripts/checks/*.ts',
    'test/host/{index,run,desktop}.ts',
    'test/host/**/*.test.ts',
    'test/bench/*.ts',
    'test/clickhouse/server.ts',
  ],
  project: ['src/**/*.ts!', 'webview/**/*.{ts,tsx}!', 'scripts/**/*.{mjs,ts}', 'test/**/*.ts', '!test/fixtures/**'],
  ignoreExportsUsedInFile: { interface: true, type: true },
  // installed on demand, apart (scripts/tools/chromium.ts)
  ignoreDependencies: ['@sparticuz/chromium'],
  eslint: { config: 'eslint.config.mjs' },
  vitest: {
    config: ['vitest.config.ts', 'vitest.e2e.config.ts', 'vitest.long.config.ts'],
    entry: ['test/unit/**/*.test.{ts,tsx}', 'test/contract/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/long/**/*.test.ts', 'test/senders/**/*.test.ts'],
  },
};

export default config;
