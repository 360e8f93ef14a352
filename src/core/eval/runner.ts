import type { AssertionSpec, CellScore, ScoreContext } from '../assert/model.ts';
import type { Case } from '../dataset/model.ts';
import { canonicalJson, type JsonObject } from '../json.ts';
import type { Model, ModelReply, ModelRequest } from '../model/model.ts';
import type { Budget } from './budget.ts';
import { TouchstoneError } from '../errors.ts';
import { callModel, toTouchstoneError, type AttemptOutcome, type CallPorts } from './call.ts';
import type { AttemptEnd, RunJournal } from './journal.ts';
import type { CellError, CellKey, CellResult, RunStatus } from './model.ts';
import { cellKeyAt, cellOrdinal, type RunShape } from './ordinal.ts';
import { caseAssertions, plannedOrdinals, planShape, type RunPlan } from './plan.ts';
import { modelRequest, type RenderedRequest } from './request.ts';

/** Everything outside the run itself; the engine wires it, tests replace what they look at. */
export interface RunPorts extends CallPorts {
  readonly journal: RunJournal;
  /** Of this run, its judges included. */
  readonly budget: Budget;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** SHA-256, hex. */
  readonly hash: (text: string) => string;
  render(item: Case, signal: AbortSignal): Promise<RenderedRequest>;
  score(assertions: readonly AssertionSpec[], context: ScoreContext, item: Case, signal: AbortSignal): Promise<CellScore>;
  /** Checks that choose among all outputs of one case (select-best, max-score). Returns the results that changed; absent for cases without such checks. */
  scoreGroup(assertions: readonly AssertionSpec[], item: Case, results: readonly CellResult[], signal: AbortSignal): Promise<readonly CellResult[]>;
  needsGroup(assertions: readonly AssertionSpec[]): boolean;
  /** After each finished cell. `before`: the result that it replaces, where the cell had one already. */
  onCell(result: CellResult, before?: CellResult): void;
  onStart(ordinal: number): void;
  onStop(ordinal: number): void;
  readonly traceparent?: (ordinal: number, attempt: number) => string;
}

export interface RunState {
  /** Ordinals that have a result already. */
  readonly finished: ReadonlySet<number>;
  /** Ordinal → number of its last journaled attempt. */
  readonly attempts: ReadonlyMap<number, number>;
  /** Marks answers that only this run may use again (with `noCache`). */
  readonly runId: string;
}

export interface RunEnd {
  readonly status: Extract<RunStatus, 'finished' | 'cancelled' | 'budget'>;
  /** From the first request to the last commit. */
  readonly durationMs: number;
  /** Why it stopped early, in words. */
  readonly reason?: string;
}

type Answer = { readonly reply: ModelReply; readonly latencyMs: number | null; readonly cached: boolean; readonly attempts: number; readonly cost: number | null } | { readonly error: CellError; readonly attempts: number; readonly cost: number | null };

/**
 * Executes what is missing of a run: cells in their order, case by case so that an interrupted run stays paired, `concurrency` at once.
 * A failing cell is a result; only a journal that cannot be written ends the run with an exception (TouchstoneError 'store').
 */
export async function executeRun(plan: RunPlan, state: RunState, ports: RunPorts, cancel: AbortSignal): Promise<RunEnd> {
  return new RunExecution(plan, state, ports, cancel).run();
}

class RunExecution {
  readonly #plan: RunPlan;
  readonly #state: RunState;
  readonly #ports: RunPorts;
  readonly #cancel: AbortSignal;
  readonly #shape: RunShape;
  readonly #todo: readonly number[];
  /** Ends every worker: cancelled by a person, out of budget, or a journal that fails. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  /** For cases with checks across their outputs: cells that are still missing. */
  readonly #missingOfCase = new Map<number, number>();
  /** Cells that are asked for or being scored. */
  readonly #open = new Set<Promise<void>>();
  #next = 0;
  #startedAt: number | undefined;
  #largestOutput = 0;
  #budgetReason: string | undefined;
  #failure: TouchstoneError | undefined;
  #lastRender: { caseIndex: number; rendered: Promise<RenderedRequest> } | undefined;

  constructor(plan: RunPlan, state: RunState, ports: RunPorts, cancel: AbortSignal) {
    this.#plan = plan;
    this.#state = state;
    this.#ports = ports;
    this.#cancel = cancel;
    this.#shape = planShape(plan);
    this.#signal = AbortSignal.any([cancel, this.#stop.signal]);
    const planned = plannedOrdinals(plan);
    this.#todo = planned.filter((ordinal) => !state.finished.has(ordinal));
    this.#findGroups(planned);
  }

