import { getEventListeners } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/node/sqlite/database.ts';
import { createTraceReads } from '../../src/node/traces/read/reads.ts';
import { TraceReader } from '../../src/node/traces/read/reader.ts';
import { context, filledStore, type FilledStore } from '../fixtures/traces/filled-store.ts';

let store: FilledStore;
beforeAll(async () => {
  store = await filledStore();
});
afterAll(() => store.close());

describe('a read that cannot end', () => {
  it('does not keep others waiting once nobody waits for it', async () => {
    const reads = createTraceReads({ path: '', prices: () => Promise.resolve({}), program: fileURLToPath(new URL('../fixtures/endless-reader.ts', import.meta.url)) });
    const stop = new AbortController();
    const endless = reads.read('traces/get', { traceId: 'endless' }, stop.signal);
    const other = reads.read('traces/get', { traceId: 'other' });
    stop.abort();
    await expect(endless).rejects.toMatchObject({ code: 'cancelled' });
    expect(await other).toEqual({ traceId: 'other' });
    await reads.close();
  });
});

describe('an export whose thread is given up', () => {
  it('leaves nothing of what it has written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'touchstone-part-'));
    const file = join(folder, 'trace.json');
    const reads = createTraceReads({ path: '', prices: () => Promise.resolve({}), program: fileURLToPath(new URL('../fixtures/endless-reader.ts', import.meta.url)) });
    const stop = new AbortController();
    const endless = reads.read('text', { traceId: 'endless', format: 'json', file }, stop.signal);
    await expect.poll(() => existsSync(`${file}.part`)).toBe(true);
    const other = reads.read('text', { traceId: 'other', format: 'json' });
    stop.abort();
    await expect(endless).rejects.toMatchObject({ code: 'cancelled' });
    await other;
    await expect.poll(() => readdirSync(folder)).toEqual([]);
    await reads.close();
    rmSync(folder, { recursive: true });
  });

  it('has let go of its file before the next one begins it anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'touchstone-part-'));
    const file = join(folder, 'trace.json');
    const reads = createTraceReads({ path: '', prices: () => Promise.resolve({}), program: fileURLToPath(new URL('../fixtures/endless-reader.ts', import.meta.url)) });
    const stop = new AbortController();
    const stuck = reads.read('text', { traceId: 'stuck', format: 'json', file }, stop.signal);
    await expect.poll(() => existsSync(`${file}.part`)).toBe(true);
    const next = reads.read('text', { traceId: 'other', format: 'json', file });
    stop.abort();
    await expect(stuck).rejects.toMatchObject({ code: 'cancelled' });
    expect(await next).toEqual({ isBegun: false });
    await reads.close();
    rmSync(folder, { recursive: true });
  });
});

describe('a question that was answered', () => {
  it('leaves nothing with the signal that could have cancelled it', async () => {
    const reads = createTraceReads({ path: '', prices: () => Promise.resolve({}), program: fileURLToPath(new URL('../fixtures/endless-reader.ts', import.meta.url)) });
    const { signal } = new AbortController();
    const asked = ['a', 'b', 'c'].map((traceId) => reads.read('traces/get', { traceId }, signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(3);
    await Promise.all(asked);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await reads.close();
  });
});

describe('findings of a trace that is damaged', () => {
  it('say so once to who asks, and leave the reader at work', async () => {
    const database = await openDatabase(store.folder);
    const reader = new TraceReader(database, { wholeSpans: 0 });
    const { traceId } = store.traces.find(({ spans }) => spans.some(({ kind }) => kind === 'llm') && spans.length > 3)!;
    database.prepare("UPDATE span_body SET body = 'no body' WHERE n IN (SELECT s.n FROM span s JOIN trace t ON t.n = s.trace WHERE t.id = ?)").run(Buffer.from(traceId, 'hex'));
    const ask = () => reader.read('traces/findings', { traceId }, context);
    await ask();
    await expect.poll(() => ask().then(() => null, (error: unknown) => error), { interval: 5 }).toBeInstanceOf(Error);
    // Tried again: what was damaged may be whole by now.
    expect(await ask()).toMatchObject({ examined: 0 });
    database.close();
  });
});

describe('what a query is to delete', () => {
  it('is read from the last trace down, so that what arrives meanwhile is never among it', async () => {
    const database = await openDatabase(store.folder);
    const reader = new TraceReader(database);
    const all = database.prepare('SELECT lower(hex(id)) FROM trace WHERE origin <> 3 ORDER BY n DESC').pluck().all();
    const found: string[] = [];
    for (let before: number | null | undefined; before !== null; ) {
      const { traceIds, next } = await reader.read('ids', { query: '', limit: 7, ...(before === undefined ? {} : { before }) }, context);
      found.push(...traceIds);
      before = next;
      // One that arrives between two pages.
      database.exec('CREATE TEMP TABLE arriving AS SELECT * FROM trace WHERE origin <> 3 LIMIT 1; UPDATE arriving SET n = NULL, id = randomblob(16); INSERT INTO trace SELECT * FROM arriving; DROP TABLE arriving');
    }
    expect(found).toEqual(all);
    database.close();
  });
});
