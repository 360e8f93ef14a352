/**
 * What Git tracks must mean the same on every machine: no path of this machine, no registry's address in the lockfile,
 * no large or generated file.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../tools/paths.ts';
import { finish } from './report.ts';

const MAX_BYTES = 2 * 1024 * 1024;

/** Folders of this machine; a folder that every machine has, such as the temporary one, tells nothing. */
const machine = [root, dirname(root), homedir()].filter((folder) => !['/', '/home', '/Users', tmpdir(), '/tmp', '/var/tmp'].includes(folder));
const machinePath = new RegExp(`(?<![\\w.@-])(?:${machine.map((folder) => folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})(?=[\\\\/"'\`\\s)]|$)`);

interface LockedPackage {
  resolved?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const problems: string[] = [];
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split('\0').filter(Boolean);
for (const file of files) {
  const path = join(root, file);
  if (!existsSync(path) || !statSync(path).isFile()) continue;
  if (/^(node_modules|dist|out|coverage)\/|\.vsix$|\.db(-wal|-shm)?$/.test(file)) problems.push(`${file} is generated and must not be tracked`);
  if (statSync(path).size > MAX_BYTES) problems.push(`${file} has ${statSync(path).size} bytes (more than ${MAX_BYTES})`);
  const bytes = readFileSync(path);
  if (bytes.subarray(0, 8000).includes(0)) continue;
  const lines = bytes.toString('utf8').split('\n');
  lines.forEach((line, index) => {
    if (machinePath.test(line)) problems.push(`${file}:${index + 1} names a path of this machine: ${line.trim().slice(0, 120)}`);
    if (/^(<{7}|>{7}) /.test(line)) problems.push(`${file}:${index + 1} has a merge conflict`);
  });
}

/** Installed with `npm install`, on the one platform that it is for: a database of 543 MB for tests of the full size. */
const ONE_PLATFORM: ReadonlySet<string> = new Set(['test/clickhouse/package-lock.json']);

let lockedPackages = 0;
for (const file of files.filter((name) => /(^|\/)package-lock\.json$/.test(name) && existsSync(join(root, name)))) {
  const { packages } = JSON.parse(readFileSync(join(root, file), 'utf8')) as { packages: Record<string, LockedPackage> };
  lockedPackages += Object.keys(packages).length;
  for (const [name, entry] of Object.entries(packages)) {
    // npm ci refuses a lockfile that lacks another platform's package, which npm install here does not notice
    for (const dependency of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      if (!ONE_PLATFORM.has(file) && !isLocked(packages, name, dependency)) problems.push(`${file}: ${dependency}, which ${name || 'this package'} needs, is not in it`);
    }
    if (entry.resolved !== undefined) problems.push(`${file}: ${name} names the registry ${entry.resolved} (npm install with .npmrc's omit-lockfile-registry-resolved)`);
  }
}

if (files.length === 0) problems.push('Git lists no file: nothing was looked at');
finish('tracked files', problems, `${files.length} files, ${lockedPackages} locked packages`);

/** Looks for a package as Node would, from a folder upwards. */
function isLocked(packages: Record<string, LockedPackage>, from: string, dependency: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder ? `${folder}/` : ''}node_modules/${dependency}`]) return true;
    if (folder === '') return false;
  }
}
