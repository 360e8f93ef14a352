import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mergeSpans } from '../../src/core/trace/merge.ts';
import { createTraceSink } from '../../src/node/traces/sink.ts';
import { spansOfBatch } from '../fixtures/traces/numbered-batches.ts';
import { StoredTraces } from '../fixtures/traces/stored.ts';

/** All in `npm run test:long`. */
const KILLS = process.env['TOUCHSTONE_LONG'] === '1' ? 50 : 5;
const LONGEST_LIFE_MS = 1500;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-killed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Batches that were taken before the process was killed, which happens at a random moment after its first answer. */
function killedWhileStoring(first: number): Promise<number[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../fixtures/traces/ingest-process.ts'), folder, String(first)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), Math.random() * LONGEST_LIFE_MS);
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the process ended by itself with ${code}: ${errors}`));
      // The last line may be cut.
      else resolve(output.split('\n').slice(0, -1).map(Number));
    });
  });
}

it(`killed ${KILLS} times under load: every span that was taken is there, none twice, and every sum is right`, async () => {
  const taken: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    // From the first batch that was not answered, as senders do: some of what is sent again was committed.
    const first = taken.length === 0 ? 0 : Math.min(...taken.filter((batch) => !taken.includes(batch + 4)).map((batch) => batch + 4));
    const answered = await killedWhileStoring(first - (first % 4));
    expect(answered.length).toBeGreaterThan(0);
    for (const batch of answered) if (!taken.includes(batch)) taken.push(batch);
    const store = new StoredTraces(folder);
    expect(store.contradictions()).toEqual([]);
    const last = spansOfBatch(answered.at(-1)!);
    for (const { traceId, spanId } of last) expect(store.value('SELECT count(*) FROM span s JOIN trace t ON t.n = s.trace WHERE t.id = ? AND s.id = ?', Buffer.from(traceId, 'hex'), BigInt(`0x${spanId}`))).toBe(1);
    store.close();
  }
  const store = new StoredTraces(folder);
  const expected = Map.groupBy(mergeSpans(taken.flatMap(spansOfBatch)).map(({ span }) => span), ({ traceId }) => traceId);
  for (const [traceId, spans] of expected) {
    const stored = new Map(store.spans(traceId).map((span) => [span.spanId, span]));
    for (const span of spans) expect(stored.get(span.spanId)).toEqual(span);
  }
  expect(store.count('span')).toBeGreaterThanOrEqual(taken.length * 36);
  // What was killed can be gone on with, and what its indexes had not been told of follows.
  const sink = createTraceSink({ folder });
  await sink.ingest({ spans: spansOfBatch(1_000_000), logs: [], rejected: [], origin: { kind: 'received', place: '/v1/traces' } });
  await sink.settled();
  await sink.close();
  expect(store.count('index_behind')).toBe(0);
  expect(store.contradictions()).toEqual([]);
  store.close();
}, 60_000 + KILLS * 60_000);
