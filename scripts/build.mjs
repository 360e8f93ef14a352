/**
 * Bundles everything that runs: `npm run build [-- options]`.
 *
 *   --target T      vsce target whose SQLite binary goes in (default: this machine), e.g. linux-x64, alpine-x64, win32-x64
 *   --production    minified, without source maps: what a VSIX carries
 *   --weights       copy the embedded local model to dist/node_modules
 *   --outdir DIR    where to put it (default: dist)
 *   --force         build although nothing changed
 */
import { build } from 'esbuild';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import * as table from './build/entries.mjs';
import { thirdPartyNotices } from './build/notices.mjs';
import { buildRuntime, RUNTIME_INPUTS } from './build/runtime.mjs';
import { isCurrent, makeStamp, writeStamp } from './build/stamp.mjs';
import { panelNames, webviewEntries, webviewOptions } from './build/webview.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const { values: options } = parseArgs({
  options: {
    target: { type: 'string', default: table.ownTarget() },
    production: { type: 'boolean', default: false },
    weights: { type: 'boolean', default: false },
    outdir: { type: 'string', default: 'dist' },
    force: { type: 'boolean', default: false },
  },
});
const outdir = options.outdir.replaceAll('\\', '/');
const stampFile = join(root, outdir, '.build.json');

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none',
  // jsonc-parser's `main` is a UMD file whose requires a bundler cannot follow
  mainFields: ['module', 'main'],
  minify: options.production,
  sourcemap: options.production ? false : 'linked',
  define: { 'process.env.NODE_ENV': '"production"' },
};

/** CommonJS packages inside an ES module call `require` for Node's own modules. */
const requireBanner = "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

/** Chunks stay beside the entries: `new URL('./scoring-worker.mjs', import.meta.url)` then holds in every one of them. */
function buildNode() {
  return build({
    ...common,
    entryPoints: table.NODE_ENTRIES,
    outdir,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[hash]',
    assetNames: '[name]-[hash]',
    // Node reads, decodes and hashes at every start what it loads; the names stay, for stacks.
    minifyWhitespace: true,
    minifySyntax: true,
    banner: { js: requireBanner },
    alias: { 'better-sqlite3': `better-sqlite3/${table.sqliteBinary(options.target)}` },
    loader: { '.node': 'copy', '.wasm': 'copy' },
  });
}

function buildExtension() {
  return build({
    ...common,
    entryPoints: { extension: table.EXTENSION_ENTRY },
    outdir,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['vscode'],
  });
}

function webviewBuild() {
  const names = panelNames(root);
  if (names.length === 0) throw new Error(`${table.PANELS_FOLDER} has no panel`);
  return { ...common, ...webviewOptions(), entryPoints: webviewEntries(root), outdir: `${outdir}/webview` };
}

/**
 * The gzipped size of each panel without the control toolkit.
 * @returns {Promise<Array<{ panel: string, bytes: number }>>}
 */
async function panelSizes() {
  const { outputFiles } = await build({ ...webviewBuild(), write: false, sourcemap: false, metafile: false, external: table.TOOLKIT_PACKAGES });
  const names = new Set(panelNames(root).map((name) => `${name}.js`));
  return (outputFiles ?? [])
    .filter((file) => names.has(basename(file.path)))
    .map((file) => ({ panel: basename(file.path, '.js'), bytes: gzipSync(file.contents).length }));
}

/**
 * A program of a worker or child process lies in a bundle beside whoever starts it (src/node/process/entries.ts), so
 * each one that the code starts must be in the table, under its own name.
 * @param {string[]} inputs
 */
function checkStartedPrograms(inputs) {
  for (const input of inputs.filter((file) => file.startsWith('src/'))) {
    for (const [, name = ''] of readFileSync(join(root, input), 'utf8').matchAll(/entryPath\(import\.meta\.url,\s*'[./]*(?:[\w-]+\/)*([\w-]+)\.ts'/g)) {
      if (!Object.hasOwn(table.NODE_ENTRIES, name)) throw new Error(`${input} starts ${name}.ts, which scripts/build/entries.mjs does not bundle`);
    }
  }
}

/** @param {number} bytes */
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

/**
 * Removes what an earlier build left, so that a package never carries stale chunks.
 * @param {Set<string>} outputs relative to root
 * @param {string} folder relative to root
 */
function removeStale(outputs, folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) removeStale(outputs, path);
    else if (!outputs.has(path)) rmSync(join(root, path));
  }
}

