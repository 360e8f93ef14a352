import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf, UndecodableValue } from '../any-value.ts';
import { readSpanId, readTraceId } from '../ids.ts';
import type { RawSpan } from '../model.ts';
import { nanosOfNumber } from '../time.ts';
import { makeEvent, makeLink, makeScope, makeSpan, readItems, required } from './build.ts';
import type { TraceFormat } from './format.ts';

/** A trace as Genkit's telemetry server keeps it: spans by id, times in milliseconds (microseconds in older files). */
export const genkit: TraceFormat = {
  name: 'genkit',
  sniff: (value) => isObject(value) && typeof value['traceId'] === 'string' && isObject(value['spans']) && !Array.isArray(value['spans']),
  read: (documents) => readItems(
    documents.flatMap(({ where, value }) => Object.entries((value as { spans: JsonObject }).spans).map(([id, span]) => ({ where: `${where === '' ? '' : `${where}: `}spans.${id}`, value: span }))),
    spanOf,
  ),
};

function spanOf(span: JsonObject): RawSpan {
  const traceId = readTraceId(span['traceId']);
  const spanId = readSpanId(span['spanId']);
  if (typeof traceId !== 'string' || typeof spanId !== 'string') throw new UndecodableValue('the span has no ids');
  const library = isObject(span['instrumentationLibrary']) ? span['instrumentationLibrary'] : isObject(span['instrumentationScope']) ? span['instrumentationScope'] : {};
  const status = isObject(span['status']) ? span['status'] : {};
  const timeEvents = isObject(span['timeEvents']) ? span['timeEvents']['timeEvent'] : undefined;
  const links = Array.isArray(span['links']) ? span['links'] : isObject(span['links']) ? span['links']['link'] : undefined;
  const kind = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].indexOf(String(span['spanKind']));
  return makeSpan({
    traceId,
    spanId,
    parentSpanId: readSpanId(span['parentSpanId']) ?? null,
    name: typeof span['displayName'] === 'string' ? span['displayName'] : '',
    kind: Math.max(0, kind),
    startTimeUnixNano: required(timeOf(span['startTime']), 'the span has no startTime'),
    endTimeUnixNano: timeOf(span['endTime']),
    attributes: isObject(span['attributes']) ? attributesOf(span['attributes']) : [],
    events: (Array.isArray(timeEvents) ? (timeEvents as unknown[]) : []).filter(isObject).map((event) => {
      const annotation = isObject(event['annotation']) ? event['annotation'] : {};
      return makeEvent(typeof annotation['description'] === 'string' ? annotation['description'] : '', timeOf(event['time']) ?? '0', isObject(annotation['attributes']) ? annotation['attributes'] : {});
    }),
    links: (Array.isArray(links) ? (links as unknown[]) : []).filter(isObject).map((link) => {
      const context = isObject(link['context']) ? link['context'] : link;
      return makeLink(readTraceId(context['traceId']) ?? '', readSpanId(context['spanId']) ?? '', isObject(link['attributes']) ? link['attributes'] : {});
    }),
    status: { code: status['code'] === 1 || status['code'] === 2 ? status['code'] : 0, message: typeof status['message'] === 'string' ? status['message'] : '' },
    scope: makeScope(typeof library['name'] === 'string' ? library['name'] : '', typeof library['version'] === 'string' ? library['version'] : ''),
  });
}

function timeOf(value: unknown): string | null {
  return typeof value === 'number' && value > 0 ? nanosOfNumber(value, value > 1e14 ? 1e3 : 1e6) : null;
}
