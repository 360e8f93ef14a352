import type { BackendSource } from '../config/model.ts';
import { base64UrlOf } from './text.ts';

/** Of a trace as its backend knows it. */
export interface RemoteIds {
  readonly traceId: string;
  readonly spanId: string | null;
  readonly project: string | null;
  readonly tenant: string | null;
  /** LangSmith's run, Weave's call: what their pages are addressed by. */
  readonly callId: string | null;
}

const EDITOR = 'vscode://touchstone.touchstone/trace';

/** Opens the linked trace in the editor of whoever follows it: the address travels as base64url (the editor decodes a query whole). */
export function editorLinkTo(url: string): string {
  return `${EDITOR}?u=${base64UrlOf(url)}`;
}

/** Names that read the same whether the editor has decoded the query once more or not. */
const PLAIN = /^[\w.~-]+$/;

/** Opens a trace by its id, from the store or the named source of whoever follows it. The name of a source may be anything: where it is not plain, it travels as base64url, too. */
export function editorLinkOf({ traceId, spanId, source }: { readonly traceId: string; readonly spanId?: string | null; readonly source?: string | null }): string {
  const query = [...(source ? [PLAIN.test(source) ? `source=${source}` : `s=${base64UrlOf(source)}`] : []), ...(spanId ? [`span=${encodeURIComponent(spanId)}`] : [])];
  return `${EDITOR}/${encodeURIComponent(traceId)}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** The page of a trace, or of one span of it, at its backend; `null` when the backend has none that can be known (specs of the links: recognise.ts). */
export function pageOf(source: BackendSource, ids: RemoteIds): string | null {
  const { app, type } = source;
  const id = encodeURIComponent(ids.traceId);
  const project = ids.project ?? source.project ?? null;
  const tenant = ids.tenant ?? source.tenant ?? null;
  switch (type) {
    case 'langfuse': return project === null ? `${app}/trace/${id}` : `${app}/project/${encodeURIComponent(project)}/traces/${id}${query({ observation: ids.spanId })}`;
    case 'langsmith': return project === null || tenant === null ? null : `${app}/o/${tenant}/projects/p/${project}/r/${encodeURIComponent(ids.spanId ?? ids.callId ?? ids.traceId)}${query({ trace_id: ids.traceId })}`;
    case 'phoenix': return `${app}/redirects/traces/${id}`;
    case 'opik': return tenant === null || project === null ? null : `${app}/${encodeURIComponent(tenant)}/projects/${encodeURIComponent(project)}/traces${query({ trace: ids.traceId, span: ids.spanId })}`;
    case 'weave': return project === null || ids.callId === null ? null : `${app}/${project}/weave/calls/${encodeURIComponent(ids.spanId ?? ids.callId)}`;
    case 'jaeger': return `${app}/trace/${id}${query({ uiFind: ids.spanId })}`;
    case 'tempo': return source.datasource === undefined ? null : `${app}/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify({ trace: { datasource: source.datasource, queries: [{ refId: 'A', datasource: { type: 'tempo', uid: source.datasource }, query: ids.traceId, queryType: 'traceId' }], range: { from: 'now-1h', to: 'now' } } }))}`;
    case 'datadog': return `${app}/apm/trace/${id}${query({ spanID: ids.spanId })}`;
    case 'logfire': return project === null ? null : `${app}/${project}${query({ q: `trace_id='${ids.traceId}'` })}`;
    case 'clickhouse': case 'honeycomb': case 'sqlite': return null;
  }
}

function query(members: Readonly<Record<string, string | null>>): string {
  const given = Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== null);
  return given.length === 0 ? '' : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** A link to paste: what stands in brackets is the trace's own name, which may be anything. */
export function markdownLink(name: string, link: string): string {
  const text = name.replace(/\s+/g, ' ').trim().slice(0, 120).replace(/[\\[\]<>`*_!|]/g, '\\$&');
  return `[${text === '' ? 'trace' : text}](${link.replaceAll('(', '%28').replaceAll(')', '%29')})`;
}
