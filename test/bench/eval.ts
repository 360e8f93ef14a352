/** Evals by the command line: beside promptfoo, against the ideal of a slow endpoint, and at growing sizes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { atLeast, atMost, median, type Benchmark, type BenchmarkOptions, type Claim } from './benchmark.ts';
import { promptfoo, touchstone, type Contender } from './tools/contenders.ts';
import type { Measurement } from './tools/measure.ts';
import { startModelServer, type ModelServer } from './tools/model-server-process.ts';
import { PROMPTFOO_VERSION } from './tools/promptfoo.ts';
import { CHEAP_CHECKS, WATCHED_CHECKS, makeWorkload, type Checks } from './tools/workload.ts';

interface Size {
  readonly cases: number;
  /** Pairs of runs, ours and theirs in turn. */
  readonly runs: number;
  /** Times as fast as promptfoo; `null`: nothing is claimed. */
  readonly ratio: number | null;
  readonly checks: Checks;
}

const SIZES: readonly Size[] = [
  ...CHEAP_CHECKS.flatMap((checks): Size[] => [
    { cases: 1, runs: 11, ratio: 8, checks },
    { cases: 1000, runs: 7, ratio: 12, checks },
    { cases: 5000, runs: 3, ratio: 12, checks },
  ]),
  // It says what the thread for checks that may take long costs.
  { cases: 1000, runs: 3, ratio: null, checks: WATCHED_CHECKS },
];

const PEAK_MB = 200;
const CONCURRENCY = 20;

const LATENCY_MS = 50;
const SLOW_CASES = 1000;
/** `limit`: of the ideal, which is cases × latency / concurrency. */
const SLOW = [
  { concurrency: 20, limit: 1.15, runs: 7 },
  { concurrency: 100, limit: 1.6, runs: 7 },
] as const;

const GROWING = [1000, 5000, 10_000, 50_000] as const;
/** Time per case of the largest size against that of 5,000, which is free of the start-up's share. */
const LINEAR = 1.25;

export const evalBenchmark: Benchmark = {
  name: 'eval',
  what: `the command line on a mock model server, three cheap checks, results stored, no cache; beside promptfoo ${PROMPTFOO_VERSION}`,
  async run(options) {
    const server = await startModelServer();
    try {
      return [...(await besidePromptfoo(server, options)), ...(await slowEndpoint(server, options)), ...(await growing(server, options))];
    } finally {
      server.stop();
    }
  },
};

async function besidePromptfoo(server: ModelServer, { quick }: BenchmarkOptions): Promise<Claim[]> {
  const ours = touchstone();
  const theirs = await promptfoo();
  const claims: Claim[] = [];
  try {
    for (const { cases, runs, ratio, checks } of SIZES) {
      if (quick && cases > 1000) continue;
      const workload = await makeWorkload(cases, server.address, checks);
      try {
        // Not counted: creates both databases and warms the caches of the disk.
        if (cases === 1 && claims.length === 0) await pair(ours, theirs, workload, server);
        const pairs: [Measurement, Measurement][] = [];
        for (let i = 0; i < (quick ? 3 : runs); i++) pairs.push(await pair(ours, theirs, workload, server));
        const speedUps = pairs.map(([a, b]) => b.wallMs / a.wallMs);
        const peak = Math.max(...pairs.map(([a]) => a.peakMb));
        const size = `${cases === 1 ? '1 case' : `${cases.toLocaleString('en')} cases`} (${checks.name})`;
        console.log(`  ${size}, ${pairs.length} pairs, medians: ${figures(ours.name, pairs.map(([a]) => a))}; ${figures(theirs.name, pairs.map(([, b]) => b))}; times as fast ${speedUps.map((value) => value.toFixed(1)).join(' ')}; processor time ${(median(pairs.map(([a, b]) => b.cpuMs / a.cpuMs))).toFixed(1)}×`);
        if (ratio !== null) claims.push(atLeast(`${size}, times as fast as promptfoo`, median(speedUps), ratio, '×'));
        if (cases === 5000) claims.push(atMost(`${size}, peak memory`, Math.round(peak), PEAK_MB, ' MB'));
      } finally {
        workload.remove();
      }
    }
    return claims;
  } finally {
    theirs.dispose();
  }
}

