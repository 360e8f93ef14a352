import { Budget } from '../../core/eval/budget.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { RunInfo } from '../../core/eval/model.ts';
import { hashJson } from '../../core/hash.ts';
import { cellCount } from '../../core/eval/ordinal.ts';
import { nearestOf } from '../../core/text/nearest.ts';
import { readCaseFacts } from '../../node/sqlite/case-facts.ts';
import { runsByName, runsOfContent } from '../../node/sqlite/find-runs.ts';
import { shapeOf, type RunStore } from '../../node/sqlite/run-store.ts';
import type { CompareMethods, CompareRequest, ComparisonRef, RunSide } from '../../protocol/compare.ts';
import type { EvalRequest } from '../../protocol/engine.ts';
import { addEstimates } from '../estimates.ts';
import type { Evals } from '../evals.ts';
import type { Workspace } from '../workspace.ts';
import { sideOfRun } from './asked.ts';
import { differences, namesOf } from './refusal.ts';
import { SequentialBatches } from './sequential-batches.ts';
import { STANDARD_SETTINGS } from './settings.ts';
import { readSide, type PromptOfSide, type RunOfSide, type Side } from './sides.ts';

/** A side, and the run that answers it or what would have to be run. */
interface Answered {
  readonly spec: string;
  readonly side: Side;
  readonly ref: RunSide;
}

interface Missing {
  readonly spec: string;
  readonly side: PromptOfSide;
  readonly request: EvalRequest;
  /** Of one model. */
  readonly info: RunInfo;
}

type Resolved = Answered | Missing;

/** Sides of one prompt, version and options whose models one run can have. */
interface Group {
  readonly request: EvalRequest;
  readonly missing: readonly Missing[];
}

/** Finds the runs that answer the sides of a comparison, and starts those that are missing. */
export class ComparisonStarts {
  readonly #workspace: Workspace;
  readonly #evals: Evals;

  constructor(workspace: Workspace, evals: Evals) {
    this.#workspace = workspace;
    this.#evals = evals;
  }

