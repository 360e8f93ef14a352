import type { CellKey, CellResult, CellStatus, CostEstimate, RunInfo, Summary } from '../core/eval/model.ts';
import type { JsonObject } from '../core/json.ts';
import type { ChatMessage, ModelInfo, TokenUsage } from '../core/model/model.ts';
import type { Diagnostic } from '../core/text/diagnostic.ts';
import type { CellDetail } from './cell-detail.ts';
import type { CompareMethods } from './compare.ts';
import type { TextOverlay } from './text-overlay.ts';
import type { RegistryMethods, RegistryNotifications } from './registry.ts';
import type { RemoteMethods, RemoteNotifications } from './remote.ts';
import type { SpanMethods, SpanNotifications } from './spans.ts';
import type { CellTraceMethods, TraceMethods, TraceNotifications } from './traces.ts';

export type { CellDetail, TextOverlay };

/** What the engine is told once, and again when it changes. */
export interface EngineSettings {
  /** Absolute path of the workspace folder; `.touchstone/touchstone.db` lies below it. */
  readonly folder: string;
  readonly trusted: boolean;
  readonly concurrency: number;
  /** Milliseconds without a byte from a model before an attempt is given up. */
  readonly idleTimeoutMs: number;
  readonly maxRetries: number;
  readonly defaultBudgetUsd: number | null;
  /** How long and how much of traces is kept; absent: the store's own defaults. */
  readonly traces?: { readonly retentionDays: number; readonly maxBytes: number };
  readonly proxy: { readonly url: string | null; readonly strictSsl: boolean; readonly noProxy: readonly string[] };
}

export interface EvalRequest {
  /** Prompt files, config files or folders, absolute. */
  readonly targets: readonly string[];
  /** Only these prompts of the files (ids). */
  readonly prompts?: readonly string[];
  readonly overlays?: readonly TextOverlay[];
  /** A version in place of the files' prompt: `v7`, `production`, `3f9a1c2e`, `git:REV`. Dataset and assertions are those of the working copy. */
  readonly version?: string;
  readonly models?: readonly string[];
  readonly dataset?: string;
  readonly repeats?: number;
  readonly concurrency?: number;
  readonly filter?: string;
  readonly tags?: readonly string[];
  readonly caseIds?: readonly string[];
  readonly noCache?: boolean;
  /** US dollars; the run stops before a request that could exceed it. */
  readonly budgetUsd?: number;
  readonly origin: 'editor' | 'cli';
}

export interface RunSnapshot {
  readonly info: RunInfo;
  readonly summary: Summary;
  readonly models: readonly {
    readonly label: string;
    readonly summary: Summary;
    /** promptfoo's prompt-level metrics: the sum over cells of score × weight, and what `derivedMetrics` makes of them once the run has ended. */
    readonly metricSums?: Readonly<Record<string, number>>;
    readonly derived?: Readonly<Record<string, number>>;
  }[];
  readonly slices: readonly string[];
  readonly done: number;
  readonly total: number;
  readonly running: number;
  readonly costSoFar: number | null;
  /** Milliseconds; `null` before there is something to go by, and when nothing is left. */
  readonly remainingMs: number | null;
  /** Under way in another process: the command line, another window. */
  readonly elsewhere?: true;
}

export interface PromptSummary {
  readonly id: string;
  readonly name: string;
  /** Within its config, of promptfoo's prompts: by it, too, a person may name it. */
  readonly label?: string;
  readonly path: string;
  readonly hash: string;
  readonly models: readonly string[];
  readonly dataset: { readonly name: string; readonly files: readonly string[]; readonly cases: number | null } | null;
  readonly problem: string | null;
  /** Other files that shape the prompt and its checks, absolute: a change of one makes a result stale. */
  readonly dependencies?: readonly string[];
  readonly lastRun: { readonly id: string; readonly summary: Summary; readonly stale: boolean; readonly status: RunInfo['status'] } | null;
}

/** The state of one prompt that lenses show. */
export interface PromptState extends PromptSummary {
  readonly estimate: CostEstimate | null;
  readonly running: { readonly runId: string; readonly done: number; readonly total: number; readonly cost: number | null } | null;
}

export type CellFilter = 'all' | 'failing' | 'errors' | 'slow' | 'cached';

