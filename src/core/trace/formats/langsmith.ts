import { isObject, type JsonObject } from '../../json.ts';
import { attributesOf, UndecodableValue } from '../any-value.ts';
import { spanIdFor, traceIdFor } from '../ids.ts';
import type { RawEvent, RawLog, RawSpan, Rejection } from '../model.ts';
import { compareNanos, nanosOf } from '../time.ts';
import { asText, itemsOf, makeEvent, makeScope, makeSpan, NO_RESOURCE, readItems, required, sample, type Item } from './build.ts';
import type { TraceDocument, TraceFormat } from './format.ts';

/** LangSmith's runs: a batch `{post, patch}` as its SDK sends it (with the `feedback` that came along), an answer of its API, or one run a line. */
export const langsmith: TraceFormat = {
  name: 'langsmith',
  sniff(value) {
    if (isObject(value) && (Array.isArray(value['post']) || Array.isArray(value['patch']))) return [value['post'], value['patch']].some((list) => isRun(sample(list))) || [value['post'], value['patch']].every((list) => list === undefined || (Array.isArray(list) && list.length === 0));
    return isRun(sample(value, 'runs', 'items'));
  },
  read(documents) {
    const decoded = readItems(mergeRuns(documents.flatMap(runsOf)), spanOf);
    const { logs, rejected } = readFeedback(documents);
    return { ...decoded, logs, rejected: [...decoded.rejected, ...rejected] };
  },
};

function isRun(value: JsonObject | null): boolean {
  return value !== null && typeof value['id'] === 'string' && ('dotted_order' in value || 'run_type' in value);
}

function runsOf(document: TraceDocument): Item[] {
  const { value } = document;
  if (!isObject(value) || (!Array.isArray(value['post']) && !Array.isArray(value['patch']))) return itemsOf([document], 'runs', 'items');
  return ['post', 'patch'].flatMap((key) => (Array.isArray(value[key]) ? itemsOf([document], key) : []));
}

/** A run is posted when it begins and patched when it ends: what the patch says stands, what it leaves out stays. */
function mergeRuns(items: readonly Item[]): Item[] {
  const runs = new Map<string, Item>();
  const others: Item[] = [];
  for (const item of items) {
    const id = isObject(item.value) ? asText(item.value['id']) : undefined;
    if (id === undefined) {
      others.push(item);
      continue;
    }
    const known = runs.get(id);
    runs.set(id, known ? { where: known.where, value: mergeRun(known.value as JsonObject, item.value as JsonObject) } : item);
  }
  return [...runs.values(), ...others];
}

function mergeRun(post: JsonObject, patch: JsonObject): JsonObject {
  const said = Object.entries(patch).filter(([, value]) => value !== null && value !== undefined && !(isObject(value) && Object.keys(value).length === 0) && !(Array.isArray(value) && value.length === 0));
  const merged: JsonObject = { ...post, ...Object.fromEntries(said) };
  if (isObject(post['extra']) && isObject(patch['extra'])) merged['extra'] = { ...post['extra'], ...patch['extra'] };
  return merged;
}

/** Read into members of the span, or into an attribute below. */
const MEMBERS = new Set(['id', 'trace_id', 'parent_run_id', 'name', 'start_time', 'end_time', 'inputs', 'outputs', 'extra', 'events', 'tags', 'serialized', 'run_type', 'dotted_order', 'session_id', 'session_name', 'prompt_tokens', 'completion_tokens', 'total_tokens', 'prompt_token_details', 'completion_token_details', 'feedback_stats']);

function spanOf(run: JsonObject): RawSpan {
  const id = required(asText(run['id']) ?? null, 'the run has no id');
  const order = asText(run['dotted_order']);
  // A patch may come apart from its post and say only what has changed: merging takes the start from the other.
  const start = nanosOf(run['start_time']) ?? startOfOrder(order) ?? '0';
  const parent = asText(run['parent_run_id']) ?? parentOfOrder(order);
  const error = asText(run['error']);
  return makeSpan({
    traceId: traceIdFor('langsmith', asText(run['trace_id']) ?? order?.split('.')[0]?.split('Z')[1] ?? id),
    spanId: spanIdFor('langsmith', id),
    parentSpanId: parent === undefined ? null : spanIdFor('langsmith', parent),
    name: asText(run['name']) ?? '',
    // A patch that does not say what it changes must not change the kind.
    kind: typeof run['run_type'] !== 'string' ? 0 : run['run_type'] === 'llm' ? 3 : 1,
    startTimeUnixNano: start,
    endTimeUnixNano: endOf(run, start),
    attributes: attributesOf(attributesOfRun(run, id)),
    events: [...eventsOf(run['events'], start), ...feedback(run['feedback_stats'], start)],
    status: error === undefined ? { code: 0, message: '' } : { code: 2, message: error.split('\n')[0]! },
    scope: makeScope('langsmith'),
  });
}

const MILLISECOND = 1_000_000n;

/** The SDK in JavaScript numbers its runs in the microseconds of their start: one that ends within its millisecond would end before it. */
function endOf(run: JsonObject, start: string): string | null {
  const end = nanosOf(run['end_time']);
  return end !== null && compareNanos(end, start) < 0 && BigInt(start) - BigInt(end) < MILLISECOND ? start : end;
}

