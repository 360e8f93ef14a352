import type { JsonObject } from '../../../core/json.ts';
import type { RemoteIds } from '../../../core/links/make.ts';
import { readSpanId } from '../../../core/trace/ids.ts';
import { nanosOf } from '../../../core/trace/time.ts';
import type { RemoteScore } from '../../../protocol/remote.ts';
import { SourceError } from '../errors.ts';
import { plainQuery } from '../plain-query.ts';
import type { Annotation, FetchedTrace, FetchSink, ListedPage, ListedTrace, ListRequest, SourceContext, TraceRef, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { Pages } from './pages.ts';
import { isoAt, itemsOf, listOf, nanosBetween, notFound, numberAt, textAt, unlessRefused } from './shared.ts';

const PAGE = 1000;
/** Ids that fit into an address. */
const IDS_AT_ONCE = 100;
/** Pages of what is kept in memory: projects, scores. */
const MOST_LISTS = 200;

/** Arize Phoenix: spans of a project by trace. Which project has a trace is not known from its id: without one, all are asked. */
export class PhoenixSource extends BackendAdapter implements TraceSource {
  constructor(context: SourceContext) {
    super(context, { writes: [/^\/v1\/(?:span|trace)_annotations$/] });
  }

  async test(signal: AbortSignal): Promise<string> {
    const projects = listOf(await this.json('/v1/projects', {}, signal), 'data').map((project) => textAt(project, 'name') ?? '');
    return projects.length === 0 ? 'Phoenix answered: it has no projects yet.' : `Phoenix answered: ${projects.length === 1 ? 'project' : 'projects'} ${projects.slice(0, 5).join(', ')}.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    if (ref.traceId === null && ref.callId !== null) throw new SourceError('source-request', 'Phoenix cannot be asked for a span by its id alone: open the link in the browser, and copy the address that it leads to.');
    const { id, traceId } = this.hexTrace(ref);
    for (const project of await this.#projects(ref.project, signal)) {
      const found = await this.#spans(project, traceId, ref.spanId, sink, signal);
      if (found === null) continue;
      return { ids: { traceId, spanId: found.spanId, project, tenant: null, callId: null }, traceId, spanId: found.spanId, notes: found.notes };
    }
    throw notFound(this.client.subject, id);
  }

  /** `null`: the project does not have the trace. `wantedSpan`: Phoenix's own id of a row, or a span id. */
  async #spans(project: string, traceId: string, wantedSpan: string | null, sink: FetchSink, signal: AbortSignal): Promise<{ readonly spanId: string | null; readonly notes: string[] } | null> {
    const { subject } = this.client;
    const pages = new Pages(subject);
    let count = 0;
    let next: string | null;
    let spanId: string | null = wantedSpan !== null && /^[0-9a-f]{16}$/i.test(wantedSpan) ? wantedSpan.toLowerCase() : null;
    do {
      const page = await this.client.get({ path: `/v1/projects/${encodeURIComponent(project)}/spans`, params: { trace_id: traceId, limit: PAGE, cursor: pages.cursor }, signal, expect: [404] }, unlessRefused((answer) => answer.page()));
      if (page === null) return null;
      const spans = itemsOf(page.value, subject, 'data');
      count += spans.length;
      if (wantedSpan !== null && spanId === null) spanId = readSpanId(textAt(spans.find(({ id }) => id === wantedSpan), 'context', 'span_id')) ?? null;
      if (spans.length > 0) await sink.documents(page.bytes);
      next = textAt(page.value, 'next_cursor');
    } while (pages.goOn(next));
    return count === 0 ? null : { spanId, notes: pages.notes('Spans', count) };
  }

  async #projects(given: string | null, signal: AbortSignal): Promise<string[]> {
    const named = given ?? this.entry.project ?? null;
    if (named !== null) return [named];
    return (await this.#all('/v1/projects', {}, signal)).map((project) => textAt(project, 'id') ?? textAt(project, 'name') ?? '').filter((id) => id !== '');
  }

  /** The items of all pages of a list. */
  async #all(path: string, params: Readonly<Record<string, string | number | readonly string[]>>, signal: AbortSignal): Promise<JsonObject[]> {
    const pages = new Pages(this.client.subject, MOST_LISTS);
    const items: JsonObject[] = [];
    let page: unknown;
    do {
      page = await this.json(path, { ...params, cursor: pages.cursor }, signal);
      items.push(...itemsOf(page, this.client.subject, 'data'));
    } while (pages.goOn(textAt(page, 'next_cursor')));
    return items;
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const { plain, notes } = plainQuery(request.query, request.now, []);
    const [project, ...others] = await this.#projects(null, signal);
    if (project === undefined) return { traces: [], next: null, notes };
    const params = { include_spans: 'true', limit: Math.min(request.limit, PAGE), cursor: request.cursor, start_time: plain.fromMs === null ? null : isoAt(plain.fromMs), end_time: plain.toMs === null ? null : isoAt(plain.toMs) };
    const page = await this.json(`/v1/projects/${encodeURIComponent(project)}/traces`, params, signal);
    return { traces: listOf(page, 'data').map(rowOf), next: textAt(page, 'next_cursor'), notes: others.length === 0 ? notes : [...notes, `Of one project; ${others.length} more: name one with "project" in touchstone.yml.`] };
  }

  async scores(ids: RemoteIds, signal: AbortSignal): Promise<readonly RemoteScore[]> {
    const project = ids.project ?? this.entry.project;
    if (project === undefined) return [];
    const path = `/v1/projects/${encodeURIComponent(project)}`;
    const spans = (await this.#all(`${path}/spans`, { trace_id: ids.traceId, limit: PAGE }, signal)).map((span) => textAt(span, 'context', 'span_id') ?? '').filter((id) => id !== '');
    const scores: RemoteScore[] = [];
    for (let from = 0; from < spans.length; from += IDS_AT_ONCE) scores.push(...(await this.#all(`${path}/span_annotations`, { span_ids: spans.slice(from, from + IDS_AT_ONCE), limit: PAGE }, signal)).map(scoreOf));
    return scores;
  }

  async annotate({ ids, name, value, label, comment, id }: Annotation, signal: AbortSignal): Promise<void> {
    const result = { ...(value === null ? {} : { score: value }), ...(label === null ? {} : { label }), ...(comment === null ? {} : { explanation: comment }) };
    const shared = { name, annotator_kind: 'HUMAN', result, identifier: id };
    if (ids.spanId === null) await this.client.write({ path: '/v1/trace_annotations', signal }, { data: [{ ...shared, trace_id: ids.traceId }] });
    else await this.client.write({ path: '/v1/span_annotations', signal }, { data: [{ ...shared, span_id: ids.spanId }] });
  }
}

function rowOf(trace: JsonObject): ListedTrace {
  const spans = listOf(trace['spans']);
  const root = spans.find((span) => textAt(span, 'parent_id') === null);
  return {
    id: textAt(trace, 'trace_id') ?? '', name: textAt(root, 'name') ?? '', startNs: nanosOf(trace['start_time']) ?? '0', durationNs: nanosBetween(trace['start_time'], trace['end_time']),
    spans: spans.length === 0 ? null : spans.length, errors: spans.length === 0 ? null : spans.filter((span) => span['status_code'] === 'ERROR').length, tokens: null, cost: null, service: null, session: null, user: null,
  };
}

function scoreOf(item: JsonObject): RemoteScore {
  return { spanId: textAt(item, 'span_id'), name: textAt(item, 'name') ?? '', value: numberAt(item, 'result', 'score'), label: textAt(item, 'result', 'label'), comment: textAt(item, 'result', 'explanation'), from: textAt(item, 'annotator_kind'), at: textAt(item, 'updated_at') ?? textAt(item, 'created_at') };
}
