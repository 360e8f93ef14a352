import type { Case } from '../core/dataset/model.ts';
import { TouchstoneError, errorMessage } from '../core/errors.ts';
import { Budget } from '../core/eval/budget.ts';
import { estimatePlan } from '../core/eval/estimate.ts';
import type { CostEstimate, RunInfo } from '../core/eval/model.ts';
import { cellCount, cellOrdinal } from '../core/eval/ordinal.ts';
import { planShape, scoresInThread, type RunPlan, type StoredPlan } from '../core/eval/plan.ts';
import { executeRun, plannedOrdinals } from '../core/eval/runner.ts';
import type { RunSummary } from '../core/eval/summary.ts';
import type { FileReader } from '../core/files.ts';
import type { ModelCatalog } from '../core/model/model.ts';
import { assertionsHash, datasetHash, promptHash } from '../core/prompt/canonical.ts';
import type { ProjectConfig } from '../core/config/model.ts';
import type { RunStore, StoredRun, StoredSummary } from '../node/sqlite/run-store.ts';
import { createScorer } from '../node/scoring/index.ts';
import type { EvalRequest, RunSnapshot } from '../protocol/engine.ts';
import { deriveMetrics } from './derived-metrics.ts';
import type { LiveRun } from './grid.ts';
import { ActiveRun, newRunId } from './live-run.ts';
import { prepareRuns, requireKeys, resolveModels, type Prepared, type PrepareContext } from './prepare.ts';
import { renderCase, runPorts, type Limiters } from './run-ports.ts';
import type { Workspace } from './workspace.ts';

export interface EvalEvents {
  /** A run's cells, or its state, changed. */
  changed(runId: string, revision: number): void;
  /** Runs came or went. */
  listChanged(): void;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}

interface RunContext {
  readonly config: ProjectConfig;
  readonly catalog: ModelCatalog;
  readonly files: FileReader;
}

/** Starts, resumes, cancels and follows the runs of one workspace folder. */
export class Evals {
  readonly #workspace: Workspace;
  readonly #events: EvalEvents;
  readonly #active = new Map<string, ActiveRun>();
  readonly #limiters: Limiters;

  constructor(workspace: Workspace, limiters: Limiters, events: EvalEvents) {
    this.#workspace = workspace;
    this.#limiters = limiters;
    this.#events = events;
  }

