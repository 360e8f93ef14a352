import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NUMBERS_PER_TRACE } from '../../src/core/trace/store/numbers.ts';
import type { RawSpan } from '../../src/core/trace/model.ts';
import type { Query } from '../../src/core/trace/query/model.ts';
import { printQuery } from '../../src/core/trace/query/print.ts';
import { openDatabase, type Database } from '../../src/node/sqlite/database.ts';
import { phraseOf } from '../../src/node/traces/read/full-text.ts';
import { TraceReader } from '../../src/node/traces/read/reader.ts';
import { createTraceSink } from '../../src/node/traces/sink.ts';
import type { TraceListRequest, TraceRow } from '../../src/protocol/traces.ts';
import { context, EVERYTHING } from '../fixtures/traces/filled-store.ts';
import { randomOf } from '../unit/trace/random.ts';

/**
 * Words are looked for in a few traces first, in steps that leave out most rows of a large trace: what is found must be what all rows of the
 * index say. Stores of small traces with some large ones among them, at the beginning, in the middle and at the end.
 */

const SMALL = 90;
const LARGE = 150;
const SIZES = (below: (limit: number) => number): number[] => Array.from({ length: SMALL }, (_, at) => (at === 0 || at === 40 || at === SMALL - 1 || below(30) === 0 ? LARGE : 1 + below(4)));
const SORTS = ['time', 'duration', 'tokens', 'errors'] as const;

interface Store {
  readonly database: Database;
  close(): void;
  /** As it is used, and with steps and windows so small that all of them happen here. */
  readonly readers: Readonly<Record<string, TraceReader>>;
  /** `trace.n` by the id. */
  readonly numbers: ReadonlyMap<string, number>;
}

function wordsOf(trace: number, below: (limit: number) => number): string {
  const words = ['common'];
  if (below(2) === 0) words.push('half');
  if (below(3) > 0) words.push('common', 'other');
  if (below(40) === 0) words.push('seldom', 'half');
  // Some words stand in a large trace only, in many rows of it.
  if (trace === 40) words.push('within');
  // Nothing of these traces is found by the words of nearly all.
  if (trace % 17 === 3) words.splice(0, words.length, 'apart');
  words.push(`rare${below(300)}`);
  return words.join(' ');
}

function spansOfTrace(trace: number, count: number, below: (limit: number) => number): RawSpan[] {
  const start = 1_790_000_000_000_000_000n + BigInt(trace) * 60_000_000_000n;
  return Array.from({ length: count }, (_, at) => {
    // Some messages come again in other traces: there the index has no rows of them.
    const shared = below(3) === 0;
    const message = shared ? `shared${below(12)} common half ${'so that it is long enough for a chunk of its own '.repeat(8)}` : wordsOf(trace, below);
    const began = start + BigInt(at) * 1_000_000n;
    return {
      traceId: (trace + 1).toString(16).padStart(32, 'a'), spanId: (at + 1).toString(16).padStart(16, '0'), parentSpanId: at === 0 ? null : '1'.padStart(16, '0'),
      traceState: '', flags: 257, name: wordsOf(trace, below), kind: 3,
      startTimeUnixNano: began.toString(), endTimeUnixNano: (began + BigInt(1 + below(900)) * 1_000_000n).toString(),
      attributes: [
        { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
        ...(below(2) === 0 ? [{ key: 'gen_ai.usage.input_tokens', value: { intValue: String(below(500)) } }] : []),
        { key: 'gen_ai.input.messages', value: { stringValue: JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: message }] }]) } },
      ],
      droppedAttributesCount: 0, events: [], droppedEventsCount: 0, links: [], droppedLinksCount: 0,
      status: below(9) === 0 ? { code: 2, message: 'connection reset' } : { code: 0, message: '' },
      resource: { attributes: [], droppedAttributesCount: 0, schemaUrl: '' }, scope: { name: 'test', version: '1', attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
    };
  });
}

async function randomStore(seed: number): Promise<Store> {
  const below = randomOf(seed);
  const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-words-'));
  const sink = createTraceSink({ folder, retention: { days: 0, maxBytes: 0 } });
  for (const [trace, size] of SIZES(below).entries()) await sink.ingest({ spans: spansOfTrace(trace, size, below), logs: [], rejected: [], origin: { kind: 'received', place: 'test' } });
  await sink.settled();
  await sink.close();
  const databases = [await openDatabase(folder), await openDatabase(folder), await openDatabase(folder)] as const;
  const [database] = databases;
  const small = { window: 24, asked: 6, text: { rare: 3, short: 2, rows: 7, nearRows: 5, farRows: 2 } };
  return {
    database,
    readers: { usual: new TraceReader(database), small: new TraceReader(databases[1], small), 'small, one by one': new TraceReader(databases[2], { ...small, window: 1000, asked: 1000 }) },
    close() {
      for (const each of databases) each.close();
      rmSync(folder, { recursive: true, force: true });
    },
    numbers: new Map(database.prepare('SELECT lower(hex(id)), n FROM trace').raw().all() as [string, number][]),
  };
}

