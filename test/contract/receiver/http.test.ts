import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SinkError } from '../../../src/core/trace/sink.ts';
import { DEFAULT_LIMITS } from '../../../src/node/otlp/limits.ts';
import { decodeMessage, encodeMessage } from '../../unit/trace/otlp-messages.ts';
import { holdBack, JSON_TYPE, PROTOBUF, post, send, serve, SPAN, span, speak, traceRequest, TRACE } from './support.ts';

const REQUEST = traceRequest(span());
const PROTOBUF_REQUEST = encodeMessage('ExportTraceServiceRequest', REQUEST);
const LOGS = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', body: { stringValue: 'a' } }, { timeUnixNano: '6' }] }] }] };
const METRICS = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', sum: { dataPoints: [{ timeUnixNano: '5' }, { timeUnixNano: '6' }] } }] }] }] };

describe('OTLP over HTTP', () => {
  it('takes traces, logs and metrics in both encodings, and answers in the same', async () => {
    await using served = await serve();
    const cases = [['/v1/traces', REQUEST, PROTOBUF_REQUEST], ['/v1/logs', LOGS, encodeMessage('ExportLogsServiceRequest', LOGS)], ['/v1/metrics', METRICS, encodeMessage('ExportMetricsServiceRequest', METRICS)]] as const;
    for (const [path, json, protobuf] of cases) {
      const asJson = await post(served.http, path, JSON_TYPE, json);
      expect([asJson.status, asJson.headers['content-type'], asJson.json], path).toEqual([200, JSON_TYPE, {}]);
      const asProtobuf = await post(served.http, path, PROTOBUF, protobuf);
      expect([asProtobuf.status, asProtobuf.headers['content-type'], asProtobuf.body.length], path).toEqual([200, PROTOBUF, 0]);
    }
    expect(served.sink.spans).toHaveLength(2);
    expect(served.sink.spans[0]).toEqual(served.sink.spans[1]);
    expect(served.receiver.counts).toMatchObject({ requests: 6, spans: 2, logs: 4, metrics: 4, rejected: 0 });
  });

  it('takes them below any path, with any parameters of the content type', async () => {
    await using served = await serve();
    for (const path of ['/api/public/otel/v1/traces', '/otel/v1/traces', '/api/v1/private/otel/v1/traces', '/v1/traces/', '/v1/traces?x=1', '//v1/traces', `${served.url}/v1/traces`]) {
      expect((await post(served.http, path, `${JSON_TYPE}; charset=utf-8`, REQUEST)).status, path).toBe(200);
    }
    expect((await post(served.http, '/v1/traces', 'Application/X-Protobuf;foo=bar', PROTOBUF_REQUEST)).status).toBe(200);
    expect(served.sink.origins.map(({ place }) => place)).toContain('/api/public/otel/v1/traces');
  });

  it('takes an empty request', async () => {
    await using served = await serve();
    expect((await post(served.http, '/v1/traces', PROTOBUF, new Uint8Array())).status).toBe(200);
    expect((await post(served.http, '/v1/traces', JSON_TYPE, '{}')).json).toEqual({});
  });

  const compressions: readonly (readonly [encoding: string, compress: (body: Uint8Array) => Uint8Array])[] = [
    ['gzip', zlib.gzipSync], ['x-gzip', zlib.gzipSync], ['deflate', zlib.deflateSync], ['deflate', zlib.deflateRawSync], ['br', zlib.brotliCompressSync], ['zstd', zlib.zstdCompressSync], ['identity', (body) => body], ['GZIP', zlib.gzipSync],
  ];

  it.each(compressions)('inflates %s (%#)', async (encoding, compress) => {
    await using served = await serve();
    const got = await post(served.http, '/v1/traces', PROTOBUF, compress(PROTOBUF_REQUEST), { 'content-encoding': encoding });
    expect(got.status).toBe(200);
    expect(served.sink.spans).toMatchObject([{ traceId: TRACE, spanId: SPAN }]);
  });

  it('refuses an encoding it does not know, and bytes that are not what they say', async () => {
    await using served = await serve();
    const unknown = await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, { 'content-encoding': 'compress' });
    expect([unknown.status, unknown.headers['accept-encoding']]).toEqual([415, 'gzip, deflate, br']);
    const broken = await post(served.http, '/v1/traces', JSON_TYPE, 'not gzip', { 'content-encoding': 'gzip' });
    expect([broken.status, (broken.json as { code: number }).code]).toEqual([400, 3]);
  });

  it('refuses other content types', async () => {
    await using served = await serve();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/protobuf', '']) {
      const got = await post(served.http, '/v1/traces', type, REQUEST);
      expect([got.status, got.headers['content-type']], type).toEqual([415, JSON_TYPE]);
    }
    expect(served.sink.origins).toEqual([]);
  });

  it('says 400 with a google.rpc.Status in the request’s encoding for what cannot be decoded', async () => {
    await using served = await serve();
    const json = await post(served.http, '/v1/traces', JSON_TYPE, '{"resourceSpans":');
    expect([json.status, json.headers['content-type']]).toEqual([400, JSON_TYPE]);
    expect(json.json).toMatchObject({ code: 3 });
    expect((json.json as { message: string }).message).toContain('not valid JSON');
    const protobuf = await post(served.http, '/v1/traces', PROTOBUF, 'hello');
    expect([protobuf.status, protobuf.headers['content-type']]).toEqual([400, PROTOBUF]);
    expect(decodeMessage('RpcStatus', protobuf.body)).toMatchObject({ code: 3 });
  });

  it('rejects single spans by partial success, in both encodings', async () => {
    await using served = await serve();
    const body = traceRequest(span(), span({ traceId: undefined }), span({ traceId: undefined }), span({ spanId: '12xy' }));
    expect((await post(served.http, '/v1/traces', JSON_TYPE, body)).json).toEqual({
      partialSuccess: { rejectedSpans: '3', errorMessage: '2 × the span has no traceId (resourceSpans[0].scopeSpans[0].spans[1], …); 1 × spanId must be 8 bytes (resourceSpans[0].scopeSpans[0].spans[3])' },
    });
    const protobuf = await post(served.http, '/v1/traces', PROTOBUF, encodeMessage('ExportTraceServiceRequest', traceRequest(span(), span({ traceId: 'ab' }))));
    expect(protobuf.status).toBe(200);
    expect(decodeMessage('ExportServiceResponse', protobuf.body)).toEqual({ partialSuccess: { rejected: '1', errorMessage: '1 × traceId must be 16 bytes (resourceSpans[0].scopeSpans[0].spans[1])' } });
    expect(served.sink.spans).toHaveLength(2);
    expect(served.sink.rejected).toHaveLength(4);
  });

  it('answers only after the batch is committed', async () => {
    await using served = await serve();
    const store = holdBack(served.sink);
    let answered = false;
    const got = post(served.http, '/v1/traces', JSON_TYPE, REQUEST).then((answer) => { answered = true; return answer; });
    await store.isHeld(1);
    // What is asked later is answered: an answer before the commit would be there by now.
    expect((await send(served.http, '/health')).status).toBe(200);
    expect(answered).toBe(false);
    store.release();
    expect((await got).status).toBe(200);
  });

  it('asks to come again with 503 and Retry-After when the store is busy, full or broken', async () => {
    await using served = await serve();
    const failures: [Error, string][] = [[new SinkError('busy', 'the database is locked', { retryAfter: 2.2 }), '3'], [new SinkError('busy', 'x'), '1'], [new SinkError('full', 'the disk is full'), '30'], [new Error('a secret path'), '5']];
    for (const [error, retryAfter] of failures) {
      served.sink.before = () => Promise.reject(error);
      const got = await post(served.http, '/v1/traces', JSON_TYPE, REQUEST);
      expect([got.status, got.headers['retry-after'], (got.json as { code: number }).code]).toEqual([503, retryAfter, 14]);
      expect(got.body.toString()).not.toContain('secret');
    }
    expect(served.problems).toEqual(['A batch of traces was not stored: a secret path']);
    served.sink.before = () => Promise.resolve();
    expect((await post(served.http, '/v1/traces', JSON_TYPE, REQUEST)).status).toBe(200);
  });

  it('turns away what is more than it may hold, and takes the next', async () => {
    await using served = await serve({ limits: { requests: 2, waiting: 100_000 } });
    const store = holdBack(served.sink);
    const first = [post(served.http, '/v1/traces', JSON_TYPE, REQUEST), post(served.http, '/v1/traces', JSON_TYPE, REQUEST)];
    await store.isHeld(2);
    const third = await post(served.http, '/v1/traces', JSON_TYPE, REQUEST);
    expect([third.status, third.headers['retry-after']]).toEqual([503, '1']);
    store.release();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    const large = await post(served.http, '/v1/traces', JSON_TYPE, { pad: 'x'.repeat(150_000) });
    expect(large.status).toBe(503);
    expect((await post(served.http, '/v1/traces', JSON_TYPE, REQUEST)).status).toBe(200);
  });

  it('answers to its own names only', async () => {
    await using served = await serve({ hosts: ['tunnel.example'] });
    for (const host of ['127.0.0.1:4318', 'localhost', 'LOCALHOST:1', '[::1]:4318', 'host.docker.internal:4318', 'app.localhost', 'tunnel.example']) {
      expect((await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, { host })).status, host).toBe(200);
    }
    for (const host of ['evil.example', 'evil.example:4318', 'localhost.evil.example', '127.0.0.1.evil.example', '0.0.0.0']) {
      const got = await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, { host });
      expect([got.status, (got.json as { code: number }).code], host).toEqual([403, 7]);
      expect((await send(served.http, '/health', { headers: { host } })).status).toBe(403);
    }
    expect(served.sink.origins).toHaveLength(7);
  });

  it('takes nothing from a page of a browser', async () => {
    await using served = await serve();
    for (const origin of ['https://evil.example', 'null', 'http://localhost:3000', `http://127.0.0.1:${served.http}`]) {
      const got = await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, { origin });
      expect([got.status, got.headers['access-control-allow-origin']], origin).toEqual([403, undefined]);
      expect((await send(served.http, '/v1/traces', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })).status).toBe(403);
    }
    expect(served.sink.origins).toEqual([]);
  });

  it('takes what pages on the list send, and answers what a browser asks before', async () => {
    await using served = await serve({ origins: ['http://localhost:3000'] });
    const origin = 'http://localhost:3000';
    const asked = await send(served.http, '/v1/traces', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type, x-api-key, cookie', 'access-control-request-private-network': 'true' } });
    expect(asked.status).toBe(204);
    expect(asked.headers).toMatchObject({ 'access-control-allow-origin': origin, 'access-control-allow-headers': 'content-type, x-api-key', 'access-control-allow-private-network': 'true', vary: 'Origin' });
    const got = await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, { origin });
    expect([got.status, got.headers['access-control-allow-origin']]).toEqual([200, origin]);
    const failed = await post(served.http, '/v1/traces', JSON_TYPE, '{', { origin });
    expect([failed.status, failed.headers['access-control-allow-origin']]).toEqual([400, origin]);
    expect((await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, { origin: 'http://localhost:3001' })).status).toBe(403);
  });

  it('wants the token where there is one', async () => {
    await using served = await serve({ token: 'open sesame' });
    const tries: [Record<string, string>, number][] = [[{}, 401], [{ authorization: 'Bearer wrong' }, 401], [{ authorization: 'Basic open sesame' }, 401], [{ authorization: 'Bearer open sesame' }, 200], [{ authorization: 'bearer  open sesame' }, 200], [{ 'x-api-key': 'open sesame' }, 200]];
    for (const [headers, status] of tries) expect((await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, headers)).status, JSON.stringify(headers)).toBe(status);
    expect((await post(served.http, '/v1/traces', JSON_TYPE, REQUEST)).headers['www-authenticate']).toBe('Bearer');
    expect((await send(served.http, '/health')).status).toBe(200);
  });

  it('ignores the headers that backends want, and keeps the project they name', async () => {
    await using served = await serve();
    await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, { authorization: 'Basic abc', 'x-langfuse-ingestion-version': '4', 'Langsmith-Project': 'shop' });
    await post(served.http, '/v1/traces', JSON_TYPE, REQUEST, { 'Comet-Workspace': 'w', projectName: 'tickets' });
    expect(served.sink.origins.map(({ project }) => project)).toEqual(['shop', 'tickets']);
  });

  it('says that it is there, and what its paths take', async () => {
    await using served = await serve();
    for (const path of ['/', '/health']) expect((await send(served.http, path)).json).toMatchObject({ status: 'ok' });
    const head = await send(served.http, '/health', { method: 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    const wrong = await send(served.http, '/v1/traces');
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST']);
    expect((await post(served.http, '/v1development/profiles', PROTOBUF, 'x')).status).toBe(404);
    expect((await send(served.http, '/../../etc/passwd')).status).toBe(404);
  });

  it('listens on both loopback addresses and on no other', async () => {
    await using served = await serve();
    const { status } = await send(served.http, '/health', { host: '::1' }).catch((error: NodeJS.ErrnoException) => ({ status: error.code }));
    // a machine without IPv6 has no such address
    expect([200, 'EADDRNOTAVAIL', 'EAFNOSUPPORT']).toContain(status);
    for (const address of Object.values(networkInterfaces()).flat()) {
      if (address === undefined || address.internal || address.family !== 'IPv4') continue;
      await expect(send(served.http, '/health', { host: address.address })).rejects.toThrow(/ECONNREFUSED|EHOSTUNREACH|ETIMEDOUT/);
    }
  });
});

