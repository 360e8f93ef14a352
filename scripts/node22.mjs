/**
 * The oldest Node on which the engine must run, the one of VS Code 1.101: installed on demand, apart.
 * `node scripts/node22.mjs FILE…` runs something on it.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './tools/cache.ts';
import { must } from './tools/processes.ts';

const VERSION = '22.15.0';

/** The path of its binary. Node's packages of that time have it for Linux only. */
export async function installedNode22() {
  if (process.platform !== 'linux') throw new Error(`Node ${VERSION} is tested on Linux`);
  const name = `node-linux-${process.arch}`;
  const folder = await cached(`${name}-${VERSION}`, `Node ${VERSION}`, async (target) => {
    writeFileSync(join(target, 'package.json'), '{ "private": true }\n');
    await must('npm', ['install', `${name}@${VERSION}`, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd: target });
  });
  return join(folder, 'node_modules', name, 'bin/node');
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const result = spawnSync(await installedNode22(), process.argv.slice(2), { stdio: 'inherit' });
  process.exitCode = result.status ?? 1;
}
