import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { spanIdFor, traceIdFor } from '../../src/core/trace/ids.ts';
import type { RemoteNotifications } from '../../src/protocol/remote.ts';
import { dashed, hexSpan, hexTrace, testTrace, uuid, type BackendTrace } from '../fixtures/servers/backend-data.ts';
import { SECRET, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { resourceSpans } from '../fixtures/servers/backends/otlp.ts';
import * as backends from '../fixtures/servers/trace-backends.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item.close();
});

type BackendEndpoints = backends.Endpoints<readonly BackendTrace[]>;

/** The backend asks for the key that the test's host gives for every name. */
function keyed(endpoints: BackendEndpoints): BackendEndpoints {
  const base64 = (user: string, key: string): string => Buffer.from(`${user}:${key}`).toString('base64');
  return (asked, traces, refuse) => {
    const plain = JSON.stringify(asked.headers).replaceAll(SECRET, backends.BACKEND_KEY);
    const headers = ['pk-lf-1', '123', 'api'].reduce((text, user) => text.replaceAll(base64(user, SECRET), base64(user, backends.BACKEND_KEY)), plain);
    return endpoints({ ...asked, headers: JSON.parse(headers) as typeof asked.headers }, traces, refuse);
  };
}

async function start(endpoints: BackendEndpoints, entry: (url: string) => string, count = 60): Promise<{ engine: TestEngine; server: backends.BackendServer }> {
  const server = await backends.startBackend(keyed(endpoints), [testTrace(count)]);
  open.push({ close: () => server.stop() });
  const engine = await testEngine({ 'touchstone.yml': `# ours\ntraces:\n  sources:\n    - logs/*.jsonl # files\n    - ${entry(server.url)}\n` });
  open.push(engine);
  return { engine, server };
}

const langfuse = (url: string): string => `{ name: production, type: langfuse, url: "${url}", user: pk-lf-1 }`;
const link = (url: string): string => `${url}/project/project-1/traces/${hexTrace}?observation=${uuid(3)}`;

