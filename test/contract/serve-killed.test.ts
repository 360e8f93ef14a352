import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mergeSpans } from '../../src/core/trace/merge.ts';
import { encodeSpans } from '../../src/core/trace/otlp-encode.ts';
import { spansOfBatch } from '../fixtures/traces/numbered-batches.ts';
import { StoredTraces } from '../fixtures/traces/stored.ts';

/** All in `npm run test:long`. */
const KILLS = process.env['TOUCHSTONE_LONG'] === '1' ? 50 : 3;
const LONGEST_LIFE_MS = 2000;
const SENDERS = 4;
const root = resolve(import.meta.dirname, '../..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-serve-killed-'));
  writeFileSync(join(folder, 'touchstone.yml'), '');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `touchstone serve`, the whole engine; its address. `end` kills it, with -9. */
async function serve(): Promise<{ endpoint: string; end: () => Promise<void> }> {
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), 'serve', '--port', '0', '--no-grpc', '--json'], { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<NodeJS.Signals | null>((done) => child.once('close', (_code, signal) => done(signal)));
  let [output, errors] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const endpoint = await new Promise<string>((done, failed) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const end = output.indexOf('\n');
      if (end > 0) done((JSON.parse(output.slice(0, end)) as { endpoint: string }).endpoint);
    });
    void closed.then(() => failed(new Error(`touchstone serve ended before it received: ${errors}`)));
  });
  return {
    endpoint,
    async end() {
      child.kill('SIGKILL');
      expect(await closed, errors).toBe('SIGKILL');
    },
  };
}

/** Posts batches from one on, one after the other, until nobody answers; adds those that were answered with 200. */
async function send(endpoint: string, from: number, taken: Set<number>): Promise<void> {
  for (let batch = from; ; batch += SENDERS) {
    if (taken.has(batch)) continue;
    const body = JSON.stringify(encodeSpans(spansOfBatch(batch)));
    const zipped = batch % 3 === 0;
    let response: Response;
    try {
      response = await fetch(`${endpoint}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json', ...(zipped ? { 'content-encoding': 'gzip' } : {}) }, body: zipped ? gzipSync(body) : body });
    } catch {
      return; // killed
    }
    // Under load it may say "later": then this batch is sent again after the next start.
    if (response.status === 200) taken.add(batch);
    else expect(response.status).toBe(503);
  }
}

it(`touchstone serve, killed ${KILLS} times while ${SENDERS} senders post: every span that got a 200 is there, none twice`, async () => {
  const taken = new Set<number>();
  for (let kill = 0; kill < KILLS; kill++) {
    const { endpoint, end } = await serve();
    const before = taken.size;
    const sending = Promise.all(Array.from({ length: SENDERS }, (_, lane) => send(endpoint, lane, taken)));
    while (taken.size === before) await new Promise((done) => setTimeout(done, 5));
    await new Promise((done) => setTimeout(done, Math.random() * LONGEST_LIFE_MS));
    await end();
    await sending;
    const store = new StoredTraces(folder);
    expect(store.contradictions()).toEqual([]);
    store.close();
  }
  const store = new StoredTraces(folder);
  const expected = Map.groupBy(mergeSpans([...taken].sort((a, b) => a - b).flatMap(spansOfBatch)).map(({ span }) => span), ({ traceId }) => traceId);
  for (const [traceId, spans] of expected) {
    const stored = new Map(store.spans(traceId).map((span) => [span.spanId, span]));
    for (const span of spans) expect(stored.get(span.spanId)).toEqual(span);
  }
  store.close();
}, 60_000 + KILLS * 120_000);
