import { afterEach, describe, expect, it } from 'vitest';
import { parseQuery } from '../../src/core/trace/query/parse.ts';
import { readDatadogSpans } from '../../src/core/trace/formats/datadog.ts';
import { mergeSpans } from '../../src/core/trace/merge.ts';
import { normaliseTrace } from '../../src/core/trace/normalise/normalise-trace.ts';
import type { SourceError, TraceSource } from '../../src/node/sources/index.ts';
import { hexTrace, LONG_METADATA, storedTree, testTrace, uuid } from '../fixtures/servers/backend-data.ts';
import { MemoryFetchSink } from '../fixtures/servers/memory-fetch-sink.ts';
import { refOf, SOURCE_CASES, sourceAt, type SourceCase } from '../fixtures/servers/source-cases.ts';
import { startBackend, type BackendServer } from '../fixtures/servers/trace-backends.ts';

const TRACE = testTrace(2100);
const never = new AbortController().signal;
const open: { stop(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const item of open.splice(0)) await item.stop();
});

async function start(test: SourceCase, trace = TRACE, key?: string): Promise<{ server: BackendServer; source: TraceSource }> {
  const server = await startBackend(test.endpoints, [trace]);
  const source = sourceAt(test, server.url, key === undefined ? {} : { key });
  open.push({ stop: () => source.dispose() }, server);
  return { server, source };
}

describe.each(SOURCE_CASES)('$name', (test) => {
  it('gives the whole trace, and asks only what is documented', async () => {
    const { server, source } = await start(test);
    const sink = new MemoryFetchSink();
    const ref = refOf(test.ref(TRACE));
    const fetched = await source.fetchTrace(ref, sink, never);
    expect(fetched.traceId).toBe(test.traceId(TRACE));
    expect(sink.rejected).toEqual([]);
    const spans = mergeSpans(sink.taken).map(({ span }) => span);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([test.traceId(TRACE)]));
    const root = test.root?.(TRACE) ?? null;
    const tree = new Map(spans.filter(({ spanId }) => spanId !== root).map((span) => [span.spanId, { name: span.name, parent: span.parentSpanId === root ? null : span.parentSpanId }]));
    expect(tree).toEqual(storedTree(TRACE.spans, test.spanId));
    const { spans: read } = normaliseTrace(spans);
    const failed = read.find(({ spanId }) => spanId === test.spanId(TRACE.spans[7]!))!;
    expect(failed.status === 'error' || failed.error !== null).toBe(true);
    expect(JSON.stringify(read.find(({ spanId }) => spanId === test.spanId(TRACE.spans[3]!)))).toContain('question 3 — “ü”');
    if (ref.spanId !== null) expect(tree.has(fetched.spanId ?? '')).toBe(true);
    expect(server.wrong).toEqual([]);
  });

  it('answers a test, lists, and gives scores, where it can', async () => {
    const trace = testTrace(40);
    const { server, source } = await start(test, trace);
    await expect(source.test(never)).resolves.toMatch(/answered/);
    if (source.list !== undefined) {
      const page = await source.list({ query: parseQuery(`after:2026-11-19 ${test.query ?? ''}`), limit: 10, cursor: null, now: Date.UTC(2026, 10, 21) }, never);
      expect(page.traces.map(({ id }) => id)).toEqual(test.listsAnother === true ? [] : [test.remoteTrace(trace)]);
      for (const { startNs } of page.traces) expect(startNs).toMatch(/^1795168800\d{9}$/);
    }
    const fetched = await source.fetchTrace(refOf(test.ref(trace)), new MemoryFetchSink(), never);
    const scored = test.remoteSpan(trace.spans[3]!);
    if (source.scores !== undefined) expect(await source.scores(fetched.ids, never)).toMatchObject([{ spanId: scored, name: 'helpful', value: 0.75, comment: 'good' }]);
    if (source.annotate !== undefined) {
      await source.annotate({ ids: { ...fetched.ids, spanId: scored }, name: 'helpful', value: 1, label: null, comment: null, id: uuid(99) }, never);
      expect(server.asked.at(-1)!.method).toMatch(/POST|PUT/);
    }
    expect(server.wrong).toEqual([]);
  });

  it('says that there is no such trace', async () => {
    const { source } = await start(test, testTrace(10));
    const ref = refOf(test.ref(TRACE));
    const other = ref.traceId === hexTrace ? 'cd'.repeat(16) : uuid(7777);
    const unknown = ref.traceId === null ? (ref.shareToken === null ? { ...ref, callId: other } : { ...ref, shareToken: other }) : { ...ref, traceId: other };
    await expect(source.fetchTrace(unknown, new MemoryFetchSink(), never)).rejects.toMatchObject({ code: 'not-found', message: expect.stringMatching(/^[A-Z].*(may be|no longer|not retained|is no)/) as string });
  });

  it('says which key is wrong or missing, and shows none', async () => {
    const { source } = await start(test, testTrace(10), 'another-key-that-is-wrong');
    const failure = await source.fetchTrace(refOf(test.ref(TRACE)), new MemoryFetchSink(), never).catch((error: unknown) => error as SourceError);
    expect(failure).toMatchObject({ code: 'unauthorized' });
    expect((failure as Error).message).toMatch(/TOUCHSTONE_[A-Z]+_KEY/);
    expect((failure as Error).message).not.toContain('another-key');
  });
});

