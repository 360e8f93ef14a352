import type { JsonObject } from '../../../core/json.ts';
import type { RemoteIds } from '../../../core/links/make.ts';
import { spanIdFor, traceIdFor } from '../../../core/trace/ids.ts';
import { nanosOf } from '../../../core/trace/time.ts';
import type { RemoteScore } from '../../../protocol/remote.ts';
import { SourceError } from '../errors.ts';
import { plainQuery } from '../plain-query.ts';
import type { Annotation, FetchedTrace, FetchSink, ListedPage, ListedTrace, ListRequest, SourceContext, TraceRef, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { Pages } from './pages.ts';
import { isoAt, itemsOf, json, listOf, nanosBetween, notFound, numberAt, textAt, unlessRefused } from './shared.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Version 2 looks at the last day unless it is told: windows that are tried one after the other. */
const WINDOWS = [1, 14, 90, 400];
/** Those, one before each of them where an answer leads there, and that of the whole trace. */
const MOST_WINDOWS = 12;
/** As many runs as a trace may have at LangSmith. */
const MOST_RUNS = 25_000;
const SELECTS = ['id', 'trace_id', 'parent_run_id', 'dotted_order', 'name', 'run_type', 'start_time', 'end_time', 'inputs', 'outputs', 'error', 'status', 'extra', 'events', 'tags', 'session_id', 'prompt_tokens', 'completion_tokens', 'total_tokens', 'prompt_token_details', 'completion_token_details', 'prompt_cost', 'completion_cost', 'total_cost', 'first_token_time', 'feedback_stats', 'reference_example_id'];

/**
 * LangSmith. Version 2 of its interface needs a project and a window of time, version 1 (which its SDK calls deprecated) neither:
 * 2 is asked where a project is known, 1 where 2 does not exist or finds nothing.
 */
export class LangsmithSource extends BackendAdapter implements TraceSource {
  readonly spanIdAttribute = 'langsmith.span.id';
  /** Self-hosted LangSmith has its interface below a path of its page. */
  readonly #v1: string;
  #hasV2 = true;
  #project: Promise<string | null> | undefined;

  constructor(context: SourceContext) {
    super(context, { queries: [/^(?:\/api\/v1)?\/runs\/query$/, /^\/api\/v2\/runs\/query$/, /^\/api\/v2\/public\/[0-9a-f-]{36}\/runs\/query$/], writes: [/^(?:\/api\/v1)?\/feedback$/] });
    this.#v1 = new URL(context.entry.url).hostname.endsWith('api.smith.langchain.com') ? '' : '/api/v1';
  }

  async test(signal: AbortSignal): Promise<string> {
    const sessions = listOf(await this.json(`${this.#v1}/sessions`, { limit: 5 }, signal), 'sessions');
    return `LangSmith answered: ${sessions.length === 0 ? 'no projects yet' : `projects ${sessions.map((session) => textAt(session, 'name')).join(', ')}`}.`;
  }

  async fetchTrace(ref: TraceRef, sink: FetchSink, signal: AbortSignal): Promise<FetchedTrace> {
    const notes: string[] = [];
    if (ref.shareToken !== null) return this.#shared(ref, ref.shareToken, sink, notes, signal);
    const wanted = ref.traceId ?? ref.callId;
    if (wanted === null) throw new SourceError('source-request', 'The link names no run: open one of the thread in LangSmith and copy that address.');
    if (!UUID.test(wanted)) throw notFound(this.client.subject, wanted, 'ids of LangSmith are UUIDs');
    const project = ref.project ?? (await this.#projectId(signal));
    // A run may be any of its trace: it says of which.
    const traceId = ref.traceId ?? (await this.#traceOf(wanted, project, ref.time, signal));
    const runs = (project === null || !this.#hasV2 ? 0 : await this.#version2(traceId, project, ref, sink, notes, signal)) || (await this.#version1(traceId, project, sink, notes, signal));
    if (runs === 0) throw notFound(this.client.subject, traceId);
    return fetched(traceId, ref.spanId ?? (ref.callId === traceId ? null : ref.callId), project, ref.tenant ?? this.entry.tenant ?? null, notes);
  }

  async #traceOf(run: string, project: string | null, time: TraceRef['time'], signal: AbortSignal): Promise<string> {
    if (this.#hasV2 && project !== null && time !== null) {
      const params = { project_id: project, start_time: isoAt((time.fromMs + time.toMs) / 2) };
      const found = await this.client.get({ path: `/api/v2/runs/${run}`, params, signal, expect: [404] }, unlessRefused(json));
      const traceId = traceIn(found);
      if (traceId !== null) return traceId;
    }
    const found = await this.client.get({ path: `${this.#v1}/runs/${run}`, signal, expect: [404] }, unlessRefused(json));
    return traceIn(found) ?? run;
  }

  async #version2(traceId: string, project: string, ref: TraceRef, sink: FetchSink, notes: string[], signal: AbortSignal): Promise<number> {
    const windows = windowsOf(traceId, ref.time);
    let most = 0;
    let said: string[] = [];
    let lacks = 'The run above all others did not come: what began long before or after the others may be missing.';
    // Each answer may say that the trace began before it: to whoever says so again and again there is an end.
    for (let asked = 0, window = windows.shift(); window !== undefined && asked < MOST_WINDOWS; asked++, window = windows.shift()) {
      const params = { project_id: project, min_start_time: isoAt(window.fromMs), max_start_time: isoAt(window.toMs), selects: SELECTS };
      said = [];
      const taken = await this.#pages(sink, said, (cursor) => this.client.get({ path: `/api/v2/traces/${traceId}/runs`, params: { ...params, cursor }, signal, expect: [404, 405] }, unlessRefused((answer) => answer.page())));
      if (taken === null) {
        this.#hasV2 = false;
        return 0;
      }
      most = Math.max(most, taken.count);
      const whole = lastingOf(taken.root);
      // A window that is too narrow gives a part without a word: all runs begin while the one above them lasts.
      if (whole === null) {
        const begin = beginOf(taken.first);
        if (begin !== null && begin < window.fromMs) windows.unshift({ fromMs: begin - HOUR, toMs: window.toMs });
        continue;
      }
      if (whole.fromMs >= window.fromMs && whole.toMs <= window.toMs) {
        notes.push(...said);
        return most;
      }
      windows.splice(0, Infinity, { fromMs: whole.fromMs - HOUR, toMs: whole.toMs + HOUR });
      lacks = 'LangSmith said other times of the trace whenever it was asked: some of its runs may be missing.';
    }
    if (most > 0) notes.push(...said, lacks);
    return most;
  }

  async #version1(traceId: string, project: string | null, sink: FetchSink, notes: string[], signal: AbortSignal): Promise<number> {
    const body = { ...(project === null ? {} : { session: [project] }), trace: traceId, limit: 100, select: SELECTS };
    const taken = await this.#pages(sink, notes, (cursor) => this.client.query({ path: `${this.#v1}/runs/query`, signal }, { ...body, ...(cursor === null ? {} : { cursor }) }, (answer) => answer.page()));
    return taken?.count ?? 0;
  }

  /** What somebody made public needs no project and no window, and its token is in the address. */
  async #shared(ref: TraceRef, token: string, sink: FetchSink, notes: string[], signal: AbortSignal): Promise<FetchedTrace> {
    const taken = await this.#pages(sink, notes, (cursor) => this.client.query({ path: `/api/v2/public/${token}/runs/query`, signal }, { limit: 100, ...(cursor === null ? {} : { cursor }) }, (answer) => answer.page()));
    const traceId = textAt(taken?.first, 'trace_id') ?? textAt(taken?.first, 'id');
    if (traceId === null) throw notFound(this.client.subject, 'of this link', 'it is no longer shared');
    return fetched(traceId, ref.callId, null, null, notes);
  }

  /** Takes the runs of all pages. `root`: the one whose id is the trace's. `null`: the first page is not to be had. */
  async #pages(sink: FetchSink, notes: string[], ask: (cursor: string | null) => Promise<{ readonly bytes: Uint8Array; readonly value: unknown } | null>): Promise<{ readonly count: number; readonly first: JsonObject | undefined; readonly root: JsonObject | undefined } | null> {
    const pages = new Pages(this.client.subject);
    let first: JsonObject | undefined;
    let root: JsonObject | undefined;
    let count = 0;
    let next: string | null = null;
    do {
      const page = await ask(pages.cursor);
      if (page === null) return null;
      const runs = itemsOf(page.value, this.client.subject, 'items', 'runs');
      if (runs.length > 0) await sink.documents(page.bytes);
      first ??= runs[0];
      root ??= runs.find((run) => textAt(run, 'id') === textAt(run, 'trace_id'));
      count += runs.length;
      next = nextOf(page.value);
    } while (count < MOST_RUNS && pages.goOn(next));
    notes.push(...(next !== null && count >= MOST_RUNS ? [`Runs beyond ${MOST_RUNS.toLocaleString('en')} were left out.`] : pages.notes('Runs', count)));
    return { count, first, root };
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListedPage> {
    const { plain, notes } = plainQuery(request.query, request.now, ['name', 'tag', 'status', 'session', 'user']);
    const project = await this.#projectId(signal);
    if (project === null) throw new SourceError('source-request', `Source "${this.entry.name}" needs "project" in touchstone.yml (a name or id) before its traces can be listed.`);
    const conditions = [
      ...(plain.name === null ? [] : [`eq(name, ${quoted(plain.name)})`]),
      ...(plain.tag === null ? [] : [`has(tags, ${quoted(plain.tag)})`]),
      ...(plain.isFailed ? ['eq(status, "error")'] : []),
      ...(plain.session === null ? [] : [`and(in(metadata_key, ["session_id","conversation_id","thread_id"]), eq(metadata_value, ${quoted(plain.session)}))`]),
      ...(plain.user === null ? [] : [`and(eq(metadata_key, "user_id"), eq(metadata_value, ${quoted(plain.user)}))`]),
      ...(plain.toMs === null ? [] : [`lt(start_time, ${quoted(isoAt(plain.toMs))})`]),
    ];
    const filter = conditions.length === 0 ? undefined : conditions.length === 1 ? conditions[0] : `and(${conditions.join(', ')})`;
    const from = plain.fromMs ?? (plain.toMs ?? request.now) - 30 * DAY;
    const page = await this.client.query({ path: `${this.#v1}/runs/query`, signal }, {
      session: [project], is_root: true, limit: Math.min(request.limit, 100), start_time: isoAt(from), select: SELECTS.filter((name) => !['inputs', 'outputs', 'events'].includes(name)), ...(filter === undefined ? {} : { filter }), ...(request.cursor === null ? {} : { cursor: request.cursor }),
    }, json);
    return { traces: listOf(page, 'runs', 'items').map(rowOf), next: nextOf(page), notes: plain.fromMs === null ? [...notes, 'Of the last 30 days: add after: to look further back.'] : notes };
  }

  async scores(ids: RemoteIds, signal: AbortSignal): Promise<readonly RemoteScore[]> {
    const scores: RemoteScore[] = [];
    for (let offset = 0; offset < 10_000; offset += 100) {
      const items = listOf(await this.json(`${this.#v1}/feedback`, { trace: ids.traceId, run: [ids.traceId], limit: 100, offset }, signal), 'items', 'feedback');
      for (const item of items) if ((textAt(item, 'trace_id') ?? textAt(item, 'run_id')) === ids.traceId) scores.push(scoreOf(item, ids.traceId));
      if (items.length < 100) break;
    }
    return scores;
  }

  async annotate({ ids, name, value, label, comment, id }: Annotation, signal: AbortSignal): Promise<void> {
    await this.client.write({ path: `${this.#v1}/feedback`, signal }, { id, run_id: ids.spanId ?? ids.traceId, trace_id: ids.traceId, key: name, ...(value === null ? {} : { score: value }), ...(label === null ? {} : { value: label }), ...(comment === null ? {} : { comment }) });
  }

  /** The id of the project that the entry names. */
  #projectId(signal: AbortSignal): Promise<string | null> {
    const { project } = this.entry;
    if (project === undefined) return Promise.resolve(null);
    if (UUID.test(project)) return Promise.resolve(project);
    this.#project ??= this.json(`${this.#v1}/sessions`, { name: project, limit: 1 }, signal).then((page) => {
      const id = textAt(listOf(page, 'sessions').find((session) => session['name'] === project), 'id');
      if (id === null) throw new SourceError('source-request', `LangSmith has no project “${project}” (source "${this.entry.name}"): check "project" in touchstone.yml.`);
      return id;
    });
    this.#project.catch(() => (this.#project = undefined));
    return this.#project;
  }
}

