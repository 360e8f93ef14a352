import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { usageError } from './exit.ts';

/** Whatever lies nearest above the current folder says where the workspace begins; Git is asked last. */
const MARKS = [['touchstone.yml', 'touchstone.yaml', '.touchstone'], ['.git']] as const;

/**
 * The workspace folder: the one given, else the nearest folder from `cwd` upwards with a touchstone.yml or .touchstone,
 * else the nearest Git checkout, else `cwd` itself. Its `.touchstone/` keeps the runs.
 */
export function workspaceFolder(cwd: string, given: string | undefined): string {
  if (given !== undefined) {
    const folder = resolve(cwd, given);
    if (!isFolder(folder)) throw usageError(`--workspace: ${given} is not a folder.`);
    return folder;
  }
  for (const names of MARKS) {
    for (let folder = cwd; ; folder = dirname(folder)) {
      if (names.some((name) => existsSync(join(folder, name)))) return folder;
      if (dirname(folder) === folder) break;
    }
  }
  return cwd;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