  /** `known` counts cells of runs that are there; answers in the response cache make the rest cheaper than it says. */
  async estimate(request: CompareRequest, signal: AbortSignal): Promise<CompareMethods['compare/estimate'][1]> {
    const store = await this.#workspace.store();
    const resolved = await this.#resolveAll(request, store, signal);
    const missing = onceEach(resolved.filter((side) => 'info' in side), request);
    const cells = (info: RunInfo): number => info.planned ?? cellCount(shapeOf(info));
    const known = resolved.reduce((sum, side) => sum + ('ref' in side ? store.get(side.ref.runId).info.cases * store.get(side.ref.runId).info.repeats : 0), 0);
    const toRun = missing.reduce((sum, { info }) => sum + cells(info), 0);
    const ended = resolved.every((side) => 'ref' in side && this.#evals.active(side.ref.runId) === undefined);
    return { cells: known + toRun, known, usd: addEstimates(missing.map(({ info }) => info.estimate)).usd, comparisons: ended ? comparisonsOf(resolved.flatMap((side) => ('ref' in side ? side.ref : []))) : null };
  }

  /** @throws TouchstoneError 'usage' | 'not-found' and whatever an eval's start throws; then nothing runs */
  async start(request: CompareRequest, signal: AbortSignal): Promise<CompareMethods['compare/start'][1]> {
    const store = await this.#workspace.store();
    const resolved = await this.#resolveAll(request, store, signal);
    const missing = resolved.filter((side) => 'info' in side);
    const groups = grouped(onceEach(missing, request));
    // One limit over all that is started: each run alone might stay within it.
    const shared = request.budgetUsd === undefined ? undefined : new Budget(request.budgetUsd);
    const batches = groups.length > 0 && request.sequential === true ? sequentialBatches(request, resolved, store) : undefined;
    const started = new Map<Missing, RunSide>();
    const runIds: string[] = [];
    let comparisons: readonly ComparisonRef[] = [];
    try {
      for (const { request: evalRequest, missing: ofGroup } of groups) {
        const [runId] = await this.#evals.start(evalRequest, signal, { shared, batches });
        if (runId === undefined) throw new TouchstoneError('usage', `${ofGroup[0]?.spec ?? ''} has nothing to run.`);
        runIds.push(runId);
        const { models } = store.get(runId).info;
        for (const side of ofGroup) started.set(side, { runId, modelIndex: Math.max(0, models.findIndex(({ identity }) => identity === side.info.models[0]?.identity)) });
      }
      for (const side of missing) {
        const other = started.has(side) ? undefined : missing.find((one) => started.has(one) && isOneVersion(one.info, side.info));
        const ref = other === undefined ? undefined : started.get(other);
        if (ref !== undefined) started.set(side, sideOfRun(store.get(ref.runId).info, ref.modelIndex, side.info.version));
      }
      comparisons = comparisonsOf(resolved.map((side) => ('ref' in side ? side.ref : started.get(side)!)));
      const [ref] = comparisons;
      if (batches !== undefined && ref !== undefined) {
        // From here on they run: each waits for the other between batches.
        batches.begin(ref, runIds, store, await readCaseFacts(store, store.get(ref.b.runId)));
      }
    } catch (error) {
      await Promise.all(runIds.map((runId) => this.#evals.cancel(runId)));
      throw error;
    }
    const found = resolved.flatMap((side) => ('ref' in side && this.#evals.active(side.ref.runId) !== undefined ? [side.ref.runId] : []));
    return { comparisons, runIds: [...new Set([...runIds, ...found])] };
  }

  async #resolveAll(request: CompareRequest, store: RunStore, signal: AbortSignal): Promise<Resolved[]> {
    if (request.sides.length < 2) throw new TouchstoneError('usage', 'A comparison needs two sides at least: the baseline, and what is compared with it.');
    const files = this.#workspace.files(request.overlays);
    const config = await this.#workspace.usableConfig(files);
    const folders = { root: this.#workspace.folder, from: request.folder ?? this.#workspace.folder, files, config };
    const resolved: Resolved[] = [];
    for (const spec of request.sides) {
      const side = await readSide(spec, folders);
      resolved.push(side.kind === 'run' ? { spec, side, ref: findRun(side, spec, request, store) } : await this.#resolve(side, spec, request, store, signal));
    }
    refuseSame(resolved);
    return resolved;
  }

  async #resolve(side: PromptOfSide, spec: string, request: CompareRequest, store: RunStore, signal: AbortSignal): Promise<Resolved> {
    const evalRequest = evalRequestOf(side, request);
    const [info] = await this.#evals.preview(evalRequest, signal);
    if (info === undefined) throw new TouchstoneError('usage', `${spec} has nothing to run.`);
    if (info.models.length > 1) throw new TouchstoneError('usage', `${spec} names ${info.models.length} models. Say which one: ${info.models.map(({ label }) => `${spec}+${label}`).join(', ')}.`);
    const ref = request.noCache === true ? null : this.#find(info, request.repeats ?? info.repeats, store);
    return ref === null ? { spec, side, request: evalRequest, info } : { spec, side, ref };
  }

  /**
   * The newest run that asked the same and judged it alike, finished or under way here. A program that a user wrote may have changed
   * without its command: its answers are always asked for anew.
   */
  #find(wanted: RunInfo, repeats: number, store: RunStore): RunSide | null {
    const [model] = wanted.models;
    if (model === undefined || model.kind === 'code') return null;
    for (const id of runsOfContent(store.database, wanted)) {
      const { info } = store.get(id);
      if (info.status !== 'finished' && this.#evals.active(id) === undefined) continue;
      // One that stopped early has not answered everything.
      if (info.sequence !== undefined || this.#evals.active(id)?.batches !== undefined) continue;
      if (hashJson(info.checkFiles ?? {}) !== hashJson(wanted.checkFiles ?? {})) continue;
      if (info.judge === undefined || info.judge?.hash !== wanted.judge?.hash || info.repeats < repeats) continue;
      const modelIndex = info.models.findIndex(({ identity }) => identity !== undefined && identity === model.identity);
      if (modelIndex >= 0) return sideOfRun(info, modelIndex, wanted.version);
    }
    return null;
  }
}

/**
 * On the command line until what its exit code asks is clear; in the editor until a person sees which one is better. The order follows from
 * what is compared: by chance, and the same one whenever it is compared again.
 */
function sequentialBatches({ options, origin }: CompareRequest, resolved: readonly Resolved[], store: RunStore): SequentialBatches {
  if (resolved.length > 2) throw new TouchstoneError('usage', 'Stopping early looks at two sides: compare several without it.');
  const infos = resolved.map((side) => ('info' in side ? side.info : store.get(side.ref.runId).info));
  const [a, b] = infos;
  // Each look compares case by case: what would be refused in the end is not paid for first.
  const differs = a === undefined || b === undefined ? [] : differences(a, b);
  if (differs.length > 0) throw new TouchstoneError('usage', `${resolved[0]?.spec ?? ''} and ${resolved[1]?.spec ?? ''} would not be judged alike: their ${namesOf(differs)} differ. Give both the same cases and the same assertions, then stop early.`);
  const contents = infos.map(({ promptHash, datasetHash, models }) => [promptHash, datasetHash, models.map(({ identity }) => identity)]);
  return new SequentialBatches({ ...STANDARD_SETTINGS, ...options }, origin === 'cli' ? 'gate' : 'verdict', Number.parseInt(hashJson(contents).slice(0, 8), 16));
}

/** The first side is the baseline of all others. */
function comparisonsOf([a, ...others]: readonly RunSide[]): ComparisonRef[] {
  return a === undefined ? [] : others.map((b) => ({ a, b }));
}

function evalRequestOf(side: PromptOfSide, request: CompareRequest): EvalRequest {
  const model = side.model ?? request.model;
  const { overlays, dataset, repeats, concurrency, noCache, budgetUsd, origin } = request;
  return {
    targets: [side.path],
    prompts: [side.promptId],
    ...(side.version === null ? {} : { version: side.version }),
    ...(model === undefined ? {} : { models: [model] }),
    ...(overlays === undefined ? {} : { overlays }),
    ...(dataset === undefined ? {} : { dataset }),
    ...(repeats === undefined ? {} : { repeats }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(noCache === undefined ? {} : { noCache }),
    ...(budgetUsd === undefined ? {} : { budgetUsd }),
    origin,
  };
}

/** @throws TouchstoneError 'usage' | 'not-found' */
function findRun(side: RunOfSide, spec: string, request: CompareRequest, store: RunStore): RunSide {
  const ids = runsByName(store.database, side.id);
  const [id, ...others] = ids;
  if (id === undefined) throw new TouchstoneError('not-found', side.id === 'latest' ? 'This workspace has no runs yet.' : `No run here begins with ${side.id}. "touchstone runs" lists them.`);
  if (others.length > 0) throw new TouchstoneError('usage', `${side.id} begins the ids of ${ids.length} runs: ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}.`);
  const { models } = store.get(id).info;
  const wanted = side.model ?? request.model;
  if (wanted === undefined) {
    if (models.length === 1) return { runId: id, modelIndex: 0, named: true };
    throw new TouchstoneError('usage', `${spec} has ${models.length} models. Say which one: ${models.map(({ label }) => `${spec}+${label}`).join(', ')}.`);
  }
  const byLabel = models.findIndex(({ label }) => label === wanted);
  const modelIndex = byLabel >= 0 ? byLabel : models.findIndex((model) => model.id === wanted);
  if (modelIndex >= 0) return { runId: id, modelIndex, named: true };
  const nearest = nearestOf(wanted, models.map(({ label }) => label));
  throw new TouchstoneError('not-found', `Run ${id} has no model ${wanted}. ${nearest === null ? `It has ${models.map(({ label }) => label).join(', ')}.` : `Did you mean ${nearest}?`}`);
}

/**
 * Without those that are a version which another one is, by another name: one run answers for both. Programs of a user may answer
 * otherwise each time, whoever wants no cache wants every answer anew, and each side of a run that stops early waits for the other's.
 */
function onceEach(missing: readonly Missing[], { noCache, sequential }: CompareRequest): Missing[] {
  if (noCache === true || sequential === true) return [...missing];
  return missing.filter((side, at) => side.info.models[0]?.kind === 'code' || !missing.slice(0, at).some(({ info }) => isOneVersion(info, side.info)));
}

function isOneVersion(a: RunInfo, b: RunInfo): boolean {
  const [modelA, modelB] = [a.models[0], b.models[0]];
  return a.promptPath === b.promptPath && a.promptId === b.promptId && a.version !== undefined && a.version.hash === b.version?.hash && modelA?.identity !== undefined && modelA.identity === modelB?.identity;
}

/** Sides that differ in nothing but the model share a run. */
function grouped(missing: readonly Missing[]): Group[] {
  const groups = new Map<string, Missing[]>();
  for (const side of missing) {
    const { models: _models, ...rest } = side.request;
    const key = JSON.stringify([rest, side.info.datasetHash]);
    groups.set(key, [...(groups.get(key) ?? []), side]);
  }
  return [...groups.values()].map((sides) => {
    const [first] = sides as [Missing, ...Missing[]];
    // By their labels: a prompt's own model is run with the settings that it has there.
    return { missing: sides, request: sides.length === 1 ? first.request : { ...first.request, models: sides.map(({ info }) => info.models[0]!.label) } };
  });
}

/**
 * One thing that was written twice is a slip. What has the same content by another name is compared nevertheless: a file that is as a version
 * has it or as a run asked it, a version to which an environment points. A gate has to pass it.
 */
function refuseSame([a, ...others]: readonly Resolved[]): void {
  if (a === undefined) return;
  for (const b of others) if (isNamedAlike(a.side, b.side) && asksOneModel(a, b)) throw sameSides(a.spec, b.spec);
}

function isNamedAlike(a: Side, b: Side): boolean {
  if (a.kind === 'run' || b.kind === 'run') return a.kind === b.kind;
  return a.path === b.path && a.promptId === b.promptId && a.version === b.version;
}

function asksOneModel(a: Resolved, b: Resolved): boolean {
  if ('ref' in a) return 'ref' in b && isSame(a.ref, b.ref);
  return 'info' in b && a.info.models[0]?.identity === b.info.models[0]?.identity;
}

function isSame(x: RunSide, y: RunSide): boolean {
  return x.runId === y.runId && x.modelIndex === y.modelIndex;
}

function sameSides(a: string, b: string): TouchstoneError {
  return new TouchstoneError('usage', a === b ? `${a} cannot be compared with itself.` : `${a} and ${b} are the same: there is nothing to compare.`);
}

