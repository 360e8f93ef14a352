import type { SourceType } from '../core/config/model.ts';
import type { Backend } from '../core/links/model.ts';
import type { SourceSums, SumsBy } from '../core/text/source-sums.ts';
import type { SessionRow } from './traces.ts';

/** A backend that touchstone.yml names, as the sources are listed. */
export interface RemoteSource {
  readonly name: string;
  readonly type: SourceType;
  /** Where it is asked: `https://host[:port]/path`; of a file its path. */
  readonly url: string;
  /** Where its pages are, for a browser; `null`: it has none. */
  readonly app: string | null;
  readonly project: string | null;
  /** Names of the secrets that it takes, in the order in which they are asked for. */
  readonly secrets: readonly { readonly name: string; readonly what: string; readonly isSet: boolean }[];
  /** What it can do beside giving a trace by its id. */
  readonly can: { readonly list: boolean; readonly summarise: boolean; readonly scores: boolean; readonly annotate: boolean };
}

/** A source that is not in touchstone.yml yet: what `remote/add` writes. Keys are references, never keys. */
export interface NewSource {
  readonly name: string;
  readonly type: SourceType;
  readonly url?: string;
  readonly app?: string;
  readonly path?: string;
  readonly project?: string;
  readonly tenant?: string;
  readonly datasource?: string;
  readonly database?: string;
  readonly table?: string;
  /** Names of secrets. */
  readonly key?: string;
  readonly user?: string;
  readonly applicationKey?: string;
  readonly annotate?: boolean;
}

/** `touchstone open URL --explain --json` (docs/cli-output.schema.json, `open`), made without contacting anything. */
export interface LinkExplanation {
  readonly backend: Backend;
  /** With its port where that is not the scheme's own. */
  readonly host: string | null;
  readonly project: string | null;
  /** As the link writes it. Of a run or call that may be below the root it is that one's id: its trace is asked for. */
  readonly traceId: string | null;
  readonly spanId: string | null;
  /** The source of touchstone.yml that would be asked. */
  readonly source: string | null;
  /** Hosts that opening it would contact, in this order; none when the trace is here, or when the host is not configured. */
  readonly wouldContact: readonly string[];
  /** The trace is in the store of this workspace. */
  readonly isStored: boolean;
  /** What a person should know: why nothing can be asked, what is missing. */
  readonly note: string | null;
}

export type OpenedLink =
  | {
      readonly status: 'opened';
      /** Of the store. */
      readonly traceId: string;
      readonly spanId: string | null;
      readonly from: 'store' | 'source';
      readonly source: string | null;
      readonly spans: number;
      /** What was cut, left out or could not be had, in sentences. */
      readonly notes: readonly string[];
    }
  /** Nothing was contacted: no source is configured for this host. `suggestion` is what would be added once a person agrees. */
  | { readonly status: 'unknown-host'; readonly host: string; readonly backend: Backend; readonly suggestion: NewSource | null }
  /** It cannot be read from here; `reason` says why and what to do instead. */
  | { readonly status: 'browser'; readonly url: string | null; readonly reason: string };

export interface RemoteTraceRow {
  /** As the source writes it. */
  readonly id: string;
  readonly name: string;
  readonly startNs: string;
  readonly durationNs: string | null;
  /** `null`: the source does not say. */
  readonly spans: number | null;
  readonly errors: number | null;
  readonly tokens: number | null;
  readonly cost: number | null;
  readonly service: string | null;
  readonly session: string | null;
  readonly user: string | null;
  /** Its id in the store, when it was fetched. */
  readonly stored: string | null;
}

export interface RemotePage {
  readonly traces: readonly RemoteTraceRow[];
  readonly next: string | null;
  /** What of the query the source could not be asked, the time it looked at, what it left out. */
  readonly notes: readonly string[];
}

/** By day the key is `2026-11-22` (UTC); by model p50 and p95 are of calls, else of traces. */
export type RemoteSummaryRow = SourceSums;

