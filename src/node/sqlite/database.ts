import { execFile } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import { TouchstoneError, errorMessage } from '../../core/errors.ts';
import { MIGRATIONS } from './migrations.ts';

export type Database = BetterSqlite3.Database;

/** "TCHS": marks the file as ours, so that another program's database is never migrated. */
const APPLICATION_ID = 0x54434853;

/** better-sqlite3 13 is built against Node-API 10 and crashes the process without a word on an older one. */
const NEEDED_NODE_API = 10;

/** How long one process waits for another's transaction. */
const BUSY_LIMIT_MS = 5000;

export const DATABASE_FOLDER = '.touchstone';
export const DATABASE_FILE = 'touchstone.db';

/**
 * Opens (and creates) the database of a workspace folder: WAL, migrated, safe beside other windows and the command line.
 * @throws TouchstoneError 'store' that says what is wrong with the file and what to do
 */
export async function openDatabase(folder: string): Promise<Database> {
  const napi = Number(process.versions.napi);
  if (!(napi >= NEEDED_NODE_API)) {
    throw new TouchstoneError(
      'store',
      `This runtime (Node ${process.versions.node}, Node-API ${process.versions.napi}) is too old for Touchstone's database: it needs Node 22.14 or VS Code 1.101 at least.`,
    );
  }
  const path = join(folder, DATABASE_FOLDER, DATABASE_FILE);
  prepareFolder(dirname(path));
  if (existsSync(path) && (await isTracked(path))) {
    throw new TouchstoneError(
      'store',
      `${path} is tracked by Git, so it may have been made by somebody else. Take it out with "git rm --cached ${DATABASE_FOLDER}/${DATABASE_FILE}" and delete it, or move it away, then try again.`,
    );
  }
  const { default: Sqlite } = await import('better-sqlite3');
  let database: Database | undefined;
  try {
    makePrivate(path);
    database = new Sqlite(path, { timeout: BUSY_LIMIT_MS });
    await enableLog(database, path);
    configure(database);
    migrate(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw storeError(error, path);
  }
}

function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    const ignore = join(folder, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, `${DATABASE_FILE}*\n`);
  } catch (error) {
    throw new TouchstoneError('store', `Cannot write to ${folder}: ${errorMessage(error)}. Touchstone keeps runs and its cache there.`, { cause: error });
  }
}

/** What models answered may be confidential: readable by its owner only. Before SQLite opens it, because the log files beside it take its mode. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  if (process.platform !== 'win32') chmodSync(path, 0o600);
}

async function isTracked(path: string): Promise<boolean> {
  // Most workspaces are asked once per process; no repository, no git program: not tracked.
  if (!hasRepository(dirname(path))) return false;
  return new Promise((resolve) => {
    execFile('git', ['ls-files', '--error-unmatch', '--', path], { cwd: dirname(path), timeout: 5000 }, (error) => resolve(error === null));
  });
}

function hasRepository(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return true;
    if (dirname(at) === at) return false;
  }
}

/** The write-ahead log. Where several windows open a new file at once, SQLite refuses all but one without waiting: they try again. */
async function enableLog(database: Database, path: string): Promise<void> {
  let mode: unknown;
  for (const started = Date.now(); mode === undefined; ) {
    try {
      mode = database.pragma('journal_mode = WAL', { simple: true });
    } catch (error) {
      if (!isBusy(error) || Date.now() - started > BUSY_LIMIT_MS) throw error;
      await sleep(20);
    }
  }
  if (mode !== 'wal') {
    throw new TouchstoneError('store', `The file system of ${path} does not support SQLite's write-ahead log (a network drive?). Open the workspace from a local disk.`);
  }
}

function configure(database: Database): void {
  database.pragma('trusted_schema = OFF');
  database.pragma('foreign_keys = ON');
  // In WAL mode NORMAL survives a crash of the process; only a power cut can lose the last transactions, never damage the file.
  database.pragma('synchronous = NORMAL');
  database.pragma('temp_store = MEMORY');
  database.pragma('cache_size = -16000');
  // SQLite's own lower() knows ASCII only.
  database.function('unicode_lower', { deterministic: true }, (text: unknown) => (typeof text === 'string' ? text.toLowerCase() : text));
}

function migrate(database: Database, path: string): void {
  // One look at all of it, and again when it is ours alone: half of what another window writes now looks like another program's.
  const version = database.transaction(() => knownVersion(database, path));
  if (version.deferred() === MIGRATIONS.length) return;
  database.transaction(() => {
    const from = knownVersion(database, path);
    for (let step = from; step < MIGRATIONS.length; step++) database.exec(MIGRATIONS[step] ?? '');
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}

/** @throws TouchstoneError 'store' when the file is not ours, or newer than this program */
function knownVersion(database: Database, path: string): number {
  const id = Number(database.pragma('application_id', { simple: true }));
  const version = Number(database.pragma('user_version', { simple: true }));
  if (id !== APPLICATION_ID && (id !== 0 || version !== 0 || countTables(database) > 0)) {
    throw new TouchstoneError('store', `${path} is a database of another program. Move it away, then try again.`);
  }
  if (version > MIGRATIONS.length) {
    throw new TouchstoneError('store', `${path} was written by a newer Touchstone (schema ${version}, this one knows ${MIGRATIONS.length}). Update Touchstone, or move the file away.`);
  }
  return version;
}

function countTables(database: Database): number {
  return Number(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
}

function isBusy(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true;
}

/** Turns what SQLite throws into an error that says what to do. */
export function storeError(error: unknown, path: string): TouchstoneError {
  if (error instanceof TouchstoneError) return error;
  const { code = '' } = error as { code?: string };
  const hint =
    code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT'
      ? 'The file is damaged. Move it away: prompts, datasets and versions are in files of their own and are not affected; runs and the cache start anew.'
      : code === 'SQLITE_FULL'
        ? 'The disk is full.'
        : isBusy(error)
          ? 'Another process holds the database for too long. Close other Touchstone windows or commands on this workspace, then try again.'
          : code.startsWith('SQLITE_READONLY') || code === 'SQLITE_CANTOPEN'
            ? 'The file cannot be written. Check its permissions.'
            : 'Try again; if it stays so, move the file away.';
  return new TouchstoneError('store', `${path}: ${errorMessage(error)}. ${hint}`, { cause: error });
}
