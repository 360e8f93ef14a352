/**
 * The layers of the architecture. Each rule says what a layer may reach; everything else is a violation.
 * scripts/checks/layers.ts runs these rules, refuses to pass over zero modules, and proves on test/fixtures/layers
 * that each of them finds a planted violation.
 */

/** The product's own folders, and those of the fixture with the planted violations. */
const BASE = '^(?:test/fixtures/layers/)?';
const SRC = `${BASE}src/`;
const WEBVIEW = `${BASE}webview/`;

/** A layer's own folder and those it may import. */
const layer = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: `${BASE}(?:src|webview|test|scripts)/`, pathNot: allowed },
});

module.exports = {
  forbidden: [
    layer('core-imports-nothing', `${SRC}core/`, [`${SRC}core/`]),
    layer('protocol-imports-core-only', `${SRC}protocol/`, [`${SRC}(?:protocol|core)/`]),
    layer('node-imports-core-and-protocol', `${SRC}node/`, [`${SRC}(?:node|core|protocol)/`]),
    layer('engine-imports-core-node-protocol', `${SRC}engine/`, [`${SRC}(?:engine|core|node|protocol)/`]),
    layer('cli-imports-engine-core-protocol', `${SRC}cli/`, [`${SRC}(?:cli|engine|core|protocol)/`]),
    layer('extension-imports-protocol-and-core', `${SRC}extension/`, [`${SRC}(?:extension|protocol|core)/`]),
    layer('runtime-imports-core', `${SRC}runtime/`, [`${SRC}(?:runtime|core)/`]),
    layer('webview-imports-protocol-and-core', WEBVIEW, [WEBVIEW, `${SRC}(?:protocol|core)/`]),
    {
      name: 'core-and-webview-without-node',
      severity: 'error',
      comment: 'core is pure and webviews run in a browser: neither does I/O',
      from: { path: [`${SRC}core/`, `${SRC}protocol/`, WEBVIEW] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'vscode-only-in-extension',
      severity: 'error',
      from: { path: [SRC, WEBVIEW], pathNot: `${SRC}extension/` },
      to: { path: '^vscode$' },
    },
    {
      name: 'features-keep-to-themselves',
      severity: 'error',
      comment: "a feature reaches another only through that feature's index.ts",
      from: { path: `${SRC}extension/features/([^/]+)/` },
      to: { path: `${SRC}extension/features/[^/]+/`, pathNot: [`${SRC}extension/features/$1/`, `${SRC}extension/features/[^/]+/index\\.ts$`] },
    },
    { name: 'panels-keep-to-themselves', severity: 'error', from: { path: `${BASE}webview/panels/([^/]+)/` }, to: { path: `${BASE}webview/panels/[^/]+/`, pathNot: `${BASE}webview/panels/$1/` } },
    { name: 'no-cycles', severity: 'error', comment: 'type-only cycles count too: two files that need each other are one', from: { path: [SRC, WEBVIEW] }, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: { path: [SRC, WEBVIEW] }, to: { couldNotResolve: true, pathNot: '^vscode$' } },
    { name: 'no-dev-dependencies-in-product', severity: 'error', from: { path: [SRC, WEBVIEW] }, to: { dependencyTypes: ['npm-dev'], pathNot: ['^vscode$', 'node_modules/@types/'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
};