/** How the grid looks at a run: the engine filters, sorts and pages. */
export interface GridView {
  readonly filter: CellFilter;
  readonly search: string;
  readonly groupBySlice: boolean;
  readonly collapsed: readonly string[];
  readonly sort: { readonly by: 'order' | 'case' | 'score' | 'latency' | 'cost'; readonly modelIndex: number; readonly descending: boolean };
}

export type GridRow =
  | { readonly kind: 'slice'; readonly slice: string; readonly cases: number; readonly collapsed: boolean; readonly models: readonly { readonly passRate: number | null; readonly interval: readonly [number, number] | null; readonly n: number }[] }
  | { readonly kind: 'case'; readonly caseIndex: number; readonly caseId: string; readonly slice: string | null; readonly variables: string; readonly expected: string | null; readonly cells: readonly GridCell[] };

/** A model's column in one row: the repeats of one case. */
export interface GridCell {
  readonly status: CellStatus;
  /** One mark a repeat, in order. */
  readonly passes: readonly (boolean | null)[];
  /** First line of the most frequent output, at most 200 characters. */
  readonly text: string;
  readonly multiline: boolean;
  /** Share of repeats that gave this output, such as `2/3`; absent when all agree. */
  readonly agreement?: string;
  readonly score: number | null;
  readonly latencyMs: number | null;
  readonly slow: boolean;
  readonly cached: boolean;
  readonly error: string | null;
}

export interface GridPage {
  readonly total: number;
  readonly from: number;
  readonly rows: readonly GridRow[];
  readonly counts: Readonly<Record<CellFilter, number>>;
  /** Grows whenever the run's cells change. */
  readonly revision: number;
}

export interface OnceRequest {
  readonly path: string;
  readonly promptId?: string;
  readonly overlays?: readonly TextOverlay[];
  readonly model?: string;
  readonly vars: JsonObject;
  /** Under this id `once/text` notifications arrive. */
  readonly stream: string;
}

export interface OnceResult {
  readonly messages: readonly ChatMessage[];
  readonly output: string;
  readonly model: string;
  readonly latencyMs: number;
  readonly usage: TokenUsage | null;
  readonly cost: number | null;
  readonly finishReason: string | null;
}

/** Outcome of the last run for the lines of a dataset file. */
export interface CaseOutcome {
  readonly caseId: string;
  readonly runId: string;
  readonly caseIndex: number;
  readonly pass: boolean | null;
  readonly output: string;
  readonly latencyMs: number | null;
  readonly error: string | null;
  /** The cell that is shown: the first one that did not pass, else the first. */
  readonly modelIndex?: number;
  readonly repeat?: number;
  /** `hashJson({ vars, expected })` of the case as it was judged: another hash in the file means that the outcome is stale. */
  readonly caseHash?: string;
}

/** One finished cell with the case that it answers: what reports and documents are made of. */
export interface ListedCell {
  readonly result: CellResult;
  readonly case: { readonly id: string; readonly description?: string; readonly vars: JsonObject; readonly expected?: unknown; readonly tags: readonly string[] };
}

