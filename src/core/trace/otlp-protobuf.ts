import { UndecodableValue } from './any-value.ts';
import type { AnyValue, Decoded, KeyValue, RawEvent, RawLink, RawLog, RawSpan, Rejection, Resource, Scope } from './model.ts';
import { OtlpReader, readAnyValue, readKeyValue, skipUnknown, TooManyValues } from './otlp-protobuf-values.ts';
import { tag } from './protobuf-reader.ts';
import { reject } from './reject.ts';

/**
 * Decodes an `ExportTraceServiceRequest` of https://github.com/open-telemetry/opentelemetry-proto. Spans that cannot be taken are
 * rejected one by one, each with its bytes; what is wrong with a resource or a scope is wrong with each of its spans. Fields that
 * are not known are passed over.
 * @throws UndecodableValue when the bytes are no such request
 */
export function decodeTracesProtobuf(body: Uint8Array): Decoded {
  const spans: RawSpan[] = [];
  const rejected = readRequest(new OtlpReader(body), SPANS, readSpan, spans);
  return { spans, logs: [], rejected };
}

/** Decodes an `ExportLogsServiceRequest`, as `decodeTracesProtobuf` does. @throws UndecodableValue */
export function decodeLogsProtobuf(body: Uint8Array): Decoded {
  const logs: RawLog[] = [];
  const rejected = readRequest(new OtlpReader(body), LOGS, readLog, logs);
  return { spans: [], logs, rejected };
}

interface Shape {
  readonly batches: string;
  readonly scopes: string;
  readonly items: string;
}

