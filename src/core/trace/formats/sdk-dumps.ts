import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf, UndecodableValue } from '../any-value.ts';
import { readSpanId, readTraceId } from '../ids.ts';
import type { RawSpan } from '../model.ts';
import { nanosOf, nanosOfIso } from '../time.ts';
import { asText, itemsOf, makeEvent, makeLink, makeResource, makeScope, makeSpan, NO_RESOURCE, readItems, required, sample } from './build.ts';
import type { TraceFormat } from './format.ts';

/** Spans as SDKs and servers print them, not as they send them. */

const KINDS = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

/** Python's ConsoleSpanExporter; it prints each span over many lines. */
export const pythonConsole: TraceFormat = {
  name: 'python-console',
  sniff(value) {
    const span = sample(value);
    return span !== null && isObject(span['context']) && String(span['context']['trace_id']).startsWith('0x') && typeof span['start_time'] === 'string';
  },
  read: (documents) => readItems(itemsOf(documents), (span) => {
    const context = isObject(span['context']) ? span['context'] : {};
    const status = isObject(span['status']) ? span['status'] : {};
    const resource = isObject(span['resource']) ? span['resource'] : {};
    return makeSpan({
      ...idsOf(context['trace_id'], context['span_id'], span['parent_id']),
      traceState: '',
      name: asText(span['name']) ?? '',
      kind: KINDS.indexOf(String(span['kind']).replace('SpanKind.', '')) + 1,
      startTimeUnixNano: required(nanosOf(span['start_time']), 'the span has no start_time'),
      endTimeUnixNano: nanosOf(span['end_time']),
      attributes: membersOf(span['attributes']),
      events: objectsOf(span['events']).map((event) => makeEvent(asText(event['name']) ?? '', nanosOf(event['timestamp']) ?? '0', membersOf(event['attributes']))),
      links: objectsOf(span['links']).map((link) => linkOf(link['context'], link['attributes'])),
      status: statusOf(status['status_code'], status['description']),
      resource: isObject(resource['attributes']) ? makeResource(resource['attributes']) : NO_RESOURCE,
    });
  }),
};

/** Spans of Phoenix's REST API, and of its exports. */
export const phoenix: TraceFormat = {
  name: 'phoenix',
  sniff(value) {
    const span = sample(value, 'data');
    return span !== null && isObject(span['context']) && 'span_id' in span['context'] && 'span_kind' in span && 'start_time' in span;
  },
  read: (documents) => readItems(itemsOf(documents, 'data'), (span) => {
    const context = isObject(span['context']) ? span['context'] : {};
    const attributes = isObject(span['attributes']) ? span['attributes'] : {};
    return makeSpan({
      ...idsOf(context['trace_id'], context['span_id'], span['parent_id']),
      name: asText(span['name']) ?? '',
      startTimeUnixNano: required(nanosOf(span['start_time']), 'the span has no start_time'),
      endTimeUnixNano: nanosOf(span['end_time']),
      attributes: attributesOf('openinference.span.kind' in attributes ? attributes : { ...attributes, 'openinference.span.kind': span['span_kind'] }),
      events: objectsOf(span['events']).map((event) => makeEvent(asText(event['name']) ?? '', nanosOf(event['timestamp']) ?? '0', membersOf(event['attributes']))),
      status: statusOf(span['status_code'], span['status_message']),
    });
  }),
};

