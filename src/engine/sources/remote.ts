import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addBackendSource } from '../../core/config/edit-sources.ts';
import type { BackendSource } from '../../core/config/model.ts';
import { parseProjectConfig } from '../../core/config/read.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { hashJson } from '../../core/hash.ts';
import { hostOf, sourcesFor, storedIds, unreadable } from '../../core/links/explain.ts';
import { editorLinkOf, editorLinkTo, markdownLink, pageOf } from '../../core/links/make.ts';
import type { TraceLink } from '../../core/links/model.ts';
import { recogniseLink } from '../../core/links/recognise.ts';
import { readTraceId, traceIdFor } from '../../core/trace/ids.ts';
import { parseQuery } from '../../core/trace/query/parse.ts';
import { createTraceSource, secretsOf, type TraceRef, type TraceSource } from '../../node/sources/index.ts';
import { DATABASE_FILE, DATABASE_FOLDER } from '../../node/sqlite/database.ts';
import type { NewSource, OpenedLink, RemoteMethods, RemoteNotifications, RemoteSource } from '../../protocol/remote.ts';
import type { Traces } from '../traces/traces.ts';
import type { Workspace } from '../workspace.ts';
import { cancelable } from './cancelable.ts';
import { FetchedTraces } from './fetched.ts';
import { isPart, TraceFetcher } from './fetcher.ts';
import { suggestSource } from './suggest.ts';
import { cannot, KNOWN_PAGES, notALink, noteOf } from './wording.ts';
import { writtenEntry } from './written-entry.ts';

type Of<M extends keyof RemoteMethods> = { readonly params: RemoteMethods[M][0]; readonly result: RemoteMethods[M][1] };

const MOST_LISTED = 500;
/** Names of projects and services in it are the source's. */
const LONGEST_MESSAGE = 1000;
const NO_REF: TraceRef = { traceId: null, spanId: null, callId: null, shareToken: null, project: null, tenant: null, time: null };

/** Links, and the backends that touchstone.yml names: what opens, lists and scores traces that are somewhere else. */
export class RemoteSources {
  readonly #workspace: Workspace;
  readonly #traces: Traces;
  readonly #fetcher: TraceFetcher;
  /** By the JSON of their entries: a changed entry is another source, whose old connections are closed. */
  readonly #sources = new Map<string, { readonly entry: string; readonly source: TraceSource }>();

  constructor(workspace: Workspace, traces: Traces, onProgress: (progress: RemoteNotifications['remote/progress']) => void) {
    this.#workspace = workspace;
    this.#traces = traces;
    this.#fetcher = new TraceFetcher(traces, () => this.#fetched(), (text) => workspace.redactor.redact(text), onProgress);
  }

