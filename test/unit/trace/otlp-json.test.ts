import { describe, expect, it } from 'vitest';
import { decodeOtlpJson } from '../../../src/core/trace/otlp-json.ts';
import { encodeLogs, encodeSpans } from '../../../src/core/trace/otlp-encode.ts';
import { parseKeepingLongIntegers } from '../../../src/core/trace/parse-json.ts';
import { jsonOfAttributes } from '../../../src/core/trace/any-value.ts';
import type { Decoded, RawSpan } from '../../../src/core/trace/model.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

/** The example of the specification. */
const EXAMPLE = {
  resourceSpans: [{
    resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop-bot' } }] },
    scopeSpans: [{
      scope: { name: 'my.tracer', version: '1.0' },
      spans: [{
        traceId: TRACE, spanId: SPAN, parentSpanId: '00f067aa0ba902b7', flags: 257, name: 'chat small-model', kind: 3,
        startTimeUnixNano: '1790000000000000000', endTimeUnixNano: '1790000001250000000',
        attributes: [
          { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
          { key: 'gen_ai.usage.input_tokens', value: { intValue: '812' } },
          { key: 'gen_ai.response.finish_reasons', value: { arrayValue: { values: [{ stringValue: 'stop' }] } } },
        ],
        events: [{ timeUnixNano: '1790000000400000000', name: 'first_token' }],
      }],
    }],
  }],
};

function decode(request: unknown): Decoded {
  const decoded = decodeOtlpJson(request);
  if (!decoded) throw new Error('not taken as OTLP');
  return decoded;
}

function spanOf(fields: object): RawSpan {
  const { spans, rejected } = decode(batch({ traceId: TRACE, spanId: SPAN, name: 's', startTimeUnixNano: '1', endTimeUnixNano: '2', ...fields }));
  expect(rejected).toEqual([]);
  return spans[0]!;
}

function batch(...spans: unknown[]): object {
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
}

function rejectionOf(fields: object): string {
  const { spans, rejected } = decode(batch({ traceId: TRACE, spanId: SPAN, ...fields }));
  expect(spans).toEqual([]);
  return rejected[0]!.reason;
}

describe('OTLP/JSON', () => {
  it('reads the example of the specification and writes it out as it was', () => {
    const { spans, rejected } = decode(EXAMPLE);
    expect(rejected).toEqual([]);
    expect(spans[0]).toMatchObject({ traceId: TRACE, parentSpanId: '00f067aa0ba902b7', flags: 257, kind: 3, startTimeUnixNano: '1790000000000000000', status: { code: 0, message: '' } });
    expect(encodeSpans(spans)).toEqual(EXAMPLE);
  });

  it('takes an empty request, and nothing that is not a request', () => {
    expect(decode({ resourceSpans: [] })).toEqual({ spans: [], logs: [], rejected: [] });
    for (const other of [null, 1, 'x', [], {}, { resourceSpans: 3 }, { spans: [] }]) expect(decodeOtlpJson(other)).toBeNull();
  });

  it('ignores unknown keys and takes absent ones as their default', () => {
    const span = spanOf({ later: { anything: 1 } });
    expect(span).toMatchObject({ parentSpanId: null, kind: 0, flags: 0, traceState: '', status: { code: 0 }, attributes: [], events: [], links: [] });
  });

  // What senders are known to do, one test each.
  it('1: intValue as a JSON number', () => {
    expect(spanOf({ attributes: [{ key: 'n', value: { intValue: 2196 } }] }).attributes).toEqual([{ key: 'n', value: { intValue: '2196' } }]);
  });

  it.each([['empty', ''], ['zeros', '0000000000000000'], ['itself', SPAN], ['null', null]])('2: a parent id that is %s makes a root', (_, parentSpanId) => {
    expect(spanOf({ parentSpanId }).parentSpanId).toBeNull();
  });

  it('3: a child before its parent, and one whose parent never comes, are kept', () => {
    const { spans } = decode(batch({ traceId: TRACE, spanId: '2222222222222222', parentSpanId: SPAN }, { traceId: TRACE, spanId: SPAN, parentSpanId: '9999999999999999' }));
    expect(spans.map((span) => span.parentSpanId)).toEqual([SPAN, '9999999999999999']);
  });

  it('4: base64 ids, names of enums, snake_case keys, batches, instrumentationLibrarySpans', () => {
    const request = {
      batches: [{
        resource: { attributes: [] }, schema_url: 'https://example.com/1',
        instrumentation_library_spans: [{
          instrumentation_library: { name: 'lib', version: '2' },
          spans: [{ trace_id: 'CvdlGRbNQ92ESOshHIAxnA==', span_id: 't61rcWkgMzE=', parent_span_id: 'APBnqgupArc=', name: 'x', kind: 'SPAN_KIND_CLIENT', start_time_unix_nano: '5', end_time_unix_nano: 7, trace_state: 'a=b', dropped_attributes_count: 3, attributes: [{ key: 'k', value: { string_value: 'v' } }, { key: 'b', value: { bytes_value: '-_8=' } }], events: [{ time_unix_nano: '6', name: 'e' }], links: [{ trace_id: 'CvdlGRbNQ92ESOshHIAxnA', span_id: 't61rcWkgMzE' }], status: { code: 'STATUS_CODE_ERROR', message: 'no' } }],
        }],
      }],
    };
    expect(decode(request).spans[0]).toMatchObject({
      traceId: TRACE, spanId: SPAN, parentSpanId: '00f067aa0ba902b7', kind: 3, startTimeUnixNano: '5', endTimeUnixNano: '7', traceState: 'a=b', droppedAttributesCount: 3,
      attributes: [{ key: 'k', value: { stringValue: 'v' } }, { key: 'b', value: { bytesValue: '+/8=' } }], events: [{ timeUnixNano: '6', name: 'e' }], links: [{ traceId: TRACE, spanId: SPAN }],
      status: { code: 2, message: 'no' }, scope: { name: 'lib', version: '2' }, resource: { schemaUrl: 'https://example.com/1' },
    });
  });

  it('5: attributes as a plain object, and Long objects', () => {
    const span = spanOf({ attributes: { a: 'x', b: 3, c: 1.5, d: [true, null], e: { f: 'g' } }, startTimeUnixNano: { low: -1_428_160_512, high: 416_766_910, unsigned: true } });
    expect(jsonOfAttributes(span.attributes)).toEqual({ a: 'x', b: 3, c: 1.5, d: [true, null], e: { f: 'g' } });
    expect(span.startTimeUnixNano).toBe(((416_766_910n << 32n) + (BigInt(-1_428_160_512) & 0xffff_ffffn)).toString());
    expect(spanOf({ attributes: [{ key: 'n', value: { intValue: { low: -1, high: -1 } } }] }).attributes[0]!.value).toEqual({ intValue: '-1' });
  });

  it.each([['64 bits', '8448eb211c80319c', '00000000000000008448eb211c80319c'], ['no leading zeros', 'af7651916cd43dd8448eb211c80319c', TRACE], ['upper case', TRACE.toUpperCase(), TRACE], ['decimal', '9532127138774266268', '00000000000000008448eb211c80319c'], ['UUID', '0af76519-16cd-43dd-8448-eb211c80319c', TRACE]])('6: a trace id of %s', (_, traceId, expected) => {
    expect(spanOf({ traceId }).traceId).toBe(expected);
  });

  it('6: decimal span ids of 64 bits', () => {
    expect(spanOf({ spanId: '13235353014750950193' }).spanId).toBe(SPAN);
  });

  it('7: log records posted as spans are refused one by one', () => {
    const { spans, rejected } = decode(batch({ timeUnixNano: '1', body: { stringValue: 'hi' } }, { traceId: TRACE, spanId: SPAN }));
    expect(spans).toHaveLength(1);
    expect(rejected).toEqual([{ where: 'resourceSpans[0].scopeSpans[0].spans[0]', reason: 'the span has no traceId', value: { timeUnixNano: '1', body: { stringValue: 'hi' } } }]);
  });

  it('8: one bad span does not take its batch with it', () => {
    const { spans, rejected } = decode(batch({ traceId: TRACE, spanId: SPAN }, { traceId: 'zz', spanId: SPAN }, null, { traceId: TRACE, spanId: 'b7ad6b7169203332', attributes: [{ value: {} }] }, { traceId: TRACE, spanId: 'b7ad6b7169203333' }));
    expect(spans.map((span) => span.spanId)).toEqual([SPAN, 'b7ad6b7169203333']);
    expect(rejected.map(({ where, reason }) => [where.slice(-8), reason])).toEqual([['spans[1]', 'traceId must be 16 bytes'], ['spans[2]', 'not an object'], ['spans[3]', 'an attribute has no key']]);
  });

  it('8: a resource that cannot be read is counted once for each of its spans', () => {
    const request = { resourceSpans: [{ resource: { attributes: 7 }, scopeSpans: [{ spans: [{ traceId: TRACE, spanId: SPAN }, { traceId: TRACE, spanId: SPAN }] }] }, EXAMPLE.resourceSpans[0]] };
    expect(decode(request)).toMatchObject({ rejected: [{ where: 'resourceSpans[0].scopeSpans[0].spans[0]' }, { where: 'resourceSpans[0].scopeSpans[0].spans[1]' }], spans: [{ name: 'chat small-model' }] });
  });

  it('9: __proto__ and constructor are keys like any other', () => {
    const request: unknown = JSON.parse(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${TRACE}","spanId":"${SPAN}","attributes":{"__proto__":{"polluted":"yes"},"constructor":"c"}}]}]}]}`);
    const object = jsonOfAttributes(decode(request).spans[0]!.attributes);
    expect(Object.keys(object)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect('polluted' in object).toBe(false);
  });

  it.each([['absent', undefined], ['0', '0'], ['a number 0', 0]])('10: an end that is %s is a running span', (_, endTimeUnixNano) => {
    expect(spanOf({ endTimeUnixNano }).endTimeUnixNano).toBeNull();
  });

  it('14: bare numbers of 19 digits keep their nanoseconds', () => {
    const text = JSON.stringify(batch({ traceId: TRACE, spanId: SPAN, name: '"1790000000000000001 \\', startTimeUnixNano: 1, attributes: [{ key: 'd', value: { doubleValue: 0.30000000000000004 } }] })).replace('"startTimeUnixNano":1', '"startTimeUnixNano": 1790000000000000001 ');
    const parsed = parseKeepingLongIntegers(text);
    const span = decode('value' in parsed ? parsed.value : null).spans[0]!;
    expect(span.startTimeUnixNano).toBe('1790000000000000001');
    expect(span.name).toBe('"1790000000000000001 \\');
    expect(span.attributes[0]!.value).toEqual({ doubleValue: 0.30000000000000004 });
  });

  it('says what is wrong with text that is not JSON', () => {
    for (const text of ['', '{', '{"a": 1790000000000000001', '"1790000000000000001', '{"a":"\\"1790000000000000001']) expect(parseKeepingLongIntegers(text)).toHaveProperty('error');
  });

  it('refuses what cannot be kept', () => {
    expect(rejectionOf({ traceId: '00000000000000000000000000000000' })).toBe('the span has no traceId');
    expect(rejectionOf({ spanId: 'xyz' })).toBe('spanId must be 8 bytes');
    expect(rejectionOf({ parentSpanId: {} })).toBe('parentSpanId must be 8 bytes');
    expect(rejectionOf({ startTimeUnixNano: 'soon' })).toBe('startTimeUnixNano must be nanoseconds since 1970');
    expect(rejectionOf({ startTimeUnixNano: '9223372036854775808' })).toBe('startTimeUnixNano must be nanoseconds since 1970');
    expect(rejectionOf({ endTimeUnixNano: '-1' })).toBe('endTimeUnixNano must be nanoseconds since 1970');
    expect(rejectionOf({ kind: 'SPAN_KIND_NEW' })).toBe('kind is no known name');
    expect(rejectionOf({ status: { code: 1.5 } })).toBe('status.code must be a small integer');
    expect(rejectionOf({ attributes: [{ key: 'a', value: { intValue: '99999999999999999999' } }] })).toBe('an intValue has more than 64 bits');
    let deep: unknown = 'x';
    for (let depth = 0; depth < 10_000; depth++) deep = { arrayValue: { values: [deep] } };
    expect(rejectionOf({ attributes: [{ key: 'a', value: deep }] })).toBe('a value is nested deeper than 100 levels');
  });

  it('keeps every kind of value', () => {
    const values = [
      { stringValue: '' }, { boolValue: false }, { intValue: '-9223372036854775808' }, { doubleValue: -1.5e300 }, { doubleValue: 'NaN' }, { doubleValue: '-Infinity' }, { doubleValue: '-0' }, { bytesValue: 'AAAwOQ==' }, {},
      { arrayValue: { values: [{ intValue: '1' }, {}] } }, { kvlistValue: { values: [{ key: 'a', value: { boolValue: true } }, { key: 'a', value: { stringValue: 'twice' } }] } },
    ];
    const span = spanOf({ attributes: values.map((value, index) => ({ key: `k${index}`, value })) });
    expect(span.attributes.map(({ value }) => value)).toEqual(values);
  });

  it('reads log records, with and without a span, and writes them out', () => {
    const request = {
      resourceLogs: [{ scopeLogs: [{ scope: { name: 'l' }, logRecords: [{ timeUnixNano: '5', observedTimeUnixNano: '6', severityNumber: 9, severityText: 'INFO', body: { stringValue: 'b' }, attributes: [{ key: 'a', value: { intValue: '1' } }], flags: 1, traceId: TRACE, spanId: SPAN, eventName: 'e' }, { body: { kvlistValue: { values: [] } } }] }] }],
    };
    const { logs } = decode(request);
    expect(logs.map((log) => [log.traceId, log.eventName])).toEqual([[TRACE, 'e'], [null, '']]);
    expect(encodeLogs(logs)).toEqual({ resourceLogs: [{ resource: {}, ...request.resourceLogs[0] }] });
  });
});