  async run(): Promise<RunEnd> {
    try {
      await this.#completeGroups();
    } catch (error) {
      this.#fail(error);
    }
    const workers = Math.max(1, Math.min(this.#plan.concurrency, this.#todo.length));
    await Promise.all(Array.from({ length: workers }, () => this.#work()));
    await Promise.all(this.#open);
    try {
      await this.#ports.journal.flush();
    } catch (error) {
      this.#failure ??= toTouchstoneError(error);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const durationMs = this.#startedAt === undefined ? 0 : this.#ports.monotonic() - this.#startedAt;
    if (this.#budgetReason !== undefined) return { status: 'budget', durationMs, reason: this.#budgetReason };
    return { status: this.#cancel.aborted ? 'cancelled' : 'finished', durationMs };
  }

  /** One cell's answer after the other: a cell is scored while the next one is asked for. A process that is killed repeats at most what was asked. */
  async #work(): Promise<void> {
    while (!this.#signal.aborted) {
      const ordinal = this.#todo[this.#next];
      if (ordinal === undefined) return;
      // Answers that cannot be kept must not be paid for.
      const failure = this.#ports.journal.failure();
      if (failure !== undefined) {
        this.#fail(failure);
        return;
      }
      this.#next++;
      const { promise: answered, resolve } = Promise.withResolvers<void>();
      const cell = this.#cell(ordinal, resolve)
        .catch((error: unknown) => this.#fail(error))
        .finally(() => {
          this.#open.delete(cell);
          this.#ports.onStop(ordinal);
          resolve();
        });
      this.#open.add(cell);
      this.#ports.onStart(ordinal);
      await answered;
      // Where scoring cannot keep up, as with judges, asking waits for it.
      while (this.#open.size > 2 * this.#plan.concurrency) await Promise.race(this.#open);
    }
  }

  /** Out of budget is an end like any other; what a stopped run throws says nothing. */
  #fail(error: unknown): void {
    if (this.#signal.aborted) return;
    const failure = toTouchstoneError(error);
    if (failure.code === 'budget-exceeded') this.#budgetReason = failure.message;
    else this.#failure = failure;
    this.#stop.abort();
  }

  /** `answered`: the answer is on disk, so that the next one may be asked for. Not called for answers that are not kept: those count when their cell is finished. */
  async #cell(ordinal: number, answered: () => void): Promise<void> {
    const key = cellKeyAt(ordinal, this.#shape);
    const item = this.#plan.cases[key.caseIndex];
    const model = this.#plan.models[key.modelIndex];
    if (item === undefined || model === undefined) return;
    const result = await this.#result(key, ordinal, item, model, answered);
    // Cancelled on the way: nothing is written, so that resuming runs this cell.
    if (result === undefined) return;
    await this.#ports.journal.cellFinished(result);
    const missing = this.#missingOfCase.get(key.caseIndex);
    if (missing !== undefined) {
      this.#missingOfCase.set(key.caseIndex, missing - 1);
      if (missing === 1) return this.#scoreGroup(key.caseIndex, item);
    } else {
      this.#ports.onCell(result);
    }
  }

  async #result(key: CellKey, ordinal: number, item: Case, model: Model, answered: () => void): Promise<CellResult | undefined> {
    let rendered: RenderedRequest;
    try {
      rendered = await this.#render(key.caseIndex, item);
    } catch (error) {
      return this.#signal.aborted ? undefined : failedCell(key, item, toCellError(error), 0, 0);
    }
    const request = modelRequest(this.#plan.prompt, rendered, item, key.repeat);
    const answer = item.recordedOutput === undefined ? await this.#answer(key, ordinal, model, request, answered) : recordedAnswer(item.recordedOutput);
    if (answer === undefined) return undefined;
    if ('error' in answer) return failedCell(key, item, answer.error, answer.attempts, answer.cost);
    this.#largestOutput = Math.max(this.#largestOutput, answer.reply.usage?.output ?? 0);
    try {
      return await this.#scored(key, item, model, request, answer);
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      // A judge that the budget does not allow: the answer is kept, and judged when the run resumes.
      if (error instanceof TouchstoneError && error.code === 'budget-exceeded') throw error;
      return { ...failedCell(key, item, toCellError(error), answer.attempts, answer.cost), output: outputOf(answer.reply), usage: answer.reply.usage };
    }
  }

  async #scored(key: CellKey, item: Case, model: Model, request: ModelRequest, answer: Extract<Answer, { reply: ModelReply }>): Promise<CellResult> {
    const { reply, cost } = answer;
    const assertions = caseAssertions(this.#plan.prompt, item);
    const score = await this.#ports.score(
      assertions,
      {
        output: reply.text,
        ...(reply.data === undefined ? {} : { data: reply.data }),
        vars: item.vars,
        expected: item.expected,
        promptText: request.promptText,
        caseId: item.id,
        ...(item.description === undefined ? {} : { description: item.description }),
        metadata: { ...item.metadata, ...reply.metadata },
        modelId: model.ref.id,
        latencyMs: answer.latencyMs,
        cached: answer.cached,
        cost,
        finishReason: reply.finishReason,
        ...(reply.refusal === undefined ? {} : { refusal: reply.refusal }),
        ...(reply.logprobs === undefined ? {} : { logprobs: reply.logprobs }),
        toolCalls: reply.toolCalls,
        tools: this.#plan.prompt.tools,
      },
      item,
      this.#signal,
    );
    let judges: number | null = 0;
    for (const assertion of score.assertions) {
      if (assertion.cost === undefined) continue;
      judges = judges === null || assertion.cost === null ? null : judges + assertion.cost;
    }
    return {
      ...key,
      caseId: item.id,
      status: 'done',
      output: score.output === undefined ? outputOf(reply) : score.output,
      pass: score.pass,
      score: score.score,
      assertions: score.assertions,
      namedScores: score.namedScores,
      error: null,
      latencyMs: answer.latencyMs,
      usage: reply.usage,
      cost: cost === null || judges === null ? null : cost + judges,
      cached: answer.cached,
      attempts: answer.attempts,
      finishReason: reply.finishReason,
      toolCalls: reply.toolCalls,
      traceId: null,
    };
  }

  /** The same for all models and repeats of a case, which run next to each other: the last one is kept. */
  #render(caseIndex: number, item: Case): Promise<RenderedRequest> {
    if (this.#lastRender?.caseIndex !== caseIndex) this.#lastRender = { caseIndex, rendered: this.#ports.render(item, this.#signal) };
    return this.#lastRender.rendered;
  }

  /** From the cache, from what this run has already received, or from the model. `undefined`: stopped. */
  async #answer(key: CellKey, ordinal: number, model: Model, request: ModelRequest, answered: () => void): Promise<Answer | undefined> {
    const { journal, traceparent } = this.#ports;
    const before = this.#state.attempts.get(ordinal) ?? 0;
    const shared = model.cacheable && !this.#plan.noCache;
    const replyKey = this.#replyKey(key, model, request, shared);
    // A private answer is there only when this cell was asked for before.
    if (replyKey !== undefined && (shared || before > 0)) {
      const stored = journal.findReply(replyKey());
      // An answer that this very run received before it was killed is its own, not a cached one.
      if (stored !== undefined) {
        const cached = before === 0;
        // What comes from the cache was paid for once already.
        return { reply: stored, latencyMs: stored.latencyMs ?? null, cached, attempts: before, cost: cached ? 0 : this.#ports.cost(model, stored) };
      }
    }
    const called = await callModel(model, request, this.#ports, {
      budget: this.#ports.budget,
      largestOutput: this.#largestOutput,
      maxRetries: this.#plan.maxRetries,
      timeoutMs: this.#plan.timeoutMs,
      firstAttempt: before + 1,
      signal: this.#signal,
      ...(traceparent === undefined ? {} : { traceparent: (number) => traceparent(ordinal, number) }),
      onStart: (number, startedAt) => {
        this.#startedAt ??= startedAt;
        journal.attemptStarted(key, number, this.#ports.now());
      },
      onEnd: (number, end) => {
        // Kept before anything else happens to it: from here on a killed run does not ask again.
        if ('reply' in end && replyKey !== undefined) {
          const reply = { ...end.reply, latencyMs: end.latencyMs };
          void (shared ? journal.keepReply(replyKey(), reply) : journal.holdReply(key, replyKey, reply)).then(answered);
        }
        journal.attemptEnded(key, number, attemptEnd(end, this.#ports.now()));
      },
    });
    if ('overBudget' in called) throw new TouchstoneError('budget-exceeded', called.overBudget);
    if ('stopped' in called) return undefined;
    return 'reply' in called ? { ...called, cached: false } : called;
  }

  /**
   * Hash of everything that shapes the output, made when it is asked for. `undefined`: the answer is on this machine anyway (local model,
   * recording), so keeping it is waste. Private keys keep an answer for resuming only.
   */
  #replyKey(key: CellKey, model: Model, request: ModelRequest, shared: boolean): (() => string) | undefined {
    if (!shared && (model.kind === 'local' || model.kind === 'replay')) return undefined;
    const { promptText, ...rest } = request;
    const content: JsonObject = {
      model: model.identity,
      ...rest,
      // A chat request is its messages; a command also sees the case as a whole.
      case: model.kind === 'code' ? { ...rest.case, promptText } : undefined,
      run: shared ? undefined : { id: this.#state.runId, ...key },
    };
    let made: string | undefined;
    return () => (made ??= this.#ports.hash(canonicalJson(content)));
  }

  #findGroups(planned: readonly number[]): void {
    const needed = this.#plan.cases.map((item) => this.#ports.needsGroup(caseAssertions(this.#plan.prompt, item)));
    if (!needed.includes(true)) return;
    for (const ordinal of planned) {
      const { caseIndex } = cellKeyAt(ordinal, this.#shape);
      if (needed[caseIndex] !== true) continue;
      const missing = this.#state.finished.has(ordinal) ? 0 : 1;
      this.#missingOfCase.set(caseIndex, (this.#missingOfCase.get(caseIndex) ?? 0) + missing);
    }
  }

  /** A run that was killed between a case's last cell and its choice among the outputs. */
  async #completeGroups(): Promise<void> {
    for (const [caseIndex, missing] of this.#missingOfCase) {
      const item = this.#plan.cases[caseIndex];
      if (missing === 0 && item !== undefined) await this.#scoreGroup(caseIndex, item);
    }
  }

  async #scoreGroup(caseIndex: number, item: Case): Promise<void> {
    const { journal } = this.#ports;
    const results: CellResult[] = [];
    for (let modelIndex = 0; modelIndex < this.#shape.models; modelIndex++) {
      for (let repeat = 0; repeat < this.#shape.repeats; repeat++) {
        const result = journal.readCell({ caseIndex, modelIndex, repeat });
        if (result !== undefined) results.push(result);
      }
    }
    const changed = await this.#ports.scoreGroup(caseAssertions(this.#plan.prompt, item), item, results, this.#signal);
    await Promise.all(changed.map((result) => journal.cellFinished(result)));
    for (const result of results) {
      const now = changed.find((other) => other.modelIndex === result.modelIndex && other.repeat === result.repeat);
      // Cells that were there before this run went on are counted already: only what the choice changed is news.
      const known = this.#state.finished.has(cellOrdinal(result, this.#shape));
      if (!known) this.#ports.onCell(now ?? result);
      else if (now !== undefined) this.#ports.onCell(now, result);
    }
  }
}

function recordedAnswer(output: unknown): Answer {
  const text = typeof output === 'string' ? output : JSON.stringify(output);
  return {
    reply: { text, ...(typeof output === 'string' ? {} : { data: output }), toolCalls: [], finishReason: null, usage: null, reportedCost: 0 },
    latencyMs: null,
    cached: false,
    attempts: 0,
    cost: 0,
  };
}

function outputOf(reply: ModelReply): unknown {
  return reply.data === undefined ? reply.text : reply.data;
}

function failedCell(key: CellKey, item: Case, error: CellError, attempts: number, cost: number | null): CellResult {
  return {
    ...key,
    caseId: item.id,
    status: 'error',
    output: null,
    pass: null,
    score: null,
    assertions: [],
    namedScores: {},
    error,
    latencyMs: null,
    usage: null,
    cost,
    cached: false,
    attempts,
    finishReason: null,
    toolCalls: [],
    traceId: null,
  };
}

function toCellError(error: unknown): CellError {
  const { code, message } = toTouchstoneError(error);
  return { code, message };
}

function attemptEnd(end: AttemptOutcome, at: number): AttemptEnd {
  if ('reply' in end) return { at, outcome: 'answered', error: null, usage: end.reply.usage };
  // What a cut attempt used is unknown.
  if ('stopped' in end) return { at, outcome: 'cancelled', error: null, usage: null };
  return { at, outcome: 'failed', error: toCellError(end.error), usage: null };
}
