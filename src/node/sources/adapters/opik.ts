import { isObject, type JsonObject } from '../../../core/json.ts';
import type { RemoteIds } from '../../../core/links/make.ts';
import { opikRootId, readOpikSpans, readOpikTrace } from '../../../core/trace/formats/opik.ts';
import { spanIdFor, traceIdFor } from '../../../core/trace/ids.ts';
import { parseKeepingLongIntegers } from '../../../core/trace/parse-json.ts';
import { nanosOf } from '../../../core/trace/time.ts';
import type { RemoteScore } from '../../../protocol/remote.ts';
import type { Answer } from '../answer.ts';
import { answerError, SourceError, type SourceSubject } from '../errors.ts';
import { plainQuery } from '../plain-query.ts';
import type { Annotation, FetchedTrace, FetchSink, ListedPage, ListedTrace, ListRequest, SourceContext, TraceRef, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { Pages } from './pages.ts';
import { isoAt, itemsOf, json, listOf, nanosBetween, notFound, numberAt, textAt, unlessRefused, wantedId } from './shared.ts';

const PAGE = 2000;

/** Opik: the trace, which is the root, then its spans. */
export class OpikSource extends BackendAdapter implements TraceSource {
  readonly spanIdAttribute = 'opik.span.id';

  constructor(context: SourceContext) {
    super(context, { queries: [/^\/v1\/private\/spans\/search$/], writes: [/^\/v1\/private\/(?:traces|spans)\/[0-9a-f-]+\/feedback-scores$/] });
  }

  async test(signal: AbortSignal): Promise<string> {
    const projects = listOf(await this.json('/v1/private/projects', { page: 1, size: 5 }, signal), 'content').map((project) => textAt(project, 'name') ?? '');
    return projects.length === 0 ? 'Opik answered: it has no projects yet.' : `Opik answered: ${projects.length === 1 ? 'project' : 'projects'} ${projects.join(', ')}.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const id = wantedId(ref, this.client.subject);
    if (!/^[0-9a-f-]{32,36}$/i.test(id)) throw notFound(this.client.subject, id, 'ids of Opik are UUIDs');
    const trace = await this.client.get({ path: `/v1/private/traces/${encodeURIComponent(id)}`, signal, expect: [404] }, unlessRefused(json));
    if (trace === null) throw notFound(this.client.subject, id);
    await sink.decoded(readOpikTrace(trace));
    const project = textAt(trace, 'project_id') ?? ref.project;
    const notes: string[] = [];
    await this.#spans(id, project, (spans) => sink.decoded(readOpikSpans(spans)), notes, signal);
    return {
      ids: { traceId: id, spanId: ref.spanId, project, tenant: ref.tenant ?? this.entry.tenant ?? null, callId: null },
      traceId: traceIdFor('opik', id), spanId: ref.spanId === null ? null : ref.spanId === id ? opikRootId(id) : spanIdFor('opik', ref.spanId), notes,
    };
  }

  async #spans(traceId: string, project: string | null, take: (spans: readonly JsonObject[]) => Promise<void>, notes: string[], signal: AbortSignal): Promise<void> {
    if (!(await this.#search(traceId, project, take, notes, signal))) await this.#pages(traceId, project, take, notes, signal);
  }

  /** Gives the spans page by page. `false`: this host cannot be searched. */
  async #search(traceId: string, project: string | null, take: (spans: readonly JsonObject[]) => Promise<void>, notes: string[], signal: AbortSignal): Promise<boolean> {
    const { subject } = this.client;
    const pages = new Pages(subject);
    let count = 0;
    let spans: readonly JsonObject[] | null;
    do {
      const body = { trace_id: traceId, ...(project === null ? (this.entry.project === undefined ? {} : { project_name: this.entry.project }) : { project_id: project }), limit: PAGE, truncate: false, ...(pages.cursor === null ? {} : { last_retrieved_id: pages.cursor }) };
      spans = await this.client.query({ path: '/v1/private/spans/search', accept: 'application/octet-stream', signal, expect: [404, 405] }, body, unlessRefused((answer) => linesOf(answer, subject)));
      if (spans === null) return false;
      if (spans.length > 0) await take(spans);
      count += spans.length;
    } while (pages.goOn(spans.length < PAGE ? null : textAt(spans.at(-1), 'id')));
    notes.push(...pages.notes('Spans', count));
    return true;
  }

  async #pages(traceId: string, project: string | null, take: (spans: readonly JsonObject[]) => Promise<void>, notes: string[], signal: AbortSignal): Promise<void> {
    const size = 500;
    const pages = new Pages(this.client.subject);
    let count = 0;
    let spans: readonly JsonObject[];
    do {
      spans = itemsOf(await this.json('/v1/private/spans', { trace_id: traceId, project_id: project, project_name: project === null ? this.entry.project : null, page: Math.floor(count / size) + 1, size, truncate: 'false' }, signal), this.client.subject, 'content');
      if (spans.length > 0) await take(spans);
      count += spans.length;
    } while (pages.goOn(spans.length < size ? null : textAt(spans.at(-1), 'id')));
    notes.push(...pages.notes('Spans', count));
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const { plain, notes } = plainQuery(request.query, request.now, ['name', 'session', 'tag']);
    const filters = [
      ...(plain.fromMs === null ? [] : [{ field: 'start_time', operator: '>=', value: isoAt(plain.fromMs) }]),
      ...(plain.toMs === null ? [] : [{ field: 'start_time', operator: '<', value: isoAt(plain.toMs) }]),
      ...(plain.name === null ? [] : [{ field: 'name', operator: '=', value: plain.name }]),
      ...(plain.session === null ? [] : [{ field: 'thread_id', operator: '=', value: plain.session }]),
      ...(plain.tag === null ? [] : [{ field: 'tags', operator: 'contains', value: plain.tag }]),
    ];
    const page = Number(request.cursor ?? 1);
    const size = Math.min(request.limit, 100);
    const { project } = this.entry;
    const isId = project !== undefined && /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(project);
    const answer = await this.json('/v1/private/traces', { page, size, truncate: 'true', project_id: isId ? project : null, project_name: isId ? null : (project ?? 'Default Project'), filters: filters.length === 0 ? null : JSON.stringify(filters) }, signal);
    const traces = listOf(answer, 'content');
    return { traces: traces.map(rowOf), next: page * size < (numberAt(answer, 'total') ?? 0) ? String(page + 1) : null, notes };
  }

  async scores(ids: RemoteIds, signal: AbortSignal): Promise<readonly RemoteScore[]> {
    const trace = await this.json(`/v1/private/traces/${encodeURIComponent(ids.traceId)}`, {}, signal);
    const scores = scoresIn(trace, null);
    await this.#spans(ids.traceId, textAt(trace, 'project_id'), (spans) => {
      for (const span of spans) scores.push(...scoresIn(span, textAt(span, 'id')));
      return Promise.resolve();
    }, [], signal);
    return scores;
  }

  async annotate({ ids, name, value, label, comment }: Annotation, signal: AbortSignal): Promise<void> {
    if (value === null) throw new SourceError('source-request', 'Opik keeps scores as numbers: give one.');
    const of = ids.spanId === null ? `traces/${encodeURIComponent(ids.traceId)}` : `spans/${encodeURIComponent(ids.spanId)}`;
    await this.client.write({ path: `/v1/private/${of}/feedback-scores`, signal }, { name, value, source: 'sdk', ...(label === null ? {} : { category_name: label }), ...(comment === null ? {} : { reason: comment }) }, 'PUT');
  }
}

async function linesOf(answer: Answer, subject: SourceSubject): Promise<JsonObject[]> {
  const rows: JsonObject[] = [];
  for await (const line of answer.lines()) {
    const parsed = parseKeepingLongIntegers(new TextDecoder().decode(line));
    if (!('value' in parsed) || !isObject(parsed.value)) throw answerError('sent a line that is no JSON, or half of one', '', subject);
    rows.push(parsed.value);
  }
  return rows;
}

function rowOf(trace: JsonObject): ListedTrace {
  return {
    id: textAt(trace, 'id') ?? '', name: textAt(trace, 'name') ?? '', startNs: nanosOf(trace['start_time']) ?? '0', durationNs: nanosBetween(trace['start_time'], trace['end_time']),
    spans: numberAt(trace, 'span_count'), errors: isObject(trace['error_info']) ? 1 : null, tokens: numberAt(trace, 'usage', 'total_tokens'), cost: numberAt(trace, 'total_estimated_cost'), service: null, session: textAt(trace, 'thread_id'), user: null,
  };
}

function scoresIn(row: unknown, spanId: string | null): RemoteScore[] {
  return listOf(isObject(row) ? row['feedback_scores'] : undefined).map((item) => ({ spanId, name: textAt(item, 'name') ?? '', value: numberAt(item, 'value'), label: textAt(item, 'category_name'), comment: textAt(item, 'reason'), from: textAt(item, 'source'), at: textAt(item, 'last_updated_at') }));
}