describe('links and sources in the engine', () => {
  it('explains a link without contacting anything or making a database', async () => {
    const { engine, server } = await start(backends.langfuseCloud, langfuse);
    await expect(engine.engine.request('links/explain', { text: `see ${link(server.url)}` })).resolves.toEqual({ backend: 'langfuse', host: new URL(server.url).host, project: 'project-1', traceId: hexTrace, spanId: uuid(3), source: 'production', wouldContact: [new URL(server.url).host], isStored: false, note: null });
    await expect(engine.engine.request('links/explain', { text: 'https://cloud.langfuse.com/project/p/traces/x' })).resolves.toMatchObject({ source: null, wouldContact: [], note: expect.stringMatching(/configured for cloud\.langfuse\.com/) as string });
    await expect(engine.engine.request('links/explain', { text: 'nothing' })).rejects.toMatchObject({ code: 'usage' });
    expect(server.asked).toEqual([]);
    expect(existsSync(join(engine.folder, '.touchstone/touchstone.db'))).toBe(false);
  });

  it('opens a link from its source, then from the store, refreshes it, and keeps where it came from', async () => {
    const { engine: { engine, folder, logs }, server } = await start(backends.langfuseCloud, langfuse);
    const progress: number[] = [];
    engine.on('remote/progress', ({ spans }) => void progress.push(spans));
    const traceId = traceIdFor('langfuse', hexTrace);
    const opened = await engine.request('links/open', { text: link(server.url) });
    expect(opened).toEqual({ status: 'opened', traceId, spanId: spanIdFor('langfuse', uuid(3)), from: 'source', source: 'production', spans: 60, notes: [] });
    expect(progress.at(-1)).toBeGreaterThanOrEqual(60);
    await expect(engine.request('traces/get', { traceId })).resolves.toMatchObject({ spans: 60, origin: 'fetched', session: 'session-1', user: 'user-1' });
    const before = server.asked.length;
    await expect(engine.request('links/open', { text: link(server.url) })).resolves.toMatchObject({ status: 'opened', from: 'store', source: 'production', spans: 60 });
    await expect(engine.request('links/open', { text: traceId })).resolves.toMatchObject({ status: 'opened', from: 'store' });
    expect(server.asked).toHaveLength(before);
    await expect(engine.request('remote/refresh', { traceId })).resolves.toMatchObject({ from: 'source' });
    expect(server.asked.length).toBeGreaterThan(before);
    await expect(engine.request('remote/origin', { traceId })).resolves.toMatchObject({ source: 'production', type: 'langfuse', link: link(server.url) });
    const made = await engine.request('links/make', { traceId, spanId: spanIdFor('langfuse', uuid(5)) });
    expect(made.link).toBe(`${server.url}/project/project-1/traces/${hexTrace}?observation=${uuid(5)}`);
    await expect(engine.request('links/explain', { text: made.editor! })).resolves.toMatchObject({ traceId: hexTrace, spanId: uuid(5), isStored: true, wouldContact: [] });
    // The scores came along, and are those of the span.
    await expect.poll(async () => (await engine.request('traces/span', { traceId, spanId: spanIdFor('langfuse', uuid(3)) })).span.scores).toMatchObject([{ name: 'helpful', value: 0.75 }]);
    await engine.request('traces/delete', { traceIds: [traceId] });
    await expect(engine.request('remote/origin', { traceId })).resolves.toBeNull();
    expect(server.wrong).toEqual([]);
    // No key reached the disk or a log.
    await engine.dispose();
    for (const file of ['touchstone.db', 'touchstone.db-wal']) {
      const path = join(folder, '.touchstone', file);
      if (existsSync(path)) expect(readFileSync(path).includes(SECRET)).toBe(false);
    }
    expect(logs.join('\n')).not.toContain(SECRET);
  });

  it('tells whose progress it is when several traces are on their way', async () => {
    const { engine: { engine } } = await start(backends.langfuseCloud, langfuse, 500);
    const other = await backends.startBackend(keyed(backends.jaegerV3), [testTrace(700)]);
    open.push({ close: () => other.stop() });
    await engine.request('remote/add', { entry: { name: 'jaeger', type: 'jaeger', url: other.url, key: 'JAEGER_TOKEN' } });
    const told: RemoteNotifications['remote/progress'][] = [];
    engine.on('remote/progress', (progress) => void told.push(progress));
    await Promise.all([engine.request('remote/fetch', { source: 'production', id: hexTrace, request: 'ours' }), engine.request('remote/fetch', { source: 'jaeger', id: hexTrace, request: 'theirs' }), engine.request('remote/fetch', { source: 'jaeger', id: hexTrace })]);
    const tracesOf = (request: string | null) => new Set(told.filter((progress) => progress.request === request).map(({ source, traceId }) => `${source} ${traceId}`));
    expect([...tracesOf('ours')]).toEqual([`production ${traceIdFor('langfuse', hexTrace)}`]);
    expect([...tracesOf('theirs')]).toEqual([`jaeger ${hexTrace}`]);
    expect([...tracesOf(null)]).toEqual([`jaeger ${hexTrace}`]);
  });

  it('asks once about a host that is not configured, and says what would be added', async () => {
    const { engine, server } = await start(backends.jaegerV3, (url) => `{ name: jaeger, type: jaeger, url: "${url}/elsewhere" }`);
    const opened = await engine.engine.request('links/open', { text: `${server.url}/trace/${hexTrace}` });
    expect(opened).toEqual({ status: 'unknown-host', host: new URL(server.url).host, backend: 'jaeger', suggestion: { name: 'jaeger-2', type: 'jaeger', url: server.url } });
    expect(server.asked).toEqual([]);
    if (opened.status !== 'unknown-host') return;
    const { file } = await engine.engine.request('remote/add', { entry: { ...opened.suggestion!, key: 'JAEGER_TOKEN' } });
    expect(readFileSync(file, 'utf8')).toBe(`# ours\ntraces:\n  sources:\n    - logs/*.jsonl # files\n    - { name: jaeger, type: jaeger, url: "${server.url}/elsewhere" }\n    - { name: jaeger-2, type: jaeger, url: "${server.url}", key: "\${env:JAEGER_TOKEN}" }\n`);
    await expect(engine.engine.request('remote/add', { entry: opened.suggestion! })).rejects.toThrow(/has a source "jaeger-2" already/);
    await expect(engine.engine.request('links/open', { text: `${server.url}/trace/${hexTrace}?uiFind=${hexSpan(3)}` })).resolves.toMatchObject({ status: 'opened', traceId: hexTrace, spanId: hexSpan(3), spans: 60 });
  });

  it('lists a source without storing anything, and marks what is stored', async () => {
    const { engine: { engine }, server } = await start(backends.langfuseCloud, langfuse);
    const first = await engine.request('remote/list', { source: 'production', query: 'session:session-1 model:gpt-5', limit: 10 });
    expect(first.traces).toMatchObject([{ id: hexTrace, name: 'the trace', session: 'session-1', stored: null }]);
    expect(first.notes).toEqual(['This source cannot be asked for “model:gpt-5”: the list has traces to which it does not apply.']);
    await expect(engine.request('traces/list', { query: '', sort: 'time', descending: true, limit: 10 })).resolves.toMatchObject({ traces: [] });
    await engine.request('remote/fetch', { source: 'production', id: hexTrace });
    await expect(engine.request('remote/list', { source: 'production', query: '', limit: 10 })).resolves.toMatchObject({ traces: [{ stored: traceIdFor('langfuse', hexTrace) }] });
    await expect(engine.request('remote/list', { source: 'nobody', query: '', limit: 10 })).rejects.toThrow(/no source "nobody"\. It has production/);
    await expect(engine.request('remote/summary', { source: 'production', query: '', by: 'day' })).rejects.toThrow(/cannot sum up/);
    await expect(engine.request('remote/test', { source: 'production' })).resolves.toEqual({ ok: true, message: 'Langfuse answered: project shop.' });
    server.fault = (_, response) => (response.writeHead(401).end(), true);
    await expect(engine.request('remote/test', { source: 'production' })).resolves.toMatchObject({ ok: false, needsKey: true, message: expect.stringMatching(/401.*TOUCHSTONE_PRODUCTION_KEY/) as string });
    // No key helps against what else may be wrong.
    server.fault = (_, response) => (response.writeHead(501).end(), true);
    await expect(engine.request('remote/test', { source: 'production' })).resolves.toEqual({ ok: false, message: expect.stringMatching(/failed \(501\)/) as string });
  });

  it('sends a score only where the entry allows it', async () => {
    const { engine: { engine }, server } = await start(backends.langfuseCloud, langfuse);
    await engine.request('remote/fetch', { source: 'production', id: hexTrace });
    const score = { traceId: traceIdFor('langfuse', hexTrace), spanId: spanIdFor('langfuse', uuid(3)), name: 'helpful', value: 1 };
    await expect(engine.request('remote/annotate', score)).rejects.toThrow(/unless its entry in touchstone\.yml has "annotate: true"/);
    expect(server.asked.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('sends it there with the ids that the backend knows', async () => {
    const { engine: { engine }, server } = await start(backends.langfuseCloud, (url) => langfuse(url).replace(' }', ', annotate: true }'));
    await engine.request('remote/fetch', { source: 'production', id: hexTrace });
    const score = { traceId: traceIdFor('langfuse', hexTrace), spanId: spanIdFor('langfuse', uuid(3)), name: 'helpful', value: 1, comment: 'yes' };
    await engine.request('remote/annotate', score);
    await engine.request('remote/annotate', { ...score, value: 0 });
    const sent = server.asked.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(sent).toMatchObject([{ traceId: hexTrace, observationId: uuid(3), name: 'helpful', value: 1, dataType: 'NUMERIC', comment: 'yes' }, { value: 0 }]);
    expect(sent[0]!['id']).toBe(sent[1]!['id']);
  });

  it('keeps what came when it is cancelled', async () => {
    const { engine: { engine }, server } = await start(backends.langfuseCloud, langfuse, 1500);
    const cancel = new AbortController();
    server.fault = (asked) => asked.params.get('cursor') !== null && (cancel.abort(), true);
    await expect(engine.request('links/open', { text: link(server.url) }, cancel.signal)).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(async () => (await engine.request('traces/get', { traceId: traceIdFor('langfuse', hexTrace) })).spans).toBe(200);
    // Nobody takes the part for the whole: the link asks again, and says so before.
    server.fault = null;
    expect(await engine.request('links/explain', { text: link(server.url) })).toMatchObject({ isStored: false, wouldContact: [new URL(server.url).host] });
    await expect(engine.request('links/open', { text: link(server.url) })).resolves.toMatchObject({ from: 'source', notes: [] });
    await expect(engine.request('links/open', { text: link(server.url) })).resolves.toMatchObject({ from: 'store', spans: 1500 });
  });

  it('is cancelled at any moment, and what has come stays', async () => {
    const { engine: { engine }, server } = await start(backends.langfuseCloud, langfuse, 1500);
    const traceId = traceIdFor('langfuse', hexTrace);
    let come = 0;
    engine.on('remote/progress', ({ spans }) => void (come = spans));
    for (let moment = 0; moment < 6; moment++) {
      // Before anything is asked, while an answer is on its way (twice each page), and between two pages.
      const cancel = new AbortController();
      let asked = 0;
      come = 0;
      server.fault = () => {
        if (asked++ === moment >> 1) {
          if (moment % 2 === 0) cancel.abort();
          else setImmediate(() => cancel.abort());
        }
        return false;
      };
      await expect(engine.request('links/open', { text: link(server.url) }, cancel.signal)).rejects.toMatchObject({ code: 'cancelled' });
      if (come > 0) expect((await engine.request('traces/get', { traceId })).spans).toBeGreaterThanOrEqual(200);
    }
    server.fault = null;
    await expect(engine.request('links/open', { text: link(server.url) })).resolves.toMatchObject({ from: 'source', spans: 1500, notes: [] });
  });

  it('fetches the rest of a trace by the id of its call, when only a part came', async () => {
    const { engine: { engine }, server } = await start(backends.weave, (url) => `{ name: weave, type: weave, url: "${url}", project: acme/shop, app: "${url}" }`, 6000);
    const traceId = traceIdFor('weave', dashed(hexTrace));
    let times = 0;
    server.fault = (asked) => asked.path === '/calls/stream_query' && times++ > 0 && server.asked.length < 20;
    const cancel = new AbortController();
    engine.on('remote/progress', ({ spans }) => void (spans >= 5000 && cancel.abort()));
    await expect(engine.request('links/open', { text: `${server.url}/acme/shop/weave/calls/${uuid(3)}` }, cancel.signal)).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(async () => (await engine.request('remote/origin', { traceId }))?.notes).toEqual(['Only a part of the trace came before its source failed or it was cancelled.']);
    server.fault = null;
    await expect(engine.request('remote/refresh', { traceId })).resolves.toMatchObject({ status: 'opened', from: 'source', spans: 6000, notes: [] });
    expect(server.wrong).toEqual([]);
  });

  it('says that a source gave what it was not asked for', async () => {
    const { engine: { engine }, server } = await start(backends.jaegerV3, (url) => `{ name: jaeger, type: jaeger, url: "${url}", key: "\${env:J}" }`);
    const id = 'cd'.repeat(16);
    server.fault = (asked, response) => asked.path.startsWith('/api/v3/traces/') && response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ result: { resourceSpans: [hexTrace, id].flatMap((trace) => resourceSpans([{ ...testTrace(3), id: trace }])) } })) !== undefined;
    await expect(engine.request('remote/fetch', { source: 'jaeger', id: hexTrace })).resolves.toMatchObject({ spans: 3, notes: ['The answer held spans of another trace, which is in the store now, too.'] });
    await expect(engine.request('traces/get', { traceId: id })).resolves.toMatchObject({ spans: 3, origin: 'fetched' });
  });

  it('keeps no key that a source repeats', async () => {
    const { engine: { engine, folder }, server } = await start(backends.tempoV2, (url) => `{ name: tempo, type: tempo, url: "${url}", user: "123", tenant: team }`);
    // TraceByIDResponse with no more than a status (PARTIAL) and its message is followed by the trace of version 1.
    const whole = Buffer.from(await (await fetch(`${server.url}/api/v2/traces/${hexTrace}`, { headers: { authorization: `Basic ${Buffer.from(`123:${backends.BACKEND_KEY}`).toString('base64')}`, 'x-scope-orgid': 'team' } })).arrayBuffer());
    const message = Buffer.from(`the key ${SECRET} is of another tenant`);
    server.fault = (asked, response) => asked.path.startsWith('/api/v2/') && response.writeHead(200, { 'content-type': 'application/protobuf' }).end(Buffer.concat([whole, Buffer.from([0x22, message.length]), message])) !== undefined;
    const opened = await engine.request('remote/fetch', { source: 'tempo', id: hexTrace });
    expect(opened).toMatchObject({ status: 'opened', notes: [expect.stringMatching(/^Tempo gave a part of the trace only: the key \[secret\] is of another tenant\.$/)] });
    await engine.dispose();
    for (const file of ['touchstone.db', 'touchstone.db-wal']) {
      const path = join(folder, '.touchstone', file);
      if (existsSync(path)) expect(readFileSync(path).includes(SECRET)).toBe(false);
    }
  });

  it('contacts nothing in a workspace that is not trusted, or with a touchstone.yml that has errors', async () => {
    const { engine, server } = await start(backends.langfuseCloud, langfuse);
    const untrusted = await testEngine({ 'touchstone.yml': `traces:\n  sources:\n    - ${langfuse(server.url)}\n` }, { trusted: false });
    open.push(untrusted);
    await expect(untrusted.engine.request('links/open', { text: link(server.url) })).rejects.toMatchObject({ code: 'untrusted-workspace' });
    await expect(untrusted.engine.request('remote/test', { source: 'production' })).rejects.toMatchObject({ code: 'untrusted-workspace' });
    const broken = await testEngine({ 'touchstone.yml': `traces:\n  sources:\n    - ${langfuse(server.url).replace(' }', `, key: ${SECRET} }`)}\n` });
    open.push(broken);
    await expect(broken.engine.request('links/open', { text: link(server.url) })).rejects.toMatchObject({ code: 'invalid-config' });
    expect(server.asked).toEqual([]);
    void engine;
  });

  it('reads a database that somebody else writes', async () => {
    const { engine: theirs, server } = await start(backends.jaegerV3, (url) => `{ name: jaeger, type: jaeger, url: "${url}", key: "\${env:J}" }`);
    await theirs.engine.request('remote/fetch', { source: 'jaeger', id: hexTrace });
    const ours = await testEngine({ 'touchstone.yml': `traces:\n  sources:\n    - { name: team, type: sqlite, path: "${join(theirs.folder, '.touchstone/touchstone.db')}" }\n` });
    open.push(ours);
    await expect(ours.engine.request('remote/list', { source: 'team', query: '', limit: 5 })).resolves.toMatchObject({ traces: [{ id: hexTrace, spans: 60, stored: null }] });
    await expect(ours.engine.request('links/open', { text: hexTrace })).resolves.toMatchObject({ status: 'opened', from: 'source', source: 'team', spans: 60 });
    await expect(ours.engine.request('links/make', { traceId: hexTrace })).resolves.toMatchObject({ link: null, editor: `vscode://touchstone.touchstone/trace/${hexTrace}?source=team` });
    expect(server.wrong).toEqual([]);
  });
});
