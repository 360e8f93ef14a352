import type { JsonObject } from '../json.ts';
import type { KeyValue, RawEvent, RawLink, RawLog, RawSpan, Resource, Scope } from './model.ts';

/**
 * Spans as an OTLP/JSON `ExportTraceServiceRequest`. Spans of equal resources and scopes share a batch, in the order in which
 * each is met first. Members that hold their default are left out, as the encoding's rules have it; nothing else is lost.
 */
export function encodeSpans(spans: Iterable<RawSpan>): { resourceSpans: JsonObject[] } {
  return { resourceSpans: batch(spans, encodeSpan, 'scopeSpans', 'spans') };
}

/** Log records as an OTLP/JSON `ExportLogsServiceRequest`. */
export function encodeLogs(logs: Iterable<RawLog>): { resourceLogs: JsonObject[] } {
  return { resourceLogs: batch(logs, encodeLog, 'scopeLogs', 'logRecords') };
}

function batch<T extends { readonly resource: Resource; readonly scope: Scope }>(items: Iterable<T>, encode: (item: T) => JsonObject, scopesKey: string, itemsKey: string): JsonObject[] {
  const keys = new Map<Resource | Scope, string>();
  const keyOf = (owner: Resource | Scope): string => {
    let key = keys.get(owner);
    if (key === undefined) {
      key = JSON.stringify(owner);
      keys.set(owner, key);
    }
    return key;
  };
  const resources = new Map<string, { batch: JsonObject; scopes: Map<string, JsonObject[]>; list: JsonObject[] }>();
  for (const item of items) {
    let resource = resources.get(keyOf(item.resource));
    if (!resource) {
      const list: JsonObject[] = [];
      resource = { batch: compact({ resource: encodeResource(item.resource), schemaUrl: item.resource.schemaUrl, [scopesKey]: list }), scopes: new Map(), list };
      resources.set(keyOf(item.resource), resource);
    }
    let group = resource.scopes.get(keyOf(item.scope));
    if (!group) {
      group = [];
      resource.scopes.set(keyOf(item.scope), group);
      resource.list.push(compact({ scope: encodeScope(item.scope), schemaUrl: item.scope.schemaUrl, [itemsKey]: group }));
    }
    group.push(encode(item));
  }
  return [...resources.values()].map((resource) => resource.batch);
}

function encodeSpan(span: RawSpan): JsonObject {
  return compact({
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: span.traceState,
    parentSpanId: span.parentSpanId,
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: span.startTimeUnixNano === '0' ? null : span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: list(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: list(span.events.map(encodeEvent)),
    droppedEventsCount: span.droppedEventsCount,
    links: list(span.links.map(encodeLink)),
    droppedLinksCount: span.droppedLinksCount,
    status: span.status.code === 0 && span.status.message === '' ? null : compact({ message: span.status.message, code: span.status.code }),
  });
}

function encodeEvent(event: RawEvent): JsonObject {
  return compact({ timeUnixNano: event.timeUnixNano === '0' ? null : event.timeUnixNano, name: event.name, attributes: list(event.attributes), droppedAttributesCount: event.droppedAttributesCount });
}

function encodeLink(link: RawLink): JsonObject {
  return compact({ traceId: link.traceId, spanId: link.spanId, traceState: link.traceState, attributes: list(link.attributes), droppedAttributesCount: link.droppedAttributesCount, flags: link.flags });
}

function encodeLog(log: RawLog): JsonObject {
  return compact({
    timeUnixNano: log.timeUnixNano === '0' ? null : log.timeUnixNano,
    observedTimeUnixNano: log.observedTimeUnixNano === '0' ? null : log.observedTimeUnixNano,
    severityNumber: log.severityNumber,
    severityText: log.severityText,
    body: Object.keys(log.body).length === 0 ? null : log.body,
    attributes: list(log.attributes),
    droppedAttributesCount: log.droppedAttributesCount,
    flags: log.flags,
    traceId: log.traceId,
    spanId: log.spanId,
    eventName: log.eventName,
  });
}

function encodeResource(resource: Resource): JsonObject {
  return compact({ attributes: list(resource.attributes), droppedAttributesCount: resource.droppedAttributesCount });
}

function encodeScope(scope: Scope): JsonObject {
  return compact({ name: scope.name, version: scope.version, attributes: list(scope.attributes), droppedAttributesCount: scope.droppedAttributesCount });
}

function list(items: readonly (KeyValue | JsonObject)[]): unknown {
  return items.length === 0 ? null : items;
}

/** Without the members that hold their default: none, 0, empty. */
function compact(object: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(object)) if (value !== null && value !== 0 && value !== '') kept[key] = value;
  return kept;
}
