import { isObject, type JsonObject } from '../../../core/json.ts';
import { isCutValue } from '../../../core/trace/formats/langfuse.ts';
import { spanIdFor, traceIdFor } from '../../../core/trace/ids.ts';
import { formatCount } from '../../../core/text/format.ts';
import { nanosOf } from '../../../core/trace/time.ts';
import type { RemoteScore } from '../../../protocol/remote.ts';
import type { RemoteIds } from '../../../core/links/make.ts';
import { SourceError } from '../errors.ts';
import { plainQuery } from '../plain-query.ts';
import type { Annotation, FetchedTrace, FetchSink, ListedPage, ListedTrace, ListRequest, SourceContext, TraceRef, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { Pages } from './pages.ts';
import { isoAt, itemsOf, json, lengthNanos, listOf, nanosBetween, notFound, numberAt, textAt, unlessRefused, wantedId } from './shared.ts';

const FIELDS = 'core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context';
const PAGE = 1000;
/** The first spans are shown at once. */
const FIRST_PAGE = 200;
/** Keys that fit into an address. */
const MOST_EXPANDED = 50;
const LONGEST_KEY = 100;
const MOST_COUNTED = 1000;
const MOST_SCORE_PAGES = 100;
const OBSERVATIONS = '/api/public/v2/observations';
const LIST_FIELDS = 'core,basic,time,usage,metrics,trace_context';

/**
 * Langfuse. Its cloud (v4) gives observations (`/api/public/v2/observations`), self-hosted v3 whole traces; what a host does not
 * know (404) is asked the other way, and remembered. Only its first answer says so: later on a 404 is what it is everywhere.
 */
export class LangfuseSource extends BackendAdapter implements TraceSource {
  readonly spanIdAttribute = 'langfuse.observation.id';
  #knows: 'observations' | 'traces' | null = null;

  constructor(context: SourceContext) {
    super(context, { writes: [/^\/api\/public\/scores$/] });
  }

  async test(signal: AbortSignal): Promise<string> {
    const projects = listOf(await this.json('/api/public/projects', {}, signal), 'data').map((project) => textAt(project, 'name') ?? textAt(project, 'id') ?? '');
    return projects.length === 0 ? 'Langfuse answered; the key belongs to no project.' : `Langfuse answered: project ${projects.join(', ')}.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const id = wantedId(ref, this.client.subject);
    const notes: string[] = [];
    const project = (this.#knows === 'traces' ? null : await this.#observations(id, sink, notes, signal)) ?? (await this.#wholeTrace(id, sink, notes, signal));
    return { ids: { traceId: id, spanId: ref.spanId, project: ref.project ?? project, tenant: null, callId: null }, traceId: traceIdFor('langfuse', id), spanId: ref.spanId === null ? null : spanIdFor('langfuse', ref.spanId), notes };
  }

  /** The project; `null`: this host has no such interface. */
  async #observations(id: string, sink: FetchSink, notes: string[], signal: AbortSignal): Promise<string | null> {
    const { subject } = this.client;
    const pages = new Pages(subject);
    let project: string | null = null;
    let count = 0;
    let next: string | null;
    // Keys whose values were cut on some page: from the next page on they come whole at once.
    const expanded = new Set<string>();
    const unasked = new Set<string>();
    do {
      const params = { traceId: id, fields: FIELDS, limit: pages.cursor === null ? FIRST_PAGE : PAGE, cursor: pages.cursor };
      const page = await this.client.get({ path: OBSERVATIONS, params: { ...params, expandMetadata: joined(expanded) }, signal, expect: this.#knows === null ? [404] : [] }, unlessRefused((answer) => answer.page()));
      if (page === null) {
        this.#knows = 'traces';
        return null;
      }
      this.#knows = 'observations';
      const items = itemsOf(page.value, subject, 'data');
      count += items.length;
      project ??= items.map((item) => textAt(item, 'projectId')).find((value) => value !== null) ?? null;
      if (items.length > 0) await sink.documents(page.bytes);
      const asked = cutKeys(items).filter((key) => !expanded.has(key));
      const cut = asked.filter(isAskable).slice(0, MOST_EXPANDED - expanded.size);
      for (const key of asked) if (!cut.includes(key) && unasked.size < MOST_COUNTED) unasked.add(key);
      if (cut.length > 0) {
        for (const key of cut) expanded.add(key);
        // The same page again, with what was cut: a span that comes twice is one, with all that either has.
        const whole = await this.client.get({ path: OBSERVATIONS, params: { ...params, expandMetadata: joined(expanded) }, signal }, (answer) => answer.page());
        await sink.documents(whole.bytes);
      }
      next = textAt(page.value, 'meta', 'cursor');
    } while (pages.goOn(next));
    if (count === 0) throw notFound(subject, id);
    notes.push(...pages.notes('Observations', count), ...(unasked.size === 0 ? [] : [`Langfuse may have cut values of metadata, those of ${formatCount(unasked.size, 'key')}${unasked.size >= MOST_COUNTED ? ' and more' : ''}: they are too many or too long to be asked for.`]));
    return project ?? '';
  }

  async #wholeTrace(id: string, sink: FetchSink, notes: string[], signal: AbortSignal): Promise<string | null> {
    try {
      const page = await this.client.get({ path: `/api/public/traces/${encodeURIComponent(id)}`, signal }, (answer) => answer.page());
      await sink.documents(page.bytes);
      return textAt(page.value, 'projectId');
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.status === 404) throw notFound(this.client.subject, id);
      // Above 80 MB of observations Langfuse gives no whole trace.
      if (error.status !== 422 && error.status !== 413) throw error;
    }
    notes.push('The trace is too large for Langfuse to give whole: its observations were fetched page by page, without the input and output of the trace itself.');
    return this.#oldObservations(id, sink, notes, signal);
  }

  async #oldObservations(id: string, sink: FetchSink, notes: string[], signal: AbortSignal): Promise<string | null> {
    const { subject } = this.client;
    const pages = new Pages(subject);
    let project: string | null = null;
    let count = 0;
    let isLast = false;
    let items: readonly JsonObject[];
    for (let number = 1; ; number++) {
      const page = await this.client.get({ path: '/api/public/observations', params: { traceId: id, page: number, limit: 100 }, signal }, (answer) => answer.page());
      items = itemsOf(page.value, subject, 'data');
      project ??= textAt(items[0], 'projectId');
      if (items.length > 0) await sink.documents(page.bytes);
      count += items.length;
      isLast = number >= (numberAt(page.value, 'meta', 'totalPages') ?? number);
      if (!pages.goOn(isLast ? null : textAt(items.at(-1), 'id'))) break;
    }
    notes.push(...pages.notes('Observations', count));
    return project;
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const { plain, notes } = plainQuery(request.query, request.now, ['session', 'user', 'name', 'environment', 'tag', 'status']);
    const from = isoOf(plain.fromMs);
    const to = isoOf(plain.toMs);
    if (this.#knows !== 'traces') {
      // Whoever has a cursor that is no number of a page has had an answer.
      const isFirst = this.#knows === null && /^\d*$/.test(request.cursor ?? '');
      const params = { isRootObservation: 'true', fields: LIST_FIELDS, limit: Math.min(request.limit, PAGE), cursor: request.cursor, fromStartTime: from, toStartTime: to, userId: plain.user, sessionId: plain.session, name: plain.name, environment: plain.environment, level: plain.isFailed ? 'ERROR' : null };
      const page = await this.client.get({ path: OBSERVATIONS, params, signal, expect: isFirst ? [404] : [] }, unlessRefused(json));
      if (page === null) this.#knows = 'traces';
      else {
        this.#knows = 'observations';
        return { traces: listOf(page, 'data').map(rowOfObservation), next: textAt(page, 'meta', 'cursor'), notes: plain.tag === null ? notes : [...notes, 'Langfuse cannot be asked for a tag here: the list has traces without it.'] };
      }
    }
    const number = Number(request.cursor ?? 1);
    const limit = Math.min(request.limit, 100);
    const params = { page: number, limit, userId: plain.user, sessionId: plain.session, name: plain.name, tags: plain.tag, environment: plain.environment, fromTimestamp: from, toTimestamp: to, orderBy: 'timestamp.desc' };
    const page = await this.json('/api/public/traces', params, signal);
    const pages = numberAt(page, 'meta', 'totalPages') ?? number;
    return { traces: listOf(page, 'data').map(rowOfTrace), next: number < pages ? String(number + 1) : null, notes: plain.isFailed ? [...notes, 'This Langfuse cannot be asked for traces that failed: the list has all.'] : notes };
  }

  async scores(ids: RemoteIds, signal: AbortSignal): Promise<readonly RemoteScore[]> {
    const scores: RemoteScore[] = [];
    for (let number = 1; number <= MOST_SCORE_PAGES; number++) {
      const params = { traceId: ids.traceId, limit: 100, page: number };
      const page = (await this.client.get({ path: '/api/public/v2/scores', params, signal, expect: [404] }, unlessRefused(json))) ?? (await this.json('/api/public/scores', params, signal));
      const items = listOf(page, 'data');
      // A server that does not know the filter would give everybody's.
      for (const item of items) if (textAt(item, 'traceId') === ids.traceId) scores.push(scoreOf(item));
      if (items.length === 0 || number >= (numberAt(page, 'meta', 'totalPages') ?? number)) break;
    }
    return scores;
  }

  async annotate({ ids, name, value, label, comment, id }: Annotation, signal: AbortSignal): Promise<void> {
    await this.client.write({ path: '/api/public/scores', signal }, { id, traceId: ids.traceId, ...(ids.spanId === null ? {} : { observationId: ids.spanId }), name, value: value ?? label, dataType: value === null ? 'CATEGORICAL' : 'NUMERIC', ...(comment === null ? {} : { comment }) });
  }
}

function cutKeys(items: readonly JsonObject[]): string[] {
  const keys = new Set<string>();
  for (const { metadata } of items) {
    if (!isObject(metadata)) continue;
    for (const [key, value] of Object.entries(metadata)) if (isCutValue(value)) keys.add(key);
  }
  return [...keys];
}

/** Whether the value of a key can be asked for whole. */
function isAskable(key: string): boolean {
  return key.length <= LONGEST_KEY && !key.includes(',');
}

/** As a parameter; `null`: none. */
function joined(keys: ReadonlySet<string>): string | null {
  return keys.size === 0 ? null : [...keys].join(',');
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : isoAt(ms);
}

function rowOfObservation(item: JsonObject): ListedTrace {
  return {
    id: textAt(item, 'traceId') ?? '', name: textAt(item, 'traceName') ?? textAt(item, 'name') ?? '', startNs: nanosOf(item['startTime']) ?? '0', durationNs: nanosBetween(item['startTime'], item['endTime']),
    spans: null, errors: null, tokens: numberAt(item, 'usageDetails', 'total'), cost: numberAt(item, 'totalCost'), service: null, session: textAt(item, 'sessionId'), user: textAt(item, 'userId'),
  };
}

function rowOfTrace(item: JsonObject): ListedTrace {
  const observations = item['observations'];
  return {
    id: textAt(item, 'id') ?? '', name: textAt(item, 'name') ?? '', startNs: nanosOf(item['timestamp']) ?? '0', durationNs: lengthNanos(numberAt(item, 'latency'), 1e9),
    spans: Array.isArray(observations) ? observations.length : null, errors: null, tokens: null, cost: numberAt(item, 'totalCost'), service: null, session: textAt(item, 'sessionId'), user: textAt(item, 'userId'),
  };
}

function scoreOf(item: JsonObject): RemoteScore {
  const isLabel = item['dataType'] === 'CATEGORICAL' || item['dataType'] === 'TEXT';
  return { spanId: textAt(item, 'observationId'), name: textAt(item, 'name') ?? '', value: isLabel ? null : numberAt(item, 'value'), label: textAt(item, 'stringValue') ?? (isLabel ? textAt(item, 'value') : null), comment: textAt(item, 'comment'), from: textAt(item, 'source'), at: textAt(item, 'timestamp') };
}
