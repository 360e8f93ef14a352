import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawSpan } from '../../src/core/trace/model.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { DATABASE_FILE, DATABASE_FOLDER, openDatabase } from '../../src/node/sqlite/database.ts';
import { MIGRATIONS } from '../../src/node/sqlite/migrations.ts';
import { BatchWriter } from '../../src/node/traces/batch-writer.ts';
import { IndexKeeper } from '../../src/node/traces/index-keeper.ts';
import { prepareBatch, unpackPrepared } from '../../src/node/traces/prepared-batch.ts';
import { RecentChunks } from '../../src/node/traces/recent-chunks.ts';
import { KeyFilter } from '../../src/node/traces/key-filter.ts';
import { createTraceSink } from '../../src/node/traces/sink.ts';
import { StoredTraces } from '../fixtures/traces/stored.ts';
import { randomOf } from '../unit/trace/random.ts';
import { rawLog, rawSpan, TRACE } from '../unit/trace/spans.ts';

const ORIGIN = { kind: 'received', place: '/v1/traces' } as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-indexes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const long = (word: string): string => `${word} `.repeat(60);

const prepared = (spans: RawSpan[]) => unpackPrepared(prepareBatch({ origin: ORIGIN, spans, logs: [], rejected: [], metrics: 0, contentType: 'application/json', position: null, formats: [] }, {}));

/** A writer as a process has it that is killed before its indexes have followed: it is closed and nothing more is done. */
async function writtenAndKilled(...batches: RawSpan[][]): Promise<void> {
  const database = await openDatabase(folder);
  const writer = new BatchWriter(database);
  for (const spans of batches) writer.write([prepared(spans)]);
  database.close();
}

async function settle(spans: RawSpan[] = []): Promise<void> {
  const sink = createTraceSink({ folder });
  if (spans.length > 0) await sink.ingest({ spans, logs: [], rejected: [], origin: ORIGIN });
  else await sink.delete([]);
  await sink.settled();
  await sink.close();
}

