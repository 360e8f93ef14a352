import { isObject, type JsonObject } from '../../json.ts';
import { anyValueOf, UndecodableValue } from '../any-value.ts';
import { readSpanId, readTraceId } from '../ids.ts';
import type { AnyValue, Decoded, KeyValue, RawLog, RawSpan, Rejection, Resource } from '../model.ts';
import { reject } from '../reject.ts';
import { readInteger } from '../time.ts';
import { makeEvent, makeScope, makeSpan, NO_RESOURCE, readItems } from './build.ts';

/**
 * Rows of the tables of the OpenTelemetry collector's ClickHouse exporter, as `FORMAT JSONEachRow` writes them, with times as
 * nanoseconds since 1970 in texts (`StartNs`, `DurationNs`, `EventNs`, `TimeNs`). Attributes are either maps of texts, whose types are lost and are
 * restored for names that are known, or JSON, whose dotted names came back as nested objects.
 */
export function readClickhouseSpans(rows: readonly unknown[]): Decoded {
  const resources = new Map<string, Resource>();
  return readItems(rows.map((value, index) => ({ where: `row ${index + 1}`, value })), (row) => spanOf(row, resources));
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const CODES = ['unset', 'ok', 'error'];

function spanOf(row: JsonObject, resources: Map<string, Resource>): RawSpan {
  const traceId = readTraceId(row['TraceId']);
  const spanId = readSpanId(row['SpanId']);
  if (typeof traceId !== 'string' || typeof spanId !== 'string') throw new UndecodableValue('the row has no ids');
  const start = nanos(row['StartNs'], 'StartNs');
  const duration = readInteger(row['DurationNs']);
  if (duration === undefined || duration < 0n) throw new UndecodableValue('DurationNs is no number of nanoseconds');
  return makeSpan({
    traceId,
    spanId,
    parentSpanId: readSpanId(row['ParentSpanId']) ?? null,
    traceState: text(row['TraceState']),
    name: text(row['SpanName']),
    // `Client`, of older exporters `SPAN_KIND_CLIENT`
    kind: Math.max(0, KINDS.indexOf(text(row['SpanKind']).toLowerCase().replace('span_kind_', ''))),
    startTimeUnixNano: start,
    endTimeUnixNano: (BigInt(start) + duration).toString(),
    attributes: attributesIn(row['SpanAttributes']),
    events: eventsOf(row),
    links: linksOf(row),
    status: { code: Math.max(0, CODES.indexOf(text(row['StatusCode']).toLowerCase().replace('status_code_', ''))), message: text(row['StatusMessage']) },
    resource: resourceOf(row, resources),
    scope: makeScope(text(row['ScopeName']), text(row['ScopeVersion'])),
  });
}

/** Rows of `otel_logs`. */
export function readClickhouseLogs(rows: readonly unknown[]): Decoded {
  const resources = new Map<string, Resource>();
  const logs: RawLog[] = [];
  const rejected: Rejection[] = [];
  for (const [index, row] of rows.entries()) {
    try {
      if (!isObject(row)) throw new UndecodableValue('not an object');
      logs.push(logOf(row, resources));
    } catch (error) {
      if (!(error instanceof UndecodableValue)) throw error;
      reject(rejected, () => ({ where: `log ${index + 1}`, reason: error.message, value: row }));
    }
  }
  return { spans: [], logs, rejected };
}

function logOf(row: JsonObject, resources: Map<string, Resource>): RawLog {
  const attributes = attributesIn(row['LogAttributes']);
  const body = text(row['Body']);
  const time = nanos(row['TimeNs'], 'TimeNs');
  const name = attributes.find(({ key }) => key === 'event.name')?.value;
  return {
    traceId: readTraceId(row['TraceId']) ?? null,
    spanId: readSpanId(row['SpanId']) ?? null,
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: Number(row['SeverityNumber'] ?? 0) || 0,
    severityText: text(row['SeverityText']),
    eventName: text(row['EventName']) || (name !== undefined && 'stringValue' in name ? name.stringValue : ''),
    // A body that is no text was written as JSON
    body: body === '' ? {} : (jsonValue(body) ?? { stringValue: body }),
    attributes,
    droppedAttributesCount: 0,
    flags: Number(row['TraceFlags'] ?? 0) || 0,
    resource: resourceOf(row, resources),
    scope: makeScope(text(row['ScopeName']), text(row['ScopeVersion'])),
  };
}

function nanos(value: unknown, what: string): string {
  const number = readInteger(value);
  if (number === undefined || number < 0n || number >= 1n << 63n) throw new UndecodableValue(`${what} is no time`);
  return number.toString();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Spans of one service repeat their resource: it is kept once. */
function resourceOf(row: JsonObject, resources: Map<string, Resource>): Resource {
  const key = `${text(row['ServiceName'])}\n${JSON.stringify(row['ResourceAttributes'] ?? {})}`;
  let resource = resources.get(key);
  if (resource === undefined) {
    const attributes = attributesIn(row['ResourceAttributes']);
    const service = text(row['ServiceName']);
    const named = service === '' || attributes.some((attribute) => attribute.key === 'service.name') ? attributes : [{ key: 'service.name', value: { stringValue: service } }, ...attributes];
    resource = { ...NO_RESOURCE, attributes: named };
    resources.set(key, resource);
  }
  return resource;
}

function eventsOf(row: JsonObject): RawSpan['events'] {
  const [times, names, attributes] = [row['EventNs'], row['Events.Name'], row['Events.Attributes']].map((column) => (Array.isArray(column) ? (column as unknown[]) : []));
  return times!.map((time, index) => makeEvent(text(names![index]), nanos(time, 'EventNs'), attributesIn(attributes![index])));
}

function linksOf(row: JsonObject): RawSpan['links'] {
  const [traces, spans, states, attributes] = [row['Links.TraceId'], row['Links.SpanId'], row['Links.TraceState'], row['Links.Attributes']].map((column) => (Array.isArray(column) ? (column as unknown[]) : []));
  return traces!.map((trace, index) => ({ traceId: readTraceId(trace) ?? '', spanId: readSpanId(spans![index]) ?? '', traceState: text(states![index]), attributes: attributesIn(attributes![index]), droppedAttributesCount: 0, flags: 0 }));
}

/** Names whose values are numbers in every convention that is read. Others stay texts: an id of digits is no number. */
const NUMERIC = /(?:^gen_ai\.usage\.|^llm\.(?:usage|token_count|cost)\.|^ai\.usage\.|[._](?:tokens|token_count|temperature|top_p|top_k|max_tokens|seed|frequency_penalty|presence_penalty|status_code|port|lineno|line\.number|column\.number|duration_ms|ttft_ms|time_to_first_token|time_to_first_chunk|cost|cost_usd|score|score\.value)$|^(?:input_tokens|output_tokens|cache_read_tokens|cache_creation_tokens|ttft_ms|duration_ms|cost_usd)$)/;
/** Names whose values are lists of texts. Messages are left as the JSON texts that the conventions allow. */
const LISTS: ReadonlySet<string> = new Set(['gen_ai.response.finish_reasons', 'gen_ai.request.stop_sequences', 'gen_ai.request.encoding_formats', 'langfuse.trace.tags', 'tag.tags', 'traceloop.association.properties.tags', 'logfire.tags']);

function attributesIn(value: unknown): KeyValue[] {
  if (!isObject(value)) return [];
  return flattened(value).flatMap(([key, member]): KeyValue[] => (member === null || member === undefined ? [] : [{ key, value: typeof member === 'string' ? typedText(key, member) : anyValueOf(member) }]));
}

function typedText(key: string, value: string): AnyValue {
  if (NUMERIC.test(key) && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) return /^-?\d{1,18}$/.test(value) ? { intValue: BigInt(value).toString() } : { doubleValue: Number(value) };
  if (LISTS.has(key)) {
    const list = jsonValue(value);
    if (list !== null && 'arrayValue' in list) return list;
  }
  return { stringValue: value };
}

function jsonValue(value: string): AnyValue | null {
  if (!/^\s*[[{]/.test(value)) return null;
  try {
    return anyValueOf(JSON.parse(value));
  } catch {
    return null;
  }
}

const DEEPEST_NAME = 50;

/** ClickHouse's JSON type takes the dots of a name for nesting; joined again they are the names that were sent. */
function flattened(object: JsonObject, prefix = '', depth = 0): [string, unknown][] {
  if (depth > DEEPEST_NAME) throw new UndecodableValue(`an attribute's name has more than ${DEEPEST_NAME} parts`);
  return Object.entries(object).flatMap(([key, value]): [string, unknown][] => (isObject(value) ? flattened(value, `${prefix}${key}.`, depth + 1) : [[`${prefix}${key}`, value]]));
}
