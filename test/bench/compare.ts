import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '../../src/engine/engine.ts';
import { openDatabase } from '../../src/node/sqlite/database.ts';
import type { ComparisonRef, ComparisonView } from '../../src/protocol/compare.ts';
import { FIRST_QUESTION } from '../../src/protocol/compare-panel.ts';
import type { EngineClient } from '../../src/protocol/engine.ts';
import { atMost, median, type Benchmark, type BenchmarkOptions, type Claim } from './benchmark.ts';
import { measurePanel } from './compare-panel.ts';
import { measureShown, type ComparedStore } from './compare-shown.ts';
import { watchLoop } from './tools/loop-watch.ts';

/** A comparison from the request to the screen; then its parts: what the engine takes and how long it listens to nobody, and what the panel does with many rows and long texts. */
export const compareBenchmark: Benchmark = { name: 'compare', what: 'two versions of 5,000 cases from the store, from the request to the screen, beside one case; the engine beside a bare SELECT of both runs; the panel beside an empty one; the word difference of long outputs', run };

const CASES = 5000;
/** Behind it the page would wait for the engine: it takes about so long to load. */
const ENGINE_MS = 150;
/** The engine answers other requests meanwhile. */
const BLOCKED_MS = 50;
const FIRST_ROWS = FIRST_QUESTION.rows.count;
const VIEW: ComparisonView = FIRST_QUESTION.rows.view;

async function run(options: BenchmarkOptions): Promise<Claim[]> {
  const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'touchstone-bench-compare-'))) as [string, string];
  try {
    const large = await fillStore(folders[0], options.quick ? 1000 : CASES);
    const empty = await fillStore(folders[1], 1);
    return [...(await measureShown({ large, empty }, options)), ...(await measureEngine(large, options)), ...(await measurePanel(options))];
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

async function measureEngine({ folder, cases, ref }: ComparedStore, { quick }: BenchmarkOptions): Promise<Claim[]> {
  const rounds = quick ? 3 : 11;
  const control = await selectBoth(folder, rounds);
  const cold: number[] = [];
  const blocked: number[] = [];
  const scrolled: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const engine = await openEngine(folder);
    try {
      // Opens the database and compiles its statements, as listing prompts has done before anybody compares.
      await engine.request('runs/list', { limit: 10 });
      const watch = watchLoop();
      const started = performance.now();
      const comparison = await engine.request('compare/get', { ref, soon: true });
      const page = await engine.request('compare/page', { ref, view: VIEW, from: 0, to: FIRST_ROWS });
      cold.push(performance.now() - started);
      blocked.push(watch.stop());
      if (comparison.result?.n !== cases || page.rows.length !== FIRST_ROWS) throw new Error('the comparison is not of all cases');
      const next = performance.now();
      await engine.request('compare/page', { ref, view: { ...VIEW, filter: 'changed', sort: { by: 'delta', descending: false } }, from: 0, to: FIRST_ROWS });
      scrolled.push(performance.now() - next);
    } finally {
      await engine.dispose();
    }
  }
  const figures = (values: readonly number[]): string => values.map((value) => value.toFixed(0)).join(' ');
  console.log(`  ${cases.toLocaleString('en-US')} cases × 2 versions, ${rounds} engines: verdict and first page ${figures(cold)} ms, longest blocked ${figures(blocked)} ms; another filter and order ${figures(scrolled)} ms; bare SELECT of both runs ${control.toFixed(1)} ms`);
  return [
    atMost(`${cases.toLocaleString('en-US')} cases × 2 versions, verdict and first page from the store`, median(cold), ENGINE_MS, ' ms'),
    atMost('the longest that the engine was blocked meanwhile, in the median', median(blocked), BLOCKED_MS, ' ms'),
  ];
}

/** Median of reading every narrow cell of both runs, nothing done with them. */
async function selectBoth(folder: string, rounds: number): Promise<number> {
  const database = await openDatabase(folder);
  try {
    const select = database.prepare('SELECT ordinal, error_code, pass, score, latency_ms, cost, input_tokens, output_tokens, cached, preview, multiline, metrics FROM cell').raw();
    return median(Array.from({ length: rounds }, () => {
      const started = performance.now();
      select.all();
      return performance.now() - started;
    }));
  } finally {
    database.close();
  }
}

/** Two pairs of runs of recorded answers, several lines each: the second of a pair is right more often, and words most of them in another way. */
async function fillStore(folder: string, cases: number): Promise<ComparedStore> {
  const lines = (of: (i: number) => object): string => Array.from({ length: cases }, (_, i) => JSON.stringify(of(i))).join('\n');
  const answer = (i: number, right: boolean, ending: string): string => `The customer of case ${i} writes about ${right ? 'billing' : 'shipping'}.\n${'They were charged twice and ask for their money back. '.repeat(8)}\n${ending}`;
  writeFileSync(join(folder, 'answers.jsonl'), lines((i) => ({ id: `case-${i}`, before: answer(i, i % 5 !== 0, 'In short: refund.'), after: answer(i, i % 9 !== 0, i % 3 === 0 ? 'In short: refund.' : 'To sum up: refund.') })));
  writeFileSync(join(folder, 'triage.golden.jsonl'), lines((i) => ({ id: `case-${i}`, vars: { text: `I was charged twice for order ${i}` }, tags: [['clear', 'terse', 'angry', 'spanish'][i % 4]], metadata: { channel: ['mail', 'chat'][i % 2] } })));
  writeFileSync(join(folder, 'triage.prompt.yml'), 'name: Triage\nmessages: [{ role: user, content: "{{text}}" }]\ngolden: triage.golden.jsonl\nassert: [{ type: contains, value: about billing, metric: topic }]\n');
  writeFileSync(join(folder, 'touchstone.yml'), `models:\n${['before', 'after'].map((name) => `  "recorded/${name}": { provider: replay, file: ${JSON.stringify(join(folder, 'answers.jsonl'))}, match: { case: id, record: id }, output: ${name} }\n`).join('')}`);
  const engine = await openEngine(folder);
  try {
    const runs: string[] = [];
    for (const model of ['recorded/before', 'recorded/after', 'recorded/before', 'recorded/after']) {
      const { runIds } = await engine.request('eval/start', { targets: [join(folder, 'triage.prompt.yml')], models: [model], noCache: true, origin: 'cli' });
      await engine.request('eval/wait', { runIds });
      runs.push(...runIds);
    }
    const [a, b, otherA, otherB] = runs as [string, string, string, string];
    return { folder, cases, ref: pair(a, b), other: pair(otherA, otherB) };
  } finally {
    await engine.dispose();
  }
}

function pair(a: string, b: string): ComparisonRef {
  return { a: { runId: a, modelIndex: 0 }, b: { runId: b, modelIndex: 0 } };
}

async function openEngine(folder: string): Promise<EngineClient> {
  const engine = createEngine({ host: { request: () => Promise.reject(new Error('the benchmark has no host')), on: () => () => undefined } });
  await engine.request('engine/configure', { folder, trusted: true, concurrency: 20, idleTimeoutMs: 60_000, maxRetries: 0, defaultBudgetUsd: null, proxy: { url: null, strictSsl: true, noProxy: [] } });
  return engine;
}
