/**
 * A trace of 20,000 spans opened from a link: backends in a process of their own on loopback, the engine as the extension forks it, and a
 * folder that has no trace yet. From `links/open` to the first spans that can be shown, to the whole; cancelled in between; beside reading
 * and decoding the same bytes and doing nothing with them. What the panel takes to paint is measured as by `trace-panel`, and added.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium } from '../../scripts/tools/chromium.ts';
import { root } from '../../scripts/tools/paths.ts';
import { isObject } from '../../src/core/json.ts';
import { TouchstoneError } from '../../src/core/errors.ts';
import { traceIdFor } from '../../src/core/trace/ids.ts';
import { decodeTracesProtobuf } from '../../src/core/trace/otlp-protobuf.ts';
import { startEngineProcess, type EngineProcess } from '../../src/extension/engine/engine-process.ts';
import type { EngineNotifications, EngineSettings } from '../../src/protocol/engine.ts';
import { startHarness } from '../fixtures/webview-harness/serve.ts';
import { atMost, median, type Benchmark, type Claim } from './benchmark.ts';
import type { OpenLinkServer } from './open-link-server.ts';
import { paintTime } from './trace-panel.ts';

const SPANS = 20_000;
const PAINTED_MS = 1000;
const CANCELLED_MS = 200;
const BESIDE_DECODING = 3;
const BACKENDS = ['jaeger', 'tempo', 'langfuse'] as const;
type Backend = (typeof BACKENDS)[number];

interface Opened {
  /** Milliseconds from the request until the first spans were read as the panel reads them, and how many they were. */
  readonly firstMs: number;
  readonly firstSpans: number;
  readonly wholeMs: number;
  /** The same link once more: from the store, all spans of it. */
  readonly storedMs: number;
}

export const openLinkBenchmark: Benchmark = {
  name: 'open-link',
  what: `a link to a trace of ${SPANS.toLocaleString('en')} spans: a backend on loopback, the engine’s process, an empty store; beside only reading and decoding the same bytes`,
  async run({ quick }) {
    const rounds = quick ? 2 : 5;
    const { server, child } = await startServer();
    try {
      const times = new Map<Backend, { readonly control: number[]; readonly opened: Opened[] }>(BACKENDS.map((backend) => [backend, { control: [], opened: [] }]));
      // In turn, so that what disturbs the machine disturbs all.
      for (let round = 0; round < rounds; round++) {
        for (const [backend, { control, opened }] of times) {
          control.push(await CONTROLS[backend](server));
          opened.push(await inEngine(server, backend, (engine) => open(engine, server, backend)));
        }
      }
      const painted = await paints(rounds);
      const claims: Claim[] = [];
      for (const [backend, { control, opened }] of times) {
        const first = median(opened.map(({ firstMs }) => firstMs));
        const whole = median(opened.map(({ wholeMs }) => wholeMs));
        console.log(`  ${backend}: read and decoded only ${rounded(control)}; first spans readable ${rounded(opened.map(({ firstMs }) => firstMs))} (${opened[0]!.firstSpans} spans), whole ${rounded(opened.map(({ wholeMs }) => wholeMs))}, all again from the store ${rounded(opened.map(({ storedMs }) => storedMs))}`);
        claims.push(atMost(`${backend}: the first spans are painted, the panel’s ${painted.toFixed(0)} ms for all ${SPANS.toLocaleString('en')} included`, Math.round(first + painted), PAINTED_MS, ' ms'));
        claims.push(atMost('… they are readable beside reading and decoding all of it, and doing nothing with that', median(opened.map(({ firstMs }, round) => firstMs / control[round]!)), BESIDE_DECODING, '×'));
        claims.push(atMost('… of the time until the whole is there: streamed', first / whole, 0.9, '×'));
        const waits: number[] = [];
        for (let round = 0; round < rounds * 2; round++) waits.push(await inEngine(server, backend, (engine) => cancel(engine, server, backend, Math.random() * whole)));
        console.log(`  ${backend}: cancelled at random moments, answered, and the next request, after ${rounded(waits)}`);
        claims.push(atMost('… cancelled at random moments: the slowest answer, and of what is asked next', Math.round(Math.max(...waits)), CANCELLED_MS, ' ms'));
      }
      return claims;
    } finally {
      child.disconnect();
    }
  },
};

function rounded(values: readonly number[]): string {
  return `${values.map((value) => value.toFixed(0)).join(' ')} ms (median ${median(values).toFixed(0)})`;
}

async function startServer(): Promise<{ readonly server: OpenLinkServer; readonly child: ChildProcess }> {
  const child = fork(join(import.meta.dirname, 'open-link-server.ts'), [String(SPANS)]);
  const server = await new Promise<OpenLinkServer>((resolve, reject) => {
    child.once('message', (message) => resolve(message as OpenLinkServer));
    child.once('exit', (code) => reject(new Error(`the backends ended with ${code}`)));
  });
  return { server, child };
}

interface Engine {
  readonly peer: EngineProcess['peer'];
  onProgress: ((progress: EngineNotifications['remote/progress']) => void) | null;
}

