import { describe, expect, it } from 'vitest';
import type { Ingested } from '../../../src/core/trace/sink.ts';
import { StoreFetchSink, type FetchProgress } from '../../../src/engine/sources/fetch-sink.ts';

const PIECE = new Uint8Array(10);

/** A store whose commits are made by the test, in turn. */
function slowStore() {
  const commits: (() => void)[] = [];
  const told: FetchProgress[] = [];
  const ingest = (): Promise<Ingested> => new Promise((resolve) => commits.push(() => resolve({ spans: 200, logs: 0, metrics: 0, rejected: [], traceIds: ['a'], formats: [] })));
  const sink = new StoreFetchSink({ ingest }, 'production', new AbortController().signal, (progress) => told.push(progress));
  return { sink, commits, told };
}

async function isDone(promise: Promise<void>): Promise<boolean> {
  const waiting = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  return Promise.race([promise.then(() => true as const), waiting]);
}

describe('what comes of a fetched trace, on its way to the store', () => {
  it('has its first spans stored and told before anything else is sent', async () => {
    const { sink, commits, told } = slowStore();
    const first = sink.documents(PIECE);
    expect(await isDone(first)).toBe(false);
    expect(told).toEqual([]);
    commits[0]!();
    expect(await isDone(first)).toBe(true);
    expect(told).toEqual([{ spans: 200, bytes: 10, traceId: 'a' }]);
  });

  it('sends the others while one before them is being stored, but not all at once', async () => {
    const { sink, commits } = slowStore();
    const first = sink.documents(PIECE);
    commits[0]!();
    await first;
    expect([await isDone(sink.documents(PIECE)), await isDone(sink.documents(PIECE))]).toEqual([true, true]);
    const fourth = sink.documents(PIECE);
    expect(await isDone(fourth)).toBe(false);
    commits[1]!();
    expect(await isDone(fourth)).toBe(true);
    const settled = sink.settle();
    expect(await isDone(settled)).toBe(false);
    for (const commit of commits) commit();
    expect(await isDone(settled)).toBe(true);
    expect(sink.spans).toBe(800);
  });
});
