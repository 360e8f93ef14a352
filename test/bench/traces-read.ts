import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TraceListRequest } from '../../src/protocol/traces.ts';
import { DATABASE_FILE, DATABASE_FOLDER, openDatabase, type Database } from '../../src/node/sqlite/database.ts';
import { createTraceReads, type TraceReads } from '../../src/node/traces/read/reads.ts';
import { atMost, median, type Benchmark, type BenchmarkOptions, type Claim } from './benchmark.ts';
import { fillStore, traceIdOf } from './trace-store.ts';

/**
 * The store is filled through the sink, as a receiver fills it (test/bench/trace-store.ts says with what). Each read is asked of the
 * threads that the engine asks, its answer handed over included. Its control, in turn with it, is a bare SELECT in this thread: of the rows
 * that the page shows, of the number of matches, of the columns of the trace's spans.
 */
export const tracesReadBenchmark: Benchmark = { name: 'traces-read', what: 'lists, filters, search and skeletons of a store with 1 million spans, beside bare SELECTs', run };

const SPANS_OF_TRACE = 20;
/** 37 times the number is no neighbour: every page is another. */
const QUERIES: readonly (readonly [claim: string, query: string, limitMs: number])[] = [
  ['filter by kind and model', 'kind:tool model:gpt-5*', 150],
  ['filter by status and tool', 'status:error tool:refund', 150],
  ['filter by user', 'user:user-77', 150],
  ['filter that finds nothing', '-kind:llm', 150],
  ['search: a word of nearly every span', 'refund', 150],
  ['search: the beginning of a word', 'dama*', 150],
  ['search: words in a row', '"connection reset"', 150],
  ['search: a word of one trace', 'case997', 150],
  ['search and filter', 'depot service:billing cost:>0.001', 150],
  ['search, and a filter that leaves few', '"the order" spans:>50', 150],
  ['search, and a filter that leaves nothing', 'refund -kind:llm', 150],
  ['search: the beginning of several words, and few', 'd* spans:>50', 150],
  ['search: three words', 'refund depot damaged', 150],
  ['search: without a word of nearly every span', '-refund', 150],
  ['search: a word of nearly every span, and one of one trace', 'refund case997', 150],
  ['search: common words that nowhere stand in a row, and a filter', '"gpt order" user:user-77', 150],
  ['search: common words in a row, and a broad filter', '"refund the order" user:user-7*', 150],
];

