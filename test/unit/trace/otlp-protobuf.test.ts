import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { UndecodableValue } from '../../../src/core/trace/any-value.ts';
import { decodeOtlpJson } from '../../../src/core/trace/otlp-json.ts';
import { decodeLogsProtobuf, decodeTracesProtobuf } from '../../../src/core/trace/otlp-protobuf.ts';
import { decodeOtlpRequest } from '../../../src/core/trace/otlp-request.ts';
import { countRejected } from '../../../src/core/trace/reject.ts';
import { encodeMessage } from './otlp-messages.ts';
import { randomOf } from './random.ts';
import { requestOf } from './random-request.ts';
import { TRACE } from './spans.ts';

const SPAN = 'b7ad6b7169203331';
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A field that holds bytes. */
function field(number: number, bytes: Uint8Array | readonly number[]): Uint8Array {
  return Uint8Array.from([...varint((number << 3) | 2), ...varint(bytes.length), ...bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

function join(...pieces: (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'));
const IDS = join(field(1, hex(TRACE)), field(2, hex(SPAN)));
/** A request of these spans. */
const request = (...spans: (Uint8Array | readonly number[])[]): Uint8Array => field(1, field(2, join(...spans.map((span) => field(2, span)))));

describe('OTLP in protobuf', () => {
  it('says the same as OTLP in JSON, in 500 random requests', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const sent = requestOf(randomOf(seed));
      expect(decodeTracesProtobuf(encodeMessage('ExportTraceServiceRequest', sent)), `seed ${seed}`).toEqual(decodeOtlpJson(sent));
    }
  });

  it('says the same of log records', () => {
    const attributes = [{ key: 'event.name', value: { stringValue: 'api_request' } }, { key: 'cost_usd', value: { doubleValue: 0.25 } }];
    const sent = {
      resourceLogs: [{
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'claude-code' } }] },
        scopeLogs: [{
          scope: { name: 'events' },
          logRecords: [
            { timeUnixNano: '1790000000000000001', observedTimeUnixNano: '1790000000000000002', severityNumber: 9, severityText: 'INFO', eventName: 'e', body: { kvlistValue: { values: attributes } }, attributes, droppedAttributesCount: 3, flags: 1, traceId: TRACE, spanId: SPAN },
            { body: { stringValue: 'belongs to no span' } },
          ],
        }],
      }],
    };
    expect(decodeLogsProtobuf(encodeMessage('ExportLogsServiceRequest', sent))).toEqual(decodeOtlpJson(sent));
  });

  it('reads what OpenTelemetry’s SDK sends', () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const tracer = provider.getTracer('agent', '1.2.3', { schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' });
    const root = tracer.startSpan('invoke_agent', { attributes: { 'gen_ai.operation.name': 'invoke_agent', tags: ['a', 'ß'], temperature: 0.7, max: 9_007_199_254_740_991, stream: true } });
    const child = tracer.startSpan('chat m', { kind: SpanKind.CLIENT, links: [{ context: { traceId: TRACE, spanId: SPAN, traceFlags: 1 }, attributes: { why: 'retry' } }] }, trace.setSpan(context.active(), root));
    child.addEvent('first_token', { index: 0 });
    child.setStatus({ code: SpanStatusCode.ERROR, message: 'no' });
    child.recordException(new Error('boom'));
    child.end();
    root.end();
    const spans = exporter.getFinishedSpans();
    const decoded = decodeTracesProtobuf(ProtobufTraceSerializer.serializeRequest(spans)!);
    expect(decoded).toEqual(decodeOtlpJson(JSON.parse(new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans)))));
    expect(decoded.spans.map(({ name, kind, status }) => ({ name, kind, status }))).toEqual([
      { name: 'chat m', kind: 3, status: { code: 2, message: 'no' } },
      { name: 'invoke_agent', kind: 1, status: { code: 0, message: '' } },
    ]);
    expect(decoded.spans[0]!.parentSpanId).toBe(decoded.spans[1]!.spanId);
    expect(decoded.spans[1]!.attributes).toContainEqual({ key: 'tags', value: { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'ß' }] } } });
    expect(decoded.spans[1]!.scope).toMatchObject({ name: 'agent', version: '1.2.3', schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' });
  });

  it('rejects a bad span alone, with its bytes', () => {
    const bad = join(field(1, [1, 2, 3]), field(2, hex(SPAN)));
    const { spans, rejected } = decodeTracesProtobuf(request(IDS, bad, field(5, utf8('no ids')), join(IDS, field(9, [10, 99])), IDS));
    expect(spans).toHaveLength(2);
    expect(rejected).toEqual([
      { where: 'resourceSpans[0].scopeSpans[0].spans[1]', reason: 'traceId must be 16 bytes', value: bad },
      { where: 'resourceSpans[0].scopeSpans[0].spans[2]', reason: 'the span has no traceId', value: field(5, utf8('no ids')) },
      { where: 'resourceSpans[0].scopeSpans[0].spans[3]', reason: 'a length reaches beyond the end', value: join(IDS, field(9, [10, 99])) },
    ]);
  });

  it('keeps a thousand bad spans one by one and counts the others', () => {
    const { spans, rejected } = decodeTracesProtobuf(request(...Array.from({ length: 2500 }, () => []), IDS));
    expect([spans.length, rejected.length, countRejected(rejected)]).toEqual([1, 1001, 2500]);
    const inJson = decodeOtlpJson({ resourceSpans: [{ scopeSpans: [{ spans: [...Array.from({ length: 2500 }, () => ({})), { traceId: TRACE, spanId: SPAN }] }] }] })!;
    expect([inJson.spans.length, inJson.rejected.length, countRejected(inJson.rejected)]).toEqual([1, 1001, 2500]);
  });

  it('rejects each span of a resource that cannot be read, and takes those of the next one', () => {
    const broken = field(1, join(field(1, field(1, [10, 99])), field(2, field(2, IDS))));
    const { spans, rejected } = decodeTracesProtobuf(join(broken, request(IDS)));
    expect(spans).toHaveLength(1);
    expect(rejected).toMatchObject([{ where: 'resourceSpans[0].scopeSpans[0].spans[0]', reason: 'a length reaches beyond the end' }]);
  });

  it('takes resource and scope wherever they stand, and in pieces', () => {
    const attribute = (key: string): Uint8Array => field(1, field(1, utf8(key)));
    const scope = field(2, join(field(2, IDS), field(3, utf8('schema')), field(1, field(1, utf8('late')))));
    const { spans } = decodeTracesProtobuf(field(1, join(scope, field(1, attribute('a')), field(1, attribute('b')))));
    expect(spans[0]!.scope).toMatchObject({ name: 'late', schemaUrl: 'schema' });
    expect(spans[0]!.resource.attributes.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('passes over fields it does not know, whatever their wire type', () => {
    const unknown = [...varint((99 << 3) | 0), 200, 1, ...varint((99 << 3) | 1), 1, 2, 3, 4, 5, 6, 7, 8, ...field(99, [1, 2]), ...varint((99 << 3) | 3), ...varint((1 << 3) | 0), 7, ...varint((99 << 3) | 4), ...varint((99 << 3) | 5), 1, 2, 3, 4];
    const { spans, rejected } = decodeTracesProtobuf(join(unknown, request(join(unknown, IDS, unknown))));
    expect(rejected).toEqual([]);
    expect(spans).toMatchObject([{ traceId: TRACE, spanId: SPAN }]);
  });

  it('pads 64-bit trace ids, and takes ids of zeros as none', () => {
    const { spans } = decodeTracesProtobuf(request(join(field(1, hex(SPAN)), field(2, hex(SPAN)), field(4, new Uint8Array(8)))));
    expect(spans).toMatchObject([{ traceId: SPAN.padStart(32, '0'), parentSpanId: null }]);
    expect(decodeTracesProtobuf(request(join(field(1, new Uint8Array(16)), field(2, hex(SPAN))))).rejected).toMatchObject([{ reason: 'the span has no traceId' }]);
  });

  it('reads integers of every size as they are', () => {
    for (const value of ['0', '1', '127', '128', '4294967295', '4294967296', '9007199254740991', '9007199254740992', '9007199254740993', '9223372036854775807', '-1', '-128', '-4294967296', '-9007199254740992', '-9007199254740993', '-9223372036854775808']) {
      const bytes = encodeMessage('ExportTraceServiceRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: TRACE, spanId: SPAN, attributes: [{ key: 'a', value: { intValue: value } }] }] }] }] });
      expect(decodeTracesProtobuf(bytes).spans[0]!.attributes[0]!.value).toEqual({ intValue: value });
    }
    for (const value of ['1', '999999999', '1000000000', '4294967296', '1790000000123456789', '9223372036854775807']) {
      const bytes = encodeMessage('ExportTraceServiceRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: TRACE, spanId: SPAN, startTimeUnixNano: value }] }] }] });
      expect(decodeTracesProtobuf(bytes).spans[0]!.startTimeUnixNano).toBe(value);
    }
    const late = join(IDS, [0x39, 0, 0, 0, 0, 0, 0, 0, 0x80]);
    expect(decodeTracesProtobuf(request(late)).rejected).toMatchObject([{ reason: 'startTimeUnixNano must be nanoseconds since 1970' }]);
  });

  it('tells texts apart whose bytes begin alike', () => {
    const keys = ['é', 'éa', 'éab', 'Ã', 'a', 'ab', '', 'é'];
    const span = join(IDS, ...keys.map((key) => field(9, field(1, utf8(key)))));
    expect(decodeTracesProtobuf(request(span)).spans[0]!.attributes.map(({ key }) => key)).toEqual(keys);
  });

  it('shows a text that was cut in the middle of a character', () => {
    const { spans } = decodeTracesProtobuf(request(join(IDS, field(5, [...utf8('Zür'), 0xc3]))));
    expect(spans[0]!.name).toBe('Zür\uFFFD');
  });

  it('rejects log records that are posted as spans one by one', () => {
    const logs = encodeMessage('ExportLogsServiceRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', body: { stringValue: 'a' } }, { body: { stringValue: 'b' } }] }] }] });
    const { spans, rejected } = decodeTracesProtobuf(logs);
    expect(spans).toEqual([]);
    expect(rejected.map(({ reason }) => reason)).toEqual(['field 1 of a span is of the wrong type', 'the span has no traceId']);
  });

  it('refuses what is no protobuf, and every piece of a request that is cut off', () => {
    for (const text of ['hello world', '{"resourceSpans":[]}', '\u0000', '<html>']) expect(() => decodeTracesProtobuf(utf8(text)), text).toThrow(UndecodableValue);
    const whole = encodeMessage('ExportTraceServiceRequest', requestOf(randomOf(7)));
    let refused = 0;
    for (let length = 1; length < whole.length; length++) {
      try {
        decodeTracesProtobuf(whole.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(UndecodableValue);
        refused++;
      }
    }
    // A piece that ends between two resources is a request of its own.
    expect(refused).toBeGreaterThan(whole.length - 10);
  });

  it('stops at 64 bits, at 100 levels and at lengths without end', () => {
    const varints = (bytes: number[]): Uint8Array => request(join(IDS, [...varint(6 << 3), ...bytes]));
    expect(decodeTracesProtobuf(varints([...new Array<number>(9).fill(0xff), 0x02])).rejected).toMatchObject([{ reason: 'a varint is longer than 64 bits' }]);
    expect(decodeTracesProtobuf(varints([...new Array<number>(20).fill(0xff), 0x01])).rejected).toMatchObject([{ reason: 'a varint is longer than 64 bits' }]);
    expect(() => decodeTracesProtobuf(Uint8Array.from([10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]))).toThrow('a length reaches beyond the end');
    let value: Uint8Array = field(1, utf8('deep'));
    let depth = 0;
    const nested = (levels: number): Uint8Array => {
      for (; depth < levels; depth++) value = field(5, field(1, value));
      return request(join(IDS, field(9, join(field(1, utf8('a')), field(2, value)))));
    };
    expect(decodeTracesProtobuf(nested(100)).spans).toHaveLength(1);
    expect(decodeTracesProtobuf(nested(101)).rejected).toMatchObject([{ reason: 'a value is nested deeper than 100 levels' }]);
    expect(decodeTracesProtobuf(nested(500)).rejected).toMatchObject([{ reason: 'a value is nested deeper than 100 levels' }]);
    const groups = request(join(IDS, Array.from({ length: 10_000 }, () => varint((99 << 3) | 3)).flat()));
    expect(decodeTracesProtobuf(groups).rejected).toMatchObject([{ reason: 'groups are nested deeper than 100 levels' }]);
  });

  it('refuses a request whose empty values would fill the memory', () => {
    const empty = new Uint8Array(10_000_000);
    for (let at = 0; at < empty.length; at += 2) empty[at] = (9 << 3) | 2;
    const length = Buffer.concat([IDS, empty]);
    const wrap = (number: number, bytes: Uint8Array): Buffer => Buffer.concat([Uint8Array.from(varint((number << 3) | 2)), Uint8Array.from(varint(bytes.length)), bytes]);
    expect(() => decodeTracesProtobuf(wrap(1, wrap(2, wrap(2, length))))).toThrow('more than 4,000,000 values');
  });
});

