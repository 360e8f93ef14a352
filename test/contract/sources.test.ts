import { afterEach, describe, expect, it } from 'vitest';
import type { BackendSource, SourceType } from '../../src/core/config/model.ts';
import { parseQuery } from '../../src/core/trace/query/parse.ts';
import { readDatadogSpans } from '../../src/core/trace/formats/datadog.ts';
import { opikRootId } from '../../src/core/trace/formats/opik.ts';
import { spanIdFor, traceIdFor } from '../../src/core/trace/ids.ts';
import { mergeSpans } from '../../src/core/trace/merge.ts';
import { normaliseTrace } from '../../src/core/trace/normalise/normalise-trace.ts';
import { createTraceSource, SourceError, type TraceRef, type TraceSource } from '../../src/node/sources/index.ts';
import { hexSpan, hexTrace, LONG_METADATA, PROJECT_ID, storedTree, testTrace, uuid, uuidTrace } from '../fixtures/servers/backend-data.ts';
import { MemoryFetchSink } from '../fixtures/servers/memory-fetch-sink.ts';
import * as backends from '../fixtures/servers/trace-backends.ts';
import { backend } from '../unit/links/backends.ts';

interface Case {
  readonly name: string;
  readonly type: SourceType;
  readonly endpoints: backends.Endpoints;
  readonly entry?: Partial<BackendSource>;
  readonly ref: Partial<TraceRef>;
  readonly traceId: string;
  readonly idOf: (index: number) => string;
  /** The id of the root above all, where the backend has one of its own. */
  readonly root?: string;
  /** As the backend writes the id of span 3. */
  readonly span3: string;
  readonly query?: string;
  readonly listed?: string;
}

const langfuseIds = { traceId: traceIdFor('langfuse', hexTrace), idOf: (index: number) => spanIdFor('langfuse', uuid(index)), span3: uuid(3) };
const langsmithIds = { traceId: traceIdFor('langsmith', uuidTrace), idOf: (index: number) => spanIdFor('langsmith', uuid(index)), span3: uuid(3) };
const opikIds = { traceId: traceIdFor('opik', uuidTrace), idOf: (index: number) => spanIdFor('opik', uuid(index)), root: opikRootId(uuidTrace), span3: uuid(3) };
const hexIds = { traceId: hexTrace, idOf: hexSpan, span3: hexSpan(3) };

const CASES: readonly Case[] = [
  { name: 'Langfuse, version 2', type: 'langfuse', endpoints: backends.langfuseCloud, entry: { user: 'pk-lf-1' }, ref: { traceId: hexTrace }, ...langfuseIds },
  { name: 'Langfuse, version 1', type: 'langfuse', endpoints: backends.langfuseOld, entry: { user: 'pk-lf-1' }, ref: { traceId: hexTrace }, ...langfuseIds },
  { name: 'LangSmith, version 2', type: 'langsmith', endpoints: backends.langsmithV2, entry: { project: 'shop' }, ref: { callId: uuid(5), spanId: uuid(5), time: { fromMs: Date.UTC(2026, 10, 20, 9), toMs: Date.UTC(2026, 10, 20, 11) } }, ...langsmithIds, listed: uuidTrace },
  { name: 'LangSmith, version 1', type: 'langsmith', endpoints: backends.langsmithV1, entry: { project: PROJECT_ID }, ref: { traceId: uuidTrace }, ...langsmithIds, listed: uuidTrace },
  { name: 'LangSmith, shared', type: 'langsmith', endpoints: backends.langsmithV2, entry: { project: PROJECT_ID }, ref: { shareToken: PROJECT_ID }, ...langsmithIds, listed: uuidTrace },
  { name: 'Phoenix', type: 'phoenix', endpoints: backends.phoenix, entry: {}, ref: { traceId: hexTrace, spanId: Buffer.from('Span:3').toString('base64') }, ...hexIds },
  { name: 'Opik, by search', type: 'opik', endpoints: backends.opikSearch, entry: { tenant: 'team', project: PROJECT_ID }, ref: { traceId: uuidTrace, spanId: uuid(3) }, ...opikIds, listed: uuidTrace },
  { name: 'Opik, by pages', type: 'opik', endpoints: backends.opikPages, entry: { tenant: 'team', project: 'shop' }, ref: { traceId: uuidTrace }, ...opikIds, listed: uuidTrace },
  { name: 'Weave', type: 'weave', endpoints: backends.weave, entry: { project: 'acme/shop' }, ref: { callId: uuid(3), spanId: uuid(3) }, traceId: traceIdFor('weave', PROJECT_ID), idOf: (index) => spanIdFor('weave', uuid(index)), span3: uuid(3), listed: PROJECT_ID },
  { name: 'Jaeger, version 3', type: 'jaeger', endpoints: backends.jaegerV3, ref: { traceId: hexTrace }, ...hexIds, query: 'service:shop' },
  { name: 'Jaeger, legacy', type: 'jaeger', endpoints: backends.jaegerLegacy, entry: { project: 'shop' }, ref: { traceId: hexTrace, spanId: hexSpan(3) }, ...hexIds },
  { name: 'Tempo, version 2', type: 'tempo', endpoints: backends.tempoV2, entry: { user: '123', tenant: 'team' }, ref: { traceId: hexTrace }, ...hexIds },
  { name: 'Tempo, version 1', type: 'tempo', endpoints: backends.tempoV1, entry: { user: '123', tenant: 'team' }, ref: { traceId: hexTrace, time: { fromMs: Date.UTC(2026, 10, 20), toMs: Date.UTC(2026, 10, 21) } }, ...hexIds },
  { name: 'Tempo through Grafana, as JSON', type: 'tempo', endpoints: backends.tempoGrafana, entry: { datasource: 'uid-1' }, ref: { traceId: hexTrace }, ...hexIds },
  { name: 'Datadog', type: 'datadog', endpoints: backends.datadog, ref: { traceId: hexTrace, spanId: '4' }, ...hexIds },
  { name: 'Logfire', type: 'logfire', endpoints: backends.logfire, ref: { traceId: hexTrace }, ...hexIds },
  { name: 'ClickHouse', type: 'clickhouse', endpoints: backends.clickhouse, entry: { user: 'reader' }, ref: { traceId: hexTrace }, ...hexIds },
];

