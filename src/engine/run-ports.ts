import { hash as digest } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScoreOptions, ScorePorts } from '../core/assert/ports.ts';
import { scoreCell } from '../core/assert/score-cell.ts';
import { hasGroupChecks, scoreGroup } from '../core/assert/score-group.ts';
import type { ProjectConfig } from '../core/config/model.ts';
import type { Case } from '../core/dataset/model.ts';
import type { Budget } from '../core/eval/budget.ts';
import type { CallPorts } from '../core/eval/call.ts';
import type { RunJournal } from '../core/eval/journal.ts';
import { modelJudge, type JudgePorts } from '../core/eval/judge.ts';
import type { CellResult } from '../core/eval/model.ts';
import type { RunPlan } from '../core/eval/plan.ts';
import type { RenderedRequest } from '../core/eval/request.ts';
import type { RunPorts } from '../core/eval/runner.ts';
import type { FileReader } from '../core/files.ts';
import { RateLimiter, limitsFor, type Clock } from '../core/model/limits.ts';
import type { Model, ModelCatalog } from '../core/model/model.ts';
import { costOf } from '../core/model/prices.ts';
import { renderPrompt } from '../core/prompt/render.ts';
import type { PromptDocument } from '../core/prompt/model.ts';
import { folderOf } from '../core/text/path.ts';
import type { WarmScorer } from '../node/scoring/index.ts';
import { contextOf } from './score-context.ts';
import { callPromptFunction } from '../node/scoring/prompt-function.ts';

const CLOCK: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** The limiters of this process: what an endpoint said to one run holds for the next. */
export class Limiters {
  readonly #limiters = new Map<string, RateLimiter>();

  of(model: Model, concurrency: number, config: ProjectConfig): RateLimiter {
    const limits = limitsFor(model.endpoint, model.ref.id, config.limits);
    const key = JSON.stringify([model.endpoint, limits]);
    let limiter = this.#limiters.get(key);
    if (limiter === undefined) {
      limiter = new RateLimiter({ concurrency, ...limits }, CLOCK);
      this.#limiters.set(key, limiter);
    }
    // Pauses and requests per minute are the endpoint's, however many each run sends at once.
    limiter.allow(concurrency);
    return limiter;
  }
}

export function hash(text: string): string {
  return digest('sha256', text);
}

export function callPorts(options: { readonly limiters: Limiters; readonly catalog: ModelCatalog; readonly config: ProjectConfig; readonly concurrency: number }): CallPorts {
  const { limiters, catalog, config, concurrency } = options;
  return {
    monotonic: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    random: Math.random,
    acquire: (model, tokens, signal) => limiters.of(model, concurrency, config).acquire({ tokens, signal }),
    price: (model) => catalog.price(model),
    cost: (model, reply) => reply.reportedCost ?? costOf(reply.usage, catalog.price(model)),
  };
}

export interface RunPortsOptions {
  readonly plan: RunPlan;
  readonly journal: RunJournal;
  readonly budget: Budget;
  readonly catalog: ModelCatalog;
  readonly config: ProjectConfig;
  readonly limiters: Limiters;
  readonly files: FileReader;
  readonly scorer: WarmScorer;
  readonly signal: AbortSignal;
  onCell(result: CellResult, before?: CellResult): void;
  onStart(ordinal: number): void;
  onStop(ordinal: number): void;
  traceparent(ordinal: number, attempt: number): string;
}

/** Wires a run to its models, checks and journal. */
export function runPorts(options: RunPortsOptions): RunPorts {
  const { plan, scorer, signal } = options;
  const calls = callPorts({ ...options, concurrency: plan.concurrency });
  const ports = scorePorts(options, calls);
  return {
    ...calls,
    journal: options.journal,
    budget: options.budget,
    now: Date.now,
    hash,
    render: (item) => renderCase(plan.prompt, item, { scorer, signal }),
    score: (assertions, context, item) => scoreCell(assertions, context, ports, scoreOptions(plan.prompt, item)),
    needsGroup: hasGroupChecks,
    scoreGroup: (assertions, item, results) => scoreGroup(assertions, results, ports, { ...scoreOptions(plan.prompt, item), vars: item.vars, expected: item.expected }),
    onCell: (result, before) => options.onCell(result, before),
    onStart: (ordinal) => options.onStart(ordinal),
    onStop: (ordinal) => options.onStop(ordinal),
    traceparent: (ordinal, attempt) => options.traceparent(ordinal, attempt),
  };
}

function scorePorts(options: RunPortsOptions, calls: CallPorts): ScorePorts {
  const { plan, journal, budget, catalog, config, scorer, files, signal } = options;
  const judges: JudgePorts = { ...calls, hash, findReply: (key) => journal.findReply(key), keepReply: (key, reply) => journal.keepReply(key, reply) };
  return {
    scorer,
    files,
    signal,
    ...(config.judge === undefined ? {} : { defaultJudge: { id: config.judge } }),
    judge: async (ref) => modelJudge(await catalog.resolve(ref), judges, { budget, maxRetries: plan.maxRetries, timeoutMs: plan.timeoutMs, noCache: plan.noCache }),
    embed: async (texts, stop, ref) => {
      const model = await catalog.embedding(ref?.id ?? config.embedding);
      return { vectors: await model.embed(texts, stop), cost: model.id.startsWith('local:') ? 0 : null };
    },
  };
}

function scoreOptions(prompt: PromptDocument, item: Case): ScoreOptions {
  const threshold = item.threshold ?? prompt.threshold;
  const { transform, judge, rubricPrompt } = item.options;
  return {
    ...(threshold === undefined ? {} : { threshold }),
    ...(transform === undefined ? {} : { transform }),
    ...(judge === undefined ? {} : { judge }),
    ...(rubricPrompt === undefined ? {} : { rubricPrompt }),
    baseDir: folderOf(prompt.path),
  };
}

/** The request of one case: by the template, or by the prompt's own function. */
export async function renderCase(prompt: PromptDocument, item: Case, { scorer, signal }: { scorer: WarmScorer; signal: AbortSignal }): Promise<RenderedRequest> {
  const { transformVars } = item.options;
  const vars =
    transformVars === undefined
      ? item.vars
      : { ...item.vars, ...(await scorer.transformVars(transformVars, contextOf(item.vars, item), signal, folderOf(item.place.file))) };
  const filled: Case = vars === item.vars ? item : { ...item, vars };
  if (prompt.source === undefined) return renderPrompt(prompt, filled);
  return callPromptFunction(prompt.source, filled.vars, scorer, signal);
}
