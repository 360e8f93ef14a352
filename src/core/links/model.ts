/** What a link can lead to, by the tool whose page it is. `local`: an id, to be looked for in the store first. `openai` has pages of traces and no way to read them. */
export const BACKENDS = ['langfuse', 'langsmith', 'phoenix', 'opik', 'weave', 'jaeger', 'tempo', 'clickhouse', 'datadog', 'honeycomb', 'logfire', 'openai', 'local', 'unknown'] as const;
export type Backend = (typeof BACKENDS)[number];

/** What a text that a person pasted says of a trace, as far as it can be known without asking anybody. */
export interface TraceLink {
  readonly backend: Backend;
  /** The address without user name and password; `null`: an id alone. */
  readonly url: string | null;
  /** `https://host[:port]` in its ASCII form, as it is compared; `null`: an id alone. */
  readonly origin: string | null;
  /** The path before what was recognised, without a slash at its end: where the tool stands on its host. */
  readonly base: string;
  /** As the backend names it: an id, a name, `entity/project`. */
  readonly project: string | null;
  /** As the backend writes it; `null` where only `callId`, `shareToken` or `session` is known. */
  readonly traceId: string | null;
  /** The span that the link points at, as the backend writes it. */
  readonly spanId: string | null;
  /** A run, call or row that may be any of its trace: the backend says of which. */
  readonly callId: string | null;
  /** Of a page that was made public. */
  readonly shareToken: string | null;
  readonly session: string | null;
  /** LangSmith's tenant, Opik's workspace, Honeycomb's team, the data source of Grafana. */
  readonly tenant: string | null;
  /** Milliseconds since 1970 within which the trace began, where the link says so. */
  readonly time: { readonly fromMs: number; readonly toMs: number } | null;
  /** The source that one of our own links names. */
  readonly source: string | null;
}