/** A span object of OpenTelemetry's JavaScript SDK as JSON. Its kinds begin at 0. */
export const jsSdk: TraceFormat = {
  name: 'js-sdk',
  sniff(value) {
    const span = sample(value);
    return span !== null && (isObject(span['_spanContext']) || isObject(span['instrumentationScope']) || isObject(span['instrumentationLibrary'])) && Array.isArray(span['startTime']);
  },
  read: (documents) => readItems(itemsOf(documents), (span) => {
    const context = [span['_spanContext'], span['spanContext'], span].find((value) => isObject(value) && 'traceId' in value) as JsonObject | undefined;
    const parent = isObject(span['parentSpanContext']) ? span['parentSpanContext']['spanId'] : span['parentSpanId'];
    const scope = [span['instrumentationScope'], span['instrumentationLibrary']].find(isObject) ?? {};
    const status = isObject(span['status']) ? span['status'] : {};
    const resource = isObject(span['resource']) ? span['resource'] : {};
    const raw = resource['attributes'] ?? (Array.isArray(resource['_rawAttributes']) ? Object.fromEntries((resource['_rawAttributes'] as unknown[]).filter((entry): entry is [string, unknown] => Array.isArray(entry) && typeof entry[0] === 'string')) : resource['_attributes']);
    return makeSpan({
      ...idsOf(context?.['traceId'], context?.['spanId'], parent),
      flags: typeof context?.['traceFlags'] === 'number' ? context['traceFlags'] : 0,
      name: asText(span['name']) ?? '',
      kind: typeof span['kind'] === 'number' ? Math.trunc(span['kind']) + 1 : 0,
      startTimeUnixNano: required(hrTime(span['startTime']), 'the span has no startTime'),
      endTimeUnixNano: hrTime(span['endTime']),
      attributes: membersOf(span['attributes']),
      droppedAttributesCount: countOf(span['droppedAttributesCount']),
      events: objectsOf(span['events']).map((event) => makeEvent(asText(event['name']) ?? '', hrTime(event['time']) ?? '0', membersOf(event['attributes']))),
      droppedEventsCount: countOf(span['droppedEventsCount']),
      links: objectsOf(span['links']).map((link) => linkOf(link['context'], link['attributes'])),
      droppedLinksCount: countOf(span['droppedLinksCount']),
      status: { code: status['code'] === 1 || status['code'] === 2 ? status['code'] : 0, message: asText(status['message']) ?? '' },
      resource: isObject(raw) ? makeResource(raw) : NO_RESOURCE,
      scope: makeScope(asText(scope['name']) ?? '', asText(scope['version']) ?? ''),
    });
  }),
};

function idsOf(trace: unknown, span: unknown, parent: unknown): Pick<RawSpan, 'traceId' | 'spanId' | 'parentSpanId'> {
  const traceId = readTraceId(trace);
  const spanId = readSpanId(span);
  if (typeof traceId !== 'string' || typeof spanId !== 'string') throw new UndecodableValue('the span has no ids');
  const parentSpanId = readSpanId(parent) ?? null;
  return { traceId, spanId, parentSpanId: parentSpanId === spanId ? null : parentSpanId };
}

function linkOf(context: unknown, attributes: unknown): RawSpan['links'][number] {
  const of = isObject(context) ? context : {};
  return makeLink(readTraceId(of['traceId'] ?? of['trace_id']) ?? '', readSpanId(of['spanId'] ?? of['span_id']) ?? '', isObject(attributes) ? attributes : {});
}

function statusOf(code: unknown, message: unknown): RawSpan['status'] {
  return { code: Math.max(0, ['UNSET', 'OK', 'ERROR'].indexOf(String(code).toUpperCase().replace('STATUSCODE.', ''))), message: asText(message) ?? '' };
}

function membersOf(value: unknown): RawSpan['attributes'] {
  return isObject(value) ? attributesOf(value) : [];
}

function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isObject) : [];
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.trunc(value) : 0;
}

/** `[seconds, nanoseconds]`, or what JSON makes of a Date. */
function hrTime(value: unknown): string | null {
  if (typeof value === 'string') return nanosOfIso(value);
  if (!Array.isArray(value)) return null;
  const [seconds, nanos] = value as unknown[];
  if (typeof seconds !== 'number' || typeof nanos !== 'number' || !Number.isInteger(seconds) || !Number.isInteger(nanos) || seconds <= 0 || seconds > 9e9) return null;
  return (BigInt(seconds) * 1_000_000_000n + BigInt(nanos)).toString();
}
