import type { IncomingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { parseQuery } from '../../src/core/trace/query/parse.ts';
import type { TraceSource } from '../../src/node/sources/index.ts';
import { SourceError } from '../../src/node/sources/index.ts';
import { Pages } from '../../src/node/sources/adapters/pages.ts';
import { hexSpan, hexTrace, iso, START_MS, testTrace, uuid, uuidTrace } from '../fixtures/servers/backend-data.ts';
import { MemoryFetchSink } from '../fixtures/servers/memory-fetch-sink.ts';
import { refOf, SOURCE_CASES, sourceAt, type SourceCase } from '../fixtures/servers/source-cases.ts';
import { BACKEND_KEY, startBackend, type AskedOf, type BackendServer } from '../fixtures/servers/trace-backends.ts';

const TRACE = testTrace(10);
const never = new AbortController().signal;
const open: { stop(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const item of open.splice(0)) await item.stop();
});

const caseOf = (name: string): SourceCase => SOURCE_CASES.find((test) => test.name === name)!;

/** A source that answers whatever it is told to; what is not said, as it should. */
async function hostile(test: SourceCase, answer: (asked: AskedOf) => unknown, type = 'application/json'): Promise<{ readonly server: BackendServer; readonly source: TraceSource }> {
  const server = await startBackend(test.endpoints, [TRACE]);
  server.fault = (asked, response) => {
    const body = answer(asked);
    if (body === undefined) return false;
    response.writeHead(200, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
    return true;
  };
  const source = sourceAt(test, server.url);
  open.push({ stop: () => source.dispose() }, server);
  return { server, source };
}

const request = (query = 'after:2026-11-19') => ({ query: parseQuery(query), limit: 10, cursor: null, now: Date.UTC(2026, 10, 21) });

describe('lists that do not end', () => {
  const at = iso(START_MS);
  const observation = { id: 'o1', traceId: hexTrace, type: 'SPAN', name: 'a', startTime: at, endTime: at };
  const run = { id: uuidTrace, trace_id: uuidTrace, name: 'a', run_type: 'chain', dotted_order: `20261120T100000000000Z${uuidTrace}`, start_time: at, end_time: at };
  const phoenixSpan = { id: 'x', name: 'a', context: { trace_id: hexTrace, span_id: hexSpan(1) }, span_kind: 'CHAIN', parent_id: null, start_time: at, end_time: at, status_code: 'OK', attributes: {}, events: [] };
  const many = (count: number, item: unknown): unknown[] => Array.from({ length: count }, () => item);

  /** Each gives the same page for ever. The last number: pages that are asked for before it is seen. */
  const ENDLESS: readonly (readonly [string, (asked: AskedOf) => unknown, number])[] = [
    ['Langfuse, version 2', ({ path }) => (path.endsWith('/observations') ? { data: [observation], meta: { cursor: 'again' } } : undefined), 2],
    ['LangSmith, version 2', ({ path }) => (path.startsWith('/api/v2/traces/') ? { items: [run], next_cursor: 'again' } : undefined), 2],
    ['LangSmith, version 1', ({ path, method }) => (path === '/api/v1/runs/query' && method === 'POST' ? { runs: [], cursors: { next: 'again' } } : undefined), 2],
    ['LangSmith, shared', ({ path }) => (path.startsWith('/api/v2/public/') ? { items: [run], next_cursor: 'again' } : undefined), 2],
    ['Phoenix', ({ path }) => (path.endsWith('/spans') ? { data: [phoenixSpan], next_cursor: 'again' } : undefined), 2],
    ['Opik, by search', ({ path }) => (path.endsWith('/search') ? many(2000, { id: uuid(1), trace_id: uuidTrace, name: 'a', start_time: at }).map((span) => JSON.stringify(span)).join('\n') : undefined), 2],
    ['Opik, by pages', ({ path }) => (path === '/v1/private/spans' ? { content: many(500, { id: uuid(1), trace_id: uuidTrace, name: 'a', start_time: at }) } : undefined), 2],
    ['Weave', ({ path }) => (path === '/calls/stream_query' ? many(5000, { id: uuid(1), trace_id: 't', op_name: 'weave:///a/b/op/c:d', parent_id: null, started_at: at }).map((call) => JSON.stringify(call)).join('\n') : undefined), 2],
    ['Logfire', ({ path }) => (path === '/v1/query' ? { rows: many(10_000, { trace_id: hexTrace, span_id: hexSpan(1), span_name: 'a', start_timestamp: at, end_timestamp: at }) } : undefined), 2],
  ];

  it.each(ENDLESS)('%s: asks no page twice, and says that something may be missing', async (name, answer, pages) => {
    const test = caseOf(name);
    const { server, source } = await hostile(test, answer);
    const isPage = (asked: AskedOf): boolean => answer(asked) !== undefined;
    const outcome = await source.fetchTrace(refOf(test.ref(TRACE)), new MemoryFetchSink(), never).then(({ notes }) => notes.join(' '), (error: unknown) => (error instanceof SourceError ? error.message : String(error)));
    // Without a run there is no trace, whatever the cursor says.
    expect(outcome).toMatch(name === 'LangSmith, version 1' ? /has no trace/ : /led back to a page that it had given before: \w+ may be missing\.$/);
    expect(server.asked.filter(isPage)).toHaveLength(pages);
  });

  it.each([
    ['runs that began before the window, each time more', (asked: number) => ({ ...run, id: uuid(asked), dotted_order: `${2026 - asked}1120T100000000000Z${uuidTrace}` })],
    ['a trace that lasts longer each time', (asked: number) => ({ ...run, start_time: iso(START_MS - asked * 10 * 86_400_000) })],
  ])('LangSmith, %s: is not asked for ever', async (_, runOf) => {
    let asked = 0;
    const { source } = await hostile(caseOf('LangSmith, version 2'), ({ path }) => (path.startsWith('/api/v2/traces/') && asked < 100 ? { items: [runOf(++asked)] } : undefined));
    const { notes } = await source.fetchTrace(refOf(caseOf('LangSmith, version 2').ref(TRACE)), new MemoryFetchSink(), never);
    expect(asked).toBeLessThan(20);
    expect(notes).toEqual([expect.stringMatching(/may be missing\.$/)]);
  });

  it('stops where nobody would look any more, and where a cursor is none', () => {
    const subject = { name: 'a', vendor: 'Langfuse', host: 'h', secrets: [], redact: (text: string) => text };
    const pages = new Pages(subject, 50);
    let asked = 1;
    while (pages.goOn(`cursor ${asked}`)) asked++;
    expect(asked).toBe(50);
    expect(pages.notes('Observations', 50_000)).toEqual(['Observations beyond 50,000 were left out.']);
    expect(new Pages(subject).goOn(null)).toBe(false);
    expect(() => new Pages(subject).goOn('x'.repeat(100_000))).toThrow(/a cursor that fits into no address/);
  });
});

describe('Langfuse: only the first answer says which interface a host has', () => {
  const at = iso(START_MS);
  const observation = { id: 'o1', traceId: hexTrace, type: 'SPAN', name: 'a', startTime: at, endTime: at };
  const OLD = /^\/api\/public\/(traces|observations)/;

  /** A host whose observations begin, and whose second page is gone; then all is well. */
  async function failing(): Promise<{ readonly server: BackendServer; readonly source: TraceSource }> {
    const test = caseOf('Langfuse, version 2');
    const { server, source } = await hostile(test, () => undefined);
    server.fault = ({ path, params }, response) => {
      if (!path.endsWith('/v2/observations')) return false;
      if (params.get('cursor') === null) response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: [observation], meta: { cursor: 'further' } }));
      else response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"no"}');
      return true;
    };
    return { server, source };
  }

  it('of a trace', async () => {
    const { server, source } = await failing();
    const ref = refOf(caseOf('Langfuse, version 2').ref(TRACE));
    await expect(source.fetchTrace(ref, new MemoryFetchSink(), never)).rejects.toMatchObject({ code: 'not-found' });
    server.fault = null;
    const sink = new MemoryFetchSink();
    await source.fetchTrace(ref, sink, never);
    expect(server.asked.filter(({ path }) => OLD.test(path))).toEqual([]);
  });

  it('of a list, also where its first page was asked for by another window', async () => {
    for (const isAsked of [true, false]) {
      const { server, source } = await failing();
      if (isAsked) expect((await source.list!(request(), never)).next).toBe('further');
      await expect(source.list!({ ...request(), cursor: 'further' }, never)).rejects.toMatchObject({ code: 'not-found' });
      expect(server.asked.filter(({ path }) => OLD.test(path))).toEqual([]);
    }
  });
});