/** The names are those of LangSmith's own OpenTelemetry exporter; what it does not export stays below `langsmith.run.`. */
function attributesOfRun(run: JsonObject, id: string): JsonObject {
  const extra = isObject(run['extra']) ? run['extra'] : {};
  const metadata = isObject(extra['metadata']) ? extra['metadata'] : {};
  const serialized = isObject(run['serialized']) ? run['serialized'] : {};
  const { metadata: _metadata, runtime: _runtime, invocation_params: _params, ...extras } = extra;
  const others = Object.entries(run).filter(([key, value]) => !MEMBERS.has(key) && value !== null && !(isObject(value) && Object.keys(value).length === 0));
  return {
    'langsmith.span.id': id,
    'langsmith.trace.id': run['trace_id'],
    'langsmith.span.parent_id': run['parent_run_id'],
    'langsmith.span.dotted_order': run['dotted_order'],
    'langsmith.span.kind': run['run_type'],
    'langsmith.trace.name': run['name'],
    'langsmith.trace.session_id': run['session_id'],
    'langsmith.trace.session_name': run['session_name'],
    'langsmith.span.tags': Array.isArray(run['tags']) && run['tags'].length > 0 ? run['tags'].join(', ') : undefined,
    'langsmith.span.runtime': asText(extra['runtime']),
    'langsmith.metadata.invocation_params': asText(extra['invocation_params']),
    ...Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`langsmith.metadata.${key}`, value])),
    ...Object.fromEntries(Object.entries(serialized).map(([key, value]) => [`gen_ai.serialized.${key}`, value])),
    ...Object.fromEntries(Object.entries(extras).map(([key, value]) => [`langsmith.extra.${key}`, typeof value === 'object' ? asText(value) : value])),
    'gen_ai.prompt': asText(run['inputs']),
    'gen_ai.completion': isObject(run['outputs']) && Object.keys(run['outputs']).length === 0 ? undefined : asText(run['outputs']),
    'gen_ai.usage.input_tokens': run['prompt_tokens'],
    'gen_ai.usage.output_tokens': run['completion_tokens'],
    'gen_ai.usage.total_tokens': run['total_tokens'],
    'gen_ai.usage.input_token_details': asText(run['prompt_token_details']),
    'gen_ai.usage.output_token_details': asText(run['completion_token_details']),
    ...Object.fromEntries(others.map(([key, value]) => [`langsmith.run.${key}`, value])),
  };
}

function eventsOf(events: unknown, start: string): RawEvent[] {
  if (!Array.isArray(events)) return [];
  return (events as unknown[]).filter(isObject).map((event) => {
    const { name, time, ...rest } = event;
    return makeEvent(asText(name) ?? '', nanosOf(time) ?? start, rest);
  });
}

function readFeedback(documents: readonly TraceDocument[]): { logs: RawLog[]; rejected: Rejection[] } {
  const logs: RawLog[] = [];
  const rejected: Rejection[] = [];
  for (const { where, value } of documents) {
    const list = isObject(value) && (Array.isArray(value['post']) || Array.isArray(value['patch'])) ? value['feedback'] : undefined;
    for (const [index, item] of (Array.isArray(list) ? (list as unknown[]) : []).entries()) {
      try {
        logs.push(logOfFeedback(item));
      } catch (error) {
        if (!(error instanceof UndecodableValue)) throw error;
        rejected.push({ where: `${where === '' ? '' : `${where}: `}feedback[${index}]`, reason: error.message, value: item });
      }
    }
  }
  return { logs, rejected };
}

/** A score of a run, in OpenTelemetry's words. It comes apart from the run, so it is a record that belongs to the run's span. */
function logOfFeedback(feedback: unknown): RawLog {
  if (!isObject(feedback)) throw new UndecodableValue('not an object');
  const { key, score, value, comment, run_id: runId, trace_id: traceId, created_at: createdAt, ...rest } = feedback;
  const run = required(asText(runId) ?? null, 'the feedback names no run');
  const time = nanosOf(createdAt) ?? '0';
  return {
    // Who gives none has the root in mind, whose id is the trace's.
    traceId: traceIdFor('langsmith', asText(traceId) ?? run),
    spanId: spanIdFor('langsmith', run),
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: 0,
    severityText: '',
    eventName: 'gen_ai.evaluation.result',
    body: {},
    attributes: attributesOf({
      'gen_ai.evaluation.name': asText(key),
      'gen_ai.evaluation.score.value': typeof score === 'boolean' ? Number(score) : score,
      'gen_ai.evaluation.score.label': asText(value),
      'gen_ai.evaluation.explanation': asText(comment),
      ...Object.fromEntries(Object.entries(rest).map(([name, member]) => [`langsmith.feedback.${name}`, asText(member)])),
    }),
    droppedAttributesCount: 0,
    flags: 0,
    resource: NO_RESOURCE,
    scope: makeScope('langsmith'),
  };
}

function feedback(stats: unknown, time: string): RawEvent[] {
  if (!isObject(stats)) return [];
  return Object.entries(stats).filter(([, value]) => isObject(value)).map(([name, value]) => makeEvent('gen_ai.evaluation.result', time, { 'gen_ai.evaluation.name': name, 'gen_ai.evaluation.score.value': (value as JsonObject)['avg'] }));
}

/** `20261121T101500123456Z<uuid>.20261121T…Z<uuid>`: the last part is the run, the one before it its parent. */
function startOfOrder(order: string | undefined): string | null {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{1,9})Z/.exec(order?.split('.').at(-1) ?? '');
  return match ? nanosOf(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}.${match[7]}Z`) : null;
}

function parentOfOrder(order: string | undefined): string | undefined {
  return order?.split('.').at(-2)?.split('Z')[1];
}
