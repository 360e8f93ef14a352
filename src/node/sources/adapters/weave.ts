import { isObject, type JsonObject } from '../../../core/json.ts';
import type { RemoteIds } from '../../../core/links/make.ts';
import { spanIdFor, traceIdFor } from '../../../core/trace/ids.ts';
import { nanosOf } from '../../../core/trace/time.ts';
import { parseKeepingLongIntegers } from '../../../core/trace/parse-json.ts';
import type { RemoteScore } from '../../../protocol/remote.ts';
import { onceMore } from '../client.ts';
import { answerError, SourceError } from '../errors.ts';
import { plainQuery } from '../plain-query.ts';
import type { Annotation, FetchedTrace, FetchSink, ListedPage, ListedTrace, ListRequest, SourceContext, TraceRef, TraceSource } from '../source.ts';
import { LineBatches } from '../line-batches.ts';
import { BackendAdapter } from './adapter.ts';
import { Pages } from './pages.ts';
import { json, listOf, nanosBetween, notFound, numberAt, textAt, unlessRefused } from './shared.ts';

/** Calls asked for at once: what breaks in the middle is asked again from there. */
const PAGE = 5000;

interface CallPage {
  readonly calls: number;
  /** Ids of the call above all, and of the last one. */
  readonly root: string | null;
  readonly last: string | null;
}

/** W&B Weave. A link names a call; its trace is read from the call, then all calls of the trace, a line each. */
export class WeaveSource extends BackendAdapter implements TraceSource {
  readonly spanIdAttribute = 'weave.call.id';

  constructor(context: SourceContext) {
    super(context, { queries: [/^\/calls\/stream_query$/, /^\/call\/read$/, /^\/feedback\/query$/], writes: [/^\/feedback\/create$/] });
  }

  async test(signal: AbortSignal): Promise<string> {
    const project = this.#project(null);
    const calls = await this.#calls({ project_id: project, filter: { trace_roots_only: true }, limit: 1, offset: 0, sort_by: [{ field: 'started_at', direction: 'desc' }] }, signal);
    return `Weave answered: project ${project} ${calls.length === 0 ? 'has no traces yet' : `has traces, the last one ${textAt(calls[0], 'started_at') ?? ''}`}.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const project = this.#project(ref.project);
    const { subject } = this.client;
    let traceId = ref.traceId;
    if (ref.callId !== null) {
      const read = await this.client.query({ path: '/call/read', signal, expect: [404] }, { project_id: project, id: ref.callId }, unlessRefused(json));
      traceId = textAt(read, 'call', 'trace_id');
      if (traceId === null) throw notFound(subject, `with the call ${ref.callId}`, `the call may be of another project than ${project}`);
    }
    if (traceId === null) throw new SourceError('source-request', 'The link names no call: open one in Weave and copy that address.');
    let root: string | null = null;
    let count = 0;
    const pages = new Pages(subject);
    let page: CallPage;
    do {
      page = await onceMore(signal, () => this.#page(project, traceId, count, sink, signal));
      root ??= page.root;
      count += page.calls;
    } while (pages.goOn(page.calls < PAGE ? null : page.last));
    if (count === 0) throw notFound(subject, traceId);
    const spanId = ref.spanId === root ? null : ref.spanId;
    return { ids: { traceId, spanId, project, tenant: null, callId: root ?? ref.callId }, traceId: traceIdFor('weave', traceId), spanId: spanId === null ? null : spanIdFor('weave', spanId), notes: pages.notes('Calls', count) };
  }

  async #page(project: string, traceId: string, offset: number, sink: FetchSink, signal: AbortSignal): Promise<CallPage> {
    const answer = await this.client.query({ path: '/calls/stream_query', accept: 'application/jsonl', signal }, {
      project_id: project, filter: { trace_ids: [traceId] }, limit: PAGE, offset, sort_by: [{ field: 'started_at', direction: 'asc' }], include_costs: true, include_feedback: true,
    });
    const batches = new LineBatches(sink);
    let calls = 0;
    let root: string | null = null;
    let last: string | null = null;
    for await (const line of answer.lines()) {
      calls++;
      if (root === null || calls === PAGE) {
        const call = callIn(line);
        if (root === null && call !== null && textAt(call, 'parent_id') === null) root = textAt(call, 'id');
        last = textAt(call, 'id');
      }
      await batches.add(line);
    }
    await batches.end();
    return { calls, root, last };
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const { plain, notes } = plainQuery(request.query, request.now, []);
    const offset = Number(request.cursor ?? 0);
    const limit = Math.min(request.limit, 500);
    // Weave's query language: MongoDB's operators over fields and literals.
    const bounds = [
      ...(plain.fromMs === null ? [] : [{ $gte: [{ $getField: 'started_at' }, { $literal: plain.fromMs / 1000 }] }]),
      ...(plain.toMs === null ? [] : [{ $not: [{ $gte: [{ $getField: 'started_at' }, { $literal: plain.toMs / 1000 }] }] }]),
    ];
    const calls = await this.#calls({ project_id: this.#project(null), filter: { trace_roots_only: true }, ...(bounds.length === 0 ? {} : { query: { $expr: { $and: bounds } } }), limit: limit + 1, offset, sort_by: [{ field: 'started_at', direction: 'desc' }], include_costs: true }, signal);
    return { traces: calls.slice(0, limit).map(rowOf), next: calls.length > limit ? String(offset + limit) : null, notes };
  }

  async scores(ids: RemoteIds, signal: AbortSignal): Promise<readonly RemoteScore[]> {
    const project = this.#project(ids.project);
    const calls = await this.#calls({ project_id: project, filter: { trace_ids: [ids.traceId] }, limit: PAGE, offset: 0, sort_by: [{ field: 'started_at', direction: 'asc' }], include_feedback: true, columns: ['id', 'parent_id', 'summary'] }, signal);
    return calls.flatMap((call) => listOf(isObject(call['summary']) && isObject(call['summary']['weave']) ? call['summary']['weave']['feedback'] : undefined).map((item) => scoreOf(item, textAt(call, 'id'))));
  }

  async annotate({ ids, name, value, label, comment }: Annotation, signal: AbortSignal): Promise<void> {
    const project = this.#project(ids.project);
    await this.client.write({ path: '/feedback/create', signal }, { project_id: project, weave_ref: `weave:///${project}/call/${ids.spanId ?? ids.callId ?? ''}`, feedback_type: 'touchstone.annotation', payload: { name, ...(value === null ? {} : { value }), ...(label === null ? {} : { label }), ...(comment === null ? {} : { comment }) } });
  }