it('Langfuse: more cut metadata than can be asked for is told', async () => {
  const test = caseOf('Langfuse, version 2');
  const { server, source } = await hostile(test, ({ path }) => {
    const metadata = Object.fromEntries(['a,b', 'k'.repeat(101), ...Array.from({ length: 60 }, (_, index) => `key${index}`)].map((key) => [key, 'x'.repeat(200)]));
    return path.endsWith('/observations') ? { data: [{ id: 'o1', traceId: hexTrace, type: 'SPAN', name: 'a', startTime: iso(START_MS), endTime: iso(START_MS), metadata }], meta: {} } : undefined;
  });
  const { notes } = await source.fetchTrace(refOf(test.ref(TRACE)), new MemoryFetchSink(), never);
  expect(server.asked.map(({ params }) => params.get('expandMetadata')?.split(',').length)).toEqual([undefined, 50]);
  expect(notes).toEqual(['Langfuse may have cut values of metadata, those of 12 keys: they are too many or too long to be asked for.']);
});

describe('answers that are too much', () => {
  async function answering(body: Uint8Array, encoding: string | null, test = caseOf('Langfuse, version 2')): Promise<unknown> {
    const server = await startBackend(test.endpoints, [TRACE]);
    server.fault = (_, response) => response.writeHead(200, { 'content-type': 'application/json', ...(encoding === null ? {} : { 'content-encoding': encoding }) }).end(body) !== undefined;
    const source = sourceAt(test, server.url);
    open.push({ stop: () => source.dispose() }, server);
    return source.fetchTrace(refOf(test.ref(TRACE)), new MemoryFetchSink(), never).then(() => null, (error: unknown) => error);
  }

  it.each(['Langfuse, version 2', 'Jaeger, version 3', 'Tempo, version 2', 'Weave', 'ClickHouse'])('%s: a bomb of gzip is put away before it is large', async (name) => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await answering(bomb, 'gzip', caseOf(name))).toMatchObject({ code: 'source-response', message: expect.stringMatching(/far longer inflated than any trace is/) as string });
  });

  it('more values than memory holds', async () => {
    expect(await answering(Buffer.from(`{"data":[${'[],'.repeat(11_000_000)}1]}`), null)).toMatchObject({ code: 'source-response', message: expect.stringMatching(/more values than memory holds/) as string });
  });

  it('compressed, and broken', async () => {
    expect(await answering(Buffer.from('this is no gzip'), 'gzip')).toMatchObject({ code: 'source-response', message: expect.stringMatching(/cannot be inflated \(Z_DATA_ERROR\)\. Try again/) as string });
  });
});

