import { mkdirSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { isObject } from '../../core/json.ts';

/** Who receives for a workspace, and where. */
export interface LeaseHolder {
  /** As others show it. */
  readonly owner: string;
  readonly pid: number;
  readonly http: number;
  readonly grpc: number | null;
  readonly requestedHttp: number;
  readonly requestedGrpc: number | null;
}

/**
 * The right to receive for a workspace, which one process has at a time. It is an exclusive lock on an empty SQLite database: the
 * system takes it back the moment the process is gone, however it went, so no clock and no heartbeat is trusted. (No other code of
 * this process may open that file: on POSIX systems closing it would give up the lock.) Beside it, a file says who holds it.
 */
export class Lease {
  readonly #path: string;
  readonly #infoPath: string;
  #database: BetterSqlite3.Database | null = null;

  /** @param path of the file that is locked */
  constructor(path: string) {
    this.#path = path;
    this.#infoPath = `${path}.json`;
  }

  get isHeld(): boolean {
    return this.#database !== null;
  }

  /** Whether it could be had. @throws when the file cannot be opened at all */
  async acquire(): Promise<boolean> {
    if (this.#database) return true;
    mkdirSync(dirname(this.#path), { recursive: true });
    const { default: Sqlite } = await import('better-sqlite3');
    const database = new Sqlite(this.#path, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return false;
      throw error;
    }
    this.#database = database;
    return true;
  }

  /** Says to the others who holds the lease. */
  async announce(holder: LeaseHolder): Promise<void> {
    const draft = `${this.#infoPath}.${process.pid}`;
    await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
    await rename(draft, this.#infoPath);
  }

  /** What the holder said, also one that is gone without a word: its ports are those that programs still send to. */
  async holder(): Promise<LeaseHolder | null> {
    try {
      return readHolder(JSON.parse(await readFile(this.#infoPath, 'utf8')));
    } catch {
      return null;
    }
  }

  /** Gives it back. */
  async release(): Promise<void> {
    if (!this.#database) return;
    await rm(this.#infoPath, { force: true });
    const database = this.#database;
    this.#database = null;
    database.close();
  }
}

const LONGEST_NAME = 200;

/** The file lies in the workspace, where anybody may have put it. */
function readHolder(value: unknown): LeaseHolder | null {
  if (!isObject(value)) return null;
  const { owner, pid, http, grpc, requestedHttp, requestedGrpc } = value;
  if (typeof owner !== 'string' || owner.length > LONGEST_NAME || typeof pid !== 'number' || !isPort(http) || !isPort(requestedHttp)) return null;
  if ((grpc !== null && !isPort(grpc)) || (requestedGrpc !== null && !isPort(requestedGrpc))) return null;
  return { owner, pid, http, grpc, requestedHttp, requestedGrpc };
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
}