/** A new engine on an empty folder; its store is open, as it is beside a view of traces. */
async function inEngine<T>(server: OpenLinkServer, backend: Backend, work: (engine: Engine) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-bench-link-'));
  writeFileSync(join(folder, 'touchstone.yml'), `traces:\n  sources:\n    - { name: bench, type: ${backend}, url: "${server[backend]}"${backend === 'langfuse' ? ', user: pk-lf-bench' : ''} }\n`);
  const engine: { peer?: EngineProcess['peer']; onProgress: Engine['onProgress'] } = { onProgress: null };
  const { peer, ...child } = startEngineProcess({
    entry: join(root, 'dist/engine.mjs'),
    handlers: { 'secret/get': () => ({ value: 'sk-bench-key-of-nobody' }) },
    listeners: { ...Object.fromEntries(['run/changed', 'runs/changed', 'once/text', 'log', 'traces/changed', 'traces/progress', 'sources/changed', 'registry/changed', 'replay/progress'].map((name) => [name, () => undefined])), 'remote/progress': (progress) => engine.onProgress?.(progress as EngineNotifications['remote/progress']) },
    onOutput: (line) => console.error(line),
    onProblem: (error) => console.error(error.message),
  });
  try {
    await peer.request('engine/configure', { folder, trusted: true, concurrency: 8, idleTimeoutMs: 30_000, maxRetries: 4, defaultBudgetUsd: null, proxy: { url: null, strictSsl: true, noProxy: [] } } satisfies EngineSettings);
    await peer.request('traces/list', { query: '', sort: 'time', descending: true, limit: 1 });
    return await work(Object.assign(engine, { peer }));
  } finally {
    child.stop();
    await child.exited;
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function linkTo({ traceId }: OpenLinkServer): string {
  return `vscode://touchstone.touchstone/trace/${traceId}?source=bench`;
}

/** Spans that the panel could show now. */
async function readable(engine: Engine, traceId: string): Promise<number> {
  const skeleton = await engine.peer.request('traces/skeleton', { traceId });
  return skeleton?.count ?? 0;
}

async function open(engine: Engine, server: OpenLinkServer, backend: Backend): Promise<Opened> {
  const started = performance.now();
  const first = new Promise<{ firstMs: number; firstSpans: number }>((resolve, reject) => {
    engine.onProgress = ({ traceId }) => {
      if (traceId === null) return;
      engine.onProgress = null;
      readable(engine, traceId).then((firstSpans) => resolve({ firstMs: performance.now() - started, firstSpans }), reject);
    };
  });
  const opened = await engine.peer.request('links/open', { text: linkTo(server) });
  if (opened.status !== 'opened' || opened.spans !== SPANS) throw new Error(`${backend}: ${JSON.stringify(opened)}`);
  const wholeMs = performance.now() - started;
  const { firstMs, firstSpans } = await first;
  if (firstSpans === 0) throw new Error(`${backend}: nothing could be read`);
  const again = performance.now();
  const stored = await engine.peer.request('links/open', { text: linkTo(server) });
  if (stored.status !== 'opened' || stored.from !== 'store' || (await readable(engine, stored.traceId)) !== SPANS) throw new Error(`${backend}: it was not opened from the store`);
  return { firstMs, firstSpans, wholeMs, storedMs: performance.now() - again };
}

/** Milliseconds from the cancelling until it has been answered and the engine answers other requests. @throws Error when what had come is not kept */
async function cancel(engine: Engine, server: OpenLinkServer, backend: Backend, afterMs: number): Promise<number> {
  let come = 0;
  engine.onProgress = ({ spans }) => void (come = spans);
  const controller = new AbortController();
  const answer = engine.peer.request('links/open', { text: linkTo(server) }, controller.signal).then(() => 'opened', (error: unknown) => error);
  await Promise.race([sleep(afterMs), answer]);
  const cancelled = performance.now();
  controller.abort();
  const said = await answer;
  // The channel answers at once whatever the engine does: it is free when it has answered what was asked after.
  await engine.peer.request('remote/sources', {});
  const waited = performance.now() - cancelled;
  // It was faster this time: it was there before it was cancelled.
  if (said !== 'opened' && !(said instanceof TouchstoneError && said.code === 'cancelled')) throw new Error(`${backend}: ${String(said)}`);
  if (come > 0 && (await readable(engine, backend === 'langfuse' ? traceIdFor('langfuse', server.traceId) : server.traceId)) === 0) throw new Error(`${backend}: what had come was lost`);
  return waited;
}

/** Milliseconds to read and decode all of a trace, as each form has it. */
const CONTROLS: Readonly<Record<Backend, (server: OpenLinkServer) => Promise<number>>> = {
  jaeger: ({ jaeger, traceId }) => timed(async () => JSON.parse(await (await fetch(`${jaeger}/api/v3/traces/${traceId}`)).text()) as unknown),
  tempo: ({ tempo, traceId }) => timed(async () => decodeTracesProtobuf(await bytesOf(await fetch(`${tempo}/api/v2/traces/${traceId}`)))),
  langfuse: ({ langfuse, traceId }) => timed(async () => {
    for (let cursor: unknown = '0'; typeof cursor === 'string'; ) {
      const page: unknown = JSON.parse(await (await fetch(`${langfuse}/api/public/v2/observations?traceId=${traceId}&limit=1000&cursor=${cursor}`)).text());
      cursor = isObject(page) && isObject(page['meta']) ? page['meta']['cursor'] : undefined;
    }
  }),
};

/** The trace within a `TraceByIDResponse`: behind the tag and the length of its first field. */
async function bytesOf(response: Response): Promise<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  let at = 1;
  while (bytes[at]! > 127) at++;
  return bytes.subarray(at + 1);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function paints(rounds: number): Promise<number> {
  const harness = await startHarness();
  const browser = await launchChromium();
  try {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(await paintTime(harness, browser, String(SPANS)));
    console.log(`  painted by the panel, all ${SPANS.toLocaleString('en')} spans: ${rounded(times)}`);
    return median(times);
  } finally {
    await browser.close();
    await harness.close();
  }
}
