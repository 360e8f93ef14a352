import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeSpans } from '../../src/core/trace/otlp-encode.ts';
import { decodeParams } from '../../src/engine/decode.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { EngineClient, EngineMethod, EngineSettings, Params } from '../../src/protocol/engine.ts';
import { spansOf, traceIdOf } from '../bench/trace-store.ts';

let folder: string;
let engine: EngineClient;

function settings(over: Partial<EngineSettings> = {}): EngineSettings {
  return { folder, trusted: true, concurrency: 1, idleTimeoutMs: 1000, maxRetries: 0, defaultBudgetUsd: null, proxy: { url: null, strictSsl: true, noProxy: [] }, ...over };
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'touchstone-traces-'));
  engine = createEngine({ host: { request: () => Promise.reject(new Error('nobody is asked')), on: () => () => undefined } });
});

afterEach(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A file of so many traces. */
function traceFile(traces: number, spans = 30): string {
  const file = path.join(folder, 'traces.json');
  writeFileSync(file, JSON.stringify(encodeSpans(Array.from({ length: traces }, (_, trace) => [...spansOf(trace, spans)].flat()).flat())));
  return file;
}

const list = (query: string) => engine.request('traces/list', { query, sort: 'time', descending: true, limit: 100 });

describe('the engine', () => {
  it('reports what it has read of several files although one of them cannot be', async () => {
    await engine.request('engine/configure', settings());
    const good = traceFile(2);
    const { files } = await engine.request('traces/import', { files: [good, path.join(folder, 'missing.json')] });
    expect(files.map(({ traces, rejected }) => [traces, rejected.map(({ reason }) => reason)])).toEqual([[2, []], [0, [expect.stringContaining('cannot be read')]]]);
    await expect(engine.request('traces/import', { files: [path.join(folder, 'missing.json')] })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('tells of runs and traces that another process has written', async () => {
    const other = createEngine({ host: { request: () => Promise.reject(new Error('nobody is asked')), on: () => () => undefined } });
    try {
      await engine.request('engine/configure', settings());
      expect((await list('')).traces).toEqual([]);
      const told: string[] = [];
      engine.on('traces/changed', ({ all }) => told.push(all ? 'all traces' : 'some traces'));
      engine.on('runs/changed', () => told.push('runs'));
      await other.request('engine/configure', settings());
      await other.request('traces/import', { files: [traceFile(2)] });
      await expect.poll(() => [...new Set(told)].sort()).toEqual(['all traces', 'runs']);
      expect((await list('')).traces).toHaveLength(2);
    } finally {
      await other.dispose();
    }
  });

  it('tells of traces again when their words can be found', async () => {
    await engine.request('engine/configure', settings());
    const found: Promise<number>[] = [];
    engine.on('traces/changed', ({ traceIds }) => {
      // As a view does that lists what was searched for.
      if (traceIds.includes(traceIdOf(0))) found.push(list('refund').then(({ total }) => total.count));
    });
    await engine.request('traces/import', { files: [traceFile(1)] });
    await expect.poll(() => Promise.all(found).then((counts) => counts.at(-1))).toBe(1);
  });

  it('imports, lists, opens, tells of changes, exports and deletes', async () => {
    await engine.request('engine/configure', settings());
    const changed = new Set<string>();
    engine.on('traces/changed', ({ traceIds }) => traceIds.forEach((id) => changed.add(id)));
    const progress: string[] = [];
    engine.on('traces/progress', ({ file }) => progress.push(file));
    const file = traceFile(5);
    const { files } = await engine.request('traces/import', { files: [file] });
    expect(files).toMatchObject([{ file, traces: 5, spans: 150, rejected: [] }]);
    expect(progress).toContain(file);

    expect((await list('')).traces.map(({ traceId }) => traceId)).toEqual([4, 3, 2, 1, 0].map(traceIdOf));
    // Words are found at most two seconds after their spans.
    await expect.poll(async () => (await list('kind:tool refund')).total.count).toBeGreaterThan(0);
    const traceId = traceIdOf(2);
    const skeleton = (await engine.request('traces/skeleton', { traceId }))!;
    expect([skeleton.count, skeleton.spanIds.length, skeleton.starts[0]]).toEqual([30, 240, 0]);
    // The arrays were handed over; asked again they are there again.
    expect((await engine.request('traces/skeleton', { traceId }))!.spanIds).toEqual(skeleton.spanIds);
    expect(await engine.request('traces/skeleton', { traceId, knownRevision: skeleton.revision })).toBeNull();
    const spanId = Buffer.from(skeleton.spanIds.subarray(8, 16)).toString('hex');
    expect((await engine.request('traces/span', { traceId, spanId })).span).toMatchObject({ traceId, spanId, agentName: 'refund_agent' });
    expect((await engine.request('traces/complete', { query: 'tool:', position: 5 })).items.length).toBe(5);

    const target = path.join(folder, 'out.json');
    expect(await engine.request('traces/export', { traceId, format: 'otlp', file: target })).toEqual({ text: '' });
    expect(existsSync(target)).toBe(true);

    const state = await engine.request('sources/get', {});
    expect(state).toMatchObject({ receiver: { state: 'off' }, counts: { spans: 150 }, tails: [], rejections: [], store: { traces: 5, spans: 150 } });
    expect(await engine.request('traces/delete', { traceIds: [traceId] })).toEqual({ deleted: 1 });
    await expect(engine.request('traces/get', { traceId })).rejects.toMatchObject({ code: 'not-found' });
    expect(await engine.request('traces/delete', { query: 'refund OR kind:llm' })).toEqual({ deleted: 4 });
    expect(await list('origin:*')).toEqual({ traces: [], next: null, total: { count: 0, atLeast: false } });
    await expect.poll(() => changed.size).toBe(5);
  });

  it('opens no database and no port in an untrusted workspace', async () => {
    await engine.request('engine/configure', settings({ trusted: false }));
    const asked: { [M in EngineMethod]?: Params<M> } = {
      'traces/list': { query: '', sort: 'time', descending: true, limit: 1 }, 'traces/sessions': { query: '', limit: 1 }, 'traces/complete': { query: '', position: 0 }, 'traces/get': { traceId: 'a' }, 'traces/skeleton': { traceId: 'a' },
      'traces/span': { traceId: 'a', spanId: 'b' }, 'traces/value': { traceId: 'a', spanId: 'b', pointer: '' }, 'traces/find': { traceId: 'a', text: 'x', limit: 1 }, 'traces/findings': { traceId: 'a' }, 'traces/breakdown': { traceId: 'a' },
      'traces/memory': { session: 's' }, 'traces/export': { traceId: 'a', format: 'json' }, 'traces/delete': { query: '' }, 'traces/import': { files: [traceFile(1)] }, 'sources/get': {}, 'sources/receiver': { on: true, http: 0, grpc: null }, 'sources/rejection': { id: 1 },
    };
    for (const [method, params] of Object.entries(asked)) await expect(engine.request(method as EngineMethod, params as never), method).rejects.toMatchObject({ code: 'untrusted-workspace' });
    expect(existsSync(path.join(folder, '.touchstone'))).toBe(false);
  });

  it('receives what is sent to it, and says where it listens', async () => {
    await engine.request('engine/configure', settings());
    const status = await engine.request('sources/receiver', { on: true, http: 0, grpc: null });
    if (status.state !== 'on') throw new Error(status.state);
    const answer = await fetch(`http://127.0.0.1:${status.http}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(encodeSpans([...spansOf(1, 20)].flat())) });
    expect(answer.status).toBe(200);
    expect((await list('')).traces).toMatchObject([{ traceId: traceIdOf(1), spans: 20, origin: 'received' }]);
    const bad = await fetch(`http://127.0.0.1:${status.http}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"no ids"}]}]}]}' });
    expect(await bad.json()).toMatchObject({ partialSuccess: { rejectedSpans: '1' } });
    const state = await engine.request('sources/get', {});
    expect(state).toMatchObject({ receiver: { state: 'on', http: status.http }, counts: { spans: 20, rejected: 1 } });
    const [rejection] = state.rejections;
    expect(Buffer.from((await engine.request('sources/rejection', { id: rejection!.id })).body).toString()).toContain('no ids');
    expect(await engine.request('sources/receiver', { on: false })).toEqual({ state: 'off' });
    await expect(fetch(`http://127.0.0.1:${status.http}/v1/traces`)).rejects.toThrow();
  });

  it('follows the files that touchstone.yml names', async () => {
    writeFileSync(path.join(folder, 'touchstone.yml'), 'traces:\n  sources:\n    - path: logs/*.jsonl\n');
    await engine.request('engine/configure', settings());
    expect((await engine.request('sources/get', {})).tails).toMatchObject([{ pattern: 'logs/*.jsonl' }]);
  });

  it('says what is wrong with a query, and with the parameters of a method', async () => {
    await engine.request('engine/configure', settings());
    await expect(list('modle:gpt-5')).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('column 1: there is no field “modle”. Did you mean “model”?') as unknown });
    for (const [method, params] of [['traces/list', { query: '', sort: 'name', descending: true, limit: 1 }], ['traces/list', { query: 1, sort: 'time', descending: true, limit: 1 }], ['traces/skeleton', {}], ['traces/export', { traceId: 'a', format: 'pdf' }], ['traces/delete', {}], ['sources/receiver', { on: true, http: 70_000 }]] as const) {
      expect(() => decodeParams(method, params), method).toThrow(expect.objectContaining({ code: 'invalid-message' }));
    }
  });

  it('drops a question that was cancelled before its turn', async () => {
    await engine.request('engine/configure', settings());
    await engine.request('traces/import', { files: [traceFile(2)] });
    const stop = new AbortController();
    const first = list('kind:tool');
    const second = engine.request('traces/list', { query: 'order', sort: 'time', descending: true, limit: 1 }, stop.signal);
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    expect((await first).traces.length).toBe(2);
  });
});