  async #calls(body: JsonObject, signal: AbortSignal): Promise<JsonObject[]> {
    return this.client.query({ path: '/calls/stream_query', accept: 'application/jsonl', signal }, body, async (answer) => {
      const calls: JsonObject[] = [];
      for await (const line of answer.lines()) {
        const call = callIn(line);
        if (call === null) throw answerError('sent a line that is no JSON, or half of one', '', this.client.subject);
        calls.push(call);
      }
      return calls;
    });
  }

  #project(given: string | null): string {
    const project = given ?? this.entry.project;
    if (project === undefined) throw new SourceError('source-request', `Source "${this.entry.name}" needs "project: entity/project" in touchstone.yml: Weave is asked project by project.`);
    return project;
  }
}

/** `null`: the line is no object of JSON. */
function callIn(line: Uint8Array): JsonObject | null {
  const parsed = parseKeepingLongIntegers(new TextDecoder().decode(line));
  return 'value' in parsed && isObject(parsed.value) ? parsed.value : null;
}

function rowOf(call: JsonObject): ListedTrace {
  const summary = isObject(call['summary']) ? call['summary'] : {};
  const usage = isObject(summary['usage']) ? Object.values(summary['usage']).filter(isObject) : [];
  const tokens = usage.map((counts) => numberAt(counts, 'total_tokens') ?? ((numberAt(counts, 'prompt_tokens') ?? numberAt(counts, 'input_tokens') ?? 0) + (numberAt(counts, 'completion_tokens') ?? numberAt(counts, 'output_tokens') ?? 0)));
  return {
    id: textAt(call, 'trace_id') ?? '', name: textAt(call, 'display_name') ?? (textAt(call, 'op_name') ?? '').replace(/^weave:\/\/\/.*\/op\//, '').replace(/:[^:/]*$/, ''), startNs: nanosOf(call['started_at']) ?? '0', durationNs: nanosBetween(call['started_at'], call['ended_at']),
    spans: null, errors: textAt(call, 'exception') === null ? null : 1, tokens: tokens.length === 0 ? null : tokens.reduce((sum, count) => sum + count, 0), cost: null, service: null, session: textAt(call, 'thread_id'), user: textAt(call, 'wb_user_id'),
  };
}

function scoreOf(item: JsonObject, callId: string | null): RemoteScore {
  const { payload } = item;
  const type = textAt(item, 'feedback_type') ?? '';
  return { spanId: callId, name: textAt(payload, 'name') ?? type, value: numberAt(payload, 'value') ?? numberAt(payload, 'output'), label: textAt(payload, 'label') ?? textAt(payload, 'emoji'), comment: textAt(payload, 'comment') ?? textAt(payload, 'note'), from: textAt(item, 'creator'), at: textAt(item, 'created_at') };
}

