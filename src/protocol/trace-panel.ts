import type { PromptOrigin, SpanPrompt } from './spans.ts';
import type { FindingsState, MemoryGrowth, SpanDetail, TraceMethods, TraceRow, TraceSkeleton } from './traces.ts';

/** The trace that a panel shows, and where to begin. */
export interface ShownTrace {
  readonly row: TraceRow;
  /** A span to select, when the panel was opened for one that it has not been told of yet; given once. */
  readonly reveal: string | null;
}

/**
 * What the trace panel asks of the extension about its own trace: method → [parameters, result]. A trace that is not there (any more) is
 * the failure `not-found`. Skeletons travel as typed arrays of their own buffers (`Uint8Array`, not Node's `Buffer`): postMessage keeps those.
 */
export interface TracePanelMethods {
  'trace/get': [Record<string, never>, ShownTrace];
  /** `null`: the revision is still the known one. */
  'trace/skeleton': [{ readonly knownRevision?: number }, TraceSkeleton | null];
  'trace/span': [{ readonly spanId: string }, SpanDetail];
  'trace/value': [{ readonly spanId: string; readonly pointer: string }, { readonly value: unknown }];
  'trace/find': [{ readonly text: string; readonly limit: number }, { readonly spanIds: readonly string[]; readonly more: boolean }];
  'trace/findings': [Record<string, never>, FindingsState];
  /** Which prompt rendered a call of a model, without the values that it was filled with. */
  'trace/prompt': [{ readonly spanId: string }, ShownPrompt];
  /** How the memories of the session grew over its traces. */
  'trace/memory': [{ readonly session: string }, MemoryGrowth];
  /** Puts the trace, or one span of it with all below, on the clipboard. */
  'trace/copy': [{ readonly format: TraceExportFormat; readonly spanId?: string }, Record<string, never>];
  /** Asks where to, and writes it there. */
  'trace/export': [{ readonly format: TraceExportFormat; readonly spanId?: string }, Record<string, never>];
  /** After a confirmation; the panel is closed when it was deleted. */
  'trace/delete': [Record<string, never>, Record<string, never>];
  'open': [PanelTarget, Record<string, never>];
  'copy': [{ readonly text: string }, Record<string, never>];
}

/** A call's prompt as the panel shows it. */
export interface ShownPrompt extends Pick<SpanPrompt, 'how' | 'certain' | 'note'> {
  readonly origins: readonly (Pick<PromptOrigin, 'name' | 'exact' | 'score'> & { readonly versions: readonly string[]; readonly variables: readonly string[] })[];
}

/** What the panel can have opened for it. */
export type PanelTarget =
  /** The code that made a span, beside the panel. */
  | { readonly what: 'code'; readonly spanId: string }
  /** The prompt that rendered a call, in its version; a new one that asks the same; its golden dataset, with one case more; another answer to it. */
  | { readonly what: 'prompt' | 'new-prompt' | 'golden' | 'replay'; readonly spanId: string }
  /** The Traces view, filtered by a query. */
  | { readonly what: 'traces'; readonly query: string }
  /** Another trace, e.g. that of a link. */
  | { readonly what: 'trace'; readonly traceId: string; readonly spanId: string | null }
  /** A value as a read-only document in an editor of its own. `pointer` into the span, as for `trace/value`. */
  | { readonly what: 'value'; readonly spanId: string; readonly pointer: string };

export type TraceExportFormat = TraceMethods['traces/export'][0]['format'];

export interface TracePanelNotifications {
  /** Something of the trace changed: ask again. Sent when a hidden panel is shown again, too. */
  'trace/changed': { readonly revision: number };
  /** The panel was opened again for a span. */
  'trace/reveal': { readonly spanId: string };
  /** The trace was deleted elsewhere. */
  'trace/deleted': Record<string, never>;
}
