import type { JsonObject } from '../json.ts';
import type { ModelRef, ToolCall, Tool } from '../model/model.ts';
import type { SourceRange } from '../text/position.ts';

/** A check as it is written: promptfoo's vocabulary (specs: docs/assertions.md), `not-` prefix included in `type`. */
export interface AssertionSpec {
  readonly type: string;
  readonly value?: unknown;
  readonly threshold?: number;
  /** Default 1. Weight 0 reports and never fails the cell. */
  readonly weight?: number;
  readonly metric?: string;
  /** Judge, or embedding model, of this assertion. */
  readonly model?: ModelRef;
  readonly rubricPrompt?: unknown;
  /** JavaScript applied to the output before this check. */
  readonly transform?: string;
  readonly config?: JsonObject;
  /** Members of an `assert-set`. */
  readonly assert?: readonly AssertionSpec[];
  /** Shown instead of the type (GitHub evaluators have names). */
  readonly name?: string;
  /** Folder against which `file://` values are taken, absolute. */
  readonly baseDir?: string;
  readonly range?: SourceRange;
}

export interface AssertionResult {
  readonly type: string;
  readonly name?: string;
  readonly pass: boolean;
  /** In 0..1. */
  readonly score: number;
  /** One sentence that a person can act on. */
  readonly reason: string;
  readonly weight: number;
  readonly metric: string | null;
  /** The rendered value, as shown beside the type; shortened to 200 characters. */
  readonly value?: string;
  /** The check itself could not be made: code threw, judge failed, time limit. Counts as failed. */
  readonly error?: string;
  readonly namedScores?: Readonly<Record<string, number>>;
  /** What the judge cost, US dollars; `null` unknown; absent where no judge was asked. */
  readonly cost?: number | null;
  /** The judge's answer as it came, for the reader. */
  readonly judgeOutput?: string;
  /** Results of an assert-set's members. */
  readonly components?: readonly AssertionResult[];
}

/** What one cell's checks say together. */
export interface CellScore {
  readonly pass: boolean;
  /** In 0..1; weighted mean. */
  readonly score: number;
  readonly reason: string;
  readonly assertions: readonly AssertionResult[];
  readonly namedScores: Readonly<Record<string, number>>;
  /** What was scored, where the case's transform made it from the answer. */
  readonly output?: unknown;
}

/** Everything that a check may look at. Plain data: it travels to a worker. */
export interface ScoreContext {
  /** The output as text (data is JSON). */
  readonly output: string;
  readonly data?: unknown;
  readonly vars: JsonObject;
  readonly expected?: unknown;
  readonly promptText: string;
  readonly caseId: string;
  readonly description?: string;
  readonly metadata: JsonObject;
  readonly modelId: string;
  readonly latencyMs: number | null;
  readonly cached: boolean;
  readonly cost: number | null;
  readonly finishReason: string | null;
  readonly refusal?: string;
  readonly logprobs?: readonly number[];
  readonly toolCalls: readonly ToolCall[];
  readonly tools: readonly Tool[];
}

/**
 * Runs the checks that need code, regular expressions or parsers, away from the main thread and each under a time limit.
 * A check that hangs is stopped, reported as an error of its own, and the others still answer.
 */
export interface Scorer {
  score(assertions: readonly AssertionSpec[], context: ScoreContext, signal: AbortSignal): Promise<AssertionResult[]>;
  /** Applies a JavaScript transform; the result replaces output and data. @throws TouchstoneError 'code-failed' | 'timeout' */
  transform(code: string, context: ScoreContext, signal: AbortSignal, baseDir?: string): Promise<unknown>;
  /** promptfoo's transformVars: the code is given the variables in place of the output and returns variables to add. @throws as `transform` */
  transformVars(code: string, context: ScoreContext, signal: AbortSignal, baseDir?: string): Promise<JsonObject>;
  /**
   * Makes a check ready that is made elsewhere (by a judge): value and metric rendered, a code file's value computed,
   * its transform applied to the output. @throws as `transform`
   */
  prepare(spec: AssertionSpec, context: ScoreContext, signal: AbortSignal): Promise<{ spec: AssertionSpec; context: ScoreContext }>;
  /** Calls a function of a JavaScript file, `file://x.js` or `file://x.js:name`. @throws as `transform` */
  call(file: string, args: readonly unknown[], signal: AbortSignal, baseDir: string): Promise<unknown>;
  dispose(): Promise<void>;
}
