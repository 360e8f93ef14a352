import type { Backend, TraceLink } from './model.ts';
import { decoded, textOfBase64Url } from './text.ts';

/** What recognising needs of a source: whose pages are where. */
export interface KnownPages {
  readonly type: string;
  /** Without a slash at its end. */
  readonly app: string;
}

/** Longer texts are no links; patterns need not look at them. */
const LONGEST = 16_384;
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const HEX_TRACE = '[0-9a-f]{32}';
const TRACEPARENT = new RegExp(`^00-(${HEX_TRACE})-([0-9a-f]{16})-[0-9a-f]{2}$`, 'i');
const BARE = new RegExp(`^(?:${HEX_TRACE}|${UUID})$`, 'i');
/** Ours, in whichever of the editors that take `scheme://publisher.extension/`. */
const EDITOR_HOST = 'touchstone.touchstone';

/** An id or a name, as backends have them: it is shown to people, and becomes part of what a backend is asked. */
const NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,256}$/u;

type Found = Partial<Omit<TraceLink, 'backend' | 'url' | 'origin'>> & { readonly backend: Backend };
type Rule = (url: URL, path: string, known: readonly KnownPages[]) => Found | null;

/**
 * What a text says of a trace: a page of any backend, one of our own links, an id, a `traceparent` header. The first that is found
 * in a longer text counts. `null`: nothing of the kind. Links are hostile: nothing is contacted, and user name and password are dropped.
 */
export function recogniseLink(text: string, known: readonly KnownPages[] = []): TraceLink | null {
  for (const candidate of candidatesOf(text.slice(0, LONGEST))) {
    const link = recogniseOne(candidate, known, true);
    if (link !== null) return link;
  }
  return null;
}