describe('one connection', () => {
  const body = JSON.stringify(REQUEST);
  const text = (more = ''): string => `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;

  it('carries many requests, also those sent before the answers', async () => {
    await using served = await serve();
    const heard = await speak(served.http, text() + text(), text(), text('Connection: close\r\n'));
    expect(heard.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(4);
    expect(served.sink.spans).toHaveLength(4);
  });

  it('survives a refused request with a short body', async () => {
    await using served = await serve();
    const heard = await speak(served.http, `POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello${text('Connection: close\r\n')}`);
    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  it('may say first what it speaks, byte by byte', async () => {
    await using served = await serve();
    let heard = '';
    const socket = connect(served.http, '127.0.0.1').setNoDelay().setEncoding('utf8').on('data', (piece: string) => { heard += piece; });
    for (const byte of Buffer.from(text('Connection: close\r\n')).subarray(0, 5)) {
      socket.write(Buffer.from([byte]));
      await sleep(10);
    }
    socket.write(text('Connection: close\r\n').slice(5));
    await new Promise((resolve) => socket.on('close', resolve));
    expect(heard).toContain('200 OK');
  });

  it('is asked for its body only when that is wanted', async () => {
    await using served = await serve({ limits: { body: 1000 } });
    const head = (length: number): string => `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    expect(await speak(served.http, head(body.length), body)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(await speak(served.http, head(1001))).toMatch(/^HTTP\/1\.1 413/);
  });

  it('is closed when it is too slow, at every stage', async () => {
    await using served = await serve({ limits: { headersMs: 300, requestMs: 600 } });
    const started = Date.now();
    const heard = await Promise.all([
      speak(served.http, ''),
      speak(served.http, 'P'),
      speak(served.http, 'POST /v1/traces HTTP/1.1\r\nHost: loc'),
      speak(served.http, 'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'),
    ]);
    expect(Date.now() - started).toBeLessThan(DEFAULT_LIMITS.requestMs);
    expect(heard.slice(0, 2)).toEqual(['', '']);
    expect(heard[2]).toContain('408');
    expect(heard[3]).toContain('408');
    expect(served.sink.origins).toEqual([]);
    expect((await send(served.http, '/health')).status).toBe(200);
  });

  it('may break off at any byte', async () => {
    await using served = await serve();
    const whole = text();
    for (let length = 0; length < whole.length; length += 37) {
      await new Promise<void>((resolve) => {
        const socket = connect(served.http, '127.0.0.1', () => { socket.write(whole.slice(0, length), () => { socket.destroy(); }); });
        socket.on('close', () => { resolve(); }).on('error', () => { /* as meant */ });
      });
    }
    expect((await post(served.http, '/v1/traces', JSON_TYPE, REQUEST)).status).toBe(200);
    expect(served.sink.spans).toHaveLength(1);
  });
});

