import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../scripts/tools/paths.ts';
import { StoredTraces } from '../fixtures/traces/stored.ts';
import { atLeast, atMost, median, type Benchmark, type BenchmarkOptions, type Claim } from './benchmark.ts';
import { bareLoop } from './tools/bare-loop.ts';
import { ended, startGenkit, type RunningServer } from './tools/genkit.ts';
import { makeLoad, postAll, SPANS_OF_BATCH, uniqueWord, type Load } from './tools/ingest-load.ts';

/**
 * What `touchstone serve` takes in, from four senders at once over HTTP, each batch of 512 spans committed and searchable before its
 * answer. In turn with it: Genkit's telemetry server with the same JSON, and a bare insert loop in this process without any server
 * (tools/bare-loop.ts says what it does). Rates are medians of rounds; ratios are of the rounds' neighbours.
 */
export const ingestBenchmark: Benchmark = { name: 'ingest', what: `spans of 1.2 KB in batches of ${SPANS_OF_BATCH}, committed before the answer, beside Genkit's server and a bare insert loop`, run };

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/x-protobuf';
const SPANS_OF_SMALL_TRACE = 8;
/** The run of an agent that works for minutes: its exporter sends it in several batches. */
const SPANS_OF_RUN = 4096;

async function run({ quick }: BenchmarkOptions): Promise<Claim[]> {
  const rounds = quick ? 3 : 7;
  const batches = quick ? 24 : 80;
  // Genkit writes a file for each trace: fewer of them give the same rate in less time.
  const genkitBatches = quick ? 3 : 8;
  const bytes = makeLoad(1, SPANS_OF_SMALL_TRACE, 0).json[0]!.length / SPANS_OF_BATCH;
  console.log(`  ${Math.round(bytes)} bytes a span as JSON; ${rounds} rounds of ${(batches * SPANS_OF_BATCH).toLocaleString('en-US')} spans`);
  const lags: number[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-bench-ingest-'));
  const genkitFolder = mkdtempSync(join(tmpdir(), 'touchstone-bench-genkit-'));
  const genkit = await startGenkit(genkitFolder);
  const own = await startOwn(folder);
  const store = new StoredTraces(folder);
  let first = 0;
  const take = (count: number, spansOfTrace: number): Load => {
    // From where a trace begins.
    first = Math.ceil(first / spansOfTrace) * spansOfTrace;
    const load = makeLoad(count, spansOfTrace, first);
    first += load.spans;
    return load;
  };
  try {
    // Once before it counts: code is compiled, files exist.
    await postAll(own.url, JSON_TYPE, take(quick ? 8 : 30, SPANS_OF_SMALL_TRACE).json);
    await postAll(own.url, PROTOBUF, take(8, SPANS_OF_SMALL_TRACE).protobuf);
    await postAll(genkit.url, JSON_TYPE, take(1, SPANS_OF_SMALL_TRACE).json);
    const measured = [];
    for (const [what, spansOfTrace] of [['small traces', SPANS_OF_SMALL_TRACE], ['agent runs', SPANS_OF_RUN]] as const) {
      const rates = { json: [] as number[], protobuf: [] as number[], genkit: [] as number[], keyed: [] as number[], bare: [] as number[] };
      for (let round = 0; round < rounds; round++) {
        const json = take(batches, spansOfTrace);
        rates.json.push((json.spans / (await postAll(own.url, JSON_TYPE, json.json))) * 1000);
        lags.push(await searchLag(store, first - 1));
        const protobuf = take(batches, spansOfTrace);
        rates.protobuf.push((protobuf.spans / (await postAll(own.url, PROTOBUF, protobuf.protobuf))) * 1000);
        lags.push(await searchLag(store, first - 1));
        rates.keyed.push((json.spans / bareLoop(json.json, true)) * 1000);
        rates.bare.push((json.spans / bareLoop(json.json, false)) * 1000);
        const few = take(genkitBatches, spansOfTrace);
        rates.genkit.push((few.spans / (await postAll(genkit.url, JSON_TYPE, few.json))) * 1000);
      }
      console.log(`  ${what} (${spansOfTrace.toLocaleString('en-US')} spans each):`);
      for (const [name, list] of Object.entries(rates)) console.log(`    ${NAMES[name as keyof typeof rates].padEnd(34)} ${Math.round(median(list)).toLocaleString('en-US').padStart(8)} spans/s  ${ratio(rates.json, list).toFixed(2)}× by JSON, ${ratio(rates.protobuf, list).toFixed(2)}× by protobuf`);
      measured.push(rates);
    }
    const [small, runs] = measured as [typeof measured[number], typeof measured[number]];
    return [
      atLeast(`agent runs of ${SPANS_OF_RUN.toLocaleString('en-US')} spans as JSON, beside Genkit’s server`, ratio(runs.json, runs.genkit), 8, '×'),
      atLeast(`agent runs of ${SPANS_OF_RUN.toLocaleString('en-US')} spans as protobuf, beside Genkit’s server with JSON`, ratio(runs.protobuf, runs.genkit), 12, '×'),
      atLeast('small traces as JSON, beside a bare insert loop with a primary key', ratio(small.json, small.keyed), 0.5, '×'),
      atMost('full-text search behind the last answer', Math.max(...lags), 2000, ' ms'),
      await largeTrace(own.url, quick),
    ];
  } finally {
    store.close();
    await own.stop();
    await genkit.stop();
    for (const used of [folder, genkitFolder]) rmSync(used, { recursive: true, force: true });
  }
}

const NAMES = { json: 'touchstone serve, JSON', protobuf: 'touchstone serve, protobuf', genkit: 'Genkit’s server, JSON', keyed: 'bare loop, with a primary key', bare: 'bare loop, without any key' } as const;

/** The median of neighbouring rounds. */
function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((rate, round) => rate / theirs[round]!));
}

/** Milliseconds until a word of the last span that was answered is found. */
async function searchLag(store: StoredTraces, lastSpan: number): Promise<number> {
  const began = performance.now();
  while (store.search(uniqueWord(lastSpan)).length === 0) {
    if (performance.now() - began > 30_000) throw new Error('the last span is never found');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - began;
}

/** One trace that grows to 200,000 spans, batch by batch, in turn with small ones. */
async function largeTrace(url: string, quick: boolean): Promise<Claim> {
  const spans = quick ? 20_480 : 200_704;
  const part = 8;
  const base = 1_000_000_000;
  const ratios: number[] = [];
  for (let batch = 0; batch < spans / SPANS_OF_BATCH; batch += part) {
    // A multiple of the trace's size, so that every batch belongs to it.
    const large = await postAll(url, JSON_TYPE, makeLoad(part, spans, Math.ceil(base / spans) * spans + batch * SPANS_OF_BATCH).json);
    const small = await postAll(url, JSON_TYPE, makeLoad(part, SPANS_OF_SMALL_TRACE, 2 * base + batch * SPANS_OF_BATCH).json);
    ratios.push(large / small);
  }
  // The last half: what the trace costs when it is large.
  return atMost(`a span of a trace of ${spans.toLocaleString('en-US')}, beside one of small traces`, median(ratios.slice(Math.floor(ratios.length / 2))), 1.2, '×');
}

async function startOwn(folder: string): Promise<RunningServer> {
  const child = spawn(process.execPath, [join(root, 'dist/cli.mjs'), 'serve', '--port', '0', '--no-grpc', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const { endpoint } = JSON.parse(line) as { endpoint: string };
  return { url: `${endpoint}/v1/traces`, stop: () => ended(child) };
}
