import { isObject } from '../../json.ts';
import { UndecodableValue } from '../any-value.ts';
import type { Decoded } from '../model.ts';
import { decodeOtlpJson, decodeSpan } from '../otlp-json.ts';
import { itemsOf, makeScope, NO_RESOURCE, readItems, sample } from './build.ts';
import type { TraceDocument, TraceFormat } from './format.ts';

const KEYS = ['resourceSpans', 'resource_spans', 'batches', 'resourceLogs', 'resource_logs', 'resourceMetrics', 'resource_metrics'];
/** What is put around a request: Tempo's and Jaeger's answers, recordings of what was posted. */
const WRAPPERS = ['trace', 'result', 'payload', 'body', 'data'];

/** OTLP requests: a file, a line of the collector's file exporter, a list, or in an envelope. */
export const otlp: TraceFormat = {
  name: 'otlp',
  sniff: (value) => requestsOf({ where: '', value }).length > 0,
  read(documents) {
    const all = documents.flatMap(requestsOf).map(({ where, value }): Decoded => {
      const decoded = decodeOtlpJson(value) ?? { spans: [], logs: [], rejected: [] };
      return where === '' ? decoded : { ...decoded, rejected: decoded.rejected.map((rejection) => ({ ...rejection, where: `${where}: ${rejection.where}` })) };
    });
    return { spans: all.flatMap(({ spans }) => spans), logs: all.flatMap(({ logs }) => logs), rejected: all.flatMap(({ rejected }) => rejected) };
  },
};

function requestsOf({ where, value }: TraceDocument): TraceDocument[] {
  if (Array.isArray(value)) return isObject(value[0]) ? value.flatMap((item: unknown, index) => (Array.isArray(item) ? [] : requestsOf({ where: `${where}[${index}]`, value: item }))) : [];
  if (!isObject(value)) return [];
  if (KEYS.some((key) => Array.isArray(value[key]))) return [{ where, value }];
  const wrapper = WRAPPERS.map((key) => value[key]).find((inner) => isObject(inner) && KEYS.some((key) => Array.isArray(inner[key])));
  return wrapper === undefined ? [] : [{ where, value: wrapper }];
}

/** Spans of OTLP without the request around them. */
export const bareOtlpSpan: TraceFormat = {
  name: 'otlp-span',
  sniff(value) {
    const span = sample(value, 'spans');
    return span !== null && ('startTimeUnixNano' in span || 'start_time_unix_nano' in span) && ('spanId' in span || 'span_id' in span);
  },
  read: (documents) => readItems(itemsOf(documents, 'spans'), (span) => {
    if (Array.isArray(span['logRecords'])) throw new UndecodableValue('a log record, not a span');
    return decodeSpan(span, NO_RESOURCE, makeScope(''));
  }),
};
