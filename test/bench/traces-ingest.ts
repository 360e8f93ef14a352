import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoredTraces } from '../fixtures/traces/stored.ts';
import { atLeast, atMost, median, type Benchmark, type BenchmarkOptions, type Claim } from './benchmark.ts';
import { bareLoop } from './tools/bare-loop.ts';
import { startGenkit } from './tools/genkit.ts';
import { makeLoad, makeSingles, postAll, SPANS_OF_BATCH, uniqueWord, type Load } from './tools/ingest-load.ts';
import { startServe } from './tools/serve.ts';

/**
 * What `touchstone serve` takes in, from four senders at once over HTTP, each request committed before its answer. In turn with it:
 * Genkit's telemetry server with the same JSON, and a bare insert loop in this process without any server (tools/bare-loop.ts says
 * what it does). Rates are medians of rounds; ratios are of the rounds' neighbours. How Genkit compares depends on the shape of what
 * is sent, because it reads and writes the whole file of a trace with each request that adds to it: so there are four shapes.
 */
export const ingestBenchmark: Benchmark = { name: 'ingest', what: `spans of 1.2 KB, committed before the answer, beside Genkit's server and a bare insert loop`, run };

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/x-protobuf';
const JSON_TIMES = 8;
const PROTOBUF_TIMES = 12;
const SPANS_OF_SMALL_TRACE = 8;
/** The run of an agent that works for minutes: its exporter sends it in several batches. */
const SPANS_OF_RUN = 4096;
const SPANS_OF_LARGE_TRACE = 200_704;
/** Genkit's time for a large trace grows with its square: it gets so long, and its rate is that of what it took until then. */
const GENKIT_LIMIT_MS = 60_000;

interface Shape {
  readonly name: string;
  readonly spansOfTrace: number;
  /** Spans of a round, and of Genkit's: fewer give the same rate in less time. */
  readonly spans: number;
  readonly genkitSpans: number;
  readonly isSingle?: boolean;
  /** Whether a claim is made beside Genkit. */
  readonly isClaimed: boolean;
}

interface Rates {
  readonly json: number[];
  readonly protobuf: number[];
  readonly keyed: number[];
  readonly bare: number[];
  readonly genkit: number[];
}