async function pair(ours: Contender, theirs: Contender, workload: Parameters<Contender['evaluate']>[0], server: ModelServer): Promise<[Measurement, Measurement]> {
  const one = async (contender: Contender): Promise<Measurement> => {
    const measured = await contender.evaluate(workload, CONCURRENCY);
    const asked = await server.takeCount();
    if (asked !== workload.cases) throw new Error(`${contender.name} asked the model ${asked} times for ${workload.cases} cases`);
    return measured;
  };
  return [await one(ours), await one(theirs)];
}

function figures(name: string, all: readonly Measurement[]): string {
  const of = (value: (measurement: Measurement) => number): number => median(all.map(value));
  return `${name} ${(of((m) => m.wallMs) / 1000).toFixed(2)} s (processor ${(of((m) => m.cpuMs) / 1000).toFixed(2)} s, peak ${Math.round(of((m) => m.peakMb))} MB)`;
}

/** From the first request to the last commit, as `--json` says, against the time that the endpoint alone would need. */
async function slowEndpoint(server: ModelServer, { quick }: BenchmarkOptions): Promise<Claim[]> {
  const workload = await makeWorkload(SLOW_CASES, server.address);
  const ours = touchstone();
  await server.setLatency(LATENCY_MS);
  try {
    const claims: Claim[] = [];
    for (const { concurrency, limit, runs } of SLOW) {
      const ideal = (SLOW_CASES * LATENCY_MS) / concurrency;
      const durations: number[] = [];
      for (let i = 0; i < (quick ? 3 : runs); i++) durations.push(runDuration((await ours.evaluate(workload, concurrency, ['--json'])).stdout));
      console.log(`  1,000 cases × ${LATENCY_MS} ms at ${concurrency} in parallel, ${durations.length} runs: ${durations.map((ms) => (ms / 1000).toFixed(3)).join(' ')} s; ideal ${ideal / 1000} s`);
      claims.push(atMost(`1,000 cases × ${LATENCY_MS} ms at ${concurrency} in parallel, of the ideal ${ideal / 1000} s`, median(durations) / ideal, limit, '×'));
    }
    return claims;
  } finally {
    await server.setLatency(0);
    await server.takeCount();
    workload.remove();
  }
}

function runDuration(json: string): number {
  const { runs } = JSON.parse(json) as { runs: { run: { durationMs: number } }[] };
  const ms = runs[0]?.run.durationMs;
  if (ms === undefined || runs.length !== 1) throw new Error('the document of --json does not have one run');
  return ms;
}

/** With a JSON report, which holds every cell. */
async function growing(server: ModelServer, { quick }: BenchmarkOptions): Promise<Claim[]> {
  const ours = touchstone();
  const sizes = quick ? GROWING.slice(0, 2) : GROWING;
  const perThousand = new Map<number, number[]>();
  let peakAt5000 = 0;
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const cases of sizes) {
      const workload = await makeWorkload(cases, server.address);
      try {
        const report = join(workload.folder, 'report.json');
        const measured = await ours.evaluate(workload, CONCURRENCY, ['--output', report]);
        const reported = (JSON.parse(readFileSync(report, 'utf8')) as { runs: { cells: unknown[] }[] }).runs[0]?.cells.length;
        if (reported !== cases) throw new Error(`the report of ${cases} cases has ${reported} cells`);
        perThousand.set(cases, [...(perThousand.get(cases) ?? []), measured.wallMs / cases]);
        if (cases === 5000) peakAt5000 = Math.max(peakAt5000, measured.peakMb);
        console.log(`  ${cases.toLocaleString('en')} cases with --output report.json: ${(measured.wallMs / 1000).toFixed(2)} s, ${(measured.wallMs / cases).toFixed(3)} s per 1,000, peak ${Math.round(measured.peakMb)} MB`);
      } finally {
        workload.remove();
      }
    }
  }
  await server.takeCount();
  const medianAt = (cases: number): number => median(perThousand.get(cases) ?? []);
  return [
    atMost('5,000 cases with a JSON report, peak memory', Math.round(peakAt5000), PEAK_MB, ' MB'),
    ...(quick ? [] : [atMost('time per case at 50,000 cases, of that at 5,000', medianAt(50_000) / medianAt(5000), LINEAR, '×')]),
  ];
}