function fetched(traceId: string, spanId: string | null, project: string | null, tenant: string | null, notes: readonly string[]): FetchedTrace {
  return { ids: { traceId, spanId, project, tenant, callId: traceId }, traceId: traceIdFor('langsmith', traceId), spanId: spanId === null ? null : spanIdFor('langsmith', spanId), notes };
}

/** From when to when a run lasts, in milliseconds since 1970; one that has not ended lasts until now. */
function lastingOf(run: JsonObject | undefined): { readonly fromMs: number; readonly toMs: number } | null {
  const [from, to] = [nanosOf(run?.['start_time']), nanosOf(run?.['end_time'])];
  return from === null ? null : { fromMs: Number(from) / 1e6, toMs: to === null ? Date.now() : Number(to) / 1e6 };
}

/** When the trace of a run began, which is the first part of its `dotted_order`, in milliseconds since 1970. */
function beginOf(run: JsonObject | undefined): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(textAt(run, 'dotted_order') ?? '');
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The trace of a run. It becomes a part of an address. */
function traceIn(run: unknown): string | null {
  const id = textAt(run, 'trace_id');
  return id !== null && UUID.test(id) ? id : null;
}

function nextOf(page: unknown): string | null {
  return textAt(page, 'cursors', 'next') ?? textAt(page, 'next_cursor') ?? textAt(page, 'cursor');
}

