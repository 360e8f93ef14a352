import type { AssertionResult } from '../assert/model.ts';
import type { ErrorCode } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { ChatMessage, TokenUsage, ToolCall } from '../model/model.ts';

/**
 * `running`: a process is at work on it. `interrupted`: that process is gone; the run resumes with what is missing.
 * `budget`: stopped by its hard limit.
 */
export type RunStatus = 'running' | 'finished' | 'cancelled' | 'interrupted' | 'budget';

/** One execution of a prompt × models × dataset × repeats. */
export interface RunInfo {
  readonly id: string;
  /** Given by a person; absent: shown by the prompt's name. */
  readonly title?: string;
  readonly promptId: string;
  readonly promptName: string;
  readonly promptPath: string;
  /** Hash of the prompt's canonical content: tells whether a result is stale. */
  readonly promptHash: string;
  readonly workingCopy: boolean;
  /** The version that was asked for by name; absent: the file as it was. */
  readonly version?: RunVersion;
  readonly datasetName: string | null;
  readonly datasetHash: string;
  readonly assertionsHash: string;
  /** SHA-256 of the files that checks name (scripts, schemas, rubrics), by path below the workspace folder; absent: none. */
  readonly checkFiles?: Readonly<Record<string, string>>;
  /** Absent: of a run from before it was kept; `null`: no model and no embeddings judge its outputs. */
  readonly judge?: RunJudge | null;
  readonly models: readonly RunModel[];
  readonly cases: number;
  readonly repeats: number;
  /** Cells that the plan asks for; absent: cases × models × repeats. Fewer where cases name their models. */
  readonly planned?: number;
  readonly status: RunStatus;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** From the first request to the last commit. */
  readonly durationMs: number;
  readonly budgetUsd: number | null;
  readonly estimate: CostEstimate;
  readonly sequence?: RunSequence;
  /** Only cases with this text or these tags were planned. */
  readonly filter?: { readonly text?: string; readonly tags?: readonly string[]; readonly caseIds?: readonly string[] };
}

/** A version of a prompt as it was called when its run began. */
export interface RunVersion {
  readonly hash: string;
  /** `null`: nobody saved it. */
  readonly number: number | null;
  /** `v7 · 3f9a1c2e` */
  readonly label: string;
  /** The environment by which it was asked for. */
  readonly environment: string | null;
}

export interface RunModel {
  /** Unique in its run, as shown. */
  readonly label: string;
  readonly id: string;
  readonly kind: string;
  /** Hash of its id, its settings and everything else beside the request that shapes its outputs; absent: of an older run. */
  readonly identity?: string;
}

/**
 * A comparison whose cases were asked for in random order, until its answer was clear. What follows from the order must be computed
 * with it: intervals that hold only when all cases are looked at once would be wrong.
 */
export interface RunSequence {
  readonly a: { readonly runId: string; readonly modelIndex: number };
  readonly b: { readonly runId: string; readonly modelIndex: number };
  readonly seed: number;
  /** Cases at least in a batch: clusters are not divided. */
  readonly batch: number;
  readonly until: 'verdict' | 'gate';
  readonly metric: string;
  readonly margin: number;
  /** `null`: it was never clear, and every case was asked for. */
  readonly stopped: { readonly cases: number; readonly of: number; readonly savedUsd: number | null; readonly sentence: string } | null;
}

/** The models that judged outputs. */
export interface RunJudge {
  /** Of their ids and settings, those of touchstone.yml included. */
  readonly hash: string;
  readonly models: readonly string[];
}

/** A range of US dollars; `null`: at least one model's price is unknown. Free models cost 0. */
export interface CostEstimate {
  readonly usd: number | null;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Models without a price. */
  readonly unpriced: readonly string[];
}

export type CellStatus = 'waiting' | 'running' | 'done' | 'error';

/** One output of a run. Identified by (caseIndex, modelIndex, repeat), all zero-based. */
export interface CellKey {
  readonly caseIndex: number;
  readonly modelIndex: number;
  readonly repeat: number;
}

export interface CellError {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface CellResult extends CellKey {
  readonly caseId: string;
  readonly status: 'done' | 'error';
  /** Text, or data as a value; `null` where there is no answer. */
  readonly output: unknown;
  /** `null` where there is no answer. */
  readonly pass: boolean | null;
  readonly score: number | null;
  readonly assertions: readonly AssertionResult[];
  readonly namedScores: Readonly<Record<string, number>>;
  readonly error: CellError | null;
  readonly latencyMs: number | null;
  readonly usage: TokenUsage | null;
  /** US dollars; `null` unknown. Judges included. */
  readonly cost: number | null;
  readonly cached: boolean;
  readonly attempts: number;
  readonly finishReason: string | null;
  readonly toolCalls: readonly ToolCall[];
  readonly traceId: string | null;
}

/** What was sent, for the Request tab. Rendered again from the run's snapshot, so it costs no space. */
export interface CellRequest {
  readonly messages: readonly ChatMessage[];
  /** For each message the spans [start, end) of the text that came from variables, in UTF-16 units. */
  readonly inserted: readonly (readonly (readonly [number, number])[])[];
  readonly parameters: JsonObject;
}

export interface AttemptInfo {
  readonly number: number;
  readonly startedAt: string;
  readonly durationMs: number | null;
  /** `open`: started, and the process ended before the answer: its usage is unknown. */
  readonly outcome: 'open' | 'answered' | 'failed' | 'cancelled';
  readonly error: CellError | null;
  readonly usage: TokenUsage | null;
}

export interface Summary {
  readonly cells: number;
  readonly passed: number;
  readonly failed: number;
  /** Cells without an answer; not in the rate. */
  readonly errors: number;
  /** passed / (passed + failed); `null` when there is none. */
  readonly passRate: number | null;
  /** 95 % interval of the pass rate: Wilson, or on case means when cases have repeats. */
  readonly interval: readonly [number, number] | null;
  readonly score: number | null;
  readonly cost: number | null;
  readonly tokens: { readonly input: number | null; readonly output: number | null };
  /** Milliseconds, over cells that were not cached. */
  readonly latency: { readonly p50: number | null; readonly p95: number | null };
  readonly cached: number;
  readonly namedScores: Readonly<Record<string, number>>;
}