describe('keys', () => {
  it('that would end a header, or that none carries, are not sent, and are told', async () => {
    for (const key of [`${BACKEND_KEY}\r\nx-evil: 1`, `${BACKEND_KEY}\n`.repeat(2), 'schlüssel-mit-umlaut', '“pasted-with-quotes”']) {
      for (const test of SOURCE_CASES) {
        const server = await startBackend(test.endpoints, [TRACE]);
        const source = sourceAt(test, server.url, { key });
        const error: unknown = await source.fetchTrace(refOf(test.ref(TRACE)), new MemoryFetchSink(), never).catch((reason: unknown) => reason);
        source.dispose();
        await server.stop();
        // Basic authentication writes any key in plain letters.
        const isBasic = server.asked.length > 0 && server.asked.every(({ headers }) => headers.authorization?.startsWith('Basic ') === true);
        if (isBasic) expect(error, test.name).toMatchObject({ code: 'unauthorized' });
        else expect(error, test.name).toMatchObject({ code: 'missing-secret', message: expect.stringMatching(/characters that no header can carry.*set TOUCHSTONE_\w+.* again/) as string });
        expect(server.asked.every(({ headers }) => !('x-evil' in headers)), test.name).toBe(true);
        expect(String(error), test.name).not.toMatch(/4711|umlaut|pasted/);
      }
    }
  });

  const tokenOf = (headers: IncomingHttpHeaders): string => headers.authorization?.replace(/^\w+ /, '') ?? BACKEND_KEY;

  it('are not told again by an error, in whatever form and at whatever place the source repeats them', async () => {
    const repeats: readonly ((headers: IncomingHttpHeaders) => string)[] = [
      (headers) => JSON.stringify({ message: `no user for ${String(headers.authorization)}` }),
      (headers) => JSON.stringify({ message: `no user for ${tokenOf(headers)}` }),
      (headers) => JSON.stringify({ detail: { error: Object.entries(headers).map(([name, value]) => `${name}=${String(value)}`).join(' ') } }),
      (headers) => tokenOf(headers),
      (headers) => `{"a": ${tokenOf(headers)}}`,
      // Half of a key would not be known as one.
      ...[180, 195, 280, 295].flatMap((before): ((headers: IncomingHttpHeaders) => string)[] => [(headers) => `${'x'.repeat(before)} ${tokenOf(headers)}`, (headers) => `<html><title>${'x'.repeat(before)} ${tokenOf(headers)}</title></html>`]),
    ];
    // All at once: what is asked again after a while is waited for once.
    await Promise.all(SOURCE_CASES.flatMap((test) => repeats.flatMap((repeat) => [200, 401, 500].map(async (status) => {
      const server = await startBackend(test.endpoints, [TRACE]);
      server.fault = ({ headers }, response) => response.writeHead(status, { 'retry-after': '3600', 'content-type': 'text/plain' }).end(repeat(headers)) !== undefined;
      const source = sourceAt(test, server.url);
      const error: unknown = await source.test(never).then((answered) => answered, (reason: unknown) => reason);
      source.dispose();
      await server.stop();
      const told = error instanceof Error ? error.message : String(error);
      const sent = server.asked.map(({ headers }) => tokenOf(headers));
      expect(sent.length, test.name).toBeGreaterThan(0);
      for (const secret of [BACKEND_KEY.slice(0, 4), ...sent.map((token) => token.slice(0, 4))]) expect(told, test.name).not.toContain(secret);
    }))));
  });
});

