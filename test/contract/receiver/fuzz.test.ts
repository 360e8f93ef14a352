import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MemorySink } from '../../fixtures/memory-sink.ts';
import { encodeMessage } from '../../unit/trace/otlp-messages.ts';
import { randomOf } from '../../unit/trace/random.ts';
import { requestOf } from '../../unit/trace/random-request.ts';
import { JSON_TYPE, post, PROTOBUF, send, serve, SPAN, span, traceRequest, TRACE, type Served } from './support.ts';
import { startStored, type Stored } from './stored.ts';

const LONG = process.env['TOUCHSTONE_LONG'] === '1';
const INPUTS = LONG ? 100_000 : 3000;
/** Of the same with a fixed seed; another one looks elsewhere. */
const FIRST_SEED = Number(process.env['TOUCHSTONE_SEED'] ?? 1);

type Next = (below: number) => number;

/** Bytes with some places changed: flipped, cut, doubled, filled with lengths that lie. */
function damage(bytes: Uint8Array, next: Next): Uint8Array {
  let damaged = Buffer.from(bytes);
  for (let times = next(4) + 1; times > 0; times--) {
    const at = next(damaged.length + 1);
    switch (next(7)) {
      case 0: damaged[at] = next(256); break;
      case 1: damaged[at] = (damaged[at] ?? 0) ^ (1 << next(8)); break;
      case 2: damaged = damaged.subarray(0, at); break;
      case 3: damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(next(damaged.length + 1))]); break;
      case 4: damaged = Buffer.concat([damaged.subarray(0, at), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01].slice(next(10))), damaged.subarray(at)]); break;
      case 5: damaged = Buffer.concat([damaged.subarray(0, at), Buffer.from(TOKENS[next(TOKENS.length)]!), damaged.subarray(at)]); break;
      default: damaged = Buffer.concat([damaged, damaged.subarray(at)]);
    }
  }
  return damaged;
}

const TOKENS = ['"', '{', '[', '}', ']', ',', 'null', '-', '1e999', '99999999999999999999', '"__proto__":', '\\u0000', '\\ud800', '"intValue":{},', '\ufeff', '[['.repeat(500), '{"kvlistValue":{"values":[{"key":"a","value":'.repeat(120)];

