import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { slimCodicons } from './codicons.mjs';
import { LAZY_FOLDER, PANELS_FOLDER } from './entries.mjs';

/** @param {string} root */
export function panelNames(root) {
  return readdirSync(join(root, PANELS_FOLDER)).filter((name) => existsSync(join(root, PANELS_FOLDER, name, 'main.tsx')));
}

/**
 * What the webviews load: each panel one script and one style sheet, each lazy module one script beside them.
 * @param {string} root
 * @returns {Record<string, string>} output name → entry file, relative to root
 */
export function webviewEntries(root) {
  const lazy = readdirSync(join(root, LAZY_FOLDER)).map((file) => basename(file, '.ts'));
  return Object.fromEntries([
    ...panelNames(root).map((name) => [name, `${PANELS_FOLDER}/${name}/main.tsx`]),
    ...lazy.map((name) => [name, `${LAZY_FOLDER}/${name}.ts`]),
  ]);
}

/**
 * How they are bundled; the harness of the tests bundles them the same way.
 * @returns {import('esbuild').BuildOptions}
 */
export function webviewOptions() {
  return {
    bundle: true,
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    target: ['chrome128'],
    format: 'esm',
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
    plugins: [slimCodicons, lazyModules],
  };
}

/**
 * `import('…/lazy/name.ts')` stays an import, of the script beside the panel's. Not esbuild's own splitting: that would also cut what all
 * panels have in common into files that every panel waits for one after the other.
 * @type {import('esbuild').Plugin}
 */
const lazyModules = {
  name: 'lazy-modules',
  setup(build) {
    build.onResolve({ filter: /\/lazy\/[\w-]+\.ts$/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined;
      if (kind !== 'dynamic-import') return { errors: [{ text: `${path} is only for import()` }] };
      return { path: `./${basename(path, '.ts')}.js`, external: true };
    });
  },
};
