/**
 * Tools that are too large for a checkout's own dependencies live in one folder per machine, shared by clones:
 * `$XDG_CACHE_HOME/touchstone-dev/<name>-<version>`. An installation is made beside its final place and moved there when
 * it is complete, so what exists is whole; a lock keeps two scripts from installing the same thing at once.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOCK_WAIT_MS = 15 * 60 * 1000;
const STAMP = '.complete';

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] || (process.platform === 'win32' ? process.env['LOCALAPPDATA'] : undefined) || join(homedir(), '.cache');
  return join(base, 'touchstone-dev');
}

/**
 * The folder of an installed tool; installs it when it is not there yet.
 * @param id name and version, e.g. `code-server-4.139.1`; another version is another folder
 * @param what for the message, e.g. "VS Code 1.139.1"
 * @param install fills the given empty folder; a failure leaves nothing behind
 */
export async function cached(id: string, what: string, install: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), id);
  if (isComplete(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const unlock = await lock(`${folder}.lock`, what);
  try {
    if (isComplete(folder)) return folder;
    const began = Date.now();
    console.log(`Installing ${what} into ${folder} (once per machine)…`);
    const partial = `${folder}.partial`;
    rmSync(partial, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    try {
      await install(partial);
      writeFileSync(join(partial, STAMP), new Date().toISOString());
      renameSync(partial, folder);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      throw error;
    }
    console.log(`${what} installed in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
    return folder;
  } finally {
    unlock();
  }
}

function isComplete(folder: string): boolean {
  return existsSync(join(folder, STAMP));
}

/** A folder is made by one process only; it holds the owner's id, so that the lock of a dead process is taken over. */
async function lock(path: string, what: string): Promise<() => void> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  let said = false;
  for (;;) {
    try {
      mkdirSync(path);
      writeFileSync(join(path, 'pid'), String(process.pid));
      return () => rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isAbandoned(path)) {
      rmSync(path, { recursive: true, force: true });
      continue;
    }
    if (Date.now() > deadline) throw new Error(`${what}: another process has held ${path} for too long; remove it if that process is gone`);
    if (!said) console.log(`Waiting for another process that installs ${what}…`);
    said = true;
    await sleep(500);
  }
}

function isAbandoned(path: string): boolean {
  try {
    const owner = Number(readFileSync(join(path, 'pid'), 'utf8'));
    if (!Number.isInteger(owner) || owner <= 0) return false;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ESRCH') return true;
    // The owner died between making the folder and writing its id, or is just about to write it.
    if (code === 'ENOENT') return existsSync(path) && Date.now() - statSync(path).mtimeMs > 10_000;
    return false;
  }
}