/** Numbers of the traces that a phrase is found in, by all of its rows and all that carries them. */
function naive(database: Database, text: string, prefix: boolean): Set<number> {
  const rows = new Set(database.prepare('SELECT rowid FROM trace_search WHERE trace_search MATCH ?').pluck().all(phraseOf(text, prefix)) as number[]);
  const uses = database.prepare('SELECT chunk, trace FROM chunk_use').raw().all() as [number, number][];
  return new Set([...[...rows].map((row) => Math.floor(row / NUMBERS_PER_TRACE)), ...uses.filter(([chunk]) => rows.has(chunk)).map(([, trace]) => trace)]);
}

const WORDS = ['common', 'half', 'seldom', 'apart', 'within', 'nowhere', 'shared3', 'rare7', 'common other', 'half rare7', 'other common', 'chat common', 'seldom half', 'common apart', 'connection reset'];
const BEGINNINGS = ['comm', 'ra', 'rare1', 'share', 'nowh', 'common_rare1', 'half_ra', 'h'];

function randomQuery(below: (limit: number) => number, depth = 0): Query {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const choice = below(depth > 2 ? 4 : 9);
  if (choice < 3) return { type: 'text', text: pick(WORDS), prefix: false };
  if (choice === 3) return { type: 'text', text: pick(BEGINNINGS), prefix: true };
  if (choice === 4) return pick<Query>([{ type: 'compare', field: 'spans', comparison: '>', value: 2 }, { type: 'compare', field: 'spans', comparison: '>', value: 100 }, { type: 'compare', field: 'errors', comparison: '=', value: 0 }]);
  if (choice === 5) return { type: 'not', term: randomQuery(below, depth + 1) };
  return { type: choice === 6 ? 'or' : 'and', terms: Array.from({ length: 2 + below(2) }, () => randomQuery(below, depth + 1)) };
}

async function pagesOf(reader: TraceReader, over: Partial<TraceListRequest>): Promise<TraceRow[]> {
  const found: TraceRow[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await reader.read('traces/list', { query: EVERYTHING, sort: 'time', descending: true, limit: 2, ...over, ...(cursor === undefined ? {} : { cursor }) }, context);
    found.push(...page.traces);
    if (page.next === null) return found;
    cursor = page.next;
  }
}

describe.each([1, 2])('words in random store %i', (seed) => {
  let store: Store;
  let found: (query: Query, row: TraceRow) => boolean;

  beforeAll(async () => {
    store = await randomStore(seed);
    const known = new Map<string, Set<number>>();
    found = (query, row) => {
      switch (query.type) {
        case 'and': return query.terms.every((term) => found(term, row));
        case 'or': return query.terms.some((term) => found(term, row));
        case 'not': return !found(query.term, row);
        case 'compare': return query.field === 'errors' ? row.errors === query.value : row.spans > query.value;
        case 'text': {
          const key = `${query.text} ${query.prefix}`;
          const those = known.get(key) ?? naive(store.database, query.text, query.prefix);
          known.set(key, those);
          return those.has(store.numbers.get(row.traceId)!);
        }
        default: throw new Error('not in this test');
      }
    };
  });
  afterAll(() => store.close());

  it('has messages that other traces brought, and large traces', () => {
    const { uses } = store.database.prepare('SELECT count(DISTINCT trace) AS uses FROM chunk_use WHERE chunk / ? <> trace').get(NUMBERS_PER_TRACE) as { uses: number };
    expect(uses).toBeGreaterThan(10);
    expect(store.database.prepare('SELECT count(*) FROM trace WHERE spans = ?').pluck().get(LARGE)).toBeGreaterThan(2);
    // Of the same words, some traces have them and some do not.
    for (const word of ['common', 'half', 'seldom', 'apart', 'within', 'shared3']) {
      const traces = naive(store.database, word, false).size;
      expect(traces > 0 && traces < SMALL, word).toBe(true);
    }
  });

  it('are found as all rows of the index say, in pages of any order', async () => {
    const below = randomOf(seed + 100);
    const everything = Object.fromEntries(await Promise.all(SORTS.flatMap((sort) => [true, false].map(async (descending) => [`${sort} ${descending}`, await pagesOf(store.readers['usual']!, { sort, descending, limit: 1000 })] as const))));
    let some = 0;
    for (let round = 0; round < 60; round++) {
      const query: Query = { type: 'and', terms: [{ type: 'match', field: 'origin', patterns: [['', '']] }, randomQuery(below)] };
      const [sort, descending, limit] = [SORTS[Math.max(0, below(6) - 2)]!, below(3) > 0, [3, 10, 20, 1000][below(4)]!];
      const expected = everything[`${sort} ${descending}`]!.filter((row) => found(query.terms[1]!, row)).map(({ traceId }) => traceId);
      // Once more after a write: what was kept of the answers before is not true any more.
      if (round % 5 === 0) store.database.prepare("INSERT INTO trace_count (key, value) VALUES ('test', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1").run();
      for (const [name, reader] of Object.entries(store.readers)) {
        expect((await pagesOf(reader, { query: printQuery(query), sort, descending, limit })).map(({ traceId }) => traceId), `${name}, by ${sort} ${descending}: ${printQuery(query)}`).toEqual(expected);
      }
      some += expected.length > 0 && expected.length < SMALL ? 1 : 0;
    }
    // Else nothing was shown.
    expect(some).toBeGreaterThan(25);
  });
});