describe('indexes that follow the batches', () => {
  it('are brought up by the next process when one was killed before', async () => {
    const many = Array.from({ length: 600 }, (_, index) => rawSpan({ text: long(`word${index}`) }, { id: (index + 1).toString(16), name: `span ${index}` }));
    const other = 'b'.repeat(32);
    await writtenAndKilled(many, [{ ...rawSpan({ text: long('word7') }, { id: 'a' }), traceId: other }], [rawSpan({ late: long('lately') }, { id: '1', name: 'span 0' })]);
    const store = new StoredTraces(folder);
    expect(store.search('word7')).toEqual([]);
    expect(store.contradictions()).toEqual([]);
    await settle();
    expect(store.count('index_behind')).toBe(0);
    expect(store.contradictions()).toEqual([]);
    for (const word of ['word0', 'word299', 'word599']) expect([word, store.search(word)]).toEqual([word, [expect.any(Number)]]);
    // With the span that brought it, and alone, because another trace uses it.
    expect(store.search('word7')).toHaveLength(2);
    expect(store.search('lately')).toHaveLength(1);
    const chunks = store.count('chunk');
    await settle([{ ...rawSpan({ again: long('word599') }, { id: 'c' }), traceId: other }]);
    expect(store.count('chunk')).toBe(chunks);
    store.close();
  });

  it('are brought up by a process that only reads, for the search that comes first', async () => {
    const many = Array.from({ length: 600 }, (_, index) => rawSpan({ text: long(`word${index}`) }, { id: (index + 1).toString(16), name: `span ${index}` }));
    await writtenAndKilled(many);
    const engine = createEngine({ host: { request: () => Promise.reject(new Error('nobody is asked')), on: () => () => undefined } });
    const store = new StoredTraces(folder);
    try {
      const told: string[] = [];
      engine.on('traces/changed', ({ traceIds }) => told.push(...traceIds));
      await engine.request('engine/configure', { folder, trusted: true, concurrency: 1, idleTimeoutMs: 1000, maxRetries: 0, defaultBudgetUsd: null, proxy: { url: null, strictSsl: true, noProxy: [] } });
      expect(store.search('word599')).toEqual([]);
      const list = (query: string) => engine.request('traces/list', { query, sort: 'time', descending: true, limit: 10 });
      // Shown at once; whoever has it on the screen is told that there is more to find.
      expect((await list('')).traces.map(({ traceId }) => traceId)).toEqual([TRACE]);
      await expect.poll(async () => (await list('word599')).traces.map(({ traceId }) => traceId)).toEqual([TRACE]);
      await expect.poll(() => told).toContain(TRACE);
      expect(store.value('SELECT count(*) FROM index_behind WHERE kind = 0')).toBe(0);
      expect(store.contradictions()).toEqual([]);
    } finally {
      store.close();
      await engine.dispose();
    }
  });

  it('find what log records say of a span also when the process was killed after they were joined', async () => {
    const sink = createTraceSink({ folder });
    await sink.ingest({ spans: [rawSpan({}, { id: '1' })], logs: [rawLog('gen_ai.user.message', { content: long('griffin') }, { span: '1' })], rejected: [], origin: ORIGIN });
    await sink.settled();
    await sink.close();
    const store = new StoredTraces(folder);
    expect(store.search('griffin')).toHaveLength(1);
    const n = store.search('griffin')[0];
    // As a process leaves it that is killed between the join and the index.
    store.database.prepare('DELETE FROM trace_search WHERE rowid = ?').run(n);
    store.database.prepare('INSERT INTO index_behind (kind, first, last) VALUES (0, ?, ?)').run(n, n);
    await settle();
    expect(store.search('griffin')).toEqual([n]);
    expect(store.count('index_behind')).toBe(0);
    store.close();
  });

  it('follow when the disk was full between the commit and the words: in the same process, and in the next', async () => {
    const database = await openDatabase(folder);
    const writer = new BatchWriter(database);
    const keeper = new IndexKeeper(writer);
    const write = (word: string): unknown => writer.write([prepared(Array.from({ length: 400 }, (_, index) => rawSpan({ text: long(`${word}${index}`) }, { id: `${word === 'first' ? 1 : 2}${index.toString(16).padStart(4, '0')}` })))]);
    const fill = (): void => void database.pragma(`max_page_count = ${String(database.pragma('page_count', { simple: true }))}`);
    const store = new StoredTraces(folder);
    write('first');
    fill();
    expect(() => keeper.step()).toThrow('full');
    expect(() => keeper.step()).toThrow('full');
    expect([store.search('first7'), store.contradictions()]).toEqual([[], []]);
    database.pragma('max_page_count = 1073741823');
    keeper.step();
    expect(store.search('first7')).toHaveLength(1);
    write('second');
    fill();
    expect(() => keeper.step()).toThrow('full');
    keeper.finish();
    database.close();
    expect([store.search('second7'), store.contradictions()]).toEqual([[], []]);
    await settle();
    expect([store.search('first7').length, store.search('second7').length, store.count('index_behind'), store.contradictions()]).toEqual([1, 1, 0, []]);
    store.close();
  });

  it('leave what cannot be written for long in the store, not in memory, and find it there', async () => {
    const database = await openDatabase(folder);
    const writer = new BatchWriter(database);
    const keeper = new IndexKeeper(writer);
    // Only what follows the batches fails.
    database.exec("CREATE TEMP TRIGGER damaged BEFORE DELETE ON index_behind BEGIN SELECT RAISE(ABORT, 'damaged'); END");
    const words = 'lorem ipsum dolor '.repeat(2000);
    for (let batch = 0; batch < 10; batch++) {
      writer.write([prepared(Array.from({ length: 100 }, (_, index) => rawSpan({ text: `word${batch} ${index} ${words}` }, { id: (batch * 100 + index + 1).toString(16) })))]);
      expect(() => keeper.step()).toThrow('damaged');
      keeper.rest();
    }
    expect(writer.search.waiting).toBeLessThan(1000);
    database.exec('DROP TRIGGER damaged');
    keeper.look();
    const store = new StoredTraces(folder);
    while (keeper.isWaiting) keeper.step();
    expect(store.search('word0').length + store.search('word9').length).toBe(200);
    expect(store.contradictions()).toEqual([]);
    store.close();
    database.close();
  });

  it('leave nothing of a trace that is deleted while its words wait', async () => {
    const database = await openDatabase(folder);
    const writer = new BatchWriter(database);
    const keeper = new IndexKeeper(writer);
    const write = (spans: RawSpan[]): unknown => writer.write([prepared(spans)]);
    write([rawSpan({ text: long('shared') }, { id: '1' })]);
    write([{ ...rawSpan({ text: long('shared') }, { id: '2' }), traceId: 'b'.repeat(32) }]);
    writer.transaction(() => writer.hide(writer.states.find(TRACE)!));
    keeper.finish();
    database.close();
    await settle();
    const store = new StoredTraces(folder);
    expect(store.traceIds).toEqual(['b'.repeat(32)]);
    expect(store.count('span')).toBe(1);
    // The chunk that the other trace uses.
    expect(store.search('shared')).toEqual([store.value('SELECT max(n) FROM chunk WHERE length(body) > 200')]);
    expect(store.contradictions()).toEqual([]);
    store.close();
  });

  it('lose no words and tell of all when traces are deleted, and a span gets a later version, in one transaction', async () => {
    const database = await openDatabase(folder);
    const writer = new BatchWriter(database);
    const keeper = new IndexKeeper(writer);
    const [one, two] = ['b', 'c'].map((digit) => digit.repeat(32)) as [string, string];
    const span = (text: string): RawSpan => rawSpan({ text }, { id: '1' });
    writer.write([prepared([span('earlier')])]);
    keeper.step();
    expect([...keeper.takeFound()]).toEqual([TRACE]);
    writer.write([prepared([one, two].map((traceId, index) => ({ ...rawSpan({ text: long('gone') }, { id: '2' }), traceId, name: `trace ${index}` }))), prepared([rawSpan({ text: long('added') }, { id: '3' })])]);
    writer.transaction(() => {
      for (const traceId of [one, two]) writer.hide(writer.states.find(traceId)!);
      for (const later of prepared([span('corrected')]).spans) writer.spans.write(later, ORIGIN);
      writer.finish(Date.now());
    });
    expect([...keeper.takeFound()]).toEqual([TRACE]);
    keeper.finish();
    const store = new StoredTraces(folder);
    expect(['earlier', 'corrected', 'added'].map((word) => store.search(word).length)).toEqual([0, 1, 1]);
    expect(store.contradictions()).toEqual([]);
    store.close();
    database.close();
  });

  it('write the keys of chunks in pieces, and find each of them at any time', async () => {
    const database = await openDatabase(folder);
    const writer = new BatchWriter(database);
    const { keys } = writer.spans.chunks;
    const next = randomOf(5);
    const added = new Map<string, number>();
    const find = (): void => expect([...added].filter(([key, n]) => !keys.candidates(key).includes(n))).toEqual([]);
    for (let round = 0; round < 4; round++) {
      writer.transaction(() => {
        for (let at = 0; at < 1500; at++) {
          const key = String.fromCharCode(...Array.from({ length: 16 }, () => next(256)));
          added.set(key, added.size + 1);
          keys.add(key, added.size);
        }
        keys.write();
      });
      find();
      if (round % 2 === 1) writer.transaction(() => keys.step());
      find();
    }
    while (!keys.isEmpty) writer.transaction(() => keys.step());
    find();
    expect(database.prepare('SELECT count(*) FROM chunk_key').pluck().get()).toBe(added.size);
    expect(database.prepare('SELECT count(*) FROM index_behind WHERE kind = 1').pluck().get()).toBe(0);
    database.close();
  });

  it('recent chunks are told apart by all of their hash, and give way to later ones', () => {
    const recent = new RecentChunks();
    const next = randomOf(3);
    const keys = Array.from({ length: 30_000 }, () => String.fromCharCode(...Array.from({ length: 16 }, () => next(256))));
    for (const [n, key] of keys.entries()) recent.set(key, { n, usedIn: 0, isFoundAlone: false });
    const found = keys.map((key) => recent.get(key)?.n);
    expect(found.filter((n, index) => n !== undefined && n !== index)).toEqual([]);
    expect(found.filter((n) => n !== undefined).length).toBeGreaterThan(25_000);
    const last = keys.at(-1)!;
    expect(recent.get(last)?.n).toBe(29_999);
    for (let at = 0; at < 16; at++) expect(recent.get(last.slice(0, at) + String.fromCharCode(last.charCodeAt(at) ^ 1) + last.slice(at + 1))).toBeUndefined();
    recent.clear();
    expect(recent.get(last)).toBeUndefined();
  });

  it('a filter never says of a hash that it holds that it does not', () => {
    const next = randomOf(9);
    const hash48 = (): number => next(2 ** 24) * 2 ** 24 + next(2 ** 24);
    const filter = new KeyFilter(0);
    const held = Array.from({ length: 20_000 }, hash48);
    for (const value of held) filter.add(value);
    expect(held.every((value) => filter.mayHold(value))).toBe(true);
    const wrong = Array.from({ length: 20_000 }, hash48).filter((value) => filter.mayHold(value)).length;
    expect(wrong).toBeLessThan(200);
  });
});