  async estimate(request: EvalRequest, signal: AbortSignal): Promise<CostEstimate> {
    return this.#withContext(request, async (context) => {
      const prepared = await prepareRuns(request, context);
      const store = await this.#workspace.store();
      return addEstimates(await Promise.all(prepared.map(({ plan }) => this.#estimate(plan, context, store, signal))));
    });
  }

  /** Journals every planned run, then works on them one after the other. */
  async start(request: EvalRequest): Promise<string[]> {
    const { context, release } = await this.#context(request);
    try {
      const prepared = await prepareRuns(request, context);
      await requireKeys(prepared.flatMap(({ plan }) => plan.models));
      const store = await this.#workspace.store();
      const runs: ActiveRun[] = [];
      const planning = new AbortController();
      for (const item of prepared) {
        const run = store.create(await this.#runInfo(request, item, context, store, planning.signal), storedPlan(item.plan), item.plan.cases);
        runs.push(this.#activate(run, item.plan, store.summarize(run)));
      }
      this.#events.listChanged();
      this.#work(runs, context, store, release);
      return runs.map(({ run }) => run.info.id);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async resume(runId: string): Promise<string[]> {
    const store = await this.#workspace.store();
    const run = store.get(runId);
    if (run.info.status === 'finished') throw new TouchstoneError('usage', `Run ${runId} is finished: there is nothing to resume.`);
    const { context, release } = await this.#context({ targets: [], origin: 'cli' });
    try {
      const plan = await this.#restore(run, store, context);
      await requireKeys(plan.models);
      if (!store.claim(run)) throw new TouchstoneError('usage', `Run ${runId} is being worked on by another window or command.`);
      // What failed is tried again; what was answered stays.
      store.forgetCells(run, failedOrdinals(store, run));
      const active = this.#activate(run, plan, store.summarize(run));
      this.#events.listChanged();
      this.#work([active], context, store, release);
      return [runId];
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Runs one case again with every model, without the cache, and replaces its cells. */
  async rerun(runId: string, caseIndex: number): Promise<void> {
    const store = await this.#workspace.store();
    if (this.#active.has(runId)) throw new TouchstoneError('usage', 'The run is still under way. Wait for it or cancel it, then run the case again.');
    const run = store.get(runId);
    store.case(run, caseIndex);
    const { context, release } = await this.#context({ targets: [], origin: 'editor' });
    try {
      const plan = await this.#restore(run, store, context);
      if (!store.claim(run)) throw new TouchstoneError('usage', `Run ${runId} is being worked on by another window or command.`);
      const shape = planShape(plan);
      const first = cellOrdinal({ caseIndex, modelIndex: 0, repeat: 0 }, shape);
      const ordinals = Array.from({ length: shape.models * shape.repeats }, (_, i) => first + i);
      store.forgetCells(run, ordinals);
      const active = this.#activate(run, { ...plan, noCache: true }, store.summarize(run), { only: new Set(ordinals), fresh: true });
      this.#work([active], context, store, release);
      await active.done;
    } catch (error) {
      await release();
      throw error;
    }
  }

  async cancel(runId: string): Promise<void> {
    const active = this.#active.get(runId);
    if (active === undefined) return;
    active.cancel.abort();
    await active.done.catch(() => undefined);
  }

  async wait(runIds: readonly string[], signal: AbortSignal): Promise<RunSnapshot[]> {
    const stopped = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new TouchstoneError('cancelled', 'Cancelled.')), { once: true }));
    await Promise.race([Promise.all(runIds.map(async (id) => this.#active.get(id)?.done)), stopped]);
    return Promise.all(runIds.map((id) => this.snapshot(id)));
  }

  async cancelAll(): Promise<void> {
    const active = [...this.#active.values()];
    for (const run of active) run.cancel.abort();
    await Promise.allSettled(active.map(({ done }) => done));
  }

  isActive(runId: string): boolean {
    return this.#active.has(runId);
  }

  activeOf(promptPath: string, promptId: string): ActiveRun | undefined {
    return [...this.#active.values()].find(({ run }) => run.info.promptPath === promptPath && run.info.promptId === promptId);
  }

  /** What the grid needs beside the store. */
  live(run: StoredRun): LiveRun {
    const active = this.#active.get(run.info.id);
    if (active !== undefined) return active;
    return { revision: run.revision, running: new Map(), slowAbove: run.summary?.models.map(({ latency }) => latency.p95) ?? [] };
  }

  async snapshot(runId: string): Promise<RunSnapshot> {
    const store = await this.#workspace.store();
    return this.snapshotOf(store.get(runId), store);
  }

  snapshotOf(run: StoredRun, store: RunStore): RunSnapshot {
    const active = this.#active.get(run.info.id);
    const summary = summaryOf(run, store, active);
    return {
      info: active === undefined ? run.info : { ...run.info, durationMs: Date.now() - active.startedAt + active.run.info.durationMs },
      summary: summary.all,
      models: run.info.models.map(({ label }, i) => ({
        label,
        summary: summary.models[i] ?? summary.all,
        metricSums: summary.metricSums[i] ?? {},
        ...(summary.derived?.[i] === undefined ? {} : { derived: summary.derived[i] }),
      })),
      slices: store.slices(run),
      done: summary.all.cells,
      total: active?.planned ?? cellCount({ cases: run.info.cases, models: run.info.models.length, repeats: run.info.repeats }),
      running: active?.running.size ?? 0,
      costSoFar: summary.all.cost,
      remainingMs: active?.remainingMs() ?? null,
    };
  }

  async #context(request: EvalRequest): Promise<{ context: PrepareContext; release: () => Promise<void> }> {
    const files = this.#workspace.files(request.overlays);
    const config = await this.#workspace.usableConfig(files);
    const catalog = this.#workspace.catalog(config);
    let released = false;
    return {
      context: { workspace: this.#workspace, files, config, catalog },
      release: async () => {
        if (!released) await catalog.dispose();
        released = true;
      },
    };
  }

  async #withContext<T>(request: EvalRequest, use: (context: PrepareContext) => Promise<T>): Promise<T> {
    const { context, release } = await this.#context(request);
    try {
      return await use(context);
    } finally {
      await release();
    }
  }

  async #runInfo(request: EvalRequest, { plan, dataset, workingCopy }: Prepared, context: RunContext, store: RunStore, signal: AbortSignal): Promise<RunInfo> {
    const { prompt } = plan;
    return {
      id: newRunId(Date.now()),
      promptId: prompt.id,
      promptName: prompt.name,
      promptPath: prompt.path,
      promptHash: promptHash(prompt),
      workingCopy,
      datasetName: dataset?.name ?? null,
      datasetHash: datasetHash(plan.cases),
      assertionsHash: assertionsHash(prompt),
      models: plan.models.map((model, i) => ({ label: plan.labels[i] ?? model.ref.id, id: model.ref.id, kind: model.kind })),
      cases: plan.cases.length,
      repeats: plan.repeats,
      status: 'running',
      startedAt: new Date().toISOString(),
      durationMs: 0,
      budgetUsd: plan.budgetUsd,
      estimate: await this.#estimate(plan, context, store, signal),
      ...(request.filter === undefined && request.tags === undefined && request.caseIds === undefined
        ? {}
        : { filter: { ...(request.filter === undefined ? {} : { text: request.filter }), ...(request.tags === undefined ? {} : { tags: request.tags }), ...(request.caseIds === undefined ? {} : { caseIds: request.caseIds }) } }),
    };
  }

  async #estimate(plan: RunPlan, { catalog }: RunContext, store: RunStore, signal: AbortSignal): Promise<CostEstimate> {
    // A paid model only: free ones need no rendering to know what they cost.
    const [last] = store.list({ limit: 1, promptPath: plan.prompt.path, promptId: plan.prompt.id });
    const scorer = createScorer({ allowCode: this.#workspace.settings.trusted });
    try {
      return await estimatePlan(plan, {
        price: (model) => catalog.price(model),
        render: (item: Case) => renderCase(plan.prompt, item, { scorer, signal }),
        meanOutputTokens: (label) => meanOutput(last, label),
      });
    } finally {
      await scorer.dispose();
    }
  }

  async #restore(run: StoredRun, store: RunStore, { catalog, workspace }: PrepareContext): Promise<RunPlan> {
    const stored = store.plan(run) as StoredPlan;
    const { models } = await resolveModels({}, { ...stored.prompt, models: stored.models }, catalog);
    return {
      prompt: stored.prompt,
      models,
      labels: run.info.models.map(({ label }) => label),
      cases: store.cases(run),
      repeats: run.info.repeats,
      concurrency: stored.concurrency,
      noCache: stored.noCache,
      maxRetries: workspace.settings.maxRetries,
      ...(stored.timeoutMs === undefined ? {} : { timeoutMs: stored.timeoutMs }),
      budgetUsd: run.info.budgetUsd,
    };
  }

  #activate(run: StoredRun, plan: RunPlan, summary: RunSummary, part: { only?: ReadonlySet<number>; fresh?: boolean } = {}): ActiveRun {
    const active = new ActiveRun(run, plan, summary, plannedOrdinals(plan).length, part);
    this.#active.set(run.info.id, active);
    return active;
  }

  /** One run after the other: they share the models' limits, and the first results come sooner. */
  #work(runs: readonly ActiveRun[], context: PrepareContext, store: RunStore, release: () => Promise<void>): void {
    let before: Promise<unknown> = Promise.resolve();
    for (const active of runs) {
      active.done = before.then(() => this.#execute(active, context, store));
      // A failed run is told to whoever waits for it; the next one still runs.
      before = active.done.catch((error: unknown) => this.#events.log('error', errorMessage(error)));
    }
    void before.then(release);
  }

  async #execute(active: ActiveRun, context: PrepareContext, store: RunStore): Promise<void> {
    const { run, plan, summary } = active;
    const { id } = run.info;
    active.startedAt = Date.now();
    const changed = (): void => this.#events.changed(id, ++active.revision);
    const scorer = createScorer({ allowCode: this.#workspace.settings.trusted, onPrint: (text) => this.#events.log('info', text) });
    if (scoresInThread(plan)) scorer.warm();
    try {
      const finished = new Set(store.finishedOrdinals(run));
      if (active.only !== undefined) for (const ordinal of plannedOrdinals(plan)) if (!active.only.has(ordinal)) finished.add(ordinal);
      const ports = runPorts({
        plan,
        journal: store.journal(run),
        budget: new Budget(plan.budgetUsd, summary.cost ?? 0),
        catalog: context.catalog,
        config: context.config,
        limiters: this.#limiters,
        files: context.files,
        scorer,
        signal: active.cancel.signal,
        onCell: (result) => {
          active.add(result);
          changed();
        },
        onStart: (ordinal) => void active.running.set(ordinal, Date.now()),
        onStop: (ordinal) => void active.running.delete(ordinal),
      });
      const end = await executeRun(plan, { finished, attempts: store.lastAttempts(run), runId: active.fresh ? `${id}/${active.startedAt}` : id }, ports, active.cancel.signal);
      if (end.reason !== undefined) this.#events.log('warn', end.reason);
      const status = active.only !== undefined && end.status === 'finished' ? statusAfterRerun(run, store, active) : end.status;
      store.finish(run, { status, durationMs: run.info.durationMs + end.durationMs, summary: await this.#withDerived(plan, summary) });
    } catch (error) {
      store.finish(run, { status: 'interrupted', durationMs: run.info.durationMs, summary: storedSummary(summary) });
      throw error;
    } finally {
      this.#active.delete(id);
      await scorer.dispose();
      changed();
      this.#events.listChanged();
    }
  }

  /** A formula that cannot be computed takes nothing from the run's results: it is told, and its metric is left out. */
  async #withDerived(plan: RunPlan, summary: RunSummary): Promise<StoredSummary> {
    const stored = storedSummary(summary);
    const { derivedMetrics } = plan.prompt;
    if (derivedMetrics.length === 0) return stored;
    try {
      return { ...stored, derived: await Promise.all(stored.metricSums.map((sums, i) => deriveMetrics(derivedMetrics, sums, stored.models[i]?.cells ?? 0))) };
    } catch (error) {
      this.#events.log('warn', errorMessage(error));
      return stored;
    }
  }
}

function statusAfterRerun(run: StoredRun, store: RunStore, active: ActiveRun): RunInfo['status'] {
  return store.finishedOrdinals(run).length >= active.planned ? 'finished' : run.info.status === 'running' ? 'interrupted' : run.info.status;
}

function storedSummary(summary: RunSummary): StoredSummary {
  return { all: summary.all(), models: summary.models(), metricSums: summary.metricSums() };
}

/** The summary as it is now: of the live run, as it was stored, or (after a crash) added up from the cells. */
function summaryOf(run: StoredRun, store: RunStore, active: ActiveRun | undefined): StoredSummary {
  if (active !== undefined) return storedSummary(active.summary);
  if (run.summary !== null) return run.summary;
  const summary = storedSummary(store.summarize(run));
  if (run.info.status !== 'running') store.keepSummary(run, summary);
  return summary;
}

function failedOrdinals(store: RunStore, run: StoredRun): number[] {
  return store.database.prepare('SELECT ordinal FROM cell WHERE run = ? AND error_code IS NOT NULL').pluck().all(run.n) as number[];
}

function storedPlan(plan: RunPlan): StoredPlan {
  return {
    // The cases are kept with the run; a config's inline ones would be there twice.
    prompt: { ...plan.prompt, dataset: { ...plan.prompt.dataset, inline: [] } },
    models: plan.models.map(({ ref }) => ref),
    concurrency: plan.concurrency,
    noCache: plan.noCache,
    maxRetries: plan.maxRetries,
    ...(plan.timeoutMs === undefined ? {} : { timeoutMs: plan.timeoutMs }),
  };
}

function meanOutput(last: StoredRun | undefined, label: string): number | null {
  const at = last?.info.models.findIndex((model) => model.label === label) ?? -1;
  const summary = at < 0 ? undefined : last?.summary?.models[at];
  const answered = (summary?.passed ?? 0) + (summary?.failed ?? 0);
  return summary === undefined || summary.tokens.output === null || answered === 0 ? null : summary.tokens.output / answered;
}

function addEstimates(estimates: readonly CostEstimate[]): CostEstimate {
  return estimates.reduce(
    (total, one) => ({
      usd: total.usd === null || one.usd === null ? null : total.usd + one.usd,
      requests: total.requests + one.requests,
      inputTokens: total.inputTokens + one.inputTokens,
      outputTokens: total.outputTokens + one.outputTokens,
      unpriced: [...new Set([...total.unpriced, ...one.unpriced])],
    }),
    { usd: 0, requests: 0, inputTokens: 0, outputTokens: 0, unpriced: [] },
  );
}