/** Everything the extension and the command line ask of the engine: method → [parameters, result]. */
export interface EngineMethods extends TraceMethods, CellTraceMethods, CompareMethods, RegistryMethods, RemoteMethods, SpanMethods {
  'engine/configure': [EngineSettings, { readonly version: string; readonly database: string | null }];
  'prompts/list': [Record<string, never>, { readonly prompts: readonly PromptSummary[]; readonly diagnostics: readonly Diagnostic[] }];
  'prompts/state': [{ readonly path: string; readonly overlays?: readonly TextOverlay[] }, { readonly prompts: readonly PromptState[]; readonly diagnostics: readonly Diagnostic[] }];
  'eval/estimate': [EvalRequest, CostEstimate];
  /** Replies when every planned run is journaled and under way; `run/changed` tells the rest. */
  'eval/start': [EvalRequest, { readonly runIds: readonly string[] }];
  /** `budgetUsd` replaces the run's own. */
  'eval/resume': [{ readonly runId: string; readonly budgetUsd?: number }, { readonly runIds: readonly string[] }];
  /** Replies with the last snapshots once the runs have ended. */
  'eval/wait': [{ readonly runIds: readonly string[] }, { readonly runs: readonly RunSnapshot[] }];
  'eval/cancel': [{ readonly runId: string }, Record<string, never>];
  'runs/list': [{ readonly limit: number; readonly promptId?: string }, { readonly runs: readonly RunSnapshot[] }];
  'runs/get': [{ readonly runId: string }, RunSnapshot];
  'runs/delete': [{ readonly runIds: readonly string[] }, Record<string, never>];
  'runs/rename': [{ readonly runId: string; readonly title: string }, Record<string, never>];
  'cells/page': [{ readonly runId: string; readonly view: GridView; readonly from: number; readonly to: number }, GridPage];
  /** The row of a case in a view (to reveal it), and of the next or previous failing one. `-1`: none. */
  'cells/find': [{ readonly runId: string; readonly view: GridView; readonly fromRow: number; readonly direction: 1 | -1; readonly what: 'failing' | 'case'; readonly caseIndex?: number }, { readonly row: number; readonly modelIndex: number }];
  /**
   * The finished cells from (inclusive) to (exclusive), in the order of cases, then models, then repeats; waiting ones are left out.
   * `total` counts all that match. `only: 'not-passed'`: failed or errored. With `after`, positions begin behind that cell and nothing is
   * counted (`total` is null): so a run of any size is read through in a time that grows with its cells.
   */
  'cells/list': [{ readonly runId: string; readonly from: number; readonly to: number; readonly caseId?: string; readonly modelIndex?: number; readonly only?: 'not-passed'; readonly after?: CellKey }, { readonly cells: readonly ListedCell[]; readonly total: number | null }];
  'cells/get': [{ readonly runId: string; readonly key: CellKey }, CellDetail];
  /** Runs one case again with every model, without the cache, and replaces its cells. */
  'cells/rerun': [{ readonly runId: string; readonly caseIndex: number }, Record<string, never>];
  'cases/outcomes': [{ readonly file: string }, { readonly outcomes: readonly CaseOutcome[] }];
  'once/run': [OnceRequest, OnceResult];
  'models/list': [Record<string, never>, { readonly models: readonly ModelInfo[] }];
  'cache/clear': [Record<string, never>, { readonly entries: number }];
  /** Writes a report of finished runs. */
  'runs/export': [{ readonly runIds: readonly string[]; readonly format: 'json' | 'xml' | 'html' | 'csv'; readonly file: string }, Record<string, never>];
}

/** What the engine tells, without being asked. */
export interface EngineNotifications extends TraceNotifications, RegistryNotifications, RemoteNotifications, SpanNotifications {
  'run/changed': { readonly runId: string; readonly revision: number };
  'runs/changed': Record<string, never>;
  'once/text': { readonly stream: string; readonly text: string };
  'log': { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string };
}

/** What the engine asks of the extension (the command line answers them itself). */
export interface HostMethods {
  /** The value of a secret by its name, such as `OPENAI_API_KEY`; `null` when nobody has set it. `origin`: where a source of traces would be shown it (`https://host`). */
  'secret/get': [{ readonly name: string; readonly origin?: string }, { readonly value: string | null }];
  'lm/list': [Record<string, never>, { readonly models: readonly { readonly id: string; readonly name: string; readonly maxInputTokens: number }[] }];
  'lm/generate': [{ readonly id: string; readonly messages: readonly ChatMessage[]; readonly options: JsonObject; readonly stream: string | null }, { readonly text: string; readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]; readonly notes: readonly string[]; readonly inputTokens: number | null }];
}

/** What the extension tells the engine, without being asked. */
export interface HostNotifications {
  /** Text of the `lm/generate` with this `stream`, as it arrives. */
  'lm/text': { readonly stream: string; readonly text: string };
}

export type EngineMethod = keyof EngineMethods;
export type Params<M extends EngineMethod> = EngineMethods[M][0];
export type Result<M extends EngineMethod> = EngineMethods[M][1];

/** The Engine behind its one interface: in process for the command line, over RPC for the extension. */
export interface EngineClient {
  request<M extends EngineMethod>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>>;
  on<N extends keyof EngineNotifications>(name: N, listener: (params: EngineNotifications[N]) => void): () => void;
  dispose(): Promise<void>;
}

/** The side that the engine asks: the extension over RPC, or the command line itself. */
export interface EngineHost {
  /** What this program is for others on the same workspace, e.g. “another VS Code window”. */
  readonly name?: string;
  request<M extends keyof HostMethods>(method: M, params: HostMethods[M][0], signal?: AbortSignal): Promise<HostMethods[M][1]>;
  on<N extends keyof HostNotifications>(name: N, listener: (params: HostNotifications[N]) => void): () => void;
}
