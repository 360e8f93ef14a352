import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf, UndecodableValue } from '../any-value.ts';
import { readSpanId, readTraceId } from '../ids.ts';
import type { Decoded, RawSpan } from '../model.ts';
import { nanosOf } from '../time.ts';
import { asText, makeEvent, makeResource, makeScope, makeSpan, NO_RESOURCE, readItems, required } from './build.ts';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const ERROR_LEVEL = 17;

/** Rows of Logfire's `records` table. Spans that have only begun (`pending_span`) are left out: the whole ones are there, too. */
export function readLogfireRows(rows: readonly unknown[]): Decoded {
  return readItems(rows.filter((row) => !isObject(row) || row['kind'] !== 'pending_span').map((value, index) => ({ where: `row ${index + 1}`, value })), spanOf);
}

function spanOf(row: JsonObject): RawSpan {
  const traceId = readTraceId(row['trace_id']);
  const spanId = readSpanId(row['span_id']);
  if (typeof traceId !== 'string' || typeof spanId !== 'string') throw new UndecodableValue('the row has no ids');
  const start = required(nanosOf(row['start_timestamp']), 'the row has no start_timestamp');
  const end = nanosOf(row['end_timestamp']);
  const isLog = row['kind'] === 'log';
  const status = asText(row['otel_status_code'])?.toUpperCase() ?? '';
  const level = typeof row['level'] === 'number' ? row['level'] : 0;
  const failed = status.includes('ERROR') || row['is_exception'] === true || (isLog && level >= ERROR_LEVEL);
  const resource = jsonOf(row['otel_resource_attributes']);
  const service = asText(row['service_name']);
  return makeSpan({
    traceId,
    spanId,
    parentSpanId: readSpanId(row['parent_span_id']) ?? null,
    name: asText(row['message']) ?? asText(row['span_name']) ?? '',
    kind: Math.max(0, KINDS.indexOf(asText(row['otel_span_kind'])?.toLowerCase().replace('span_kind_', '') ?? '')),
    startTimeUnixNano: start,
    endTimeUnixNano: end ?? (isLog ? start : null),
    attributes: attributesOf({
      ...objectOf(row['attributes']),
      'logfire.msg': asText(row['message']),
      'logfire.msg_template': asText(row['span_name']),
      'logfire.span_type': isLog ? 'log' : undefined,
      'logfire.level_num': level === 0 ? undefined : level,
      'logfire.tags': Array.isArray(row['tags']) && row['tags'].length > 0 ? row['tags'] : undefined,
    }),
    events: [
      ...listOf(row['otel_events']).map((event) => makeEvent(asText(event['event_name']) ?? asText(event['name']) ?? '', nanosOf(event['event_timestamp'] ?? event['timestamp']) ?? start, objectOf(event['attributes']))),
      ...(row['exception_type'] === null || row['exception_type'] === undefined ? [] : [makeEvent('exception', end ?? start, { 'exception.type': row['exception_type'], 'exception.message': row['exception_message'], 'exception.stacktrace': row['exception_stacktrace'] })]),
    ],
    status: { code: failed ? 2 : status.includes('OK') ? 1 : 0, message: asText(row['otel_status_message']) ?? '' },
    resource: isObject(resource) || service !== undefined ? makeResource({ ...objectOf(resource), ...(service === undefined ? {} : { 'service.name': service }) }) : NO_RESOURCE,
    scope: makeScope(asText(row['otel_scope_name']) ?? 'logfire', asText(row['otel_scope_version']) ?? ''),
  });
}

/** Columns of JSON come as values, or as texts of JSON. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function objectOf(value: unknown): JsonObject {
  const json = jsonOf(value);
  return isObject(json) ? json : {};
}

function listOf(value: unknown): JsonObject[] {
  const json = jsonOf(value);
  return Array.isArray(json) ? (json as unknown[]).filter(isObject) : [];
}