const SPANS: Shape = { batches: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' };
const LOGS: Shape = { batches: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' };

const FIELD_1 = tag(1, 'bytes');
const FIELD_2 = tag(2, 'bytes');
const FIELD_3 = tag(3, 'bytes');

type ReadItem<T> = (reader: OtlpReader, end: number, resource: Resource, scope: Scope) => T;

function readRequest<T>(reader: OtlpReader, shape: Shape, read: ReadItem<T>, taken: T[]): Rejection[] {
  const rejected: Rejection[] = [];
  const end = reader.bytes.length;
  for (let index = 0; reader.pos < end;) {
    const field = reader.tag();
    if (field === FIELD_1) {
      const batchEnd = reader.end(end);
      readBatch(reader, batchEnd, `${shape.batches}[${index++}]`, shape, read, taken, rejected);
      reader.pos = batchEnd;
    } else skipUnknown(reader, field, 1, 'the request');
  }
  return rejected;
}

/** The resource may stand behind the spans it belongs to: places are looked up first. */
interface Places {
  /** Where the owner (resource or scope) stands; a message that was sent in pieces has more than one. */
  readonly owners: [start: number, end: number][];
  readonly lists: [start: number, end: number][];
  schemaUrl: string;
}

/** `ResourceSpans`, `ScopeSpans` and their sisters of logs have the same three fields. */
function placesOf(reader: OtlpReader, end: number, what: string): Places {
  const places: Places = { owners: [], lists: [], schemaUrl: '' };
  while (reader.pos < end) {
    const field = reader.tag();
    if (field === FIELD_1 || field === FIELD_2) {
      const stop = reader.end(end);
      (field === FIELD_1 ? places.owners : places.lists).push([reader.pos, stop]);
      reader.count();
      reader.pos = stop;
    } else if (field === FIELD_3) places.schemaUrl = reader.text(end);
    else skipUnknown(reader, field, 3, what);
  }
  reader.finish(end);
  return places;
}

function readBatch<T>(reader: OtlpReader, end: number, where: string, shape: Shape, read: ReadItem<T>, taken: T[], rejected: Rejection[]): void {
  const batch = placesOf(reader, end, where);
  const resource = attempt(() => readResource(reader, batch));
  for (const [index, [start, stop]] of batch.lists.entries()) {
    reader.pos = start;
    const at = `${where}.${shape.scopes}[${index}]`;
    const group = placesOf(reader, stop, at);
    const scope = attempt(() => readScope(reader, group));
    for (const [number, [from, to]] of group.lists.entries()) {
      reader.pos = from;
      const decoded = resource instanceof UndecodableValue ? resource : scope instanceof UndecodableValue ? scope : attempt(() => read(reader, to, resource, scope));
      if (!(decoded instanceof UndecodableValue)) taken.push(decoded);
      else reject(rejected, () => ({ where: `${at}.${shape.items}[${number}]`, reason: decoded.message, value: reader.bytes.slice(from, to) }));
    }
  }
}

function attempt<T>(decode: () => T): T | UndecodableValue {
  try {
    return decode();
  } catch (error) {
    if (error instanceof UndecodableValue && !(error instanceof TooManyValues)) return error;
    throw error;
  }
}

function readResource(reader: OtlpReader, places: Places): Resource {
  const attributes: KeyValue[] = [];
  let droppedAttributesCount = 0;
  for (const [start, end] of places.owners) {
    reader.pos = start;
    while (reader.pos < end) {
      const field = reader.tag();
      switch (field) {
        case ATTRIBUTES_1: attributes.push(readKeyValue(reader, end, 0)); break;
        case DROPPED_2: droppedAttributesCount = reader.uint32(); break;
        default: skipUnknown(reader, field, 2, 'a resource');
      }
    }
    reader.finish(end);
  }
  return { attributes, droppedAttributesCount, schemaUrl: places.schemaUrl };
}

const ATTRIBUTES_1 = tag(1, 'bytes');
const DROPPED_2 = tag(2, 'varint');

function readScope(reader: OtlpReader, places: Places): Scope {
  const scope = { name: '', version: '', attributes: [] as KeyValue[], droppedAttributesCount: 0, schemaUrl: places.schemaUrl };
  for (const [start, end] of places.owners) {
    reader.pos = start;
    while (reader.pos < end) {
      const field = reader.tag();
      switch (field) {
        case FIELD_1: scope.name = reader.text(end); break;
        case FIELD_2: scope.version = reader.text(end); break;
        case FIELD_3: scope.attributes.push(readKeyValue(reader, end, 0)); break;
        case DROPPED_4: scope.droppedAttributesCount = reader.uint32(); break;
        default: skipUnknown(reader, field, 4, 'a scope');
      }
    }
    reader.finish(end);
  }
  return scope;
}

const DROPPED_4 = tag(4, 'varint');

const SPAN = {
  traceId: tag(1, 'bytes'), spanId: tag(2, 'bytes'), traceState: tag(3, 'bytes'), parentSpanId: tag(4, 'bytes'), name: tag(5, 'bytes'), kind: tag(6, 'varint'),
  start: tag(7, 'fixed64'), end: tag(8, 'fixed64'), attributes: tag(9, 'bytes'), droppedAttributes: tag(10, 'varint'), events: tag(11, 'bytes'),
  droppedEvents: tag(12, 'varint'), links: tag(13, 'bytes'), droppedLinks: tag(14, 'varint'), status: tag(15, 'bytes'), flags: tag(16, 'fixed32'),
} as const;

function readSpan(reader: OtlpReader, end: number, resource: Resource, scope: Scope): RawSpan {
  let traceId = '';
  let spanId = '';
  let parent = '';
  let traceState = '';
  let name = '';
  let kind = 0;
  let start: string | null = null;
  let stop: string | null = null;
  const attributes: KeyValue[] = [];
  let droppedAttributesCount = 0;
  let events: RawEvent[] | undefined;
  let droppedEventsCount = 0;
  let links: RawLink[] | undefined;
  let droppedLinksCount = 0;
  let status = UNSET;
  let flags = 0;
  while (reader.pos < end) {
    const field = reader.tag();
    switch (field) {
      case SPAN.traceId: traceId = reader.hex(end); break;
      case SPAN.spanId: spanId = reader.hex(end); break;
      case SPAN.traceState: traceState = reader.text(end); break;
      case SPAN.parentSpanId: parent = reader.hex(end); break;
      case SPAN.name: name = reader.text(end); break;
      case SPAN.kind: kind = enumOf(reader, 'kind'); break;
      case SPAN.start: start = reader.nanos('startTimeUnixNano'); break;
      case SPAN.end: stop = reader.nanos('endTimeUnixNano'); break;
      case SPAN.attributes: attributes.push(readKeyValue(reader, end, 0)); break;
      case SPAN.droppedAttributes: droppedAttributesCount = reader.uint32(); break;
      case SPAN.events: (events ??= []).push(readEvent(reader, end)); break;
      case SPAN.droppedEvents: droppedEventsCount = reader.uint32(); break;
      case SPAN.links: (links ??= []).push(readLink(reader, end)); break;
      case SPAN.droppedLinks: droppedLinksCount = reader.uint32(); break;
      case SPAN.status: status = readStatus(reader, end, status); break;
      case SPAN.flags: flags = reader.fixed32(); break;
      default: skipUnknown(reader, field, 16, 'a span');
    }
  }
  reader.finish(end);
  const parentSpanId = idOf(parent, SPAN_DIGITS, 'parentSpanId must be 8 bytes');
  const ownId = idOf(spanId, SPAN_DIGITS, 'spanId must be 8 bytes');
  const ownTraceId = idOf(traceId, TRACE_DIGITS, 'traceId must be 16 bytes');
  if (ownTraceId === null) throw new UndecodableValue('the span has no traceId');
  if (ownId === null) throw new UndecodableValue('the span has no spanId');
  return {
    traceId: ownTraceId,
    spanId: ownId,
    parentSpanId: parentSpanId === ownId ? null : parentSpanId,
    traceState,
    flags,
    name,
    kind,
    startTimeUnixNano: start ?? '0',
    endTimeUnixNano: stop,
    attributes,
    droppedAttributesCount,
    events: events ?? NO_EVENTS,
    droppedEventsCount,
    links: links ?? NO_LINKS,
    droppedLinksCount,
    status,
    resource,
    scope,
  };
}

const NO_EVENTS: readonly RawEvent[] = [];
const NO_LINKS: readonly RawLink[] = [];
const UNSET: RawSpan['status'] = { code: 0, message: '' };
const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/** `null`: none (absent, all zeros). Jaeger's old trace ids have 64 bits. */
function idOf(hex: string, digits: number, reason: string): string | null {
  if (hex === '') return null;
  if (hex.length !== digits && !(digits === TRACE_DIGITS && hex.length === SPAN_DIGITS)) throw new UndecodableValue(reason);
  return isZero(hex) ? null : hex.padStart(digits, '0');
}

function isZero(hex: string): boolean {
  for (let at = 0; at < hex.length; at++) if (hex.charCodeAt(at) !== 48) return false;
  return true;
}

function enumOf(reader: OtlpReader, what: string): number {
  const value = reader.int32();
  if (value < 0) throw new UndecodableValue(`${what} must be a small integer`);
  return value;
}

function readStatus(reader: OtlpReader, limit: number, before: RawSpan['status']): RawSpan['status'] {
  const end = reader.end(limit);
  let { code, message } = before;
  while (reader.pos < end) {
    const field = reader.tag();
    switch (field) {
      case STATUS_MESSAGE: message = reader.text(end); break;
      case STATUS_CODE: code = enumOf(reader, 'status.code'); break;
      // field 1 was a deprecated code of early versions
      default: reader.skip(field);
    }
  }
  reader.finish(end);
  return { code, message };
}

const STATUS_MESSAGE = tag(2, 'bytes');
const STATUS_CODE = tag(3, 'varint');

function readEvent(reader: OtlpReader, limit: number): RawEvent {
  const end = reader.end(limit);
  reader.count();
  const event = { timeUnixNano: '0', name: '', attributes: [] as KeyValue[], droppedAttributesCount: 0 };
  while (reader.pos < end) {
    const field = reader.tag();
    switch (field) {
      case TIME_1: event.timeUnixNano = reader.nanos('timeUnixNano') ?? '0'; break;
      case FIELD_2: event.name = reader.text(end); break;
      case FIELD_3: event.attributes.push(readKeyValue(reader, end, 0)); break;
      case DROPPED_4: event.droppedAttributesCount = reader.uint32(); break;
      default: skipUnknown(reader, field, 4, 'an event');
    }
  }
  reader.finish(end);
  return event;
}

const TIME_1 = tag(1, 'fixed64');

/** The ids of a link may be anything a sender made up: one that is none is no reason to lose the span. */
function readLink(reader: OtlpReader, limit: number): RawLink {
  const end = reader.end(limit);
  reader.count();
  const link = { traceId: '', spanId: '', traceState: '', attributes: [] as KeyValue[], droppedAttributesCount: 0, flags: 0 };
  while (reader.pos < end) {
    const field = reader.tag();
    switch (field) {
      case FIELD_1: link.traceId = linkedId(reader.hex(end), TRACE_DIGITS); break;
      case FIELD_2: link.spanId = linkedId(reader.hex(end), SPAN_DIGITS); break;
      case FIELD_3: link.traceState = reader.text(end); break;
      case LINK_ATTRIBUTES: link.attributes.push(readKeyValue(reader, end, 0)); break;
      case LINK_DROPPED: link.droppedAttributesCount = reader.uint32(); break;
      case LINK_FLAGS: link.flags = reader.fixed32(); break;
      default: skipUnknown(reader, field, 6, 'a link');
    }
  }
  reader.finish(end);
  return link;
}

const LINK_ATTRIBUTES = tag(4, 'bytes');
const LINK_DROPPED = tag(5, 'varint');
const LINK_FLAGS = tag(6, 'fixed32');

function linkedId(hex: string, digits: number): string {
  return hex.length === digits && !isZero(hex) ? hex : '';
}

const LOG = {
  time: tag(1, 'fixed64'), severityNumber: tag(2, 'varint'), severityText: tag(3, 'bytes'), oldName: tag(4, 'bytes'), body: tag(5, 'bytes'), attributes: tag(6, 'bytes'), dropped: tag(7, 'varint'),
  flags: tag(8, 'fixed32'), traceId: tag(9, 'bytes'), spanId: tag(10, 'bytes'), observed: tag(11, 'fixed64'), eventName: tag(12, 'bytes'),
} as const;

function readLog(reader: OtlpReader, end: number, resource: Resource, scope: Scope): RawLog {
  const attributes: KeyValue[] = [];
  const log = {
    traceId: null as string | null, spanId: null as string | null, timeUnixNano: '0', observedTimeUnixNano: '0', severityNumber: 0, severityText: '', eventName: '',
    body: {} as AnyValue, attributes, droppedAttributesCount: 0, flags: 0, resource, scope,
  };
  while (reader.pos < end) {
    const field = reader.tag();
    switch (field) {
      case LOG.time: log.timeUnixNano = reader.nanos('timeUnixNano') ?? '0'; break;
      case LOG.severityNumber: log.severityNumber = enumOf(reader, 'severityNumber'); break;
      case LOG.severityText: log.severityText = reader.text(end); break;
      case LOG.body: log.body = readAnyValue(reader, end, 0); break;
      case LOG.attributes: attributes.push(readKeyValue(reader, end, 0)); break;
      case LOG.dropped: log.droppedAttributesCount = reader.uint32(); break;
      case LOG.flags: log.flags = reader.fixed32(); break;
      case LOG.traceId: log.traceId = idOf(reader.hex(end), TRACE_DIGITS, 'the ids of the log record are no ids'); break;
      case LOG.spanId: log.spanId = idOf(reader.hex(end), SPAN_DIGITS, 'the ids of the log record are no ids'); break;
      case LOG.observed: log.observedTimeUnixNano = reader.nanos('observedTimeUnixNano') ?? '0'; break;
      case LOG.eventName: log.eventName = reader.text(end); break;
      case LOG.oldName: reader.skip(field); break;
      default: skipUnknown(reader, field, 12, 'a log record');
    }
  }
  reader.finish(end);
  return log;
}