const SPANS = testTrace(2100);
const never = new AbortController().signal;
const open: { stop(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const item of open.splice(0)) await item.stop();
});

/** Longer than a busy machine takes to make an answer. */
const PATIENT_MS = 30_000;

async function start(test: Case, spans = SPANS, key: string | null = backends.BACKEND_KEY, timeoutMs = PATIENT_MS): Promise<{ server: backends.BackendServer; source: TraceSource }> {
  const server = await backends.startBackend(test.endpoints, spans);
  const source = createTraceSource(backend(test.type, { ...test.entry, url: server.url, timeoutMs }), { proxy: { url: null, strictSsl: true, noProxy: [] }, secrets: () => Promise.resolve(key), redact: (text) => text.replaceAll(backends.BACKEND_KEY, '[secret]') });
  open.push({ stop: () => source.dispose() }, server);
  return { server, source };
}

const refOf = (ref: Partial<TraceRef>): TraceRef => ({ traceId: null, spanId: null, callId: null, shareToken: null, project: null, tenant: null, time: null, ...ref });

describe.each(CASES)('$name', (test) => {
  it('gives the whole trace, and asks only what is documented', async () => {
    const { server, source } = await start(test);
    const sink = new MemoryFetchSink();
    const fetched = await source.fetchTrace(refOf(test.ref), sink, never);
    expect(fetched.traceId).toBe(test.traceId);
    expect(sink.rejected).toEqual([]);
    const spans = mergeSpans(sink.taken).map(({ span }) => span);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([test.traceId]));
    const root = test.root ?? null;
    const tree = new Map(spans.filter(({ spanId }) => spanId !== root).map((span) => [span.spanId, { name: span.name, parent: span.parentSpanId === root ? null : span.parentSpanId }]));
    expect(tree).toEqual(storedTree(SPANS, test.idOf));
    const { spans: read } = normaliseTrace(spans);
    const failed = read.find(({ spanId }) => spanId === test.idOf(7))!;
    expect(failed.status === 'error' || failed.error !== null).toBe(true);
    expect(JSON.stringify(read.find(({ spanId }) => spanId === test.idOf(3)))).toContain('question 3 — “ü”');
    if (test.ref.spanId !== undefined && test.ref.spanId !== null) expect(tree.has(fetched.spanId ?? '')).toBe(true);
    expect(server.wrong).toEqual([]);
  });

  it('answers a test, lists, and gives scores, where it can', async () => {
    const { server, source } = await start(test, testTrace(40));
    await expect(source.test(never)).resolves.toMatch(/answered/);
    if (source.list !== undefined) {
      const page = await source.list({ query: parseQuery(`after:2026-11-19 ${test.query ?? ''}`), limit: 10, cursor: null, now: Date.UTC(2026, 10, 21) }, never);
      expect(page.traces.map(({ id }) => id)).toEqual([test.listed ?? hexTrace]);
      expect(page.traces[0]!.startNs).toMatch(/^1795168800\d{9}$/);
    }
    const fetched = await source.fetchTrace(refOf(test.ref), new MemoryFetchSink(), never);
    if (source.scores !== undefined) expect(await source.scores(fetched.ids, never)).toMatchObject([{ spanId: test.span3, name: 'helpful', value: 0.75, comment: 'good' }]);
    if (source.annotate !== undefined) {
      await source.annotate({ ids: { ...fetched.ids, spanId: test.span3 }, name: 'helpful', value: 1, label: null, comment: null, id: uuid(99) }, never);
      expect(server.asked.at(-1)!.method).toMatch(/POST|PUT/);
    }
    expect(server.wrong).toEqual([]);
  });

  it('says that there is no such trace', async () => {
    const { source } = await start(test, testTrace(10));
    const ref = test.ref.traceId == null ? (test.ref.shareToken == null ? { ...test.ref, callId: uuid(7777) } : { shareToken: uuid(7777) }) : { ...test.ref, traceId: test.ref.traceId === hexTrace ? 'cd'.repeat(16) : uuid(7777) };
    await expect(source.fetchTrace(refOf(ref), new MemoryFetchSink(), never)).rejects.toMatchObject({ code: 'not-found', message: expect.stringMatching(/^[A-Z].*(may be|no longer|not retained|is no)/) as string });
  });

  it('says which key is wrong or missing, and shows none', async () => {
    const { source } = await start(test, testTrace(10), 'another-key-that-is-wrong');
    const failure = await source.fetchTrace(refOf(test.ref), new MemoryFetchSink(), never).catch((error: unknown) => error as SourceError);
    expect(failure).toMatchObject({ code: 'unauthorized' });
    expect((failure as Error).message).toMatch(/TOUCHSTONE_[A-Z]+_KEY/);
    expect((failure as Error).message).not.toContain('another-key');
  });

  describe('faults', () => {
    async function failing(fault: NonNullable<backends.BackendServer['fault']>): Promise<{ error: unknown; server: backends.BackendServer; sink: MemoryFetchSink }> {
      const { server, source } = await start(test, testTrace(60));
      server.fault = fault;
      const sink = new MemoryFetchSink();
      const error = await source.fetchTrace(refOf(test.ref), sink, never).then(() => null, (reason: unknown) => reason);
      return { error, server, sink };
    }

    it.each([[401, 'unauthorized', /key|user/], [403, 'unauthorized', /key|user|refused/], [404, 'not-found', /.+/]] as const)('%i', async (status, code, message) => {
      const { error } = await failing((_, response) => void response.writeHead(status, { 'content-type': 'application/json' }).end('{"message":"no"}') === undefined);
      expect(error).toBeInstanceOf(SourceError);
      expect(error).toMatchObject({ code });
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).toMatch(/source "|has no|“/);
    });

    it('429 with Retry-After: waits, and goes on', async () => {
      let times = 0;
      const { error, server, sink } = await failing((_, response) => (times++ === 0 ? (response.writeHead(429, { 'retry-after': '0' }).end(), true) : false));
      expect(error).toBeNull();
      expect(sink.spans).toBeGreaterThanOrEqual(60);
      expect(server.wrong).toEqual([]);
    });

    it('429 for an hour: says so instead of waiting', async () => {
      const { error, server } = await failing((_, response) => (response.writeHead(429, { 'retry-after': '3600' }).end(), true));
      expect(error).toMatchObject({ code: 'rate-limited' });
      expect(server.asked.length).toBeLessThan(5);
    });

    it('503 once: asks again', async () => {
      let times = 0;
      const { error, sink } = await failing((_, response) => (times++ === 0 ? (response.writeHead(503).end('busy'), true) : false));
      expect(error).toBeNull();
      expect(sink.spans).toBeGreaterThanOrEqual(60);
    });

    it('a page of HTML', async () => {
      const { error } = await failing((_, response) => (response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html><title>Sign in</title></html>'), true));
      expect(error).toMatchObject({ code: 'source-response', message: expect.stringMatching(/HTML page \(“Sign in”\).*"url" in touchstone\.yml/) as string });
    });
  });
});

describe('what takes its time', () => {
  const [langfuse] = CASES as [Case];

  it('gives up after 500 again and again, and says so', async () => {
    const { server, source } = await start(langfuse, testTrace(5));
    server.fault = (_, response) => (response.writeHead(500).end('{"message":"database is down"}'), true);
    await expect(source.fetchTrace(refOf(langfuse.ref), new MemoryFetchSink(), never)).rejects.toMatchObject({ code: 'source-server', message: expect.stringMatching(/failed \(500\): try again later\. It says: “database is down”/) as string });
    expect(server.asked).toHaveLength(4);
  });

  it.each(CASES.filter(({ type }) => type === 'langfuse' || type === 'jaeger' || type === 'tempo' || type === 'weave' || type === 'clickhouse').map((test) => [test.name, test] as const))('%s: half a page is asked for again, then told', async (_, test) => {
    const { server, source } = await start(test, testTrace(60));
    server.fault = (_asked, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
      response.write('{"data":[{"id":"1","traceId":"');
      setTimeout(() => response.destroy(), 5);
      return true;
    };
    const error: unknown = await source.fetchTrace(refOf(test.ref), new MemoryFetchSink(), never).then(() => null, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceError);
    expect((error as Error).message).toMatch(/broke|half/);
    expect(server.asked.length).toBeGreaterThan(1);
  }, 30_000);

  it('says that nothing came, and how to wait longer', async () => {
    const { server, source } = await start(langfuse, testTrace(5), backends.BACKEND_KEY, 1000);
    server.fault = () => true;
    await expect(source.fetchTrace(refOf(langfuse.ref), new MemoryFetchSink(), never)).rejects.toMatchObject({ code: 'timeout', message: expect.stringMatching(/sent nothing for 1 s.*"timeoutMs"/) as string });
  }, 30_000);

  it('stops at once when it is cancelled, and keeps what came', async () => {
    const { server, source } = await start(langfuse);
    const cancel = new AbortController();
    const sink = new MemoryFetchSink();
    server.fault = (asked) => {
      if (asked.params.get('cursor') === null) return false;
      cancel.abort();
      // Never answered
      return true;
    };
    await expect(source.fetchTrace(refOf(langfuse.ref), sink, cancel.signal)).rejects.toThrow();
    // The first page, which is small.
    expect(sink.spans).toBeGreaterThanOrEqual(200);
  });

  it.each(CASES.filter(({ type }) => type === 'jaeger' || type === 'tempo').map((test) => [test.name, test] as const))('%s: shows the first spans of a large answer while the others are on their way', async (_, test) => {
    const { source } = await start(test, testTrace(6000));
    const sink = new MemoryFetchSink();
    const seen: number[] = [];
    const documents = sink.decoded.bind(sink);
    sink.decoded = (batch) => documents(batch).then(() => void seen.push(sink.spans));
    await source.fetchTrace(refOf(test.ref), sink, never);
    expect(sink.spans).toBe(6000);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen[0]).toBeLessThanOrEqual(600);
  });

  it('asks for metadata that was cut', async () => {
    const { server, source } = await start(langfuse, testTrace(3));
    const sink = new MemoryFetchSink();
    await source.fetchTrace(refOf(langfuse.ref), sink, never);
    const { spans } = normaliseTrace(sink.taken);
    expect(spans.every(({ metadata }) => metadata?.['note'] === LONG_METADATA)).toBe(true);
    expect(server.asked.filter(({ params }) => params.get('expandMetadata') === 'note')).toHaveLength(1);
  });

  it('asks a page twice only until it knows what is cut', async () => {
    const { server, source } = await start(langfuse, testTrace(2100));
    const sink = new MemoryFetchSink();
    await source.fetchTrace(refOf(langfuse.ref), sink, never);
    expect(server.asked.map(({ params }) => [params.get('cursor'), params.get('limit'), params.get('expandMetadata')])).toEqual([[null, '200', null], [null, '200', 'note'], ['200', '1000', 'note'], ['1200', '1000', 'note']]);
    expect(normaliseTrace(mergeSpans(sink.taken).map(({ span }) => span)).spans.every(({ metadata }) => metadata?.['note'] === LONG_METADATA)).toBe(true);
  });

  it('tells that Tempo gave a part only', async () => {
    const { source } = await start(CASES.find(({ name }) => name === 'Tempo, version 2')!, testTrace(10));
    expect((await source.fetchTrace(refOf({ traceId: hexTrace }), new MemoryFetchSink(), never)).notes).toEqual(['Tempo gave a part of the trace only: a cut.']);
  });

  it('explains what Honeycomb cannot do', async () => {
    const source = createTraceSource(backend('honeycomb', { url: 'http://127.0.0.1:9' }), { proxy: { url: null, strictSsl: true, noProxy: [] }, secrets: () => Promise.resolve('k'.repeat(8)), redact: (text) => text });
    await expect(source.fetchTrace(refOf({ traceId: hexTrace }), new MemoryFetchSink(), never)).rejects.toThrow(/open the link in the browser, download the trace as JSON, and import the file/);
    source.dispose();
  });

  it('reads spans of Datadog’s agent by their decimal ids', () => {
    const { spans } = readDatadogSpans([{ span_id: '12345678901234567890', parent_id: '0', start: '1790000000000000000', duration: 5, name: 'a', resource: 'b', error: 0 }], hexTrace);
    expect(spans).toMatchObject([{ spanId: 'ab54a98ceb1f0ad2', parentSpanId: null, name: 'b' }]);
  });
});
