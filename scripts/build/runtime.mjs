import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { RUNTIME_ENTRY } from './entries.mjs';

/** What goes into the package beside its code. */
export const RUNTIME_INPUTS = ['package.json', 'LICENSE', 'docs/runtime.md'];

/**
 * `touchstone/runtime` as a package of its own, which depends on nothing: one file for `import`, one for `require`, and their types.
 * An app installs the folder; the tools that Touchstone needs are not its business.
 * @param {{ root: string, outdir: string, common: import('esbuild').BuildOptions }} options
 * @returns {Promise<{ metafile: import('esbuild').Metafile | undefined, files: string[] }>} `files`: everything that was written, relative to root
 */
export async function buildRuntime({ root, outdir, common }) {
  const folder = `${outdir}/runtime`;
  // Readable, because it runs in other people's programs.
  /** @type {import('esbuild').BuildOptions} */
  const each = { ...common, entryPoints: { runtime: RUNTIME_ENTRY }, outdir: folder, platform: 'node', target: 'node18', minify: false, sourcemap: false };
  const [asModule, asCommonJs] = await Promise.all([build({ ...each, format: 'esm', outExtension: { '.js': '.mjs' } }), build({ ...each, format: 'cjs', outExtension: { '.js': '.cjs' } })]);
  const outputs = [asModule, asCommonJs].flatMap(({ metafile }) => Object.keys(metafile?.outputs ?? {}));

  mkdirSync(join(root, folder), { recursive: true });
  const types = declarations(root);
  /** @type {Record<string, string>} */
  const texts = { 'runtime.d.mts': types, 'runtime.d.cts': types, 'package.json': manifest(root) };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(root, folder, name), text);
  copyFileSync(join(root, 'LICENSE'), join(root, folder, 'LICENSE'));
  copyFileSync(join(root, 'docs/runtime.md'), join(root, folder, 'README.md'));
  return { metafile: asModule.metafile, files: [...outputs, ...[...Object.keys(texts), 'LICENSE', 'README.md'].map((name) => `${folder}/${name}`)] };
}

/**
 * The public types stand in one file that imports nothing, and the entry adds its functions.
 * @param {string} root
 */
function declarations(root) {
  const files = [RUNTIME_ENTRY.replace(/[^/]+$/, 'types.ts'), RUNTIME_ENTRY];
  const texts = files.map((file) => {
    const { outputText, diagnostics = [] } = ts.transpileDeclaration(readFileSync(join(root, file), 'utf8'), { fileName: file, compilerOptions: { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } });
    const [problem] = diagnostics;
    if (problem) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(problem.messageText, '\n')}`);
    return outputText;
  });
  // One file: what the entry takes from the types is there already.
  const text = texts.join('\n').replace(/^(?:import|export \*)[^\n]*\n/gm, '');
  if (/from ['"]/.test(text)) throw new Error(`${RUNTIME_ENTRY}: its declarations import something, which an app does not have`);
  return text;
}

/** @param {string} root */
function manifest(root) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const exported = { import: { types: './runtime.d.mts', default: './runtime.mjs' }, require: { types: './runtime.d.cts', default: './runtime.cjs' } };
  return `${JSON.stringify({ name, version, description: 'Loads versions of prompts from a Touchstone registry', license, private: true, type: 'module', sideEffects: false, engines: { node: '>=18' }, exports: { './runtime': exported } }, null, 2)}\n`;
}
