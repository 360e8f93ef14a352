/** Makes VSIX packages with vsce, one target and one choice about the local model's weights each. */
import { listFiles, PackageManager } from '@vscode/vsce';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownTarget } from '../build/entries.mjs';
import { root } from './paths.ts';
import { must } from './processes.ts';

const MIB = 1024 * 1024;

/** Bytes that a package may have, without and with the weights. */
export const VSIX_BUDGET = { slim: 4 * MIB, weights: 36 * MIB };

export interface PackageOptions {
  /** As vsce spells it; default: this machine. */
  target?: string;
  weights?: boolean;
  /** Where to put it; default: out/vsix. */
  out?: string;
}

/** The path of a VSIX that is current: made anew only when a build changed something. @throws when it is over its budget */
export async function packagedExtension(options: PackageOptions = {}): Promise<string> {
  const target = options.target ?? ownTarget();
  const weights = options.weights ?? false;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const out = options.out ?? join(root, 'out/vsix', `touchstone-${version}-${target}${weights ? '' : '-without-model'}.vsix`);
  const stage = await stagePackage(target, weights);

  const contents = contentsHash(stage);
  const stamp = `${out}.stamp`;
  const isCurrent = existsSync(out) && existsSync(stamp) && readFileSync(stamp, 'utf8') === contents;
  if (!isCurrent) {
    mkdirSync(join(out, '..'), { recursive: true });
    await must(process.execPath, [join(root, 'node_modules/@vscode/vsce/vsce'), 'package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '--target', target, '--out', out], { cwd: stage });
    writeFileSync(stamp, contents);
  }
  const bytes = statSync(out).size;
  const budget = weights ? VSIX_BUDGET.weights : VSIX_BUDGET.slim;
  if (bytes > budget) throw new Error(`${out} has ${(bytes / MIB).toFixed(2)} MiB, its budget is ${budget / MIB} MiB`);
  return out;
}

/**
 * A folder with exactly what the package carries: the production bundles, built there so that a checkout's own `dist`
 * stays what its developer built, and the files that .vscodeignore lets through.
 */
async function stagePackage(target: string, weights: boolean): Promise<string> {
  const folder = `out/package/${target}${weights ? '' : '-without-model'}`;
  const stage = join(root, folder);
  mkdirSync(stage, { recursive: true });
  for (const name of readdirSync(stage)) if (name !== 'dist') rmSync(join(stage, name), { recursive: true, force: true });
  const files = await listFiles({ cwd: root, packageManager: PackageManager.None });
  for (const file of [...files.filter((name) => !name.startsWith('dist/')), '.vscodeignore']) cpSync(join(root, file), join(stage, file));
  const build = ['scripts/build.mjs', '--production', '--target', target, '--outdir', `${folder}/dist`, ...(weights ? ['--weights'] : [])];
  await must(process.execPath, build, { cwd: root });
  return stage;
}

function contentsHash(folder: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
    if (!entry.isFile() || entry.name === '.build.json') continue;
    const path = join(entry.parentPath, entry.name);
    hash.update(`${path.slice(folder.length)}\0${statSync(path).size}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}
