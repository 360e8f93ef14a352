import type { Case } from '../core/dataset/model.ts';
import { TouchstoneError, errorMessage } from '../core/errors.ts';
import { Budget } from '../core/eval/budget.ts';
import { estimatePlan } from '../core/eval/estimate.ts';
import { traceIdOfCell, traceparentOfAttempt } from '../core/eval/cell-trace-id.ts';
import type { CellResult, CostEstimate, RunInfo } from '../core/eval/model.ts';
import { cellCount, cellKeyAt, cellOrdinal } from '../core/eval/ordinal.ts';
import { plannedOrdinals, planShape, scoresInThread, type RunPlan, type StoredPlan } from '../core/eval/plan.ts';
import type { RunSummary } from '../core/eval/summary.ts';
import type { FileReader } from '../core/files.ts';
import type { ModelCatalog } from '../core/model/model.ts';
import { assertionsHash, caseHash, datasetHash, promptHash } from '../core/prompt/canonical.ts';
import type { ProjectConfig } from '../core/config/model.ts';
import { shapeOf, type RunStore, type StoredRun, type StoredSummary } from '../node/sqlite/run-store.ts';
import { createScorer } from '../node/scoring/index.ts';
import type { EvalRequest, RunSnapshot } from '../protocol/engine.ts';
import { deriveMetrics } from './derived-metrics.ts';
import { aborted } from './aborted.ts';
import type { CaseBatches } from './case-batches.ts';
import { addEstimates, meanOutput, scaleEstimate } from './estimates.ts';
import type { LiveRun } from './grid.ts';
import { checkFiles, modelIdentity, runJudge } from './judge.ts';
import { ActiveRun, newRunId } from './live-run.ts';
import { checkBudget, prepareRuns, requireKeys, resolveModels, type Prepared, type PrepareContext, type VersionSource } from './prepare.ts';
import { renderCase, runPorts, type Limiters } from './run-ports.ts';
import { mapInSteps } from './steps.ts';
import { storedPlan, storedSummary, summaryOf } from './stored.ts';
import { workOn } from './work.ts';
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
  readonly #versions: VersionSource;

  constructor(workspace: Workspace, limiters: Limiters, events: EvalEvents, versions: VersionSource) {
    this.#workspace = workspace;
    this.#versions = versions;
    this.#limiters = limiters;
    this.#events = events;
  }

  /** `sample`: cases spread evenly over the dataset, and how many it has; reading all of them again is not for every key that is typed. */
  async estimate(request: EvalRequest, signal: AbortSignal, sample?: { readonly cases: readonly Case[]; readonly of: number }): Promise<CostEstimate> {
    return this.#withContext(request, async (context) => {
      const prepared = await prepareRuns(request, context, ...(sample === undefined ? [] : [() => Promise.resolve(sample.cases)]));
      const store = await this.#workspace.store();
      const estimate = addEstimates(await Promise.all(prepared.map(({ plan }) => this.#estimate(plan, context, store, signal))));
      return sample === undefined ? estimate : scaleEstimate(estimate, sample.of / sample.cases.length);
    });
  }

  /** What `start` would run, one for each prompt, without running it. */
  async preview(request: EvalRequest, signal: AbortSignal): Promise<RunInfo[]> {
    return this.#withContext(request, async (context) => {
      const store = await this.#workspace.store();
      const infos: RunInfo[] = [];
      for (const item of await prepareRuns(request, context)) infos.push(await this.#runInfo(request, item, context, store, signal));
      return infos;
    });
  }

  /**
   * Journals every planned run, then works on them one after the other. The signal ends the preparation; a run that is planned is cancelled
   * by its id. `shared`: a limit that these runs have together with others; `batches`: in which their cases are asked for.
   */
  async start(request: EvalRequest, signal: AbortSignal, { shared, batches }: { readonly shared?: Budget; readonly batches?: CaseBatches } = {}): Promise<string[]> {
    const { context, release } = await this.#context(request);
    try {
      const prepared = await prepareRuns(request, context);
      await requireKeys(prepared.flatMap(({ plan }) => plan.models));
      const store = await this.#workspace.store();
      const infos: RunInfo[] = [];
      for (const item of prepared) infos.push(await this.#runInfo(request, item, context, store, signal));
      if (signal.aborted) throw new TouchstoneError('cancelled', 'Cancelled.');
      const runs: ActiveRun[] = [];
      try {
        for (const [i, { plan }] of prepared.entries()) {
          const run = await store.create(infos[i] as RunInfo, storedPlan(plan), plan.cases);
          runs.push(this.#activate(run, plan, store.summarize(run)));
        }
        for (const active of runs) Object.assign(active, { sharedBudget: shared, batches });
      } catch (error) {
        for (const { run } of runs) this.#giveBack(run, store);
        throw error;
      }
      this.#events.listChanged();
      this.#work(runs, context, store, release);
      return runs.map(({ run }) => run.info.id);
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** `budgetUsd` replaces the run's own: one that stopped at its budget needs more to go on. */
  async resume(runId: string, budgetUsd?: number): Promise<string[]> {
    const store = await this.#workspace.store();
    const run = store.get(runId);
    if (run.info.status === 'finished') throw new TouchstoneError('usage', `Run ${runId} is finished: there is nothing to resume.`);
    await this.#continue(run, store, { ...(budgetUsd === undefined ? {} : { budgetUsd }) }, (plan) => {
      // What failed is tried again; what was answered stays.
      store.forgetErrors(run);
      return this.#activate(run, plan, store.summarize(run));
    });
    return [runId];
  }

  /** Runs one case again with every model, without the cache. Each cell is replaced when its new result is there. */
  async rerun(runId: string, caseIndex: number): Promise<void> {
    const store = await this.#workspace.store();
    const run = store.get(runId);
    store.case(run, caseIndex);
    const active = await this.#continue(run, store, { noCache: true }, (plan) => {
      const shape = planShape(plan);
      const first = cellOrdinal({ caseIndex, modelIndex: 0, repeat: 0 }, shape);
      const ordinals = Array.from({ length: shape.models * shape.repeats }, (_, i) => first + i);
      return this.#activate(run, plan, store.summarize(run), new Map(ordinals.map((ordinal) => [ordinal, store.cell(run, cellKeyAt(ordinal, shape))])));
    });
    await active.done;
  }

  /** Takes a run that was stored, and goes on with it. */
  async #continue(run: StoredRun, store: RunStore, change: Partial<Pick<RunPlan, 'budgetUsd' | 'noCache'>>, activate: (plan: RunPlan) => ActiveRun): Promise<ActiveRun> {
    const { id } = run.info;
    const { context, release } = await this.#context({ targets: [], origin: 'editor' });
    try {
      const plan = { ...(await this.#restore(run, store, context)), ...change };
      checkBudget(plan, context.catalog);
      await requireKeys(plan.models);
      if (this.#active.has(id)) throw new TouchstoneError('usage', `Run ${id} is still under way. Wait for it or cancel it, then try again.`);
      if (!store.claim(run, plan.budgetUsd)) throw new TouchstoneError('usage', `Run ${id} is being worked on by another window or command. Wait for it or cancel it there, then try again.`);
      try {
        const active = activate(plan);
        this.#events.listChanged();
        this.#work([active], context, store, release);
        return active;
      } catch (error) {
        this.#giveBack(run, store);
        throw error;
      }
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** A run that this process holds and cannot work on must not look as if it did. */
  #giveBack(run: StoredRun, store: RunStore): void {
    this.#active.delete(run.info.id);
    const status = run.info.status === 'running' ? 'interrupted' : run.info.status;
    store.finish(run, { status, durationMs: run.info.durationMs, summary: storedSummary(store.summarize(run)), revision: run.revision });
  }

  async cancel(runId: string): Promise<void> {
    const active = this.#active.get(runId);
    if (active === undefined) return;
    active.cancel.abort();
    await active.done.catch(() => undefined);
  }

  async wait(runIds: readonly string[], signal: AbortSignal): Promise<RunSnapshot[]> {
    await Promise.race([Promise.all(runIds.map(async (id) => this.#active.get(id)?.done)), aborted(signal)]);
    if (signal.aborted) throw new TouchstoneError('cancelled', 'Cancelled.');
    return Promise.all(runIds.map((id) => this.snapshot(id)));
  }

  async cancelAll(): Promise<void> {
    const active = [...this.#active.values()];
    for (const run of active) run.cancel.abort();
    await Promise.allSettled(active.map(({ done }) => done));
  }

  active(runId: string): ActiveRun | undefined {
    return this.#active.get(runId);
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
      total: active?.planned ?? run.info.planned ?? cellCount(shapeOf(run.info)),
      running: active?.running.size ?? 0,
      costSoFar: summary.all.cost,
      remainingMs: active?.remainingMs() ?? null,
      ...(active === undefined && run.info.status === 'running' ? { elsewhere: true } : {}),
    };
  }

  async #context(request: EvalRequest): Promise<{ context: PrepareContext; release: () => Promise<void> }> {
    const files = this.#workspace.files(request.overlays);
    const config = await this.#workspace.usableConfig(files);
    const catalog = this.#workspace.catalog(config);
    let released = false;
    return {
      context: { workspace: this.#workspace, files, config, catalog, versions: this.#versions },
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

  async #runInfo(request: EvalRequest, { plan, dataset, workingCopy, version }: Prepared, context: RunContext, store: RunStore, signal: AbortSignal): Promise<RunInfo> {
    const { prompt } = plan;
    return {
      id: newRunId(Date.now()),
      promptId: prompt.id,
      promptName: prompt.name,
      promptPath: prompt.path,
      promptHash: promptHash(prompt),
      workingCopy,
      ...(version === null ? {} : { version }),
      datasetName: dataset?.name ?? null,
      datasetHash: datasetHash(await mapInSteps(plan.cases, caseHash)),
      assertionsHash: assertionsHash(prompt),
      checkFiles: await checkFiles(prompt, plan.cases, context.files, this.#workspace.folder),
      judge: await runJudge(prompt, plan.cases, context),
      models: plan.models.map((model, i) => ({ label: plan.labels[i] ?? model.ref.id, id: model.ref.id, kind: model.kind, identity: modelIdentity(model) })),
      cases: plan.cases.length,
      repeats: plan.repeats,
      planned: plannedOrdinals(plan).length,
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

  #activate(run: StoredRun, plan: RunPlan, summary: RunSummary, replaces?: ReadonlyMap<number, CellResult | null>): ActiveRun {
    const active = new ActiveRun(run, plan, summary, plannedOrdinals(plan).length, replaces);
    this.#active.set(run.info.id, active);
    return active;
  }

  /** One run after the other: they share the models' limits, and the first results come sooner. */
  #work(runs: readonly ActiveRun[], context: PrepareContext, store: RunStore, release: () => Promise<void>): void {
    let before: Promise<unknown> = Promise.resolve();
    for (const active of runs) {
      // Cancelled while it waits for its turn, a run ends at once.
      active.done = Promise.race([before, aborted(active.cancel.signal)]).then(() => this.#execute(active, context, store));
      // A failed run is told to whoever waits for it; the next one still runs.
      before = Promise.all([before, active.done.catch((error: unknown) => this.#events.log('error', errorMessage(error)))]);
    }
    void before.then(release);
  }

  async #execute(active: ActiveRun, context: PrepareContext, store: RunStore): Promise<void> {
    const { run, plan, summary } = active;
    const { id } = run.info;
    active.startedAt = Date.now();
    let told: NodeJS.Immediate | undefined;
    const tell = (): void => {
      clearImmediate(told);
      told = undefined;
      this.#events.changed(id, ++active.revision);
    };
    // Cells that one commit finished are told of once: each time costs a message to the editor.
    const changed = (): void => void (told ??= setImmediate(tell));
    const scorer = createScorer({ allowCode: this.#workspace.settings.trusted, onPrint: (text) => this.#events.log('info', text) });
    try {
      if (await scoresInThread(plan)) scorer.warm();
      const journal = store.journal(run);
      const ports = runPorts({
        plan,
        journal,
        budget: new Budget(plan.budgetUsd, store.spent(run), (usd) => journal.spent(usd), active.sharedBudget),
        catalog: context.catalog,
        config: context.config,
        limiters: this.#limiters,
        files: context.files,
        scorer,
        signal: active.cancel.signal,
        onCell: (result, before) => {
          active.add(result, before);
          changed();
        },
        onStart: (ordinal) => void active.running.set(ordinal, Date.now()),
        onStop: (ordinal) => void active.running.delete(ordinal),
        traceparent: (ordinal, attempt) => traceparentOfAttempt(traceIdOfCell(id, ordinal), attempt),
      });
      const end = await workOn(active, store, ports);
      if (end.reason !== undefined) this.#events.log('warn', end.reason);
      // Stopped on the way, a case may have outputs that wait for the choice among them: they are there, and nobody has counted them.
      const counted = end.whole ? summary : store.summarize(run);
      store.finish(run, { status: end.status, durationMs: run.info.durationMs + end.durationMs, summary: await this.#withDerived(plan, counted), revision: active.revision, sequence: end.sequence });
    } catch (error) {
      // Only what is in the store counts: the last cells may not have reached it.
      store.finish(run, { status: 'interrupted', durationMs: run.info.durationMs, summary: storedSummary(store.summarize(run)), revision: active.revision });
      throw error;
    } finally {
      this.#active.delete(id);
      active.batches?.left(id);
      await scorer.dispose();
      tell();
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
