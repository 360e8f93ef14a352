import { isObject, type JsonObject } from '../../json.ts';
import { anyValueOf, UndecodableValue } from '../any-value.ts';
import { readSpanId, readTraceId } from '../ids.ts';
import type { AnyValue, KeyValue, RawLink, RawSpan, Rejection, Resource } from '../model.ts';
import { readInteger } from '../time.ts';
import { makeEvent, makeLink, makeScope, makeSpan, NO_RESOURCE } from './build.ts';
import type { TraceDocument, TraceFormat } from './format.ts';

/** Jaeger's own JSON: answers of its API, and files saved from its page. Times are microseconds. */
export const jaeger: TraceFormat = {
  name: 'jaeger',
  sniff: (value) => tracesOf({ where: '', value }).length > 0,
  read(documents) {
    const spans: RawSpan[] = [];
    const rejected: Rejection[] = [];
    for (const { where, value } of documents.flatMap(tracesOf)) {
      const trace = value as JsonObject;
      const processes = new Map(isObject(trace['processes']) ? Object.entries(trace['processes']).map(([id, process]) => [id, resourceOf(process)]) : []);
      for (const [index, span] of (trace['spans'] as unknown[]).entries()) {
        try {
          spans.push(spanOf(span, processes));
        } catch (error) {
          if (!(error instanceof UndecodableValue)) throw error;
          rejected.push({ where: `${where}spans[${index}]`, reason: error.message, value: span });
        }
      }
    }
    return { spans, logs: [], rejected };
  },
};

function tracesOf({ where, value }: TraceDocument): TraceDocument[] {
  const prefix = where === '' ? '' : `${where}: `;
  if (isObject(value) && 'traceID' in value && Array.isArray(value['spans'])) return [{ where: prefix, value }];
  const list = isObject(value) ? value['data'] : value;
  if (!Array.isArray(list)) return [];
  return list.flatMap((trace: unknown, index) => (isObject(trace) && 'traceID' in trace && Array.isArray(trace['spans']) ? [{ where: `${prefix}data[${index}].`, value: trace }] : []));
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
/** Tags that stand for a member of OTLP's span (https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/). */
const MEMBER_TAGS = new Set(['span.kind', 'otel.library.name', 'otel.library.version', 'otel.scope.name', 'otel.scope.version', 'otel.status_code', 'otel.status_description', 'w3c.tracestate']);

function spanOf(span: unknown, processes: ReadonlyMap<string, Resource>): RawSpan {
  if (!isObject(span)) throw new UndecodableValue('not an object');
  const traceId = readTraceId(span['traceID']);
  const spanId = readSpanId(span['spanID']);
  if (typeof traceId !== 'string') throw new UndecodableValue('traceID is no trace id');
  if (typeof spanId !== 'string') throw new UndecodableValue('spanID is no span id');
  const start = micros(span['startTime'], 'startTime');
  const tags = tagsOf(span['tags']);
  const tag = (key: string): string | null => {
    const value = tags.find((entry) => entry.key === key)?.value;
    return value !== undefined && 'stringValue' in value ? value.stringValue : null;
  };
  const { parent, links } = referencesOf(span, traceId);
  const failed = tags.some(({ key, value }) => key === 'error' && (('boolValue' in value && value.boolValue === true) || ('stringValue' in value && value.stringValue === 'true')));
  const code = failed || tag('otel.status_code') === 'ERROR' ? 2 : tag('otel.status_code') === 'OK' ? 1 : 0;
  return makeSpan({
    traceId,
    spanId,
    parentSpanId: parent === spanId ? null : parent,
    traceState: tag('w3c.tracestate') ?? '',
    flags: typeof span['flags'] === 'number' && span['flags'] >= 0 ? Math.trunc(span['flags']) : 0,
    name: typeof span['operationName'] === 'string' ? span['operationName'] : '',
    kind: Math.max(0, KINDS.indexOf(tag('span.kind') ?? '')),
    startTimeUnixNano: start.toString(),
    endTimeUnixNano: span['duration'] === undefined ? null : (start + micros(span['duration'], 'duration')).toString(),
    attributes: tags.filter(({ key }) => !MEMBER_TAGS.has(key)),
    events: Array.isArray(span['logs']) ? span['logs'].map(eventOf) : [],
    links,
    status: { code, message: tag('otel.status_description') ?? '' },
    resource: processes.get(String(span['processID'])) ?? (isObject(span['process']) ? resourceOf(span['process']) : NO_RESOURCE),
    scope: makeScope(tag('otel.scope.name') ?? tag('otel.library.name') ?? '', tag('otel.scope.version') ?? tag('otel.library.version') ?? ''),
  });
}

/** The parent is the first reference of the same trace, children before followers; the others are links. */
function referencesOf(span: JsonObject, traceId: string): { parent: string | null; links: RawLink[] } {
  const references = (Array.isArray(span['references']) ? (span['references'] as unknown[]) : []).filter(isObject).map((reference) => ({
    type: reference['refType'] === 'FOLLOWS_FROM' ? 'follows_from' : 'child_of',
    traceId: readTraceId(reference['traceID']) ?? '',
    spanId: readSpanId(reference['spanID']) ?? '',
  }));
  const own = references.filter((reference) => reference.traceId === traceId && reference.spanId !== '');
  const parent = own.find((reference) => reference.type === 'child_of') ?? own[0];
  const links = references.filter((reference) => reference !== parent).map((reference) => makeLink(reference.traceId, reference.spanId, { 'opentracing.ref_type': reference.type }));
  return { parent: parent?.spanId ?? readSpanId(span['parentSpanID']) ?? null, links };
}

function tagsOf(tags: unknown): KeyValue[] {
  if (!Array.isArray(tags)) return [];
  return (tags as unknown[]).filter(isObject).map((tag) => ({ key: typeof tag['key'] === 'string' ? tag['key'] : '', value: valueOf(tag) }));
}

function valueOf({ type, value }: JsonObject): AnyValue {
  switch (typeof type === 'string' ? type.toLowerCase() : '') {
    case 'int64': {
      const number = readInteger(value);
      return number === undefined ? anyValueOf(value) : { intValue: number.toString() };
    }
    case 'float64': {
      const number = Number(value);
      return Number.isFinite(number) ? { doubleValue: number } : anyValueOf(value);
    }
    case 'bool': return { boolValue: value === true || value === 'true' };
    case 'binary': return typeof value === 'string' ? { bytesValue: value } : anyValueOf(value);
    default: return anyValueOf(value);
  }
}

function eventOf(log: unknown): RawSpan['events'][number] {
  if (!isObject(log)) throw new UndecodableValue('a log is not an object');
  const fields = tagsOf(log['fields']);
  const name = fields.find(({ key }) => key === 'event')?.value;
  const named = name !== undefined && 'stringValue' in name;
  return makeEvent(named ? name.stringValue : '', micros(log['timestamp'], 'timestamp').toString(), named ? fields.filter(({ key }) => key !== 'event') : fields);
}

function resourceOf(process: unknown): Resource {
  if (!isObject(process)) return NO_RESOURCE;
  const service = typeof process['serviceName'] === 'string' && process['serviceName'] !== '' ? [{ key: 'service.name', value: { stringValue: process['serviceName'] } }] : [];
  return { ...NO_RESOURCE, attributes: [...service, ...tagsOf(process['tags'])] };
}

function micros(value: unknown, what: string): bigint {
  const number = readInteger(typeof value === 'number' ? Math.round(value) : value);
  if (number === undefined || number < 0n || number > 1n << 53n) throw new UndecodableValue(`${what} must be microseconds`);
  return number * 1000n;
}
