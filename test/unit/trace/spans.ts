import assert from 'node:assert/strict';
import type { JsonObject } from '../../../src/core/json.ts';
import { attributesOf } from '../../../src/core/trace/any-value.ts';
import { makeEvent, makeResource, makeScope, makeSpan } from '../../../src/core/trace/formats/build.ts';
import type { RawLog, RawSpan, Span } from '../../../src/core/trace/model.ts';
import { factsOfSpan, normaliseSpan } from '../../../src/core/trace/normalise/normalise-span.ts';

export const TRACE = '0af7651916cd43dd8448eb211c80319c';

export interface SpanSketch {
  readonly id?: string;
  readonly parent?: string | null;
  readonly name?: string;
  readonly scope?: string;
  readonly kind?: number;
  /** Milliseconds. */
  readonly start?: number;
  readonly end?: number | null;
  readonly resource?: JsonObject;
  readonly events?: readonly (readonly [name: string, attributes: JsonObject])[];
  readonly status?: { readonly code: number; readonly message?: string };
}

export function rawSpan(attributes: JsonObject, sketch: SpanSketch = {}): RawSpan {
  const start = sketch.start ?? 1000;
  return makeSpan({
    traceId: TRACE,
    spanId: (sketch.id ?? '1').padStart(16, '0'),
    parentSpanId: sketch.parent === undefined || sketch.parent === null ? null : sketch.parent.padStart(16, '0'),
    name: sketch.name ?? 'span',
    kind: sketch.kind ?? 1,
    startTimeUnixNano: `${start}000000`,
    endTimeUnixNano: sketch.end === null ? null : `${sketch.end ?? start + 1000}000000`,
    attributes: attributesOf(attributes),
    events: (sketch.events ?? []).map(([name, members]) => makeEvent(name, `${start}000000`, members)),
    status: { code: sketch.status?.code ?? 0, message: sketch.status?.message ?? '' },
    resource: makeResource(sketch.resource ?? {}),
    scope: makeScope(sketch.scope ?? ''),
  });
}

export function rawLog(name: string, attributes: JsonObject, place: { span?: string; time?: number; body?: unknown } = {}): RawLog {
  return {
    traceId: place.span === undefined ? null : TRACE,
    spanId: place.span === undefined ? null : place.span.padStart(16, '0'),
    timeUnixNano: `${place.time ?? 1500}000000`, observedTimeUnixNano: '0', severityNumber: 9, severityText: '', eventName: name,
    body: place.body === undefined ? {} : attributesOf({ body: place.body })[0]!.value,
    attributes: attributesOf(attributes), droppedAttributesCount: 0, flags: 0, resource: makeResource({}), scope: makeScope(''),
  };
}

export function read(attributes: JsonObject, sketch: SpanSketch = {}, logs: readonly RawLog[] = []): Span {
  return readBothWays(rawSpan(attributes, sketch), logs);
}

/** As a whole; what the store takes in of a span without reading its messages must be the same. */
export function readBothWays(raw: RawSpan, logs: readonly RawLog[] = []): Span {
  const span = normaliseSpan(raw, logs);
  const { facts, opening } = factsOfSpan(raw, logs, {}, () => true);
  for (const [member, value] of Object.entries({ ...facts, ...opening })) assert.deepStrictEqual(value, span[member as keyof Span], member);
  for (const [member, value] of Object.entries(factsOfSpan(raw, logs).facts)) assert.deepStrictEqual(value, span[member as keyof Span], member);
  return span;
}

export function text(role: string, value: string): object {
  return { role, parts: [{ type: 'text', text: value }] };
}
