import { isObject, type JsonObject } from '../json.ts';
import { decodeAnyValue, decodeAttributes, UndecodableValue } from './any-value.ts';
import { readSpanId, readTraceId } from './ids.ts';
import type { Decoded, RawEvent, RawLink, RawLog, RawSpan, Rejection, Resource, Scope } from './model.ts';
import { reject } from './reject.ts';
import { readInteger, readNanos } from './time.ts';

/**
 * Decodes an `ExportTraceServiceRequest` or `ExportLogsServiceRequest` in OTLP/JSON, in every spelling that senders are known
 * to use: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding is the rule, snake_case keys, names of enums, base64
 * ids, `batches`, `instrumentationLibrarySpans`, attributes as an object and protobuf.js' Long objects are the exceptions.
 * What cannot be taken is rejected span by span; the rest of the batch stands. `null`: not such a request.
 */
export function decodeOtlpJson(request: unknown): Decoded | null {
  if (!isObject(request)) return null;
  const spans = member(request, 'resourceSpans') ?? request['batches'];
  const logs = member(request, 'resourceLogs');
  if (!Array.isArray(spans) && !Array.isArray(logs)) return null;
  const result = { spans: [] as RawSpan[], logs: [] as RawLog[], rejected: [] as Rejection[] };
  readBatches(spans, SPANS, decodeSpan, result.spans, result.rejected);
  readBatches(logs, LOGS, decodeLog, result.logs, result.rejected);
  return result;
}

interface Shape {
  readonly batches: string;
  /** The key of a resource's scopes, newest first, and of the items within. */
  readonly scopes: readonly string[];
  readonly items: readonly string[];
}

const SPANS: Shape = { batches: 'resourceSpans', scopes: ['scopeSpans', 'instrumentationLibrarySpans', 'ilSpans'], items: ['spans'] };
const LOGS: Shape = { batches: 'resourceLogs', scopes: ['scopeLogs', 'instrumentationLibraryLogs'], items: ['logRecords', 'logs'] };

function readBatches<T>(batches: unknown, shape: Shape, decode: (item: JsonObject, resource: Resource, scope: Scope) => T, taken: T[], rejected: Rejection[]): void {
  for (const [index, batch] of listOf(batches).entries()) {
    const resource = attempt(() => decodeResource(objectOf(batch)));
    const scopesKey = keyOfList(batch, shape.scopes);
    for (const [at, group] of itemsOf(batch, scopesKey).entries()) {
      const scope = attempt(() => decodeScope(objectOf(group)));
      const itemsKey = keyOfList(group, shape.items);
      for (const [number, item] of itemsOf(group, itemsKey).entries()) {
        // What is wrong with the resource or scope is wrong with each of their spans: senders are told how many were refused.
        const decoded = resource instanceof UndecodableValue ? resource : scope instanceof UndecodableValue ? scope : attempt(() => decode(objectOf(item), resource, scope));
        if (decoded instanceof UndecodableValue) reject(rejected, () => ({ where: `${shape.batches}[${index}].${scopesKey}[${at}].${itemsKey}[${number}]`, reason: decoded.message, value: item }));
        else taken.push(decoded);
      }
    }
  }
}

function attempt<T>(decode: () => T): T | UndecodableValue {
  try {
    return decode();
  } catch (error) {
    if (error instanceof UndecodableValue) return error;
    throw error;
  }
}

function objectOf(value: unknown): JsonObject {
  if (!isObject(value)) throw new UndecodableValue('not an object');
  return value;
}

function keyOfList(object: unknown, keys: readonly string[]): string {
  return (isObject(object) ? keys.find((key) => Array.isArray(member(object, key))) : undefined) ?? keys[0]!;
}

function itemsOf(object: unknown, key: string): unknown[] {
  return isObject(object) ? listOf(member(object, key)) : [];
}

/** @throws UndecodableValue */
export function decodeSpan(span: JsonObject, resource: Resource, scope: Scope): RawSpan {
  const traceId = readTraceId(member(span, 'traceId'));
  const spanId = readSpanId(member(span, 'spanId'));
  if (typeof traceId !== 'string') throw new UndecodableValue(traceId === null ? 'the span has no traceId' : 'traceId must be 16 bytes');
  if (typeof spanId !== 'string') throw new UndecodableValue(spanId === null ? 'the span has no spanId' : 'spanId must be 8 bytes');
  const parent = readSpanId(member(span, 'parentSpanId'));
  if (parent === undefined) throw new UndecodableValue('parentSpanId must be 8 bytes');
  const status = span['status'];
  return {
    traceId,
    spanId,
    parentSpanId: parent === spanId ? null : parent,
    traceState: text(member(span, 'traceState')),
    flags: uint32(span['flags'], 'flags'),
    name: text(span['name']),
    kind: readEnum(span['kind'], SPAN_KINDS, 'SPAN_KIND_', 'kind'),
    startTimeUnixNano: nanos(span, 'startTimeUnixNano') ?? '0',
    endTimeUnixNano: nanos(span, 'endTimeUnixNano'),
    attributes: decodeAttributes(span['attributes']),
    droppedAttributesCount: dropped(span, 'droppedAttributesCount'),
    events: listOf(span['events']).map(decodeEvent),
    droppedEventsCount: dropped(span, 'droppedEventsCount'),
    links: listOf(span['links']).map(decodeLink),
    droppedLinksCount: dropped(span, 'droppedLinksCount'),
    status: isObject(status) ? { code: readEnum(status['code'], STATUS_CODES, 'STATUS_CODE_', 'status.code'), message: text(status['message']) } : { code: 0, message: '' },
    resource,
    scope,
  };
}

