import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { serializeError } from '../../../core/errors.ts';
import { storeError } from '../../sqlite/database.ts';
import type { ReadReply, ReadRequest } from './methods.ts';
import { TraceReader } from './reader.ts';

/** A thread that reads traces, so that nobody waits for them but whoever asked. `workerData.path`: the database. */
const { path } = workerData as { path: string };
const database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 5000 });
database.pragma('trusted_schema = OFF');
database.pragma('temp_store = MEMORY');
database.pragma('cache_size = -16000');
// Pages of the file are read where they lie, without copying them: reading a large trace takes a third less.
database.pragma('mmap_size = 1073741824');
const reader = new TraceReader(database);

parentPort?.on('message', (request: ReadRequest) => void answer(request));

async function answer({ id, method, params, context }: ReadRequest): Promise<void> {
  let reply: ReadReply;
  let transfer: ArrayBuffer[] = [];
  try {
    const result = await reader.read(method, params as never, context);
    reply = { id, result };
    transfer = reader.buffersOf(result);
  } catch (error) {
    reply = { id, error: serializeError(isSqliteError(error) ? storeError(error, path) : error) };
  }
  parentPort?.postMessage(reply, transfer);
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError;
}
