import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf } from '../any-value.ts';
import { spanIdFor, traceIdFor } from '../ids.ts';
import type { Decoded, KeyValue, RawEvent, RawSpan } from '../model.ts';
import { parseKeepingLongIntegers } from '../parse-json.ts';
import { nanosOf } from '../time.ts';
import { asText, itemsOf, makeEvent, makeResource, makeScope, makeSpan, NO_RESOURCE, readItems, required, sample } from './build.ts';
import type { TraceDocument, TraceFormat } from './format.ts';

const TYPES = new Set(['SPAN', 'GENERATION', 'EVENT', 'AGENT', 'TOOL', 'CHAIN', 'RETRIEVER', 'EVALUATOR', 'EMBEDDING', 'GUARDRAIL']);

/** Langfuse: an exported trace `{trace, observations}`, its API's traces and lists of observations, or one observation a line. */
export const langfuse: TraceFormat = {
  name: 'langfuse',
  sniff(value) {
    if (isObject(value) && Array.isArray(value['observations']) && (isObject(value['trace']) || 'projectId' in value || typeof value['id'] === 'string')) return true;
    return isObservation(sample(value, 'data'));
  },
  read(documents) {
    const parts = documents.map((document): Decoded => (isObject(document.value) && Array.isArray(document.value['observations']) ? readTrace(document) : readItems(itemsOf([document], 'data'), (observation) => spanOf(observation, null))));
    return { spans: parts.flatMap(({ spans }) => spans), logs: [], rejected: parts.flatMap(({ rejected }) => rejected) };
  },
};

function isObservation(value: JsonObject | null): boolean {
  return value !== null && typeof value['traceId'] === 'string' && TYPES.has(String(value['type'])) && 'startTime' in value;
}

function readTrace({ where, value }: TraceDocument): Decoded {
  const document = value as JsonObject;
  const trace = isObject(document['trace']) ? document['trace'] : document;
  const scores = Array.isArray(document['scores']) ? document['scores'] : Array.isArray(trace['scores']) ? trace['scores'] : [];
  const decoded = readItems(itemsOf([{ where, value: document }], 'observations'), (observation) => spanOf(observation, trace));
  const spans = decoded.spans.length > 0 ? decoded.spans : [spanOfTrace(trace)];
  return { ...decoded, spans: withScores(spans, (scores as unknown[]).filter(isObject)) };
}

/** Members of an observation that have a name in Langfuse's own OpenTelemetry attributes. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  id: 'langfuse.observation.id',
  traceId: 'langfuse.trace.id',
  input: 'langfuse.observation.input',
  output: 'langfuse.observation.output',
  model: 'langfuse.observation.model.name',
  providedModelName: 'langfuse.observation.model.name',
  modelParameters: 'langfuse.observation.model.parameters',
  usageDetails: 'langfuse.observation.usage_details',
  costDetails: 'langfuse.observation.cost_details',
  level: 'langfuse.observation.level',
  statusMessage: 'langfuse.observation.status_message',
  completionStartTime: 'langfuse.observation.completion_start_time',
  promptName: 'langfuse.observation.prompt.name',
  promptVersion: 'langfuse.observation.prompt.version',
  environment: 'langfuse.environment',
  version: 'langfuse.version',
  // What an observation of the API's version 2 says of its trace
  userId: 'langfuse.user.id',
  sessionId: 'langfuse.session.id',
  traceName: 'langfuse.trace.name',
  tags: 'langfuse.trace.tags',
  release: 'langfuse.release',
};
/** Read into members of the span, or the same as another member. */
const MEMBERS = new Set(['type', 'name', 'startTime', 'endTime', 'parentObservationId', 'metadata', 'isRootObservation']);

function spanOf(observation: JsonObject, trace: JsonObject | null): RawSpan {
  const start = required(nanosOf(observation['startTime']), 'the observation has no startTime');
  // The root of an application may keep the id of a parent that Langfuse never got.
  const parent = observation['isRootObservation'] === true ? undefined : asText(observation['parentObservationId']);
  const metadata = observation['metadata'];
  const { attributes, resource, scope, rest } = openMetadata(isObject(metadata) ? metadata : typeof metadata === 'string' ? { value: metadata } : {});
  const isRoot = parent === undefined;
  return makeSpan({
    traceId: traceIdFor('langfuse', String(observation['traceId'] ?? trace?.['id'])),
    spanId: spanIdFor('langfuse', required(asText(observation['id']) ?? null, 'the observation has no id')),
    parentSpanId: parent === undefined ? null : spanIdFor('langfuse', parent),
    name: asText(observation['name']) ?? '',
    startTimeUnixNano: start,
    endTimeUnixNano: nanosOf(observation['endTime']) ?? (observation['type'] === 'EVENT' ? start : null),
    attributes: [...attributes, ...attributesOf({ ...own(observation), ...rest, ...(trace ? ofTrace(trace, isRoot) : {}) })],
    status: observation['level'] === 'ERROR' ? { code: 2, message: asText(observation['statusMessage']) ?? '' } : { code: 0, message: '' },
    resource,
    scope,
  });
}

