import { build } from 'esbuild';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { root } from '../../scripts/tools/paths.ts';

/** Bundles the host tests, one CommonJS file each, and returns the module that an extension host runs. */
export async function bundleHostTests(): Promise<string> {
  const outdir = join(root, 'out/test/host');
  const tests = globSync('test/host/**/*.test.ts', { cwd: root });
  if (tests.length === 0) throw new Error('test/host has no *.test.ts');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['test/host/index.ts', ...tests],
    outdir,
    outbase: 'test/host',
    // one folder, whatever the tests' own folders: the runner loads what lies beside it
    entryNames: '[name]',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  return join(outdir, 'index.cjs');
}
