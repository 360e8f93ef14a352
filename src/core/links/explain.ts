import type { BackendSource } from '../config/model.ts';
import { readTraceId, traceIdFor } from '../trace/ids.ts';
import type { Backend, TraceLink } from './model.ts';
import { isBelow } from './recognise.ts';

/** Backends that have pages of traces and no way to read one. */
const UNREADABLE: Readonly<Partial<Record<Backend, string>>> = {
  honeycomb: 'Honeycomb’s interface gives aggregates, not spans: open the link in the browser, download the trace as JSON, and import the file.',
  openai: 'OpenAI has no interface that gives traces: open the link in the browser. To have these traces here, let the Agents SDK send to Touchstone as well (docs/receiver.md).',
};

export function unreadable(backend: Backend): string | null {
  return UNREADABLE[backend] ?? null;
}

/** Ids under which the store would have the linked trace, the likeliest first. */
export function storedIds(link: TraceLink): string[] {
  const id = link.traceId ?? link.callId;
  if (id === null) return [];
  if (link.backend === 'langfuse' || link.backend === 'langsmith' || link.backend === 'weave' || link.backend === 'opik') return [traceIdFor(link.backend, id)];
  const read = readTraceId(id);
  return typeof read === 'string' ? [read] : [];
}

/**
 * The sources that would be asked, in this order. A link is a matter of the sources whose pages it is one of; an id alone, of every
 * source that has such ids. Nothing else decides: not a name that looks alike, not a host that a redirect leads to.
 */
export function sourcesFor(link: TraceLink, sources: readonly BackendSource[]): BackendSource[] {
  if (link.url === null) {
    const named = link.source === null ? sources : sources.filter(({ name }) => name === link.source);
    return named.filter((source) => takesId(source, link.traceId ?? ''));
  }
  const url = new URL(link.url);
  const matching = sources.filter((source) => isTypeOf(source, link.backend) && source.app !== '' && (isBelow(url, source.app) || isBelow(url, source.url)) && (link.tenant === null || source.datasource === undefined || source.datasource === link.tenant));
  // Several projects of one host have a key each.
  return matching.toSorted((a, b) => Number(isProject(b, link)) - Number(isProject(a, link)));
}

function isProject(source: BackendSource, link: TraceLink): boolean {
  return link.project !== null && source.project === link.project;
}

/** Grafana's pages show what ClickHouse has, too. */
function isTypeOf({ type }: BackendSource, backend: Backend): boolean {
  return type === backend || (backend === 'tempo' && type === 'clickhouse');
}

function takesId({ type }: BackendSource, id: string): boolean {
  const isUuid = id.includes('-');
  switch (type) {
    case 'honeycomb': return false;
    case 'langsmith': case 'opik': return true;
    case 'weave': return isUuid;
    case 'langfuse': case 'sqlite': return true;
    default: return !isUuid && typeof readTraceId(id) === 'string';
  }
}

/** The host of a source as it is told to people; of a file its path. */
export function hostOf(source: BackendSource): string {
  return source.type === 'sqlite' ? (source.path ?? '') : new URL(source.url).host;
}
