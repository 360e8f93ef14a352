import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf, isDeeperThan, MAX_DEPTH, textOfJson, UndecodableValue } from '../any-value.ts';
import type { Decoded, KeyValue, RawEvent, RawLink, RawSpan, Rejection, Resource, Scope } from '../model.ts';
import type { TraceDocument } from './format.ts';

export const NO_RESOURCE: Resource = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };

export function makeResource(attributes: JsonObject): Resource {
  return { ...NO_RESOURCE, attributes: attributesOf(attributes) };
}

export function makeScope(name: string, version = '', attributes: JsonObject = {}): Scope {
  return { name, version, attributes: attributesOf(attributes), droppedAttributesCount: 0, schemaUrl: '' };
}

/** A span of the members that a format has; the others hold their defaults. */
export function makeSpan(span: Pick<RawSpan, 'traceId' | 'spanId' | 'parentSpanId' | 'name' | 'startTimeUnixNano' | 'endTimeUnixNano'> & Partial<RawSpan>): RawSpan {
  return {
    traceState: '', flags: 0, kind: 0, attributes: [], droppedAttributesCount: 0, events: [], droppedEventsCount: 0, links: [], droppedLinksCount: 0,
    status: { code: 0, message: '' }, resource: NO_RESOURCE, scope: makeScope(''),
    ...span,
  };
}

export function makeEvent(name: string, timeUnixNano: string, attributes: JsonObject | readonly KeyValue[] = {}): RawEvent {
  return { name, timeUnixNano, attributes: isList(attributes) ? attributes : attributesOf(attributes), droppedAttributesCount: 0 };
}

function isList(attributes: JsonObject | readonly KeyValue[]): attributes is readonly KeyValue[] {
  return Array.isArray(attributes);
}

export function makeLink(traceId: string, spanId: string, attributes: JsonObject = {}): RawLink {
  return { traceId, spanId, traceState: '', attributes: attributesOf(attributes), droppedAttributesCount: 0, flags: 0 };
}

/** An item of a document, and what is said when it cannot be taken. */
export interface Item {
  readonly where: string;
  readonly value: unknown;
}

/** Reads each item into spans; one that cannot be read is rejected, the others stand. */
export function readItems(items: Iterable<Item>, read: (value: JsonObject) => RawSpan | readonly RawSpan[]): Decoded {
  const spans: RawSpan[] = [];
  const rejected: Rejection[] = [];
  for (const { where, value } of items) {
    try {
      if (!isObject(value)) throw new UndecodableValue('not an object');
      if (isDeeperThan(value, MAX_DEPTH)) throw new UndecodableValue(`nested deeper than ${MAX_DEPTH} levels`);
      const result = read(value);
      if (Array.isArray(result)) for (const span of result as readonly RawSpan[]) spans.push(span);
      else spans.push(result as RawSpan);
    } catch (error) {
      if (!(error instanceof UndecodableValue)) throw error;
      rejected.push({ where, reason: error.message, value });
    }
  }
  return { spans, logs: [], rejected };
}

/** The items of documents that are one item, a list of items, or an object with a list of them. */
export function itemsOf(documents: readonly TraceDocument[], ...keys: string[]): Item[] {
  return documents.flatMap(({ where, value }): Item[] => {
    const key = isObject(value) ? keys.find((name) => Array.isArray(value[name])) : undefined;
    const list = key === undefined ? value : (value as JsonObject)[key];
    if (!Array.isArray(list)) return [{ where, value }];
    return list.map((item: unknown, index) => ({ where: `${where === '' ? '' : `${where}: `}${key ?? ''}[${index}]`, value: item }));
  });
}

/** The first item of a list, or the value itself: what a sniff looks at. */
export function sample(value: unknown, ...keys: string[]): JsonObject | null {
  const key = isObject(value) ? keys.find((name) => Array.isArray(value[name])) : undefined;
  const list = key === undefined ? value : (value as JsonObject)[key];
  const first: unknown = Array.isArray(list) ? list[0] : list;
  return isObject(first) ? first : null;
}

/** Values that are no texts as JSON, so that an attribute holds what an SDK would have sent. */
export function asText(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : typeof value === 'string' ? value : textOfJson(value);
}

export function required(value: string | null, what: string): string {
  if (value === null) throw new UndecodableValue(what);
  return value;
}
