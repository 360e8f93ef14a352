import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NUMBERS_PER_TRACE, numbersOfTrace } from '../../src/core/trace/store/numbers.ts';
import { openDatabase, type Database } from '../../src/node/sqlite/database.ts';
import type { Store } from '../../src/node/traces/read/conditions.ts';
import { exportTrace } from '../../src/node/traces/read/export.ts';
import { TextMatches } from '../../src/node/traces/read/full-text.ts';
import { listSessions, listTraces, numbersOf } from '../../src/node/traces/read/list.ts';
import { OpenTraces } from '../../src/node/traces/read/open-traces.ts';
import { filledStore, type FilledStore } from '../fixtures/traces/filled-store.ts';

/** What other processes write while something is read. */

let store: FilledStore;
let database: Database;
let other: Database;
beforeAll(async () => {
  store = await filledStore();
  database = await openDatabase(store.folder);
  other = await openDatabase(store.folder);
});
afterAll(() => {
  database.close();
  other.close();
  store.close();
});

/** Somebody writes when it is known among which traces words are looked for, and before they are. */
class Interrupted extends TextMatches {
  readonly #write: () => void;

  constructor(on: Database, write: () => void) {
    super(on);
    this.#write = write;
  }

  override begin(): void {
    super.begin();
    this.#write();
  }
}

describe('a query that leaves out words', () => {
  const query = 'status:error -refund';

  it.each<[string, (store: Store) => number]>([
    ['to delete', (from) => numbersOf(from, query, 1000).length],
    ['to list', (from) => listTraces(from, { query, sort: 'time', descending: true, limit: 100 }).traces.length],
    ['of sessions', (from) => listSessions(from, { query, limit: 100 }).sessions.length],
  ])('finds none that holds them and comes to fit its filters meanwhile: %s', async (_, find) => {
    const on = await openDatabase(store.folder);
    const from = (matches: TextMatches): Store => ({ database: on, matches, window: 1000, asked: 600 });
    const matches = new TextMatches(on);
    const holding = numbersOf(from(matches), '-status:error refund', 1000);
    expect(holding.length).toBeGreaterThan(3);
    const expected = find(from(matches));
    on.close();

    const again = await openDatabase(store.folder);
    const before = other.prepare('SELECT n, errors, session FROM trace').all();
    const fail = other.prepare("UPDATE trace SET errors = 1, session = 's' || n WHERE n = ?");
    const interrupted = new Interrupted(again, () => { for (const n of holding) fail.run(n); });
    const found = find({ database: again, matches: interrupted, window: 1000, asked: 600 });
    const failed = other.prepare('SELECT min(errors) FROM trace WHERE n IN (SELECT value FROM json_each(?))').pluck().get(JSON.stringify(holding));
    again.close();
    const undo = other.prepare('UPDATE trace SET errors = @errors, session = @session WHERE n = @n');
    for (const row of before) undo.run(row);
    expect(found).toBe(expected);
    expect(failed).toBe(1);
  });
});

describe('a query that leaves out words, of what is to be deleted', () => {
  it('finds no trace whose words are not all in the index yet', () => {
    const matches = new TextMatches(database);
    const find = (query: string): number[] => numbersOf({ database, matches, window: 1000, asked: 600 }, query, 1000);
    const chunk = other.prepare('SELECT chunk FROM chunk_use GROUP BY chunk ORDER BY count(DISTINCT trace) LIMIT 1').pluck().get() as number;
    const sharing = new Set([Math.floor(chunk / NUMBERS_PER_TRACE), ...(other.prepare('SELECT trace FROM chunk_use WHERE chunk = ?').pluck().all(chunk) as number[])]);
    const every = find('origin:*');
    const without = find('origin:* -nowheresaid');
    expect(without).toEqual(every);
    const [late] = every.filter((n) => !sharing.has(n));
    const say = other.prepare('INSERT INTO index_behind (kind, first, last) VALUES (0, ?, ?)');
    say.run(late! * NUMBERS_PER_TRACE + 3, numbersOfTrace(late!).last);
    say.run(chunk, chunk);
    const found = find('origin:* -nowheresaid');
    const others = find('origin:* (spans:>0 OR nowheresaid)');
    other.prepare('DELETE FROM index_behind').run();
    expect(found).toEqual(every.filter((n) => n !== late && !sharing.has(n)));
    expect(others).toEqual(every);
  });
});

describe('an export of a trace that is deleted meanwhile', () => {
  it.each(['otlp', 'json', 'markdown'] as const)('is no whole file: %s', async (format) => {
    const folder = mkdtempSync(join(tmpdir(), 'touchstone-gone-'));
    const { traceId } = store.traces.find(({ spans }) => spans.length > 3)!;
    const trace = new OpenTraces(database, 0).open(traceId);
    const n = trace.numbers.at(-1)!;
    const body = other.prepare('SELECT * FROM span_body WHERE n = ?').get(n);
    other.prepare('DELETE FROM span_body WHERE n = ?').run(n);
    const exported = await exportTrace(trace, { traceId, format, file: join(folder, 'trace') }, {}, () => Promise.resolve([])).catch((error: unknown) => error);
    other.prepare(`INSERT INTO span_body (${Object.keys(body as object).join(', ')}) VALUES (${Object.keys(body as object).map((name) => `@${name}`).join(', ')})`).run(body);
    expect(exported).toMatchObject({ code: 'not-found' });
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
