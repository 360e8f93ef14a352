import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf, UndecodableValue } from '../any-value.ts';
import { readSpanId, readTraceId } from '../ids.ts';
import type { Decoded, RawSpan } from '../model.ts';
import { nanosOf } from '../time.ts';
import { asText, makeResource, makeScope, makeSpan, NO_RESOURCE, readItems, required } from './build.ts';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/**
 * Spans of Datadog's agent (https://docs.datadoghq.com/tracing/guide/send_traces_to_agent_by_api): decimal ids of 64 bits, start and
 * duration in nanoseconds, texts in `meta`, numbers in `metrics`. Only read from that documentation: the interface that gives whole
 * traces is a preview. `traceId`: what was asked for, whose upper half the spans do not repeat.
 */
export function readDatadogSpans(values: readonly unknown[], traceId: string): Decoded {
  const isHex = values.some((value) => isObject(value) && /[a-f]/i.test(asText(value['span_id']) ?? ''));
  return readItems(values.map((value, index) => ({ where: `span ${index + 1}`, value })), (span) => spanOf(isObject(span['attributes']) ? { ...span['attributes'], ...span } : span, traceId, isHex));
}

/** Datadog numbers its spans in decimal; `isHex`: not here. `null`: none. */
export function datadogSpanId(value: unknown, isHex = false): string | null {
  const text = asText(value);
  const decimal = text !== undefined && !isHex && /^\d{1,20}$/.test(text) ? BigInt(text) : null;
  return readSpanId(decimal === null ? text : decimal < 1n << 64n ? decimal.toString(16).padStart(16, '0') : undefined) ?? null;
}

/** The spans in an answer, wherever it keeps them. */
export function datadogSpansIn(answer: unknown): readonly unknown[] {
  let level: unknown[] = [answer];
  for (let depth = 0; depth < 4; depth++) {
    const below: unknown[] = [];
    for (const value of level) {
      if (Array.isArray(value) && isObject(value[0]) && ('span_id' in value[0] || (isObject(value[0]['attributes']) && 'span_id' in value[0]['attributes']))) return value as unknown[];
      // Some answers have the spans by their ids.
      if (isObject(value)) {
        const members = Object.values(value);
        if (members.length > 0 && members.every((member) => isObject(member) && 'span_id' in member)) return members;
        below.push(...members);
      }
    }
    level = below;
  }
  return [];
}

function spanOf(span: JsonObject, traceId: string, isHex: boolean): RawSpan {
  const spanId = datadogSpanId(span['span_id'], isHex);
  if (spanId === null) throw new UndecodableValue('the span has no span_id');
  const start = required(nanosOf(span['start'] ?? span['start_timestamp']), 'the span has no start');
  const meta = isObject(span['meta']) ? span['meta'] : {};
  const failed = span['error'] === 1 || span['error'] === true || span['status'] === 'error';
  const service = asText(span['service']);
  return makeSpan({
    traceId: readTraceId(traceId) ?? traceId,
    spanId,
    parentSpanId: datadogSpanId(span['parent_id'], isHex),
    name: asText(span['resource']) ?? asText(span['resource_name']) ?? asText(span['name']) ?? '',
    kind: Math.max(0, KINDS.indexOf(asText(meta['span.kind']) ?? '')),
    startTimeUnixNano: start,
    endTimeUnixNano: endOf(span, start),
    attributes: attributesOf({ 'operation.name': asText(span['name']) ?? asText(span['operation_name']), 'datadog.type': span['type'], ...meta, ...(isObject(span['metrics']) ? span['metrics'] : {}), ...(isObject(span['custom']) ? span['custom'] : {}) }),
    status: { code: failed ? 2 : 0, message: failed ? (asText(meta['error.message']) ?? asText(meta['error.msg']) ?? '') : '' },
    resource: service === undefined ? NO_RESOURCE : makeResource({ 'service.name': service, ...(meta['env'] === undefined ? {} : { 'deployment.environment.name': meta['env'] }) }),
    scope: makeScope('datadog'),
  });
}

/** Nanoseconds of duration in the agent's form; an end in that of the search. */
function endOf(span: JsonObject, start: string): string | null {
  const { duration } = span;
  const nanos = typeof duration === 'string' ? Number(duration) : duration;
  if (typeof nanos === 'number' && nanos >= 0 && Number.isFinite(nanos)) return (BigInt(start) + BigInt(Math.round(nanos))).toString();
  return nanosOf(span['end_timestamp']);
}