describe('numbers and times that are none', () => {
  const WRONG = [-1, 1e300, -1e300, '1e300', 'abc', '', null, true, [], {}, '99999999999999999999999999', '-5', '2026-99-99T99:99:99Z', '+275760-09-13T00:00:00Z'];
  const LISTS: Readonly<Record<string, (wrong: unknown) => unknown>> = {
    'Langfuse, version 2': (wrong) => ({ data: [{ traceId: hexTrace, name: wrong, startTime: wrong, endTime: wrong, totalCost: wrong, usageDetails: { total: wrong } }], meta: {} }),
    'Langfuse, version 1': (wrong) => ({ data: [{ id: hexTrace, name: wrong, timestamp: wrong, latency: wrong, totalCost: wrong, observations: wrong }], meta: { totalPages: wrong } }),
    'LangSmith, version 1': (wrong) => ({ runs: [{ id: uuidTrace, name: wrong, start_time: wrong, end_time: wrong, total_tokens: wrong, total_cost: wrong, extra: wrong }], cursors: wrong }),
    Phoenix: (wrong) => ({ data: [{ trace_id: hexTrace, start_time: wrong, end_time: wrong, spans: [{ name: wrong, parent_id: wrong }, wrong] }] }),
    'Opik, by search': (wrong) => ({ content: [{ id: uuidTrace, name: wrong, start_time: wrong, end_time: wrong, span_count: wrong, usage: wrong }], total: wrong }),
    Weave: (wrong) => ({ trace_id: hexTrace, op_name: wrong, started_at: wrong, ended_at: wrong, summary: { usage: { a: { total_tokens: wrong }, b: wrong } } }),
    'Tempo, version 2': (wrong) => ({ traces: [{ traceID: hexTrace, startTimeUnixNano: wrong, durationMs: wrong, rootTraceName: wrong }, { traceID: wrong }] }),
    'Jaeger, legacy': (wrong) => ({ data: [{ traceID: hexTrace, processes: wrong, spans: [{ traceID: hexTrace, spanID: hexSpan(1), operationName: wrong, startTime: wrong, duration: wrong, tags: wrong, logs: wrong, references: wrong }, wrong] }] }),
    Logfire: (wrong) => ({ rows: [{ trace_id: wrong, start_timestamp: wrong, end_timestamp: wrong, message: wrong }] }),
  };

  it.each(Object.entries(LISTS))('%s: rows hold decimals or nothing', async (name, answer) => {
    const test = caseOf(name);
    for (const wrong of WRONG) {
      const { source } = await hostile(test, ({ path }) => (/observations|runs|traces|stream_query|search|query/.test(path) && (name !== 'Langfuse, version 1' || path === '/api/public/traces') ? answer(wrong) : undefined));
      const page = await source.list!(request(), never);
      for (const row of page.traces) {
        expect(row.startNs, JSON.stringify(wrong)).toMatch(/^\d{1,19}$/);
        if (row.durationNs !== null) expect(row.durationNs, JSON.stringify(wrong)).toMatch(/^\d{1,24}$/);
        for (const number of [row.tokens, row.cost, row.spans, row.errors]) if (number !== null) expect(Number.isFinite(number), JSON.stringify(wrong)).toBe(true);
      }
      if (page.next !== null) expect(typeof page.next).toBe('string');
    }
  });

  it('times of links that no calendar has are put at its ends', async () => {
    for (const time of [{ fromMs: -8.64e15, toMs: -8.64e15 }, { fromMs: 8.64e15, toMs: 8.64e15 }]) {
      for (const name of ['LangSmith, version 2', 'Tempo, version 1']) {
        const test = caseOf(name);
        const { source } = await hostile(test, () => undefined);
        const error: unknown = await source.fetchTrace(refOf({ ...test.ref(TRACE), time }), new MemoryFetchSink(), never).then(() => null, (reason: unknown) => reason);
        if (error !== null) expect(error, name).toBeInstanceOf(SourceError);
      }
    }
  });
});