const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

function readEnum(value: unknown, names: readonly string[], prefix: string, what: string): number {
  if (value === undefined || value === null || value === '') return 0;
  if (typeof value === 'string' && !/^\d+$/.test(value)) {
    const index = names.indexOf(value.toUpperCase().replace(prefix, ''));
    if (index < 0) throw new UndecodableValue(`${what} is no known name`);
    return index;
  }
  const number = readInteger(value);
  if (number === undefined || number < 0n || number > 0x7fff_ffffn) throw new UndecodableValue(`${what} must be a small integer`);
  return Number(number);
}

function decodeEvent(event: unknown): RawEvent {
  if (!isObject(event)) throw new UndecodableValue('an event is not an object');
  return {
    timeUnixNano: nanos(event, 'timeUnixNano') ?? '0',
    name: text(event['name']),
    attributes: decodeAttributes(event['attributes']),
    droppedAttributesCount: dropped(event, 'droppedAttributesCount'),
  };
}

/** The ids of a link may be anything a sender made up: one that is none is no reason to lose the span. */
function decodeLink(link: unknown): RawLink {
  if (!isObject(link)) throw new UndecodableValue('a link is not an object');
  return {
    traceId: readTraceId(member(link, 'traceId')) ?? '',
    spanId: readSpanId(member(link, 'spanId')) ?? '',
    traceState: text(member(link, 'traceState')),
    attributes: decodeAttributes(link['attributes']),
    droppedAttributesCount: dropped(link, 'droppedAttributesCount'),
    flags: uint32(link['flags'], 'flags'),
  };
}

function decodeLog(log: JsonObject, resource: Resource, scope: Scope): RawLog {
  const traceId = readTraceId(member(log, 'traceId'));
  const spanId = readSpanId(member(log, 'spanId'));
  if (traceId === undefined || spanId === undefined) throw new UndecodableValue('the ids of the log record are no ids');
  return {
    traceId,
    spanId,
    timeUnixNano: nanos(log, 'timeUnixNano') ?? '0',
    observedTimeUnixNano: nanos(log, 'observedTimeUnixNano') ?? '0',
    severityNumber: readEnum(member(log, 'severityNumber'), SEVERITIES, 'SEVERITY_NUMBER_', 'severityNumber'),
    severityText: text(member(log, 'severityText')),
    eventName: text(member(log, 'eventName')),
    body: log['body'] === undefined || log['body'] === null ? {} : decodeAnyValue(log['body']),
    attributes: decodeAttributes(log['attributes']),
    droppedAttributesCount: dropped(log, 'droppedAttributesCount'),
    flags: uint32(log['flags'], 'flags'),
    resource,
    scope,
  };
}

const SEVERITIES = ['UNSPECIFIED', ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`])];

function decodeResource(batch: JsonObject): Resource {
  const resource = isObject(batch['resource']) ? batch['resource'] : {};
  return { attributes: decodeAttributes(resource['attributes']), droppedAttributesCount: dropped(resource, 'droppedAttributesCount'), schemaUrl: text(member(batch, 'schemaUrl')) };
}

function decodeScope(group: JsonObject): Scope {
  const found = group['scope'] ?? member(group, 'instrumentationLibrary');
  const scope = isObject(found) ? found : {};
  return {
    name: text(scope['name']),
    version: text(scope['version']),
    attributes: decodeAttributes(scope['attributes']),
    droppedAttributesCount: dropped(scope, 'droppedAttributesCount'),
    schemaUrl: text(member(group, 'schemaUrl')),
  };
}

/** lowerCamelCase is the rule; protobuf's own names are what Phoenix, and whoever sets `preserving_proto_field_name`, sends. */
function member(object: JsonObject, key: string): unknown {
  return object[key] ?? object[snakeCase(key)];
}

const snakeNames = new Map<string, string>();

function snakeCase(key: string): string {
  let name = snakeNames.get(key);
  if (name === undefined) {
    name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    snakeNames.set(key, name);
  }
  return name;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function nanos(object: JsonObject, key: string): string | null {
  const read = readNanos(member(object, key));
  if (read === undefined) throw new UndecodableValue(`${key} must be nanoseconds since 1970`);
  return read;
}

function dropped(object: JsonObject, key: string): number {
  return uint32(member(object, key), key);
}

function uint32(value: unknown, what: string): number {
  if (value === undefined || value === null) return 0;
  const number = readInteger(value);
  if (number === undefined || number < 0n || number > 0xffff_ffffn) throw new UndecodableValue(`${what} must be an unsigned 32-bit integer`);
  return Number(number);
}
