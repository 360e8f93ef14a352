import { jsonOf, jsonOfAttributes } from '../../src/core/trace/any-value.ts';
import type { AnyValue, KeyValue, RawLog, RawSpan } from '../../src/core/trace/model.ts';

const KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const CODES = ['Unset', 'Ok', 'Error'];

/** A row as the exporter writes it: values of maps as texts (`AsString` of the collector), of JSON as they are. */
export function spanRow(span: RawSpan, form: 'map' | 'json'): string {
  const attributes = (list: readonly KeyValue[]): unknown => attributesOf(list, form);
  return JSON.stringify({
    Timestamp: dateOf(span.startTimeUnixNano), TraceId: span.traceId, SpanId: span.spanId, ParentSpanId: span.parentSpanId ?? '', TraceState: span.traceState, SpanName: span.name, SpanKind: KINDS[span.kind], ServiceName: serviceOf(span.resource.attributes),
    ResourceAttributes: attributes(span.resource.attributes), ScopeName: span.scope.name, ScopeVersion: span.scope.version, SpanAttributes: attributes(span.attributes),
    Duration: String(BigInt(span.endTimeUnixNano ?? span.startTimeUnixNano) - BigInt(span.startTimeUnixNano)), StatusCode: CODES[span.status.code], StatusMessage: span.status.message,
    'Events.Timestamp': span.events.map((event) => dateOf(event.timeUnixNano)), 'Events.Name': span.events.map(({ name }) => name), 'Events.Attributes': span.events.map((event) => attributes(event.attributes)),
    'Links.TraceId': span.links.map(({ traceId }) => traceId), 'Links.SpanId': span.links.map(({ spanId }) => spanId), 'Links.TraceState': span.links.map(({ traceState }) => traceState), 'Links.Attributes': span.links.map((link) => attributes(link.attributes)),
  });
}

export function logRow(log: RawLog, form: 'map' | 'json'): string {
  const body = jsonOf(log.body);
  return JSON.stringify({
    Timestamp: dateOf(log.timeUnixNano), TraceId: log.traceId ?? '', SpanId: log.spanId ?? '', TraceFlags: 0, SeverityText: log.severityText, SeverityNumber: log.severityNumber, ServiceName: serviceOf(log.resource.attributes), Body: body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body),
    ResourceAttributes: attributesOf(log.resource.attributes, form), ScopeName: log.scope.name, LogAttributes: attributesOf(log.attributes, form), EventName: log.eventName,
  });
}

function attributesOf(list: readonly KeyValue[], form: 'map' | 'json'): unknown {
  return form === 'json' ? jsonOfAttributes(list) : Object.fromEntries(list.map(({ key, value }) => [key, textOf(value)]));
}

function textOf(value: AnyValue): string {
  const json = jsonOf(value);
  return json === null ? '' : typeof json === 'string' ? json : JSON.stringify(json);
}

function serviceOf(attributes: readonly KeyValue[]): string {
  const value = attributes.find(({ key }) => key === 'service.name')?.value;
  return value === undefined ? '' : textOf(value);
}

/** `2026-11-20 10:00:00.123456789` */
function dateOf(nanos: string): string {
  const padded = nanos.padStart(10, '0');
  return `${new Date(Number(padded.slice(0, -9)) * 1000).toISOString().slice(0, 19).replace('T', ' ')}.${padded.slice(-9)}`;
}