describe('on the way', () => {
  const [langfuse] = SOURCE_CASES as [SourceCase];

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
    await expect(source.fetchTrace(refOf(langfuse.ref(TRACE)), sink, cancel.signal)).rejects.toThrow();
    // The first page, which is small.
    expect(sink.spans).toBeGreaterThanOrEqual(200);
  });

  it.each(SOURCE_CASES.filter(({ type }) => type === 'jaeger' || type === 'tempo').map((test) => [test.name, test] as const))('%s: shows the first spans of a large answer while the others are on their way', async (_, test) => {
    const { source } = await start(test, testTrace(6000));
    const sink = new MemoryFetchSink();
    const seen: number[] = [];
    const documents = sink.decoded.bind(sink);
    sink.decoded = (batch) => documents(batch).then(() => void seen.push(sink.spans));
    await source.fetchTrace(refOf(test.ref(TRACE)), sink, never);
    expect(sink.spans).toBe(6000);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen[0]).toBeLessThanOrEqual(600);
  });

  it('LangSmith: asks again where the window of a link was too narrow for the trace', async () => {
    const langsmith = SOURCE_CASES.find(({ name }) => name === 'LangSmith, version 2')!;
    const days = 86_400_000_000_000n;
    const short = testTrace(9);
    const first = BigInt(Date.now()) * 1_000_000n - 10n * days - BigInt(short.spans[0]!.startNs);
    const later = (ns: string | null, index: number): string | null => (ns === null ? null : String(BigInt(ns) + first + BigInt(index) * days));
    // A run a day; the one above them all lasts until the end.
    const long = { ...short, spans: short.spans.map((span, index) => ({ ...span, startNs: later(span.startNs, index)!, endNs: later(span.endNs, index === 0 ? 9 : index) })) };
    for (const trace of [long, { ...long, spans: long.spans.slice(1) }]) {
      const { server, source } = await start(langsmith, trace);
      const sink = new MemoryFetchSink();
      const at = Number(BigInt(long.spans[1]!.startNs) / 1_000_000n);
      const { notes } = await source.fetchTrace(refOf({ callId: long.spans[1]!.uuid, time: { fromMs: at, toMs: at } }), sink, never);
      expect(new Set(sink.taken.map(({ spanId }) => spanId)).size).toBe(trace.spans.length);
      expect(notes).toEqual(trace === long ? [] : ['The run above all others did not come: what began long before or after the others may be missing.']);
      expect(server.wrong).toEqual([]);
      expect(server.asked.filter(({ path }) => path.startsWith('/api/v2/traces/')).length).toBe(trace === long ? 3 : 5);
    }
  });

  it('asks for metadata that was cut', async () => {
    const { server, source } = await start(langfuse, testTrace(3));
    const sink = new MemoryFetchSink();
    await source.fetchTrace(refOf(langfuse.ref(TRACE)), sink, never);
    const { spans } = normaliseTrace(sink.taken);
    expect(spans.every(({ metadata }) => metadata?.['note'] === LONG_METADATA)).toBe(true);
    expect(server.asked.filter(({ params }) => params.get('expandMetadata') === 'note')).toHaveLength(1);
  });

  it('asks a page twice only until it knows what is cut', async () => {
    const { server, source } = await start(langfuse, testTrace(2100));
    const sink = new MemoryFetchSink();
    await source.fetchTrace(refOf(langfuse.ref(TRACE)), sink, never);
    expect(server.asked.map(({ params }) => [params.get('cursor'), params.get('limit'), params.get('expandMetadata')])).toEqual([[null, '200', null], [null, '200', 'note'], ['200', '1000', 'note'], ['1200', '1000', 'note']]);
    expect(normaliseTrace(mergeSpans(sink.taken).map(({ span }) => span)).spans.every(({ metadata }) => metadata?.['note'] === LONG_METADATA)).toBe(true);
  });

  it('tells that Tempo gave a part only', async () => {
    const { source } = await start(SOURCE_CASES.find(({ name }) => name === 'Tempo, version 2')!, testTrace(10));
    expect((await source.fetchTrace(refOf({ traceId: hexTrace }), new MemoryFetchSink(), never)).notes).toEqual(['Tempo gave a part of the trace only: a cut.']);
  });

  it('reads spans of Datadog’s agent by their decimal ids', () => {
    const { spans } = readDatadogSpans([{ span_id: '12345678901234567890', parent_id: '0', start: '1790000000000000000', duration: 5, name: 'a', resource: 'b', error: 0 }], hexTrace);
    expect(spans).toMatchObject([{ spanId: 'ab54a98ceb1f0ad2', parentSpanId: null, name: 'b' }]);
  });
});
