import { statSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SPAN_FLAGS } from '../../../src/protocol/traces.ts';
import { encodeMessage } from '../../unit/trace/otlp-messages.ts';
import { startStored } from './stored.ts';
import { JSON_TYPE, post, PROTOBUF, send, SPAN, span, traceRequest, TRACE } from './support.ts';

/** What senders really send, by the numbers of the list of quirks that the receiver is built to: through its port into the store. */
describe('quirks of senders', () => {
  it('1: integers as JSON numbers', async () => {
    await using stored = await startStored();
    await stored.post(traceRequest(span({ attributes: [{ key: 'gen_ai.usage.input_tokens', value: { intValue: 2196 } }, { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } }, { key: 'big', value: { intValue: 9007199254740992 } }] })));
    expect((await stored.spans())[0]).toMatchObject({ kind: 'llm', tokens: { input: 2196 }, attributes: { 'gen_ai.usage.input_tokens': 2196 } });
  });

  it('2: parents that are none: empty, absent, zeros, the span itself', async () => {
    await using stored = await startStored();
    const parents = ['', undefined, '0000000000000000', '2000000000000004'];
    await stored.post(traceRequest(...parents.map((parentSpanId, index) => span({ spanId: `200000000000000${index + 1}`, parentSpanId }))));
    expect((await stored.spans()).map(({ parentId }) => parentId)).toEqual([null, null, null, null]);
  });

  it('3: children before parents, in batches and resources of their own; a parent that never comes', async () => {
    await using stored = await startStored();
    await stored.post(traceRequest(span({ spanId: '3000000000000003', parentSpanId: '3000000000000002' })));
    await stored.post(traceRequest(span({ spanId: '3000000000000009', parentSpanId: '3000000000000008' })));
    await stored.post({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'another' } }] }, scopeSpans: [{ spans: [span({ spanId: '3000000000000002', parentSpanId: '3000000000000001' })] }] }] });
    await stored.post(traceRequest(span({ spanId: '3000000000000001', parentSpanId: '' })));
    const skeleton = await stored.reads.read('traces/skeleton', { traceId: TRACE });
    const ids = Array.from({ length: 4 }, (_, at) => Buffer.from(skeleton!.spanIds.subarray(at * 8, at * 8 + 8)).toString('hex'));
    expect(ids).toEqual(['3000000000000001', '3000000000000002', '3000000000000003', '3000000000000009']);
    expect([...skeleton!.depths.subarray(0, 3)]).toEqual([0, 1, 2]);
    expect(skeleton!.missing).toEqual([{ spanId: '3000000000000008', children: [3] }]);
  });

  it('4: ids in base64, names of enums, snake_case, `batches`, `instrumentationLibrarySpans`', async () => {
    await using stored = await startStored();
    const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
    const dialects = [
      { batches: [{ scopeSpans: [{ spans: [{ traceId: base64(TRACE), spanId: base64('4000000000000001'), kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_ERROR' }, startTimeUnixNano: '5', endTimeUnixNano: '6' }] }] }] },
      { resource_spans: [{ scope_spans: [{ spans: [{ trace_id: base64(TRACE), span_id: base64('4000000000000002'), parent_span_id: base64('4000000000000001'), start_time_unix_nano: '5', end_time_unix_nano: '7' }] }] }] },
      { resourceSpans: [{ instrumentationLibrarySpans: [{ instrumentationLibrary: { name: 'old' }, spans: [{ traceId: TRACE.toUpperCase(), spanId: '4000000000000003', parentSpanId: '4000000000000001', startTimeUnixNano: '5', endTimeUnixNano: '8' }] }] }] },
    ];
    for (const request of dialects) expect((await stored.post(request)).json).toEqual({});
    expect((await stored.spans()).map(({ spanId, parentId, status, endNs }) => [spanId, parentId, status, endNs])).toEqual([
      ['4000000000000001', null, 'error', '6'], ['4000000000000002', '4000000000000001', 'unset', '7'], ['4000000000000003', '4000000000000001', 'unset', '8'],
    ]);
  });

  it('5: attributes as a plain object, 64-bit integers as {low, high, unsigned}', async () => {
    await using stored = await startStored();
    await stored.post(traceRequest(span({ startTimeUnixNano: { low: -1_486_618_624, high: 416_767_841, unsigned: true }, attributes: { 'gen_ai.operation.name': 'chat', n: 3 } })));
    const [only] = await stored.spans();
    expect(only).toMatchObject({ kind: 'llm', attributes: { 'gen_ai.operation.name': 'chat', n: 3 } });
    expect(BigInt(only!.startNs)).toBe((416_767_841n << 32n) | BigInt.asUintN(32, -1_486_618_624n));
  });

  it('6: trace ids of 64 bits, with leading zeros dropped, and decimal', async () => {
    await using stored = await startStored();
    for (const traceId of ['d32a5eb3', '00000000d32a5eb3', '3542769331']) await stored.post(traceRequest(span({ traceId, spanId: `600000000000000${traceId.length % 10}` })));
    const protobuf = encodeMessage('ExportTraceServiceRequest', traceRequest(span({ traceId: '00000000d32a5eb3', spanId: '6000000000000009' })));
    expect((await post(stored.served.http, '/v1/traces', PROTOBUF, protobuf)).body).toHaveLength(0);
    expect(new Set((await stored.spans('d32a5eb3'.padStart(32, '0'))).map(({ spanId }) => spanId))).toEqual(new Set(['6000000000000006', '6000000000000008', '6000000000000009']));
    // ten digits of which some might be hex are hex: only what is longer than 16 can be told to be decimal
    expect(await stored.spans('3542769331'.padStart(32, '0'))).toHaveLength(1);
    await stored.post(traceRequest(span({ traceId: '13234567890123456789', spanId: '6000000000000001' })));
    expect(await stored.spans(13_234_567_890_123_456_789n.toString(16).padStart(32, '0'))).toHaveLength(1);
  });

  it('7: log records posted as spans are rejected one by one', async () => {
    await using stored = await startStored();
    const log = { timeUnixNano: '5', severityNumber: 9, body: { stringValue: 'a' } };
    const json = await stored.post(traceRequest(log, span(), log));
    expect(json.json).toEqual({ partialSuccess: { rejectedSpans: '2', errorMessage: '2 × the span has no traceId (resourceSpans[0].scopeSpans[0].spans[0], …)' } });
    const protobuf = await post(stored.served.http, '/v1/traces', PROTOBUF, encodeMessage('ExportLogsServiceRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [log, log] }] }] }));
    expect([protobuf.status, protobuf.body.length > 0]).toEqual([200, true]);
    expect(await stored.spans()).toHaveLength(1);
  });

  it('8: a bad span is rejected alone, and its bytes are kept for the user', async () => {
    await using stored = await startStored();
    const bad = span({ spanId: '8', name: 'the bad one', attributes: [{ key: 'a', value: { intValue: 'x' } }] });
    await stored.post(traceRequest(span(), bad));
    const inProtobuf = encodeMessage('ExportTraceServiceRequest', traceRequest(span({ spanId: '8000000000000002' }), span({ spanId: '80', name: 'the other bad one' })));
    await post(stored.served.http, '/v1/traces', PROTOBUF, inProtobuf);
    await post(stored.served.http, '/v1/traces', PROTOBUF, 'no protobuf');
    expect(await stored.spans()).toHaveLength(2);
    const { rejections, counts } = await stored.reads.read('sources', {});
    expect(rejections).toHaveLength(3);
    expect(rejections.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['an intValue is not an integer', 'spanId must be 8 bytes']));
    expect(counts.rejected).toBeGreaterThanOrEqual(2);
    const kept = await Promise.all(rejections.map(({ id }) => stored.reads.read('sources/rejection', { id })));
    const bodies = kept.map(({ contentType, body }) => [contentType, Buffer.from(body).toString('latin1')]);
    expect(bodies).toContainEqual([PROTOBUF, 'no protobuf']);
    expect(bodies.find(([, body]) => body!.includes('the bad one'))).toEqual([JSON_TYPE, JSON.stringify(bad)]);
    expect(bodies.find(([, body]) => body!.includes('the other bad one'))![0]).toBe(PROTOBUF);
  });

  it('9: keys of prototypes, and indexes that would make a long list', async () => {
    await using stored = await startStored();
    const attributes = ['__proto__', 'constructor', 'toString', '__proto__.polluted', 'gen_ai.prompt.999999999.content', 'gen_ai.prompt.0.content', 'llm.input_messages.4000000000.message.content'].map((key) => ({ key, value: { stringValue: 'x' } }));
    await stored.post(traceRequest(span({ attributes })));
    await stored.post(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as object);
    const [only] = await stored.spans();
    for (const { key } of attributes) expect(Object.hasOwn(only!.attributes, key), key).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    // bounded: the value with the wild index is there as an attribute, and no list of a billion messages
    expect(JSON.stringify(only).length).toBeLessThan(20_000);
  });

  it('10: spans that run, and spans that end before they start', async () => {
    await using stored = await startStored();
    await stored.post(traceRequest(span({ spanId: 'a000000000000001', endTimeUnixNano: 0 }), span({ spanId: 'a000000000000002', endTimeUnixNano: undefined }), span({ spanId: 'a000000000000003', endTimeUnixNano: '1789999999000000000' })));
    const skeleton = await stored.reads.read('traces/skeleton', { traceId: TRACE });
    const seen = [...skeleton!.durations].map((duration, at) => [skeleton!.spanIds[at * 8 + 7], duration, skeleton!.flags[at]! & (SPAN_FLAGS.running | SPAN_FLAGS.skew)]);
    expect(seen.sort(([a = 0], [b = 0]) => a - b)).toEqual([[1, NaN, SPAN_FLAGS.running], [2, NaN, SPAN_FLAGS.running], [3, 0, SPAN_FLAGS.skew]]);
    expect(await stored.reads.read('traces/get', { traceId: TRACE })).toMatchObject({ running: 2, durationNs: null });
  });

  it('11: JSON that an SDK has cut off', async () => {
    await using stored = await startStored();
    const cut = '[{"role":"user","parts":[{"type":"text","content":"Weather in B';
    await stored.post(traceRequest(span({ attributes: [{ key: 'gen_ai.operation.name', value: { stringValue: 'chat' } }, { key: 'gen_ai.input.messages', value: { stringValue: cut } }] })));
    const [only] = await stored.spans();
    expect(only!.attributes['gen_ai.input.messages']).toBe(cut);
    expect(JSON.stringify(only!.input)).toContain('Weather in B');
  });

  it('12: images are stored once, and are not in the list', async () => {
    await using stored = await startStored();
    const image = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 2_654_435_761) >>> 24)).toString('base64');
    const messages = JSON.stringify([{ role: 'user', parts: [{ type: 'blob', mime_type: 'image/png', content: image }] }]);
    for (let turn = 1; turn <= 10; turn++) await stored.post(traceRequest(span({ spanId: `c0000000000000${String(turn).padStart(2, '0')}`, attributes: [{ key: 'gen_ai.input.messages', value: { stringValue: messages } }] })));
    expect(await stored.spans()).toHaveLength(10);
    expect(JSON.stringify(await stored.reads.read('traces/list', { query: '', sort: 'time', descending: true, limit: 10 })).length).toBeLessThan(5000);
    await stored.sink.close();
    // ten times 400 kB were sent
    expect(statSync(join(stored.folder, '.touchstone', 'touchstone.db')).size).toBeLessThan(2_000_000);
  });

  it('13: the same span twice: sent again, finished later, announced before', async () => {
    await using stored = await startStored();
    const once = traceRequest(span({ spanId: 'd000000000000001' }));
    for (let times = 0; times < 3; times++) await stored.post(once);
    await stored.post(traceRequest(span({ spanId: 'd000000000000002', endTimeUnixNano: undefined, attributes: [{ key: 'a', value: { stringValue: 'start' } }] })));
    await stored.post(traceRequest(span({ spanId: 'd000000000000002', attributes: [{ key: 'b', value: { stringValue: 'end' } }] })));
    await stored.post(traceRequest(span({ spanId: 'd0000000000000ff', parentSpanId: 'd000000000000003', attributes: [{ key: 'logfire.span_type', value: { stringValue: 'pending_span' } }, { key: 'logfire.pending_parent_id', value: { stringValue: 'd000000000000001' } }] })));
    expect((await stored.spans()).map(({ spanId, endNs }) => [spanId, endNs === null])).toEqual([['d000000000000001', false], ['d000000000000003', true], ['d000000000000002', false]]);
    await stored.post(traceRequest(span({ spanId: 'd000000000000003', parentSpanId: 'd000000000000001' })));
    const spans = await stored.spans();
    expect(spans).toHaveLength(3);
    expect(spans.every(({ endNs }) => endNs !== null)).toBe(true);
    expect(spans.find(({ spanId }) => spanId === 'd000000000000002')!.attributes).toMatchObject({ a: 'start', b: 'end' });
    // the same again in the other encoding
    await post(stored.served.http, '/v1/traces', PROTOBUF, encodeMessage('ExportTraceServiceRequest', once));
    expect(await stored.reads.read('traces/get', { traceId: TRACE })).toMatchObject({ spans: 3 });
  });

  it('14: nanoseconds, also as bare numbers beyond 2^53', async () => {
    await using stored = await startStored();
    await stored.post(traceRequest(span({ startTimeUnixNano: '1790000000000000001', endTimeUnixNano: '1790000000000000003' })));
    await post(stored.served.http, '/v1/traces', JSON_TYPE, JSON.stringify(traceRequest(span({ spanId: 'e000000000000002', startTimeUnixNano: 'START', endTimeUnixNano: undefined }))).replace('"START"', '1790000000000000002'));
    expect((await stored.spans()).map(({ startNs, endNs }) => [startNs, endNs])).toEqual([['1790000000000000001', '1790000000000000003'], ['1790000000000000002', null]]);
    expect(await stored.reads.read('traces/get', { traceId: TRACE })).toMatchObject({ startNs: '1790000000000000001' });
  });

  it('15: a compressed body that does not say so', async () => {
    await using stored = await startStored();
    const body = zlib.gzipSync(JSON.stringify(traceRequest(span())));
    expect((await send(stored.served.http, '/v1/traces', { headers: { 'content-type': JSON_TYPE }, body })).status).toBe(200);
    expect(await stored.spans()).toMatchObject([{ spanId: SPAN }]);
  });
});
