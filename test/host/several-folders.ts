import Database from 'better-sqlite3';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A workspace of two folders, for the tests beside this file: the store of `broken` is of a newer program, `shop` is well. */
export function makeSeveralFolders(): { readonly file: string; readonly remove: () => void } {
  const own = mkdtempSync(join(tmpdir(), 'touchstone-folders-'));
  for (const name of ['broken', 'shop']) mkdirSync(join(own, name, '.touchstone'), { recursive: true });
  const database = new Database(join(own, 'broken/.touchstone/touchstone.db'));
  database.pragma('user_version = 1000000');
  database.close();
  const file = join(own, 'several.code-workspace');
  writeFileSync(file, JSON.stringify({ folders: [{ path: 'broken' }, { path: 'shop' }] }));
  return { file, remove: () => rmSync(own, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) };
}