export interface RemoteScore {
  /** As the source writes it; `null`: the whole trace. */
  readonly spanId: string | null;
  readonly name: string;
  readonly value: number | null;
  readonly label: string | null;
  readonly comment: string | null;
  /** A person, a program, a model: the source's word. */
  readonly from: string | null;
  /** ISO 8601 */
  readonly at: string | null;
}

/** A person's score on a trace or span, to be sent to where it came from. */
export interface NewAnnotation {
  /** Of the store. */
  readonly traceId: string;
  readonly spanId?: string;
  readonly name: string;
  readonly value?: number;
  readonly label?: string;
  readonly comment?: string;
}

/** Where a trace of the store was fetched from. */
export interface Fetched {
  readonly source: string;
  readonly type: SourceType;
  /** A link that a colleague with access can open; `null`: the source has no pages. */
  readonly link: string | null;
  /** Milliseconds since 1970 */
  readonly at: number;
  /** What was cut or missing when it was fetched. */
  readonly notes: readonly string[];
}

export interface SourceTest {
  readonly ok: boolean;
  /** What answered, or what to do. */
  readonly message: string;
  /** Another key, or one at all, would help. */
  readonly needsKey?: true;
}

/** Several traces may be on their way at once: a name of the asker's own, by which it knows the progress of this one. */
export interface Requested {
  readonly request?: string;
}

/** What the extension and the command line ask of the engine about links and sources: method → [parameters, result]. */
export interface RemoteMethods {
  /** Contacts nothing. `text`: a link, an id, a traceparent header, or a text with one of these in it. */
  'links/explain': [{ readonly text: string }, LinkExplanation];
  /** The store first, then sources. `remote/progress` tells how far; what has come when it is cancelled stays. */
  'links/open': [{ readonly text: string } & Requested, OpenedLink];
  /** Links to a trace of the store: `link` leads to its backend (`null`: it is only here), `editor` opens it in a colleague's editor (`null`: the same). */
  'links/make': [{ readonly traceId: string; readonly spanId?: string }, { readonly link: string | null; readonly editor: string | null; readonly markdown: string | null }];
  'remote/sources': [Record<string, never>, { readonly sources: readonly RemoteSource[] }];
  /** An entry as it would be listed once it is written: nothing is written or contacted. */
  'remote/describe': [{ readonly entry: NewSource }, RemoteSource];
  /** Traces of a source, newest first. Nothing of them is stored. */
  'remote/list': [{ readonly source: string; readonly query: string; readonly limit: number; readonly cursor?: string }, RemotePage];
  'remote/sessions': [{ readonly source: string; readonly query: string; readonly limit: number; readonly cursor?: string }, { readonly sessions: readonly SessionRow[]; readonly next: string | null; readonly notes: readonly string[] }];
  /** Sums over what a query finds in a source that can be queried (ClickHouse). */
  'remote/summary': [{ readonly source: string; readonly query: string; readonly by: SumsBy }, { readonly rows: readonly RemoteSummaryRow[]; readonly notes: readonly string[] }];
  /** Fetches one trace of a source by the source's id. */
  'remote/fetch': [{ readonly source: string; readonly id: string } & Requested, OpenedLink];
  /** Fetches a stored trace again from where it came. */
  'remote/refresh': [{ readonly traceId: string } & Requested, OpenedLink];
  /** `null`: it came another way. */
  'remote/origin': [{ readonly traceId: string }, Fetched | null];
  'remote/test': [{ readonly source: string } | { readonly entry: NewSource }, SourceTest];
  /** Writes the entry into touchstone.yml; everything else in it stays as it stands. */
  'remote/add': [{ readonly entry: NewSource }, { readonly file: string }];
  /** What people and programs said of it there. They are kept with the trace, too. */
  'remote/scores': [{ readonly traceId: string }, { readonly scores: readonly RemoteScore[] }];
  /** Refused unless the source has `annotate: true`. */
  'remote/annotate': [NewAnnotation, Record<string, never>];
}

export interface RemoteNotifications {
  /** A trace is being fetched: spans that are in the store by now. `traceId` is known with the first of them. */
  'remote/progress': { readonly request: string | null; readonly source: string; readonly traceId: string | null; readonly spans: number; readonly bytes: number };
}