async function run({ quick }: BenchmarkOptions): Promise<Claim[]> {
  const total = quick ? 50_000 : 1_000_000;
  const sizes = quick ? [5000, 20_000] : [20_000, 100_000, 1_000_000];
  const rounds = quick ? 5 : 11;
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-bench-reads-'));
  try {
    const database = await openDatabase(folder);
    const traces = total / SPANS_OF_TRACE;
    const started = performance.now();
    await fillStore(folder, [...Array.from({ length: traces }, () => SPANS_OF_TRACE), ...sizes]);
    console.log(`  filled with ${total.toLocaleString('en-US')} spans in ${traces.toLocaleString('en-US')} traces, and traces of ${sizes.map((size) => size.toLocaleString('en-US')).join(', ')} spans, in ${Math.round((performance.now() - started) / 1000)} s`);
    const reads = createTraceReads({ path: join(folder, DATABASE_FOLDER, DATABASE_FILE), prices: () => Promise.resolve({}) });
    try {
      return [...(await measureLists(reads, database, rounds)), ...(await measureSkeletons(reads, database, sizes, traces, rounds))];
    } finally {
      await reads.close();
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureLists(reads: TraceReads, database: Database, rounds: number): Promise<Claim[]> {
  const claims: Claim[] = [];
  const list = (query: string, over: Partial<TraceListRequest> = {}) => reads.read('traces/list', { query, sort: 'time', descending: true, limit: 50, ...over });
  const rows = database.prepare('SELECT * FROM trace ORDER BY start_ns DESC LIMIT 50 OFFSET ?');
  let cursor: string | undefined;
  claims.push(await compare('a list page', 50, rounds, async () => {
    cursor = (await list('', cursor === undefined ? {} : { cursor })).next ?? undefined;
  }, (round) => rows.all(round * 50)));
  for (const sort of ['duration', 'cost', 'tokens', 'errors'] as const) {
    const bare = database.prepare(`SELECT * FROM trace ORDER BY ${sort === 'duration' ? 'duration_ns' : sort} DESC LIMIT 50`);
    claims.push(await compare(`a list page by ${sort}`, 50, rounds, () => list('', { sort }), () => bare.all()));
  }
  claims.push(await compare('a page of sessions', 50, rounds, () => reads.read('traces/sessions', { query: '', limit: 50 }), () => database.prepare('SELECT session, max(start_ns) FROM trace WHERE session IS NOT NULL GROUP BY session LIMIT 50').all()));
  // The answers of a search are kept while nothing is written: another word of the same kind each time would measure less than this.
  const write = database.prepare("INSERT INTO trace_count (key, value) VALUES ('bench', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1");
  for (const [claim, query, limit] of QUERIES) {
    const bare = database.prepare('SELECT count(*) FROM trace_search WHERE trace_search MATCH ?').pluck();
    const words = /^"?([a-z0-9 ]+)/.exec(query)?.[1] ?? 'tool';
    claims.push(await compare(claim, limit, rounds, () => list(query), () => bare.get(`"${words.trim()}"`), () => write.run()));
  }
  const refund = database.prepare('SELECT count(*) FROM trace_search WHERE trace_search MATCH ?').pluck();
  claims.push(await compare('search: a word of nearly every span, by cost', 150, rounds, () => list('refund', { sort: 'cost' }), () => refund.get('refund'), () => write.run()));
  return claims;
}

async function measureSkeletons(reads: TraceReads, database: Database, sizes: readonly number[], traces: number, rounds: number): Promise<Claim[]> {
  const claims: Claim[] = [];
  const limits = new Map([[20_000, 60], [100_000, 300], [1_000_000, 2000]]);
  const columns = database.prepare('SELECT id >> 32, id & 4294967295, parent >> 32, parent & 4294967295, start_ns >> 20, end_ns >> 20, name, kind, flags, model, input_tokens, output_tokens, cost FROM span WHERE trace = (SELECT n FROM trace WHERE id = ?)').raw();
  for (const [index, size] of sizes.entries()) {
    const traceId = traceIdOf(traces + index);
    let other = 0;
    claims.push(await compare(`the skeleton of ${size.toLocaleString('en-US')} spans`, limits.get(size) ?? 60, Math.min(rounds, 5), async () => {
      await reads.read('traces/skeleton', { traceId });
    }, () => columns.all(Buffer.from(traceId, 'hex')).length, async () => {
      // So many others were asked for meanwhile that it is no longer at hand.
      for (let round = 0; round < 4; round++) await reads.read('traces/skeleton', { traceId: traceIdOf(other++) });
    }));
  }
  return claims;
}

/** Medians of milliseconds, in turn. `before`: what is done before each, unmeasured. */
async function compare(claim: string, limitMs: number, rounds: number, read: () => Promise<unknown>, control: (round: number) => unknown, before: () => unknown = () => undefined): Promise<Claim> {
  const [taken, bare]: [number[], number[]] = [[], []];
  await read();
  for (let round = 0; round < rounds; round++) {
    await before();
    let started = performance.now();
    await read();
    taken.push(performance.now() - started);
    started = performance.now();
    control(round);
    bare.push(performance.now() - started);
  }
  const [ours, theirs] = [median(taken), median(bare)];
  console.log(`  ${claim.padEnd(44)} ${ours.toFixed(1).padStart(8)} ms   bare SELECT ${theirs.toFixed(1).padStart(8)} ms   (${taken.map((ms) => ms.toFixed(0)).join(' ')})`);
  return atMost(claim, Number(ours.toPrecision(3)), limitMs, ' ms');
}