describe('a posted request', () => {
  const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

  it('may be empty', () => {
    const nothing = { spans: [], logs: [], rejected: [], metrics: 0 };
    for (const form of ['otlp-traces-protobuf', 'otlp-logs-protobuf', 'otlp-metrics-protobuf'] as const) expect(decodeOtlpRequest(form, new Uint8Array())).toEqual(nothing);
    for (const form of ['otlp-traces-json', 'otlp-logs-json', 'otlp-metrics-json'] as const) {
      for (const body of [{}, { resourceSpans: [] }, { unheardOf: 1 }, { resourceSpans: null }]) expect(decodeOtlpRequest(form, json(body))).toEqual(nothing);
    }
  });

  it('is refused when it is something else', () => {
    expect(() => decodeOtlpRequest('otlp-traces-json', utf8('{"resourceSpans":'))).toThrow('the body is not valid JSON');
    expect(() => decodeOtlpRequest('otlp-traces-json', utf8(''))).toThrow('the body is not valid JSON');
    expect(() => decodeOtlpRequest('otlp-traces-json', json([]))).toThrow('the body is not an object');
    expect(() => decodeOtlpRequest('otlp-traces-json', json({ resourceSpans: 'x' }))).toThrow('resourceSpans is not a list');
  });

  it('counts the points of metrics', () => {
    const points = (count: number): object => ({ dataPoints: Array.from({ length: count }, () => ({ timeUnixNano: '5' })) });
    const metrics = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'a', gauge: points(1) }, { name: 'b', sum: points(2) }, { name: 'c', histogram: points(4) }] }, { metrics: [{ name: 'd', exponentialHistogram: points(8) }, { name: 'e', summary: points(16) }, { name: 'f' }] }] }] };
    expect(decodeOtlpRequest('otlp-metrics-json', json(metrics)).metrics).toBe(31);
    expect(decodeOtlpRequest('otlp-metrics-protobuf', encodeMessage('ExportMetricsServiceRequest', metrics)).metrics).toBe(31);
    expect(() => decodeOtlpRequest('otlp-metrics-protobuf', Uint8Array.from([10, 5]))).toThrow(UndecodableValue);
  });

  it('is refused when its empty values would fill the memory', () => {
    const bomb = `{"resourceSpans":[${'{},'.repeat(8_100_000)}{}]}`;
    expect(() => decodeOtlpRequest('otlp-traces-json', utf8(bomb))).toThrow('more than 8,000,000 values');
    // commas of texts are none of values
    const text = JSON.stringify({ unheardOf: ',[{\\"'.repeat(1_500_000) });
    expect(decodeOtlpRequest('otlp-traces-json', utf8(text)).spans).toEqual([]);
  });
});