/** Words of the text that may be links or ids, without the brackets and marks that stand around them in sentences and Markdown. */
function candidatesOf(text: string): string[] {
  const whole = text.trim();
  const words = whole.split(/[\s<>"'`|]+/).flatMap((word) => word.split(/\]\(|[[]/)).map((word) => word.replace(/^[({]+/, '').replace(/[)\]},.;:!]+$/, ''));
  return [whole.replace(/^<(.*)>$/, '$1'), ...words].filter((word) => word !== '').map((word) => word.replace(/^traceparent[:=]\s*/i, ''));
}

function recogniseOne(text: string, known: readonly KnownPages[], isOutermost: boolean): TraceLink | null {
  const traceparent = TRACEPARENT.exec(text);
  if (traceparent !== null) return linkOf(null, { backend: 'local', traceId: traceparent[1]!.toLowerCase(), spanId: traceparent[2]!.toLowerCase() });
  if (BARE.test(text)) return linkOf(null, { backend: 'local', traceId: text.toLowerCase() });
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return isOutermost ? editorLink(text, known) : null;
  // Never part of what is shown, compared or asked.
  url.username = '';
  url.password = '';
  for (const rule of RULES) {
    const found = rule(url, url.pathname, known);
    if (found !== null) return linkOf(url, found);
  }
  return linkOf(url, { backend: 'unknown' });
}

function linkOf(url: URL | null, found: Found): TraceLink {
  return {
    url: url === null ? null : url.href, origin: url === null ? null : url.origin,
    base: '', project: null, traceId: null, spanId: null, callId: null, shareToken: null, session: null, tenant: null, time: null, source: null,
    ...found,
  };
}

/** The beginning of an id, as lists print it, which means a trace of the store. Anything longer may be a whole id of some backend. */
export function isBeginningOfId(text: string): boolean {
  return /^[0-9a-f]{4,15}$/i.test(text);
}

/**
 * Whether a text is, whole, a link that leads into the editor. Pages of the web make the editor open them: nothing else that stands in such
 * an address is looked at.
 */
export function isEditorLink(text: string): boolean {
  return text.length <= LONGEST && editorLink(text, []) !== null;
}

/**
 * `…/trace/<id>?source=…&span=…`, with `s=<base64url of the source's name>` where that is not plain; `…/trace?u=<base64url of the link>`. The editor
 * decodes the query whole before we see it.
 */
function editorLink(text: string, known: readonly KnownPages[]): TraceLink | null {
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)\/trace(?:\/([^/?#]+))?\/?(?:\?([^#]*))?/i.exec(text);
  if (match === null || match[1]!.toLowerCase() !== EDITOR_HOST) return null;
  const query = new URLSearchParams(match[3] ?? '');
  const inner = query.get('u');
  if (inner !== null) {
    const link = textOfBase64Url(inner);
    return link === null ? null : recogniseOne(link.trim(), known, false);
  }
  const traceId = match[2] === undefined ? null : decoded(match[2]);
  const written = query.get('s');
  const [spanId, source] = [present(query.get('span')), written === null ? present(query.get('source')) : textOfBase64Url(written) ?? ''];
  if (traceId === null || ![traceId, spanId, source].every((name) => name === null || NAME.test(name))) return null;
  return linkOf(null, { backend: 'local', traceId: BARE.test(traceId) ? traceId.toLowerCase() : traceId, spanId, source });
}

function present(value: string | null): string | null {
  return value === null || value === '' ? null : value;
}

/** Matches the end of a path; what stands before is where the tool lives on its host. */
function tail(path: string, pattern: RegExp): { readonly base: string; readonly parts: readonly (string | undefined)[] } | null {
  const match = pattern.exec(path);
  return match === null ? null : { base: path.slice(0, match.index).replace(/\/+$/, ''), parts: match.slice(1).map((part) => (part === undefined ? undefined : decoded(part) ?? part)) };
}

function isOn(url: URL, domain: string): boolean {
  return url.hostname === domain || url.hostname.endsWith(`.${domain}`);
}

function isPageOf(url: URL, type: string, known: readonly KnownPages[]): boolean {
  return known.some((source) => source.type === type && source.app !== '' && isBelow(url, source.app));
}

/** Whether an address is an app's or lies below it: the same origin, and its path whole. */
export function isBelow(url: URL, app: string): boolean {
  const { origin, pathname } = new URL(app);
  const base = pathname.replace(/\/+$/, '');
  return url.origin === origin && (base === '' || url.pathname === base || url.pathname.startsWith(`${base}/`));
}

const langfuse: Rule = (url, path, known) => {
  const spanId = present(url.searchParams.get('observation'));
  const time = around(url.searchParams.get('timestamp'));
  const page = tail(path, /\/project\/([^/]+)\/traces\/([^/]+)\/?$/);
  if (page !== null) return { backend: 'langfuse', base: page.base, project: page.parts[0]!, traceId: page.parts[1]!, spanId, time };
  const list = tail(path, /\/project\/([^/]+)\/traces\/?$/);
  const peek = present(url.searchParams.get('peek'));
  if (list !== null && peek !== null) return { backend: 'langfuse', base: list.base, project: list.parts[0]!, traceId: peek, spanId, time };
  const session = tail(path, /\/project\/([^/]+)\/sessions\/([^/]+)\/?$/);
  if (session !== null) return { backend: 'langfuse', base: session.base, project: session.parts[0]!, session: session.parts[1]! };
  const shared = tail(path, /\/public\/traces\/([^/]+)\/?$/);
  if (shared !== null) return { backend: 'langfuse', base: shared.base, traceId: shared.parts[0]!, spanId, time };
  const plain = tail(path, /\/trace\/([^/]+)\/?$/);
  return plain !== null && isPageOf(url, 'langfuse', known) ? { backend: 'langfuse', base: plain.base, traceId: plain.parts[0]!, spanId, time } : null;
};

const langsmith: Rule = (url, path, known) => {
  const page = tail(path, new RegExp(`/o/(${UUID})/projects/p/(${UUID})(?:/(r|t)/([^/]+))?`, 'i'));
  if (page !== null) {
    const [tenant, project, kind, id] = page.parts;
    const peek = present(url.searchParams.get('peek'));
    const run = kind === 'r' ? id! : peek;
    const shared = { backend: 'langsmith', base: page.base, tenant: tenant!.toLowerCase(), project: project!.toLowerCase() } as const;
    if (kind === 't') return { ...shared, session: id! };
    if (run === null) return null;
    return { ...shared, callId: run.toLowerCase(), spanId: run.toLowerCase(), traceId: present(url.searchParams.get('trace_id'))?.toLowerCase() ?? null, time: around(url.searchParams.get('start_time')) };
  }
  const shared = tail(path, new RegExp(`/public/(${UUID})/r(?:/(${UUID}))?/?$`, 'i'));
  if (shared === null || !(isOn(url, 'smith.langchain.com') || isPageOf(url, 'langsmith', known))) return null;
  return { backend: 'langsmith', base: shared.base, shareToken: shared.parts[0]!.toLowerCase(), callId: shared.parts[1]?.toLowerCase() ?? null, spanId: shared.parts[1]?.toLowerCase() ?? null };
};

const phoenix: Rule = (url, path) => {
  const page = tail(path, new RegExp(`/projects/([^/]+)/(?:traces|spans)/(${HEX_TRACE})/?$`, 'i'));
  if (page !== null) return { backend: 'phoenix', base: page.base, project: page.parts[0]!, traceId: page.parts[1]!.toLowerCase(), spanId: present(url.searchParams.get('selectedSpanNodeId')) };
  const redirect = tail(path, /\/redirects\/(traces|spans|sessions)\/([^/]+)\/?$/);
  if (redirect === null) return null;
  const [kind, id] = redirect.parts;
  const shared = { backend: 'phoenix', base: redirect.base } as const;
  if (kind === 'sessions') return { ...shared, session: id! };
  return kind === 'traces' ? { ...shared, traceId: id!.toLowerCase() } : { ...shared, callId: id!.toLowerCase(), spanId: id!.toLowerCase() };
};

const opik: Rule = (url, path) => {
  const page = tail(path, new RegExp(`/([^/]+)/projects/(${UUID})/(?:traces|logs)/?$`, 'i'));
  const trace = url.searchParams.get('trace');
  if (page !== null && trace !== null && new RegExp(`^${UUID}$`, 'i').test(trace)) {
    return { backend: 'opik', base: page.base, tenant: page.parts[0]!, project: page.parts[1]!.toLowerCase(), traceId: trace.toLowerCase(), spanId: present(url.searchParams.get('span'))?.toLowerCase() ?? null };
  }
  const redirect = tail(path, /\/v1\/session\/redirect\/projects\/?$/);
  const id = url.searchParams.get('trace_id');
  return redirect !== null && id !== null && id !== '' ? { backend: 'opik', base: redirect.base.replace(/\/api$/, ''), traceId: id.toLowerCase() } : null;
};

const weave: Rule = (url, path, known) => {
  if (!isOn(url, 'wandb.ai') && !isPageOf(url, 'weave', known)) return null;
  // The list of traces keeps the call that is looked at in a path of its own.
  const peek = url.searchParams.get('peekPath');
  const calls = /\/([^/]+)\/([^/]+)\/(?:weave\/calls|r\/call|calls)\/([0-9a-f-]+)(?=[/?]|$)/i;
  const page = tail(path, calls) ?? (peek === null ? null : tail(peek.startsWith('/') ? peek : `/${peek}`, calls));
  if (page === null) return null;
  const [entity, project, call] = page.parts;
  return { backend: 'weave', project: `${entity}/${project}`, callId: call!.toLowerCase(), spanId: call!.toLowerCase() };
};

const datadog: Rule = (url, path) => {
  const page = tail(path, /\/apm\/trace\/([^/]+)\/?$/);
  const id = page?.parts[0] ?? (/\/llm\/traces\/?$/.test(path) ? present(url.searchParams.get('trace_id')) : null);
  if (id === null) return null;
  return { backend: 'datadog', base: page?.base ?? '', traceId: id.toLowerCase(), spanId: present(url.searchParams.get('spanID')), time: around(url.searchParams.get('timeHint')) };
};

const honeycomb: Rule = (url, path) => {
  const id = present(url.searchParams.get('trace_id'));
  if (!isOn(url, 'honeycomb.io') || id === null || !/\/trace\/?$/.test(path)) return null;
  const [, team = null] = path.split('/');
  const dataset = /\/datasets\/([^/]+)\//.exec(path)?.[1];
  const [from, to] = ['trace_start_ts', 'trace_end_ts'].map((name) => momentOf(url.searchParams.get(name)));
  return { backend: 'honeycomb', tenant: team, project: dataset === undefined ? null : decoded(dataset) ?? dataset, traceId: id, spanId: present(url.searchParams.get('span')), time: from == null ? null : { fromMs: from, toMs: to ?? from + HOUR } };
};

const grafana: Rule = (url, path) => {
  const drilldown = tail(path, /\/a\/grafana-exploretraces-app\/.*$/);
  const traceId = present(url.searchParams.get('traceId'));
  if (drilldown !== null && traceId !== null) return { backend: 'tempo', base: drilldown.base, traceId: traceId.toLowerCase(), spanId: present(url.searchParams.get('spanId'))?.toLowerCase() ?? null, tenant: present(url.searchParams.get('var-ds')) };
  const explore = tail(path, /\/explore\/?$/);
  const state = url.searchParams.get('panes') ?? url.searchParams.get('left');
  if (explore === null || state === null) return null;
  const found = traceOfPanes(state);
  return { backend: 'tempo', base: explore.base, traceId: found?.traceId ?? null, tenant: found?.datasource ?? null, time: found?.time ?? null };
};

/** Grafana's state of its panes: JSON of several shapes, in which some `query` is the trace's id. */
function traceOfPanes(state: string): { traceId: string; datasource: string | null; time: TraceLink['time'] } | null {
  let json: unknown;
  try {
    json = JSON.parse(state);
  } catch {
    const id = /"query"\s*:\s*"([0-9a-f]{16,32})"/i.exec(state)?.[1];
    return id === undefined ? null : { traceId: id.toLowerCase(), datasource: null, time: null };
  }
  const found: { traceId?: string; datasource?: string; from?: number; to?: number } = {};
  const level: unknown[] = [json];
  for (let looked = 0; level.length > 0 && looked < 1000; looked++) {
    const value = level.shift();
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      // The old form: [from, to, data source, query]
      const [from, to, source] = value as unknown[];
      if (typeof source === 'string' && typeof from === 'string' && typeof to === 'string') Object.assign(found, { datasource: found.datasource ?? source, from: momentOf(from) ?? found.from, to: momentOf(to) ?? found.to });
      level.push(...(value as unknown[]));
      continue;
    }
    const object = value as Record<string, unknown>;
    const { query, datasource, from, to } = object;
    if (typeof query === 'string' && /^[0-9a-f]{16,32}$/i.test(query.trim())) found.traceId ??= query.trim().toLowerCase();
    const uid = typeof datasource === 'string' ? datasource : typeof datasource === 'object' && datasource !== null && 'uid' in datasource ? datasource.uid : undefined;
    if (typeof uid === 'string' && uid !== '') found.datasource ??= uid;
    if (typeof from === 'string' && typeof to === 'string') Object.assign(found, { from: momentOf(from) ?? found.from, to: momentOf(to) ?? found.to });
    level.push(...Object.values(object));
  }
  if (found.traceId === undefined) return null;
  return { traceId: found.traceId, datasource: found.datasource ?? null, time: found.from === undefined || found.to === undefined ? null : { fromMs: found.from, toMs: found.to } };
}

const logfire: Rule = (url, path) => {
  if (!/^logfire(?:-[a-z]+)?\.pydantic\.dev$/.test(url.hostname)) return null;
  const query = url.searchParams.get('q') ?? '';
  const id = /trace_id\s*=\s*'([0-9a-f]{32})'/i.exec(query)?.[1] ?? present(url.searchParams.get('traceId')) ?? present(url.searchParams.get('trace_id'));
  if (id === null) return null;
  const span = /span_id\s*=\s*'([0-9a-f]{16})'/i.exec(query)?.[1] ?? present(url.searchParams.get('spanId'));
  return { backend: 'logfire', project: /^\/([^/]+\/[^/]+)/.exec(path)?.[1] ?? null, traceId: id.toLowerCase(), spanId: span?.toLowerCase() ?? null };
};

const openai: Rule = (url) => {
  const id = url.searchParams.get('trace_id');
  return url.hostname === 'platform.openai.com' && id !== null && id.startsWith('trace_') ? { backend: 'openai', traceId: id, spanId: present(url.searchParams.get('span_id')) } : null;
};

/** Last: many others have the same in their paths. */
const jaeger: Rule = (url, path) => {
  const page = tail(path, /\/trace\/([0-9a-f]{1,32})\/?$/i);
  if (page === null) return null;
  const find = url.searchParams.get('uiFind')?.toLowerCase() ?? '';
  return { backend: 'jaeger', base: page.base, traceId: page.parts[0]!.toLowerCase(), spanId: /^[0-9a-f]{1,16}$/.test(find) ? find : null };
};

const RULES: readonly Rule[] = [langfuse, langsmith, phoenix, opik, weave, datadog, honeycomb, grafana, logfire, openai, jaeger];

const HOUR = 3_600_000;

/** Links tell the start roughly, and pages round it: an hour to either side. */
function around(text: string | null): TraceLink['time'] {
  const at = momentOf(text);
  return at === null ? null : { fromMs: at - HOUR, toMs: at + HOUR };
}

/** ISO 8601, or a number of seconds or milliseconds since 1970. */
function momentOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined || text === '') return null;
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    const ms = number < 1e11 ? number * 1000 : number < 1e14 ? number : number < 1e17 ? number / 1e3 : number / 1e6;
    return ms > 0 ? Math.round(ms) : null;
  }
  const ms = Date.parse(/[zZ]|[+-]\d{2}:?\d{2}$/.test(text) || !text.includes('T') ? text : `${text}Z`);
  return Number.isNaN(ms) ? null : ms;
}