/** @returns {string[]} the copied files, relative to root */
function copyLocalModel() {
  return table.LOCAL_MODEL_PACKAGES.flatMap((name) => {
    const files = ['package.json', ...readdirSync(join(root, 'node_modules', name, 'dist')).filter((file) => !file.endsWith('.d.ts')).map((file) => `dist/${file}`)];
    mkdirSync(join(root, outdir, 'node_modules', name, 'dist'), { recursive: true });
    return files.map((file) => {
      cpSync(join(root, 'node_modules', name, file), join(root, outdir, 'node_modules', name, file));
      return `${outdir}/node_modules/${name}/${file}`;
    });
  });
}

async function main() {
  const began = performance.now();
  const key = JSON.stringify({ ...options, force: false, node: table.NODE_ENTRIES, webview: webviewEntries(root) });
  if (!options.force && isCurrent(root, stampFile, key)) {
    console.log(`build: up to date (${Math.round(performance.now() - began)} ms)`);
    return;
  }
  // one part's error does not keep the others from being built
  const parts = await Promise.allSettled([buildNode(), buildExtension(), build(webviewBuild()), buildRuntime({ root, outdir, common })]);
  const failed = parts.find((part) => part.status === 'rejected');
  if (failed) throw failed.reason;
  const results = parts.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
  const inputs = results.flatMap((result) => Object.keys(result.metafile?.inputs ?? {}));
  const outputs = new Set(results.flatMap((result) => ('files' in result ? result.files : Object.keys(result.metafile?.outputs ?? {}))));

  checkStartedPrograms(inputs);
  const notices = thirdPartyNotices(root, options.weights ? [...inputs, ...table.LOCAL_MODEL_PACKAGES.map((name) => `node_modules/${name}/`)] : inputs);
  mkdirSync(join(root, outdir), { recursive: true });
  writeFileSync(join(root, outdir, 'THIRD_PARTY_LICENSES.txt'), notices.text);
  outputs.add(`${outdir}/THIRD_PARTY_LICENSES.txt`);
  if (options.weights) for (const file of copyLocalModel()) outputs.add(file);
  rmSync(stampFile, { force: true });
  removeStale(outputs, outdir);

  for (const file of [...outputs].sort()) {
    if (/chunk-|\.map$|node_modules\//.test(file)) continue;
    const bytes = statSync(join(root, file)).size;
    console.log(`  ${file.slice(outdir.length + 1).padEnd(40)} ${kib(bytes).padStart(12)}${/js$/.test(file) ? `  ${kib(gzipSync(readFileSync(join(root, file))).length)} gzipped` : ''}`);
  }
  const chunks = [...outputs].filter((file) => /chunk-.*\.mjs$/.test(file));
  console.log(`  ${`${chunks.length} shared or lazy chunks`.padEnd(40)} ${kib(chunks.reduce((sum, file) => sum + statSync(join(root, file)).size, 0)).padStart(12)}`);

  const sizes = await panelSizes();
  for (const { panel, bytes } of sizes) console.log(`  panel ${panel}: ${kib(bytes)} gzipped without the toolkit (budget ${kib(table.PANEL_BUDGET)})`);
  const tooLarge = sizes.filter(({ bytes }) => bytes > table.PANEL_BUDGET);
  if (tooLarge.length > 0) throw new Error(`over the budget: ${tooLarge.map(({ panel }) => panel).join(', ')}`);

  writeStamp(stampFile, makeStamp(root, key, [...inputs, ...RUNTIME_INPUTS, ...buildScripts()], [...outputs]));
  console.log(`build: done in ${((performance.now() - began) / 1000).toFixed(1)} s (${options.target}${options.production ? ', production' : ''}), licences of ${notices.packages.length} packages`);
}

function buildScripts() {
  const own = fileURLToPath(import.meta.url);
  const parts = readdirSync(join(dirname(own), 'build')).map((name) => join(dirname(own), 'build', name));
  return [own, ...parts].map((file) => relative(root, file).replaceAll('\\', '/'));
}

try {
  await main();
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
