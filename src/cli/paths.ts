import { isAbsolute, relative } from 'node:path';

export function isBelow(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return !from.startsWith('..') && !isAbsolute(from);
}

/** As a person at `cwd` would name the file. */
export function relativeTo(cwd: string, file: string): string {
  return isBelow(file, cwd) ? relative(cwd, file) : file;
}
