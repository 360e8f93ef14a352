import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceIdFor } from '../../../src/core/trace/ids.ts';
import { startStored, type Stored } from './stored.ts';
import { JSON_TYPE, post, send, serve, span, traceRequest, TRACE } from './support.ts';

let stored: Stored;
let port: number;

beforeAll(async () => {
  stored = await startStored();
  port = stored.served.http;
});

afterAll(async () => { await stored[Symbol.asyncDispose](); });

/** A form as LangSmith's SDKs write it: no file names, lengths as parameters of the content type. */
function form(parts: readonly (readonly [name: string, body: string | Uint8Array | object, type?: string])[], boundary = `----${randomBytes(8).toString('hex')}`): { contentType: string; body: Buffer } {
  const pieces = parts.flatMap(([name, body, type = JSON_TYPE]) => {
    const bytes = typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
    return [Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: ${type}; length=${bytes.length}\r\n\r\n`), bytes, Buffer.from('\r\n')];
  });
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]) };
}

describe('LangSmith’s SDKs', () => {
  const root = '019a8d6e-0000-7000-8000-000000000001';
  const llm = '019a8d6e-0000-7000-8000-000000000002';
  const order = `20261121T101500000000Z${root}`;
  const trace = traceIdFor('langsmith', root);

  it('ask what may be sent', async () => {
    for (const path of ['/info', '/api/v1/info']) {
      expect((await send(port, path)).json).toMatchObject({ instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: true }, batch_ingest_config: { use_multipart_endpoint: true } });
    }
  });

  it('post runs in parts and patch them later: each run is one span', async () => {
    const posted = form([
      [`post.${root}`, { id: root, trace_id: root, name: 'agent', run_type: 'chain', dotted_order: order, start_time: '2026-11-21T10:15:00.000000Z' }],
      [`post.${root}.inputs`, { question: 'Weather in Bern?' }],
      [`post.${root}.extra`, { metadata: { thread_id: 't-1' } }],
      [`post.${llm}`, { id: llm, trace_id: root, parent_run_id: root, name: 'ChatOpenAI', run_type: 'llm', dotted_order: `${order}.20261121T101501000000Z${llm}`, start_time: '2026-11-21T10:15:01.000000Z' }],
      [`post.${llm}.inputs`, { messages: [{ role: 'user', content: 'Weather in Bern?' }] }],
      [`attachment.${llm}.photo`, Uint8Array.from([0xff, 0xd8, 0x0d, 0x0a, 0x00]), 'image/jpeg'],
    ]);
    const first = await post(port, '/runs/multipart', posted.contentType, zlib.zstdCompressSync(posted.body), { 'content-encoding': 'zstd', 'x-api-key': 'lsv2_x' });
    expect([first.status, first.json]).toEqual([202, {}]);
    const running = await stored.spans(trace);
    expect(running.map(({ name, endNs }) => [name, endNs])).toEqual([['agent', null], ['ChatOpenAI', null]]);
    const patched = form([
      [`patch.${llm}`, { id: llm, trace_id: root, parent_run_id: root, dotted_order: `${order}.20261121T101501000000Z${llm}`, end_time: '2026-11-21T10:15:02.000000Z' }],
      [`patch.${llm}.outputs`, { generations: [[{ text: '4 C', message: { role: 'assistant', content: '4 C' } }]] }],
      [`feedback.019a8d6e-0000-7000-8000-00000000000f`, { id: '019a8d6e-0000-7000-8000-00000000000f', run_id: llm, trace_id: root, key: 'helpful', score: 1, comment: 'short' }],
    ], 'quoted boundary');
    expect((await post(port, '/runs/multipart', 'multipart/form-data; boundary="quoted boundary"', zlib.gzipSync(patched.body), { 'content-encoding': 'gzip' })).status).toBe(202);
    const ended = await send(port, `/runs/${root}`, { method: 'PATCH', headers: { 'content-type': JSON_TYPE }, body: { trace_id: root, dotted_order: order, end_time: '2026-11-21T10:15:03.000000Z', outputs: { answer: '4 C' } } });
    expect([ended.status, ended.json]).toEqual([202, {}]);
    const spans = await stored.spans(trace);
    expect(spans.map(({ name, kind, startNs, endNs }) => [name, kind, startNs, endNs])).toEqual([
      ['agent', 'chain', '1795256100000000000', '1795256103000000000'],
      ['ChatOpenAI', 'llm', '1795256101000000000', '1795256102000000000'],
    ]);
    expect(spans[1]!.parentId).toBe(spans[0]!.spanId);
    expect(spans[1]!.input).toMatchObject([{ role: 'user', parts: [{ type: 'text', text: 'Weather in Bern?' }] }]);
    expect(JSON.stringify(spans[1]!.output)).toContain('4 C');
    expect(JSON.stringify(spans[1]!.attributes)).toContain(`data:image/jpeg;base64,${Buffer.from([0xff, 0xd8, 0x0d, 0x0a, 0x00]).toString('base64')}`);
    const { span: detail } = await stored.reads.read('traces/span', { traceId: trace, spanId: spans[1]!.spanId });
    expect(detail.scores).toEqual([{ name: 'helpful', value: 1, label: null, explanation: 'short' }]);
  });

  it('post batches of JSON, and single runs', async () => {
    const [a, b] = ['019a8d6e-0000-7000-8000-0000000000a1', '019a8d6e-0000-7000-8000-0000000000b1'];
    const run = (id: string): object => ({ id, trace_id: id, name: 'run', run_type: 'tool', dotted_order: `20261121T101500000000Z${id}`, start_time: '2026-11-21T10:15:00Z' });
    expect((await post(port, '/runs/batch', JSON_TYPE, { post: [run(a)], patch: [{ ...run(a), end_time: '2026-11-21T10:15:01Z' }] })).status).toBe(202);
    expect((await post(port, '/runs', JSON_TYPE, run(b))).status).toBe(202);
    expect(await stored.spans(traceIdFor('langsmith', a))).toMatchObject([{ kind: 'tool', endNs: '1795256101000000000' }]);
    expect(await stored.spans(traceIdFor('langsmith', b))).toMatchObject([{ kind: 'tool', endNs: null }]);
  });

  it('are told of parts that cannot be read, which do not take the others with them', async () => {
    const id = '019a8d6e-0000-7000-8000-0000000000c1';
    const { contentType, body } = form([[`post.${id}`, { id, trace_id: id, name: 'run', run_type: 'chain', dotted_order: `20261121T101500000000Z${id}` }], [`post.${id}.inputs`, '{"a":'], [`post.${id}.secrets`, {}], ['other', {}], [`post.${id}.outputs`, { b: 1 }]]);
    const got = await post(port, '/runs/multipart', contentType, body);
    expect(got.status).toBe(202);
    expect((got.json as { message: string }).message).toMatch(/^2 × the name of the part is none that is known \(part post\.[0-9a-f-]+\.secrets, …\); 1 × not valid JSON/);
    expect(await stored.spans(traceIdFor('langsmith', id))).toHaveLength(1);
    const { rejections } = await stored.reads.read('sources', {});
    const kept = await stored.reads.read('sources/rejection', { id: rejections.find(({ where }) => where.endsWith('.inputs'))!.id });
    expect(Buffer.from(kept.body).toString()).toBe('{"a":');
  });

  it('get 4xx for what is no batch, so that they do not send it for ever', async () => {
    expect((await post(port, '/runs/multipart', 'multipart/form-data', 'x')).status).toBe(400);
    expect((await post(port, '/runs/multipart', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="post.x"\r\n\r\n{}')).status).toBe(400);
    expect((await post(port, '/runs/multipart', 'multipart/form-data; boundary=b', 'nothing of it')).status).toBe(400);
    expect((await post(port, '/runs/multipart', JSON_TYPE, {})).status).toBe(415);
    expect((await post(port, '/runs/batch', JSON_TYPE, '{"post":')).status).toBe(422);
    expect((await post(port, '/runs/batch', JSON_TYPE, { hello: 1 })).status).toBe(422);
    expect((await post(port, '/runs', JSON_TYPE, '[]')).status).toBe(400);
    expect([(await send(port, '/runs/019a8d6e-0000-7000-8000-0000000000c1')).status, (await send(port, '/runs')).status]).toEqual([405, 405]);
  });
});

describe('OpenAI’s Agents SDK', () => {
  it('posts traces and spans', async () => {
    const got = await post(port, '/v1/traces/ingest', JSON_TYPE, {
      data: [
        { object: 'trace', id: 'trace_0af7651916cd43dd8448eb211c80319d', workflow_name: 'weather', group_id: 'chat-7' },
        { object: 'trace.span', id: 'span_b7ad6b716920333100000001', trace_id: 'trace_0af7651916cd43dd8448eb211c80319d', parent_id: null, started_at: '2026-11-21T10:15:00Z', ended_at: '2026-11-21T10:15:01Z', span_data: { type: 'function', name: 'weather', input: '{"city":"Bern"}', output: '4 C' }, error: null },
      ],
    }, { 'OpenAI-Beta': 'traces=v1', authorization: 'Bearer sk-x' });
    expect(got.status).toBe(200);
    const { traces } = await stored.reads.read('traces/list', { query: 'name:weather', sort: 'time', descending: true, limit: 5 });
    expect(traces).toMatchObject([{ name: 'weather', toolCalls: 1, session: 'chat-7' }]);
  });
});

describe('Genkit', () => {
  it('posts traces as it keeps them, while they run and when they end', async () => {
    const genkitSpan = (endTime: number): object => ({ spanId: 'a7ad6b7169203331', traceId: TRACE, startTime: 1_790_000_000_000, endTime, attributes: { 'genkit:type': 'flow', 'genkit:name': 'menu' }, displayName: 'menu', spanKind: 'INTERNAL', instrumentationLibrary: { name: 'genkit-tracer' }, status: { code: 0 } });
    for (const end of [0, 1_790_000_001_000]) expect((await post(port, '/api/traces', JSON_TYPE, { traceId: TRACE, spans: { a7ad6b7169203331: genkitSpan(end) } })).status).toBe(200);
    expect(await stored.spans(TRACE)).toMatchObject([{ name: 'menu', endNs: '1790000001000000000' }]);
    expect((await send(port, '/api/__health')).status).toBe(200);
  });

  it('takes OTLP in JSON: spans, logs, nothing, and as parts of another span', async () => {
    const trace = '1af7651916cd43dd8448eb211c80319c';
    const child = { ...span(), traceId: '2af7651916cd43dd8448eb211c80319c', spanId: '2000000000000001' };
    expect((await post(port, '/api/otlp', JSON_TYPE, { ...traceRequest({ ...span(), traceId: trace, spanId: '1000000000000001' }), resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', traceId: trace, spanId: '1000000000000001', eventName: 'e' }] }] }] })).json).toEqual({});
    expect((await post(port, '/api/otlp', JSON_TYPE, {})).json).toEqual({});
    expect((await post(port, `/api/otlp/${trace}/1000000000000001`, JSON_TYPE, traceRequest(child))).status).toBe(200);
    const spans = await stored.spans(trace);
    expect(spans.map(({ spanId, parentId }) => [spanId, parentId])).toEqual([['1000000000000001', null], ['2000000000000001', '1000000000000001']]);
    expect(spans[1]!.attributes['genkit:otlp-traceId']).toBe('2af7651916cd43dd8448eb211c80319c');
    expect((await post(port, '/api/otlp', 'application/x-protobuf', 'x')).status).toBe(415);
    expect((await post(port, `/api/otlp/${'0'.repeat(32)}/1000000000000001`, JSON_TYPE, {})).status).toBe(400);
    expect((await post(port, `/api/otlp/${trace}/1000000000000001`, JSON_TYPE, '{')).status).toBe(400);
  });
});

describe('forms that are meant to do harm', () => {
  it('end in an answer', async () => {
    await using served = await serve();
    const bodies: [string, Buffer][] = [
      ['b', Buffer.from('--b\r\n'.repeat(200_000))],
      ['b', Buffer.from(`--b\r\nContent-Disposition: form-data; name="post.x"\r\n\r\n${'\r\n--'.repeat(500_000)}`)],
      ['b', Buffer.from(`--b\r\n${'Content-Disposition: form-data; '.repeat(100_000)}\r\n\r\n{}\r\n--b--`)],
      ['b', Buffer.from(`--b\r\nContent-Disposition: form-data; name="post.__proto__"\r\n\r\n{"__proto__":{"polluted":1},"id":"x"}\r\n--b--`)],
      ['b', Buffer.from(`--b\r\nContent-Disposition: form-data; name="post.x.inputs"\r\n\r\n${'['.repeat(100_000)}${']'.repeat(100_000)}\r\n--b--`)],
    ];
    for (const [boundary, body] of bodies) {
      const started = process.cpuUsage();
      const got = await post(served.http, '/runs/multipart', `multipart/form-data; boundary=${boundary}`, body);
      expect([202, 400, 422]).toContain(got.status);
      const { user, system } = process.cpuUsage(started);
      expect((user + system) / 1000).toBeLessThan(5000);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(served.problems).toEqual([]);
  });
});