describe('bodies without end', () => {
  it('a bomb is inflated to the limit and no further', async () => {
    await using served = await serve({ limits: { body: 8 * 1024 * 1024 } });
    const bomb = zlib.gzipSync(Buffer.alloc(512 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(600_000);
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => { peak = Math.max(peak, process.memoryUsage().rss); }, 5);
    for (const encoding of [{ 'content-encoding': 'gzip' }, {}] as Record<string, string>[]) {
      const got = await post(served.http, '/v1/traces', PROTOBUF, bomb, encoding);
      expect([got.status, got.headers['content-type']]).toEqual([413, PROTOBUF]);
      expect(decodeMessage('RpcStatus', got.body)).toMatchObject({ code: 8 });
    }
    clearInterval(watch);
    expect(peak - before).toBeLessThan(200 * 1024 * 1024);
    for (const [encoding, compress] of [['br', zlib.brotliCompressSync], ['zstd', zlib.zstdCompressSync], ['deflate', zlib.deflateSync]] as const) {
      expect((await post(served.http, '/v1/traces', PROTOBUF, compress(Buffer.alloc(64 * 1024 * 1024)), { 'content-encoding': encoding })).status, encoding).toBe(413);
    }
  });

  it('a length beyond the limit is refused before the body', async () => {
    await using served = await serve();
    const heard = await speak(served.http, `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${2 ** 30}\r\n\r\n`);
    expect(heard).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":8/);
  });

  it('1 GB in chunks is read to the limit, and its sender sees the answer', async () => {
    await using served = await serve();
    const chunk = Buffer.from(`100000\r\n${'x'.repeat(1024 * 1024)}\r\n`);
    const before = process.memoryUsage().rss;
    let peak = before;
    const heard = await new Promise<string>((resolve, reject) => {
      let answer = '';
      let sent = 0;
      const socket = connect(served.http, '127.0.0.1', () => {
        socket.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
        const more = (): void => {
          for (let room = true; room && sent < 1024 && !socket.destroyed; sent++) {
            peak = Math.max(peak, process.memoryUsage().rss);
            room = socket.write(chunk);
          }
          if (sent >= 1024) socket.end('0\r\n\r\n');
        };
        socket.on('drain', more);
        more();
      });
      socket.setEncoding('utf8').on('data', (text: string) => { answer += text; }).on('close', () => { resolve(answer); }).on('error', (error) => { if (answer === '') reject(error); });
    });
    expect(heard).toMatch(/^HTTP\/1\.1 413 /);
    // the limit's 64 MiB, what the sender buffers in this process, and slack
    expect(peak - before).toBeLessThan(400 * 1024 * 1024);
    expect((await post(served.http, '/v1/traces', JSON_TYPE, REQUEST)).status).toBe(200);
  });
});

describe('stopping', () => {
  it('answers what is under way and refuses what comes after', async () => {
    const served = await serve();
    const store = holdBack(served.sink);
    const got = post(served.http, '/v1/traces', JSON_TYPE, REQUEST);
    await store.isHeld(1);
    const stopped = served.receiver.stop();
    await expect.poll(() => send(served.http, '/health').catch((error: NodeJS.ErrnoException) => error.code)).toBe('ECONNREFUSED');
    store.release();
    expect((await got).status).toBe(200);
    await stopped;
    expect(served.receiver.status).toEqual({ state: 'off' });
    await served[Symbol.asyncDispose]();
  });
});