it('a database of before chunks had keys apart is taken over: what is stored is found by its hash', async () => {
  const step = MIGRATIONS.findIndex((sql) => sql.includes('CREATE TABLE chunk_key'));
  const file = join(folder, DATABASE_FOLDER, DATABASE_FILE);
  mkdirSync(join(folder, DATABASE_FOLDER));
  const before = new Sqlite(file);
  before.pragma('journal_mode = WAL');
  for (const sql of MIGRATIONS.slice(0, step)) before.exec(sql);
  before.pragma('application_id = 0x54434853');
  before.pragma(`user_version = ${step}`);
  const text = long('manticore');
  const n = 67_108_864 + 1;
  before.prepare('INSERT INTO chunk (n, hash, form, body) VALUES (?, ?, 0, ?)').run(n, hash('sha256', text, 'buffer').subarray(0, 16), text);
  before.prepare('INSERT INTO trace_search (rowid, text) VALUES (?, ?)').run(n, text);
  // Its trace had the number 1.
  before.exec("INSERT INTO sqlite_sequence (name, seq) VALUES ('trace', 1)");
  before.close();
  await settle([{ ...rawSpan({ text }, { id: '2' }), traceId: 'b'.repeat(32) }]);
  const store = new StoredTraces(folder);
  expect(store.value('SELECT count(*) FROM chunk WHERE body = ?', text)).toBe(1);
  expect(store.value('SELECT count(*) FROM chunk_use WHERE chunk = ?', n)).toBe(1);
  expect(store.search('manticore')).toEqual([n]);
  expect(store.value('SELECT hash FROM chunk_key WHERE n = ?', n)).toBe(Number(`0x${hash('sha256', text).slice(0, 12)}`));
  store.close();
});