/** From the link, from the time inside of an id of version 7, or further and further back. */
function windowsOf(traceId: string, time: TraceRef['time']): { readonly fromMs: number; readonly toMs: number }[] {
  const now = Date.now();
  const further = WINDOWS.map((days) => ({ fromMs: now - days * DAY, toMs: now + DAY }));
  if (time !== null) return [{ fromMs: time.fromMs - DAY, toMs: time.toMs + DAY }, ...further];
  if (UUID.exec(traceId)?.[1] !== '7') return further;
  const at = Number.parseInt(traceId.replaceAll('-', '').slice(0, 12), 16);
  return [{ fromMs: at - DAY, toMs: at + DAY }, ...further];
}

/** LangSmith's filters quote as JSON does. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function rowOf(run: JsonObject): ListedTrace {
  return {
    id: textAt(run, 'trace_id') ?? textAt(run, 'id') ?? '', name: textAt(run, 'name') ?? '', startNs: nanosOf(run['start_time']) ?? '0', durationNs: nanosBetween(run['start_time'], run['end_time']), spans: null,
    errors: textAt(run, 'error') === null ? null : 1, tokens: numberAt(run, 'total_tokens'), cost: numberAt(run, 'total_cost'), service: null, session: textAt(run, 'extra', 'metadata', 'session_id') ?? textAt(run, 'extra', 'metadata', 'thread_id'), user: textAt(run, 'extra', 'metadata', 'user_id'),
  };
}

function scoreOf(item: JsonObject, traceId: string): RemoteScore {
  const run = textAt(item, 'run_id');
  const { score } = item;
  return { spanId: run === traceId ? null : run, name: textAt(item, 'key') ?? '', value: typeof score === 'boolean' ? Number(score) : numberAt(item, 'score'), label: textAt(item, 'value'), comment: textAt(item, 'comment'), from: textAt(item, 'feedback_source', 'type'), at: textAt(item, 'created_at') };
}