interface Input {
  readonly path: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A request and what is done to it: most are traces, one half in each encoding; some are packed, some hold traps that chance would not find. */
function inputOf(seed: number): Input {
  const next = randomOf(seed);
  const { path, contentType, body: whole } = next(5) === 0 ? OTHERS[next(OTHERS.length)]!(next) : tracesOf(next);
  let body = whole;
  if (next(10) > 0) body = damage(body, next);
  const packing = next(8);
  const headers: Record<string, string> = packing === 0 ? { 'content-encoding': 'gzip' } : packing === 1 ? { 'content-encoding': 'zstd' } : {};
  if (packing === 0) body = zlib.gzipSync(body);
  if (packing === 1) body = zlib.zstdCompressSync(body);
  if (packing < 2 && next(3) === 0) body = damage(body, next);
  return { path, contentType, headers, body };
}

type Whole = Omit<Input, 'headers'>;

function tracesOf(next: Next): Whole {
  const request = next(12) === 0 ? TRAPS[next(TRAPS.length)]! : requestOf(next);
  return next(2) === 0
    ? { path: '/v1/traces', contentType: JSON_TYPE, body: Buffer.from(JSON.stringify(request)) }
    : { path: '/v1/traces', contentType: PROTOBUF, body: encodeMessage('ExportTraceServiceRequest', request) };
}

const RUN = { id: '019a8d6e-0000-7000-8000-000000000001', trace_id: '019a8d6e-0000-7000-8000-000000000001', run_type: 'llm', name: 'n', dotted_order: '20260101T000000000000Z019a8d6e-0000-7000-8000-000000000001', start_time: '2026-01-01T00:00:00Z', inputs: { messages: [] }, outputs: { a: 1 }, extra: { metadata: { a: 1 } } };
const LOGS = { resourceLogs: [{ resource: { attributes: [{ key: 'a', value: { boolValue: true } }] }, scopeLogs: [{ logRecords: [{ timeUnixNano: '5', traceId: TRACE, spanId: SPAN, eventName: 'e', body: { kvlistValue: { values: [{ key: 'b', value: { doubleValue: 1 } }] } } }] }] }] };
const METRICS = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', sum: { dataPoints: [{ timeUnixNano: '5' }] } }] }] }] };
const FORM = `--b\r\nContent-Disposition: form-data; name="post.${RUN.id}"\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(RUN)}\r\n--b\r\nContent-Disposition: form-data; name="post.${RUN.id}.inputs"\r\n\r\n{"a":1}\r\n--b--\r\n`;
const json = (path: string, value: object) => (): Whole => ({ path, contentType: JSON_TYPE, body: Buffer.from(JSON.stringify(value)) });
const OTHERS: readonly ((next: Next) => Whole)[] = [
  json('/v1/logs', LOGS),
  () => ({ path: '/v1/logs', contentType: PROTOBUF, body: encodeMessage('ExportLogsServiceRequest', LOGS) }),
  json('/v1/metrics', METRICS),
  () => ({ path: '/v1/metrics', contentType: PROTOBUF, body: encodeMessage('ExportMetricsServiceRequest', METRICS) }),
  (next) => json('/api/otlp', requestOf(next))(),
  (next) => json(`/api/otlp/${TRACE}/${SPAN}`, requestOf(next))(),
  json('/api/traces', { traceId: TRACE, spans: { [SPAN]: { spanId: SPAN, traceId: TRACE, startTime: 1_790_000_000_000, endTime: 0, attributes: { a: 1 }, displayName: 'd', status: { code: 2 } } } }),
  json('/v1/traces/ingest', { data: [{ object: 'trace', id: 'trace_1', workflow_name: 'w' }, { object: 'trace.span', id: 'span_1', trace_id: 'trace_1', started_at: '2026-01-01T00:00:00Z', span_data: { type: 'function', name: 'f' } }] }),
  json('/runs/batch', { post: [RUN], patch: [RUN] }),
  json('/runs', RUN),
  json('/feedback', { run_id: RUN.id, key: 'k', score: 1 }),
  () => ({ path: '/runs/multipart', contentType: 'multipart/form-data; boundary=b', body: Buffer.from(FORM) }),
];

/** What a damaged request may end in: taken, taken in part, or refused once and for all. */
const ANSWERS = new Set([200, 202, 400, 422]);

const TRAPS: readonly object[] = [
  traceRequest(span({ attributes: [{ key: 'gen_ai.prompt.999999999.content', value: { stringValue: 'x' } }, { key: 'llm.input_messages.4294967295.message.role', value: { stringValue: 'user' } }] })),
  traceRequest(span({ attributes: [{ key: '__proto__', value: { stringValue: 'x' } }, { key: 'constructor.prototype.x', value: { stringValue: 'x' } }] })),
  traceRequest(span({ attributes: [{ key: 'gen_ai.input.messages', value: { stringValue: '['.repeat(10_000) } }, { key: 'input.value', value: { stringValue: `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}` } }] })),
  traceRequest(span({ parentSpanId: SPAN, startTimeUnixNano: '9223372036854775807', endTimeUnixNano: '1' })),
  traceRequest(...Array.from({ length: 50 }, (_, at) => span({ spanId: `${at % 10}000000000000001`, parentSpanId: `${(at + 1) % 10}000000000000001` }))),
];

/** Collects the garbage, then counts what is left: bytes. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** One connection that is kept, as a sender would: opening 100,000 would say more about the machine. */
class Sender {
  readonly #port: number;
  #socket: Socket | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  send({ path, contentType, headers, body }: Input): Promise<number> {
    const socket = (this.#socket ??= connect(this.#port, '127.0.0.1').setNoDelay());
    return new Promise((resolve, reject) => {
      let heard = '';
      const done = (): void => { socket.off('data', listen).off('error', fail).off('close', fail); };
      const fail = (): void => {
        done();
        this.#socket = null;
        reject(new Error(`the connection ended after ${JSON.stringify(heard)}`));
      };
      const listen = (chunk: Buffer): void => {
        heard += chunk.toString('latin1');
        const end = heard.indexOf('\r\n\r\n');
        if (end < 0 || heard.length < end + 4 + Number(/content-length: (\d+)/i.exec(heard)?.[1] ?? 0)) return;
        done();
        if (/connection: close/i.test(heard)) {
          this.#socket = null;
          socket.destroy();
        }
        resolve(Number(heard.slice(9, 12)));
      };
      socket.on('data', listen).on('error', fail).on('close', fail);
      const lines = Object.entries({ host: 'localhost', 'content-type': contentType, 'content-length': String(body.length), ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]));
    });
  }

  close(): void {
    this.#socket?.destroy();
  }
}

describe('damaged requests', () => {
  let served: Served<MemorySink>;
  beforeAll(async () => { served = await serve(); });
  afterAll(async () => { await served[Symbol.asyncDispose](); });

  it(`${INPUTS.toLocaleString('en')} of them in both encodings end in an answer each, and leave nothing in the memory`, async () => {
    const answers = new Map<number, number>();
    const sender = new Sender(served.http);
    let slowest = 0;
    let middle = 0;
    for (let index = 0; index < INPUTS; index++) {
      const seed = FIRST_SEED + index;
      const input = inputOf(seed);
      const started = process.cpuUsage();
      const status = await sender.send(input).catch((error: unknown) => { throw new Error(`seed ${seed}`, { cause: error }); });
      const { user, system } = process.cpuUsage(started);
      slowest = Math.max(slowest, (user + system) / 1000);
      if (!ANSWERS.has(status)) throw new Error(`seed ${seed}: ${status}`);
      answers.set(status, (answers.get(status) ?? 0) + 1);
      served.sink.spans.length = served.sink.logs.length = served.sink.rejected.length = served.sink.origins.length = 0;
      if (index === Math.floor(INPUTS / 2)) middle = heap();
    }
    const grown = heap() - middle;
    sender.close();
    expect(served.problems).toEqual([]);
    // Both kinds of answers are frequent: the damage is neither nothing nor everything.
    expect(answers.get(200)).toBeGreaterThan(INPUTS / 20);
    expect(answers.get(400)).toBeGreaterThan(INPUTS / 20);
    // No input hangs: each is below 100 kB. Milliseconds of the processor, whatever else it does.
    expect(slowest).toBeLessThan(5000);
    expect(grown).toBeLessThan(4 * 1024 * 1024);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect((await send(served.http, '/health')).status).toBe(200);
  }, INPUTS * 100 + 180_000);
});