async function run({ quick }: BenchmarkOptions): Promise<Claim[]> {
  const rounds = quick ? 3 : 7;
  const spans = (quick ? 24 : 80) * SPANS_OF_BATCH;
  const genkitSpans = (quick ? 3 : 8) * SPANS_OF_BATCH;
  const shapes: readonly Shape[] = [
    { name: 'small traces', spansOfTrace: SPANS_OF_SMALL_TRACE, spans, genkitSpans, isClaimed: false },
    { name: 'agent runs', spansOfTrace: SPANS_OF_RUN, spans, genkitSpans: Math.max(genkitSpans, SPANS_OF_RUN), isClaimed: true },
    { name: 'agent runs, each span in requests of its own when it begins and when it ends', spansOfTrace: SPANS_OF_RUN, spans: quick ? 500 : 2000, genkitSpans: quick ? 100 : 400, isSingle: true, isClaimed: true },
  ];
  const bytes = makeLoad(1, SPANS_OF_SMALL_TRACE, 0).json[0]!.length / SPANS_OF_BATCH;
  console.log(`  ${Math.round(bytes)} bytes a span as JSON, batches of ${SPANS_OF_BATCH}; ${rounds} rounds of ${spans.toLocaleString('en-US')} spans`);
  const lags: number[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-bench-ingest-'));
  const genkitFolder = mkdtempSync(join(tmpdir(), 'touchstone-bench-genkit-'));
  const genkit = await startGenkit(genkitFolder);
  const own = await startServe(folder);
  const store = new StoredTraces(folder);
  let resets = 0;
  // Its server lets connections rest for 5 seconds, and one that was busy for longer looks at its clock before it looks at what has come. Ours gets no second chance.
  const toGenkit = (bodies: readonly Buffer[]): Promise<number> => postAll(genkit.url, JSON_TYPE, bodies, () => resets++);
  let first = 0;
  const take = ({ spansOfTrace, isSingle = false }: Pick<Shape, 'spansOfTrace' | 'isSingle'>, count: number): Load => {
    // From where a trace begins.
    first = Math.ceil(first / spansOfTrace) * spansOfTrace;
    const load = isSingle ? makeSingles(count, spansOfTrace, first) : makeLoad(count / SPANS_OF_BATCH, spansOfTrace, first);
    first += load.spans;
    return load;
  };
  const claims: Claim[] = [];
  try {
    // Once before it counts: code is compiled, files exist.
    await postAll(own.url, JSON_TYPE, take(shapes[0]!, (quick ? 8 : 30) * SPANS_OF_BATCH).json);
    await postAll(own.url, PROTOBUF, take(shapes[0]!, 8 * SPANS_OF_BATCH).protobuf);
    await toGenkit(take(shapes[0]!, SPANS_OF_BATCH).json);
    for (const shape of shapes) {
      const rates: Rates = { json: [], protobuf: [], keyed: [], bare: [], genkit: [] };
      for (let round = 0; round < rounds; round++) {
        const json = take(shape, shape.spans);
        rates.json.push((json.spans / (await postAll(own.url, JSON_TYPE, json.json))) * 1000);
        lags.push(await searchLag(store, first - 1));
        const protobuf = take(shape, shape.spans);
        rates.protobuf.push((protobuf.spans / (await postAll(own.url, PROTOBUF, protobuf.protobuf))) * 1000);
        lags.push(await searchLag(store, first - 1));
        if (shape.isSingle !== true) {
          rates.keyed.push((json.spans / bareLoop(json.json, true)) * 1000);
          rates.bare.push((json.spans / bareLoop(json.json, false)) * 1000);
        }
        const few = take(shape, shape.genkitSpans);
        rates.genkit.push((few.spans / (await toGenkit(few.json))) * 1000);
      }
      print(`${shape.name} (${shape.spansOfTrace.toLocaleString('en-US')} spans each)`, rates);
      if (shape.isClaimed) claims.push(...besideGenkit(shape.name, rates));
      if (shape === shapes[0]) claims.push(atLeast('small traces as JSON, beside a bare insert loop with a primary key', ratio(rates.json, rates.keyed), 0.5, '×'));
    }
    claims.push(atMost('full-text search behind the last answer', Math.max(...lags), 2000, ' ms'));
    claims.push(...(await largeTrace(own.url, toGenkit, quick)));
    if (resets > 0) console.log(`  Genkit’s server reset connections ${resets} times; what was sent over them was sent again`);
    console.log(`  memory of touchstone serve at its peak: ${Math.round(own.peakMb())} MB`);
    return claims;
  } finally {
    store.close();
    await own.stop();
    await genkit.stop();
    for (const used of [folder, genkitFolder]) rmSync(used, { recursive: true, force: true });
  }
}

const NAMES = { json: 'touchstone serve, JSON', protobuf: 'touchstone serve, protobuf', keyed: 'bare loop, with a primary key', bare: 'bare loop, without any key', genkit: 'Genkit’s server, JSON' } as const;

function print(what: string, rates: Rates): void {
  console.log(`  ${what}:`);
  for (const [name, list] of Object.entries(rates) as [keyof Rates, number[]][]) {
    if (list.length > 0) console.log(`    ${NAMES[name].padEnd(34)} ${Math.round(median(list)).toLocaleString('en-US').padStart(8)} spans/s  ${ratio(rates.json, list).toFixed(2)}× by JSON, ${ratio(rates.protobuf, list).toFixed(2)}× by protobuf`);
  }
}

function besideGenkit(what: string, { json, protobuf, genkit }: Rates): Claim[] {
  return [
    atLeast(`${what}, as JSON beside Genkit’s server`, ratio(json, genkit), JSON_TIMES, '×'),
    atLeast(`${what}, as protobuf beside Genkit’s server with JSON`, ratio(protobuf, genkit), PROTOBUF_TIMES, '×'),
  ];
}

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

/** One trace that grows, batch by batch, in turn with small ones; then the same by protobuf, and as much of it as Genkit takes in a minute. */
async function largeTrace(url: string, toGenkit: (bodies: readonly Buffer[]) => Promise<number>, quick: boolean): Promise<Claim[]> {
  const spans = quick ? 20_480 : SPANS_OF_LARGE_TRACE;
  const part = 8;
  const base = 1_000_000_000;
  // A multiple of the trace's size, so that every batch belongs to it.
  const begin = Math.ceil(base / spans) * spans;
  const perSpan: number[] = [];
  const rates: Rates = { json: [], protobuf: [], keyed: [], bare: [], genkit: [] };
  let jsonMs = 0;
  for (let batch = 0; batch < spans / SPANS_OF_BATCH; batch += part) {
    const large = await postAll(url, JSON_TYPE, makeLoad(part, spans, begin + batch * SPANS_OF_BATCH).json);
    const small = await postAll(url, JSON_TYPE, makeLoad(part, SPANS_OF_SMALL_TRACE, 2 * base + batch * SPANS_OF_BATCH).json);
    jsonMs += large;
    perSpan.push(large / small);
  }
  rates.json.push((spans / jsonMs) * 1000);
  let protobufMs = 0;
  for (let batch = 0; batch < spans / SPANS_OF_BATCH; batch += part) protobufMs += await postAll(url, PROTOBUF, makeLoad(part, spans, begin + spans + batch * SPANS_OF_BATCH).protobuf);
  rates.protobuf.push((spans / protobufMs) * 1000);
  let taken = 0;
  let genkitMs = 0;
  while (taken < spans && genkitMs < (quick ? GENKIT_LIMIT_MS / 4 : GENKIT_LIMIT_MS)) {
    genkitMs += await toGenkit(makeLoad(1, spans, begin + taken).json);
    taken += SPANS_OF_BATCH;
  }
  rates.genkit.push((taken / genkitMs) * 1000);
  print(`one trace of ${spans.toLocaleString('en-US')} spans (Genkit: the first ${taken.toLocaleString('en-US')} of them)`, rates);
  return [
    ...besideGenkit(`one trace of ${spans.toLocaleString('en-US')} spans`, rates),
    // The last half: what the trace costs when it is large.
    atMost(`a span of a trace of ${spans.toLocaleString('en-US')}, beside one of small traces`, median(perSpan.slice(Math.floor(perSpan.length / 2))), 1.2, '×'),
  ];
}