/** Objects become JSON texts, as Langfuse's SDK sends them; what has no attribute of its own stays under its own name. */
function own(observation: JsonObject): JsonObject {
  const attributes: JsonObject = { 'langfuse.observation.type': typeof observation['type'] === 'string' ? observation['type'].toLowerCase() : undefined };
  for (const [key, value] of Object.entries(observation)) {
    if (MEMBERS.has(key) || value === null || (isObject(value) && Object.keys(value).length === 0)) continue;
    attributes[Object.hasOwn(ATTRIBUTES, key) ? ATTRIBUTES[key]! : `langfuse.export.${key}`] = typeof value === 'object' ? JSON.stringify(value) : value;
  }
  return attributes;
}

/** Members of the metadata in which Langfuse keeps what came in over OpenTelemetry. */
const OPENED = ['attributes', 'resourceAttributes', 'scope'] as const;

/** What came in over OpenTelemetry is kept in the metadata: its attributes, resource and scope go back to where they were. */
function openMetadata(metadata: JsonObject): Pick<RawSpan, 'resource' | 'scope'> & { attributes: KeyValue[]; rest: JsonObject } {
  const [attributes, resource, scope] = OPENED.map((key) => openedObject(metadata[key]));
  const rest: JsonObject = {};
  for (const [key, value] of Object.entries(metadata)) {
    // The beginning of what was cut comes whole with the page that was asked for again.
    if (OPENED.some((name) => name === key) && (openedObject(value) !== null || (isCutValue(value) && value.startsWith('{')))) continue;
    rest[`langfuse.observation.metadata.${key}`] = value;
  }
  return {
    attributes: attributes ? attributesOf(attributes) : [],
    resource: resource ? makeResource(resource) : NO_RESOURCE,
    scope: makeScope(asText(scope?.['name']) ?? '', asText(scope?.['version']) ?? '', isObject(scope?.['attributes']) ? scope['attributes'] : {}),
    rest,
  };
}

/** Version 2 of the API gives members as the texts of JSON that its table holds. `null`: no object. */
function openedObject(value: unknown): JsonObject | null {
  if (isObject(value)) return value;
  const parsed = typeof value === 'string' && value.startsWith('{') ? parseKeepingLongIntegers(value) : null;
  return parsed !== null && 'value' in parsed && isObject(parsed.value) ? parsed.value : null;
}

/** Version 2 of the API cuts values of metadata at this length, behind which there may be dots, unless their keys are asked for. */
const CUT_AT = 200;

/** Whether a value of metadata may be the beginning of one. */
export function isCutValue(value: unknown): value is string {
  return typeof value === 'string' && value.length >= CUT_AT && value.length <= CUT_AT + 3;
}

function ofTrace(trace: JsonObject, isRoot: boolean): JsonObject {
  const shared: JsonObject = { 'langfuse.session.id': trace['sessionId'], 'langfuse.user.id': trace['userId'], 'langfuse.trace.name': trace['name'], 'langfuse.trace.tags': Array.isArray(trace['tags']) && trace['tags'].length > 0 ? trace['tags'] : undefined, 'langfuse.release': trace['release'] };
  return isRoot ? { ...shared, 'langfuse.trace.input': asText(trace['input']), 'langfuse.trace.output': asText(trace['output']), 'langfuse.trace.metadata': asText(trace['metadata']) } : shared;
}

/** A trace without observations is one span: it has a name, an input and an output. */
function spanOfTrace(trace: JsonObject): RawSpan {
  const id = asText(trace['id']) ?? '';
  const start = nanosOf(trace['timestamp']) ?? '0';
  const seconds = typeof trace['latency'] === 'number' && trace['latency'] >= 0 ? trace['latency'] : 0;
  return makeSpan({
    traceId: traceIdFor('langfuse', id),
    spanId: spanIdFor('langfuse', `trace ${id}`),
    parentSpanId: null,
    name: asText(trace['name']) ?? '',
    startTimeUnixNano: start,
    endTimeUnixNano: (BigInt(start) + BigInt(Math.round(seconds * 1e9))).toString(),
    attributes: attributesOf(ofTrace(trace, true)),
  });
}

function withScores(spans: readonly RawSpan[], scores: readonly JsonObject[]): RawSpan[] {
  if (scores.length === 0) return [...spans];
  const root = spans.find((span) => span.parentSpanId === null) ?? spans[0]!;
  const events = new Map<string, RawEvent[]>();
  for (const score of scores) {
    const id = typeof score['observationId'] === 'string' ? spanIdFor('langfuse', score['observationId']) : root.spanId;
    const list = events.get(id) ?? [];
    list.push(makeEvent('gen_ai.evaluation.result', nanosOf(score['timestamp']) ?? root.startTimeUnixNano, { 'gen_ai.evaluation.name': score['name'], 'gen_ai.evaluation.score.value': score['value'], 'gen_ai.evaluation.score.label': score['stringValue'], 'gen_ai.evaluation.explanation': score['comment'], 'langfuse.score.source': score['source'] }));
    events.set(id, list);
  }
  return spans.map((span) => ({ ...span, events: [...span.events, ...(events.get(span.spanId) ?? [])] }));
}