  close(): void {
    for (const { source } of this.#sources.values()) source.dispose();
    this.#sources.clear();
  }

  async list(): Promise<Of<'remote/sources'>['result']> {
    return { sources: await Promise.all((await this.#entries()).map((entry) => this.#listed(entry, this.#sourceOf(entry)))) };
  }

  /** Contacts nothing. @throws TouchstoneError 'invalid-config' */
  async describe({ entry }: Of<'remote/describe'>['params']): Promise<Of<'remote/describe'>['result']> {
    const described = this.#entryOf(entry);
    const source = this.#create(described);
    try {
      return await this.#listed(described, source);
    } finally {
      source.dispose();
    }
  }

  /** Contacts nothing: the store and touchstone.yml are all that is looked at. */
  async explain({ text }: Of<'links/explain'>['params']): Promise<Of<'links/explain'>['result']> {
    const entries = await this.#entries();
    const link = recogniseLink(text, entries);
    if (link === null) throw notALink(text);
    const isStored = (await this.#storedWhole(link)) !== null;
    const sources = sourcesFor(link, entries);
    const reason = unreadable(link.backend);
    const contacted = isStored || reason !== null ? [] : sources.map(hostOf);
    return {
      backend: link.backend, host: link.url === null ? null : new URL(link.url).host, project: link.project, traceId: link.traceId ?? link.callId, spanId: link.spanId,
      source: link.url === null && sources.length !== 1 ? link.source : (sources[0]?.name ?? null), wouldContact: [...new Set(contacted)], isStored,
      note: isStored ? 'The trace is in the store of this workspace.' : (reason ?? noteOf(link, sources, entries)),
    };
  }

  /** The store first, then the sources whose pages or ids it can be. @throws TouchstoneError */
  async open({ text, request }: Of<'links/open'>['params'], signal: AbortSignal): Promise<OpenedLink> {
    const entries = await this.#usableEntries();
    const link = recogniseLink(text, entries);
    if (link === null) throw notALink(text);
    const stored = await this.#storedWhole(link);
    if (stored !== null) return this.#openStored(stored, link, signal);
    const reason = unreadable(link.backend);
    if (reason !== null) return { status: 'browser', url: link.url, reason };
    if (link.session !== null) return { status: 'browser', url: link.url, reason: 'The link names a session, not a trace: open one of its traces, or list them with session:… in the view of the source.' };
    const sources = sourcesFor(link, entries);
    if (link.url !== null && sources.length === 0) {
      if (link.backend === 'unknown') return { status: 'browser', url: link.url, reason: `The address is no page of a trace that Touchstone knows. Paste the trace’s id, or a link of ${KNOWN_PAGES}.` };
      return { status: 'unknown-host', host: new URL(link.url).host, backend: link.backend, suggestion: suggestSource(link, entries) };
    }
    if (sources.length === 0) throw new TouchstoneError('not-found', link.source === null ? `There is no trace ${link.traceId ?? ''} in this workspace, and no source in touchstone.yml to ask.` : `touchstone.yml has no source "${link.source}". It has ${entries.map(({ name }) => name).join(', ') || 'none'}.`);
    return this.#fetchFirst(sources, link, request, signal);
  }

  async fetch({ source, id, request }: Of<'remote/fetch'>['params'], signal: AbortSignal): Promise<OpenedLink> {
    return this.#fetch(await this.#entry(source), { ...NO_REF, traceId: id }, null, request, signal);
  }

  async refresh({ traceId, request }: Of<'remote/refresh'>['params'], signal: AbortSignal): Promise<OpenedLink> {
    const record = await this.#record(traceId);
    const { ids: { traceId: id, callId, project, tenant }, link } = record;
    // Of what broke off there may be the id of a call alone; what was shared is had by its link.
    const isCall = callId !== null && isPart(record);
    const shareToken = link === null ? null : (recogniseLink(link, await this.#entries())?.shareToken ?? null);
    return this.#fetch(await this.#entry(record.source), { ...NO_REF, traceId: isCall ? null : id, callId: isCall ? callId : null, shareToken, project, tenant }, link, request, signal);
  }

  async origin({ traceId }: Of<'remote/origin'>['params']): Promise<Of<'remote/origin'>['result']> {
    const record = (await this.#fetched()).get(await this.#wholeId(traceId));
    if (record === null) return null;
    const { source, type, link, at, notes } = record;
    return { source, type, link, at, notes };
  }

  async page({ source, query, limit, cursor }: Of<'remote/list'>['params'], signal: AbortSignal): Promise<Of<'remote/list'>['result']> {
    const entry = await this.#entry(source);
    const of = this.#sourceOf(entry);
    if (of.list === undefined) throw cannot(entry, 'be listed: paste the link of a trace');
    const page = await cancelable(signal, of.list({ query: parseQuery(query), limit: Math.max(1, Math.min(limit, MOST_LISTED)), cursor: cursor ?? null, now: Date.now() }, signal));
    const ids = page.traces.map((trace) => storedIdOf(entry, trace.id));
    const stored = (await this.#fetched()).stored(ids.filter((id) => id !== null));
    return { ...page, traces: page.traces.map((trace, index) => ({ ...trace, stored: ids[index] !== null && stored.has(ids[index]!) ? ids[index]! : null })) };
  }

  async sessions({ source, query, limit, cursor }: Of<'remote/sessions'>['params'], signal: AbortSignal): Promise<Of<'remote/sessions'>['result']> {
    const entry = await this.#entry(source);
    const of = this.#sourceOf(entry);
    if (of.sessions === undefined) throw cannot(entry, 'list sessions');
    return cancelable(signal, of.sessions({ query: parseQuery(query), limit: Math.max(1, Math.min(limit, MOST_LISTED)), cursor: cursor ?? null, now: Date.now() }, signal));
  }

  async summary({ source, query, by }: Of<'remote/summary'>['params'], signal: AbortSignal): Promise<Of<'remote/summary'>['result']> {
    const entry = await this.#entry(source);
    const of = this.#sourceOf(entry);
    if (of.summary === undefined) throw cannot(entry, 'sum up traces: of the sources, ClickHouse can');
    return cancelable(signal, of.summary(parseQuery(query), by, Date.now(), signal));
  }

  /** A failure is the answer, not an exception: what is to be done is what whoever tests wants to know. */
  async test(params: Of<'remote/test'>['params'], signal: AbortSignal): Promise<Of<'remote/test'>['result']> {
    const entry = 'source' in params ? await this.#entry(params.source) : this.#entryOf(params.entry);
    const source = 'source' in params ? this.#sourceOf(entry) : this.#create(entry);
    try {
      return { ok: true, message: this.#workspace.redactor.redact(await source.test(signal)).slice(0, LONGEST_MESSAGE) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TouchstoneError)) throw error;
      return { ok: false, message: error.message, ...(error.code === 'unauthorized' || error.code === 'missing-secret' ? { needsKey: true } : {}) };
    } finally {
      if (!('source' in params)) source.dispose();
    }
  }

  async add({ entry }: Of<'remote/add'>['params']): Promise<Of<'remote/add'>['result']> {
    this.#workspace.requireTrust();
    this.#entryOf(entry);
    const { path } = await this.#workspace.config(this.#workspace.files());
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    });
    const edit = addBackendSource(path, text, writtenEntry(entry));
    if (edit === null) throw new TouchstoneError('usage', `touchstone.yml has a source "${entry.name}" already: choose another name.`);
    await writeFile(path, text.slice(0, edit.start) + edit.newText + text.slice(edit.end));
    return { file: path };
  }

  async scores({ traceId }: Of<'remote/scores'>['params'], signal: AbortSignal): Promise<Of<'remote/scores'>['result']> {
    const record = await this.#record(traceId);
    const source = this.#sourceOf(await this.#entry(record.source));
    const scores = source.scores === undefined ? [] : await cancelable(signal, source.scores(record.ids, signal));
    await this.#fetcher.storeScores(record, await this.#wholeId(traceId), scores, signal);
    return { scores };
  }

  /** One person's score of one trace or span has one id: sent twice, it is one. */
  async annotate({ traceId, spanId, name, value, label, comment }: Of<'remote/annotate'>['params'], signal: AbortSignal): Promise<Record<string, never>> {
    const record = await this.#record(traceId);
    const entry = await this.#entry(record.source);
    const source = this.#sourceOf(entry);
    if (source.annotate === undefined) throw cannot(entry, 'take scores');
    if (!entry.annotate) throw new TouchstoneError('usage', `Nothing is sent to source "${entry.name}" unless its entry in touchstone.yml has "annotate: true".`);
    if (value === undefined && label === undefined) throw new TouchstoneError('usage', 'A score has a number or a label.');
    const remoteSpan = spanId === undefined ? null : await this.#remoteSpan(source, await this.#wholeId(traceId), spanId, signal);
    const hash = hashJson({ source: entry.name, ids: record.ids, span: remoteSpan, name });
    const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
    await cancelable(signal, source.annotate({ ids: { ...record.ids, spanId: remoteSpan }, name, value: value ?? null, label: label ?? null, comment: comment ?? null, id }, signal));
    return {};
  }

  async make({ traceId, spanId }: Of<'links/make'>['params']): Promise<Of<'links/make'>['result']> {
    const id = await this.#wholeId(traceId);
    const record = (await this.#fetched()).get(id);
    if (record === null) return { link: null, editor: null, markdown: null };
    const entry = (await this.#entries()).find(({ name }) => name === record.source);
    const span = spanId === undefined || entry === undefined ? null : await this.#remoteSpan(this.#sourceOf(entry), id, spanId, new AbortController().signal);
    const link = (entry === undefined || span === null ? null : pageOf(entry, { ...record.ids, spanId: span })) ?? record.link;
    // Without a page a colleague still opens it from the source of the same name.
    const editor = link === null ? editorLinkOf({ traceId: record.ids.traceId, spanId: span, source: record.source }) : editorLinkTo(link);
    const { name } = await this.#traces.read('traces/get', { traceId: id });
    return { link, editor, markdown: markdownLink(name, link ?? editor) };
  }

  // -- fetching

  async #openStored(traceId: string, link: TraceLink, signal: AbortSignal): Promise<OpenedLink> {
    const { spans } = await this.#traces.read('traces/get', { traceId }, signal);
    const record = (await this.#fetched()).get(traceId);
    return { status: 'opened', traceId, spanId: spanIdOf(link), from: 'store', source: record?.source ?? null, spans, notes: record?.notes ?? [] };
  }

  /** An id may be of any source: the first that has it. What went wrong at the others is told when none has. */
  async #fetchFirst(sources: readonly BackendSource[], link: TraceLink, request: string | undefined, signal: AbortSignal): Promise<OpenedLink> {
    const failures: TouchstoneError[] = [];
    for (const entry of sources) {
      try {
        return await this.#fetch(entry, link, link.url, request, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof TouchstoneError)) throw error;
        failures.push(error);
      }
    }
    const [first, ...others] = failures.toSorted((a, b) => Number(a.code === 'not-found') - Number(b.code === 'not-found'));
    throw others.length === 0 ? first! : new TouchstoneError(first!.code, first!.message, { cause: first, others });
  }

  #fetch(entry: BackendSource, ref: TraceRef, link: string | null, request: string | undefined, signal: AbortSignal): Promise<OpenedLink> {
    return this.#fetcher.fetch({ entry, source: this.#sourceOf(entry), ref, link, request: request ?? null }, signal);
  }

  /** The id by which a source knows a stored span. */
  async #remoteSpan(source: TraceSource, traceId: string, spanId: string, signal: AbortSignal): Promise<string | null> {
    if (source.spanIdAttribute === undefined) return spanId;
    const { span } = await this.#traces.read('traces/span', { traceId, spanId }, signal);
    const id = span.attributes[source.spanIdAttribute];
    // A root that stands for the trace itself has none.
    return typeof id === 'string' ? id : null;
  }

  // -- what is there

  async #listed(entry: BackendSource, source: TraceSource): Promise<RemoteSource> {
    const secrets = await Promise.all(secretsOf(entry).map(async ({ name, what }) => ({ name, what, isSet: ((await this.#workspace.secret(name)) ?? '') !== '' })));
    return {
      name: entry.name, type: entry.type, url: entry.type === 'sqlite' ? (entry.path ?? '') : entry.url, app: entry.app === '' ? null : entry.app, project: entry.project ?? null, secrets,
      can: { list: 'list' in source, summarise: 'summary' in source, scores: 'scores' in source, annotate: 'annotate' in source && entry.annotate },
    };
  }

  async #entries(): Promise<readonly BackendSource[]> {
    return (await this.#workspace.config(this.#workspace.files())).traces.backends;
  }

  /** Nobody is contacted by a touchstone.yml with errors, and none by a workspace that is not trusted. */
  async #usableEntries(): Promise<readonly BackendSource[]> {
    this.#workspace.requireTrust();
    return (await this.#workspace.usableConfig(this.#workspace.files())).traces.backends;
  }

  async #entry(name: string): Promise<BackendSource> {
    const entries = await this.#usableEntries();
    const entry = entries.find((candidate) => candidate.name === name);
    if (entry === undefined) throw new TouchstoneError('not-found', `touchstone.yml has no source "${name}". It has ${entries.map((candidate) => candidate.name).join(', ') || 'none'}.`);
    return entry;
  }

  /** @throws TouchstoneError 'invalid-config' */
  #entryOf(entry: NewSource): BackendSource {
    const config = parseProjectConfig('touchstone.yml', this.#workspace.folder, JSON.stringify({ traces: { sources: [writtenEntry(entry)] } }));
    const problem = config.diagnostics.find(({ severity }) => severity === 'error');
    const [backend] = config.traces.backends;
    if (problem !== undefined || backend === undefined) throw new TouchstoneError('invalid-config', problem?.message ?? 'This is no source.');
    return backend;
  }

  #sourceOf(entry: BackendSource): TraceSource {
    const text = JSON.stringify([entry, this.#workspace.settings.proxy]);
    const known = this.#sources.get(entry.name);
    if (known?.entry === text) return known.source;
    known?.source.dispose();
    const source = this.#create(entry);
    this.#sources.set(entry.name, { entry: text, source });
    return source;
  }

  #create(entry: BackendSource): TraceSource {
    const { redactor, settings } = this.#workspace;
    return createTraceSource(entry, {
      proxy: settings.proxy,
      redact: (text) => redactor.redact(text),
      secrets: async (name, origin) => {
        this.#workspace.requireTrust();
        const value = await this.#workspace.secret(name, origin);
        // Known to the redactor before anybody can use it.
        if (value !== null) redactor.add(value.trim());
        return value;
      },
    });
  }

  async #fetched(): Promise<FetchedTraces> {
    return new FetchedTraces((await this.#workspace.store()).database);
  }

  async #record(traceId: string) {
    const record = (await this.#fetched()).get(await this.#wholeId(traceId));
    if (record === null) throw new TouchstoneError('not-found', `Trace ${traceId} was not fetched from a source: there is nothing to ask again.`);
    return record;
  }

  async #wholeId(traceId: string): Promise<string> {
    return /^[0-9a-f]{32}$/.test(traceId) ? traceId : (await this.#traces.read('traces/get', { traceId })).traceId;
  }

  /** Of a trace of which only a part came the rest is still to be asked for, as of one that is not there. */
  async #storedWhole(link: TraceLink): Promise<string | null> {
    // What is on its way is known to be a part only once it has come.
    await this.#fetcher.settled();
    const stored = await this.#stored(link);
    return stored === null || isPart((await this.#fetched()).get(stored)) ? null : stored;
  }

  /** The trace of a link in the store; `null`: it is not there, or nothing may be opened here. */
  async #stored(link: TraceLink): Promise<string | null> {
    // Looking must not make a database where there is none.
    if (!this.#workspace.settings.trusted || !existsSync(join(this.#workspace.folder, DATABASE_FOLDER, DATABASE_FILE))) return null;
    const fetched = await this.#fetched();
    const ids = storedIds(link);
    return ids.find((id) => fetched.stored([id]).size > 0) ?? null;
  }
}

function spanIdOf(link: TraceLink): string | null {
  const { spanId } = link;
  return spanId !== null && /^[0-9a-f]{16}$/.test(spanId) ? spanId : null;
}

/** Under which id the store has a trace of a source; `null`: its ids are none. */
function storedIdOf({ type }: BackendSource, id: string): string | null {
  if (type === 'langfuse' || type === 'langsmith' || type === 'weave' || type === 'opik') return traceIdFor(type, id);
  return readTraceId(id) ?? null;
}