describe('damaged requests through the store', () => {
  let stored: Stored;
  beforeAll(async () => { stored = await startStored(); });
  afterAll(async () => { await stored[Symbol.asyncDispose](); });

  it('leave it whole', async () => {
    const sender = new Sender(stored.served.http);
    for (let index = 0; index < INPUTS / 10; index++) {
      const status = await sender.send(inputOf(1_000_000 + FIRST_SEED + index));
      if (!ANSWERS.has(status)) throw new Error(`seed ${1_000_000 + FIRST_SEED + index}: ${status}`);
    }
    sender.close();
    expect(stored.served.problems).toEqual([]);
    const { traces } = await stored.reads.read('traces/list', { query: '', sort: 'time', descending: true, limit: 20 });
    expect(traces.length).toBe(20);
    for (const { traceId } of traces) for (const format of ['json', 'otlp', 'tree', 'markdown'] as const) expect((await stored.reads.read('text', { traceId, format })).length).toBeGreaterThan(0);
  // Each is a transaction of its own: 25 ms on a machine with ten times as much to do as it can.
  }, INPUTS * 100 + 180_000);

  it('end cleanly when they nest 10,000 values, in both encodings', async () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(10_000)}{}${']}}'.repeat(10_000)}`;
    const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${TRACE}","spanId":"${SPAN}","attributes":[{"key":"a","value":${deep}}]}]}]}]}`;
    const answer = await post(stored.served.http, '/v1/traces', JSON_TYPE, json);
    expect([answer.status, answer.json]).toEqual([200, { partialSuccess: { rejectedSpans: '1', errorMessage: '1 × a value is nested deeper than 100 levels (resourceSpans[0].scopeSpans[0].spans[0])' } }]);
    let value = Buffer.alloc(0);
    const pieces: Buffer[] = [];
    for (let level = 0, length = 0; level < 10_000; level++) {
      const inner = header(1, length);
      const outer = header(5, inner.length + length);
      pieces.push(inner, outer);
      length += inner.length + outer.length;
    }
    value = Buffer.concat(pieces.reverse());
    const spanBytes = Buffer.concat([field(1, Buffer.from(TRACE, 'hex')), field(2, Buffer.from(SPAN, 'hex')), field(9, field(2, value))]);
    const protobuf = await post(stored.served.http, '/v1/traces', PROTOBUF, field(1, field(2, field(2, spanBytes))));
    expect([protobuf.status, protobuf.body.toString()]).toEqual([200, expect.stringContaining('nested deeper than 100 levels')]);
    for (const text of ['['.repeat(1_000_000), `${'['.repeat(100_000)}${']'.repeat(100_000)}`, `{"resourceSpans":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`]) {
      expect([200, 400]).toContain((await post(stored.served.http, '/v1/traces', JSON_TYPE, text)).status);
    }
  });

  it('end cleanly when a thousand bytes stand for a billion', async () => {
    for (const pattern of [`{"resourceSpans":[${'{},'.repeat(9_000_000)}{}]}`, `{"resourceSpans":[{"scopeSpans":[{"spans":[${'{},'.repeat(LONG ? 7_000_000 : 200_000)}{}]}]}]}`]) {
      const answer = await post(stored.served.http, '/v1/traces', JSON_TYPE, zlib.gzipSync(pattern));
      expect([200, 400, 413]).toContain(answer.status);
      expect(answer.body.length).toBeLessThan(1000);
    }
    const empty = Buffer.alloc(30_000_000);
    for (let at = 0; at < empty.length; at += 2) empty[at] = (2 << 3) | 2;
    for (const request of [field(1, field(2, empty)), field(1, empty)]) {
      const answer = await post(stored.served.http, '/v1/traces', PROTOBUF, zlib.gzipSync(request));
      expect(answer.status).toBe(400);
      expect(answer.body.toString()).toContain('more than 4,000,000 values');
    }
    expect((await stored.post(traceRequest(span()))).status).toBe(200);
  }, LONG ? 600_000 : 60_000);
});

function header(number: number, length: number): Buffer {
  const bytes: number[] = [(number << 3) | 2];
  let rest = length;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([header(number, bytes.length), bytes]);
}
