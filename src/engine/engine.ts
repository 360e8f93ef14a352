import { TouchstoneError } from '../core/errors.ts';
import { useNativeSha256 } from '../core/hash.ts';
import { shapeOf } from '../node/sqlite/run-store.ts';
import type { EngineClient, EngineHost, EngineMethod, EngineNotifications, EngineSettings, Params, Result } from '../protocol/engine.ts';
import { DATABASE_FILE, DATABASE_FOLDER } from '../node/sqlite/database.ts';
import { codeHandlers, SpanCodes } from './code/span-code.ts';
import { caseOutcomes, cellDetail, listCells } from './cells.ts';
import { compareHandlers, compareParts, type CompareParts } from './compare/handlers.ts';
import { Rehearsal } from './compare/rehearsal.ts';
import { Evals } from './evals.ts';
import { exportRuns } from './export.ts';
import { runOnce } from './once.ts';
import { originHandlers } from './origin/handlers.ts';
import { Origins } from './origin/origins.ts';
import { OtherWriters } from './other-writers.ts';
import { Prompts } from './prompts.ts';
import { registryHandlers } from './registry/handlers.ts';
import { RegistrySearch } from './registry/search.ts';
import { VersionRegistry } from './registry/version-registry.ts';
import type { ReplayPorts } from './replay/replay.ts';
import { hash, Limiters } from './run-ports.ts';
import { remoteHandlers } from './sources/handlers.ts';
import { RemoteSources } from './sources/remote.ts';
import { CellTraces } from './traces/cell-traces.ts';
import { traceHandlers } from './traces/handlers.ts';
import { Sources } from './traces/sources.ts';
import { Traces } from './traces/traces.ts';
import { VERSION } from './version.ts';
import { Workspace } from './workspace.ts';

type Handlers = { readonly [M in EngineMethod]: (params: Params<M>, signal: AbortSignal) => Promise<Result<M>> };
type Listeners = { [N in keyof EngineNotifications]?: Set<(params: EngineNotifications[N]) => void> };

interface Open {
  readonly workspace: Workspace;
  readonly evals: Evals;
  readonly prompts: Prompts;
  readonly traces: Traces;
  readonly sources: Sources;
  readonly cells: CellTraces;
  readonly compare: CompareParts;
  readonly rehearsal: Rehearsal;
  readonly origins: Origins;
  readonly codes: SpanCodes;
  readonly others: OtherWriters;
  readonly registry: VersionRegistry;
  readonly search: RegistrySearch;
  readonly remote: RemoteSources;
}

/**
 * The Engine in this process. `engine/configure` comes first; everything else opens what it needs on first use. `stays`: it lives as long as
 * a window, so that what a person may ask later is worth preparing for.
 */
export function createEngine({ host, stays = false }: { readonly host: EngineHost; readonly stays?: boolean }): EngineClient {
  useNativeSha256(hash);
  return new Engine(host, stays);
}

class Engine implements EngineClient {
  readonly #host: EngineHost;
  readonly #stays: boolean;
  readonly #listeners: Listeners = {};
  readonly #limiters = new Limiters();
  #open: Open | undefined;
  /** Requests that are being answered. */
  #answering = 0;

  constructor(host: EngineHost, stays: boolean) {
    this.#host = host;
    this.#stays = stays;
  }

  async request<M extends EngineMethod>(method: M, params: Params<M>, signal: AbortSignal = new AbortController().signal): Promise<Result<M>> {
    if (!Object.hasOwn(this.#handlers, method)) throw new TouchstoneError('invalid-message', `The engine has no method ${String(method)}.`);
    this.#answering++;
    try {
      return await this.#handlers[method](params, signal);
    } finally {
      this.#answering--;
    }
  }

  on<N extends keyof EngineNotifications>(name: N, listener: (params: EngineNotifications[N]) => void): () => void {
    const listeners = (this.#listeners[name] ??= new Set() as NonNullable<Listeners[N]>);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Cancels what runs (finished cells are kept) and closes the database. */
  async dispose(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    open.others.close();
    open.rehearsal.close();
    open.remote.close();
    await open.evals.cancelAll();
    await Promise.all([open.sources.close(), open.cells.close(), open.origins.close()]);
    await open.traces.close();
    await open.workspace.close();
  }

  #emit<N extends keyof EngineNotifications>(name: N, params: EngineNotifications[N]): void {
    for (const listener of this.#listeners[name] ?? []) listener(params);
  }

  #get(): Open {
    if (this.#open === undefined) throw new TouchstoneError('usage', 'The engine has no workspace folder yet.');
    return this.#open;
  }

  async #configure(settings: EngineSettings): Promise<Result<'engine/configure'>> {
    const before = this.#open;
    // Only another folder, or trust, closes what is open; a changed setting holds from the next run on.
    if (before !== undefined && before.workspace.folder === settings.folder && before.workspace.settings.trusted === settings.trusted) {
      before.workspace.settings = settings;
      await before.traces.update();
    } else {
      await this.dispose();
      const workspace = new Workspace(settings, this.#host);
      const registry = new VersionRegistry(workspace, {
        changed: () => this.#emit('registry/changed', {}),
        log: (level, message) => this.#emit('log', { level, message: workspace.redactor.redact(message) }),
      });
      const evals = new Evals(workspace, this.#limiters, {
        changed: (runId, revision) => this.#emit('run/changed', { runId, revision }),
        listChanged: () => {
          this.#emit('runs/changed', {});
          cells.nudge();
        },
        log: (level, message) => this.#emit('log', { level, message: workspace.redactor.redact(message) }),
      }, (prompt, ref, overlays) => registry.inPlaceOf(prompt, ref, overlays, new AbortController().signal));
      const others = new OtherWriters(() => {
        this.#emit('runs/changed', {});
        this.#emit('traces/changed', { traceIds: [], all: true });
        sources.told();
      });
      workspace.onOpened = (database) => {
        others.watch(database);
        if (this.#stays) rehearsal.begin();
      };
      const { traces, sources } = this.#tracesOf(workspace, others);
      const cells = new CellTraces({
        store: () => workspace.store(),
        sink: () => traces.sink(),
        retentionDays: () => workspace.settings.traces?.retentionDays ?? 0,
        deleteTraces: (traceIds) => traces.delete({ traceIds }),
        log: (message) => this.#emit('log', { level: 'info', message: workspace.redactor.redact(message) }),
      });
      const compare = compareParts(workspace, evals, {
        changed: (runId, revision) => this.#emit('run/changed', { runId, revision }),
        versionsOf: (place) => this.request('versions/list', place),
      });
      const rehearsal = new Rehearsal({ comparisons: compare.comparisons, store: () => workspace.store(), isIdle: () => this.#answering === 0 });
      const remote = new RemoteSources(workspace, traces, (progress) => this.#emit('remote/progress', progress));
      const origins = new Origins(
        { workspace, traces, histories: registry, database: async () => (await workspace.store()).database, fetchedFrom: async (traceId) => (await remote.origin({ traceId }))?.source ?? null },
        { changed: () => this.#emit('traces/changed', { traceIds: [], all: true }), log: (message) => this.#emit('log', { level: 'warn', message: workspace.redactor.redact(message) }) },
      );
      const codes = new SpanCodes({ workspace, traces, span: (ref, signal) => origins.span(ref, signal) });
      this.#open = { workspace, origins, codes, evals, prompts: new Prompts(workspace, evals), traces, sources, cells, compare, rehearsal, others, registry, search: new RegistrySearch(workspace, registry), remote };
    }
    return { version: VERSION, database: settings.trusted ? `${settings.folder}/${DATABASE_FOLDER}/${DATABASE_FILE}` : null };
  }

  #tracesOf(workspace: Workspace, others: OtherWriters): Pick<Open, 'traces' | 'sources'> {
    const log = (level: EngineNotifications['log']['level'], message: string): void => this.#emit('log', { level, message: workspace.redactor.redact(message) });
    const traces = new Traces(workspace, {
      changed: (params) => {
        others.own();
        this.#emit('traces/changed', params);
        sources.told();
        this.#open?.origins.nudge();
      },
      log,
    });
    const sources = new Sources(workspace, traces, { changed: () => this.#emit('sources/changed', {}), log });
    return { traces, sources };
  }

  #replayPorts(): ReplayPorts {
    const { workspace, traces, registry, origins } = this.#get();
    return {
      workspace, traces, registry, limiters: this.#limiters,
      span: (ref, signal) => origins.span(ref, signal),
      promptOf: (ref, overlays, signal) => origins.promptOf({ ...ref, ...(overlays === undefined ? {} : { overlays }) }, signal),
      onProgress: (progress) => this.#emit('replay/progress', progress),
    };
  }

  readonly #handlers: Handlers = {
    ...traceHandlers(() => this.#get(), (progress) => this.#emit('traces/progress', progress)),
    ...compareHandlers(() => this.#get().compare),
    ...originHandlers(() => this.#get()),
    ...codeHandlers(() => this.#get()),
    // Loaded when they are needed: most windows replay nothing.
    'replay/variables': async (request, signal) => (await import('./replay/replay.ts')).replayVariables(request, this.#replayPorts(), signal),
    'replay/run': async (request, signal) => (await import('./replay/replay.ts')).replay(request, this.#replayPorts(), signal),
    ...registryHandlers(() => this.#get()),
    ...remoteHandlers(() => this.#get()),
    'engine/configure': (settings) => this.#configure(settings),
    'prompts/list': () => this.#get().prompts.list(),
    'prompts/state': ({ path, overlays }, signal) => this.#get().prompts.state(path, overlays ?? [], signal),
    'eval/estimate': (request, signal) => this.#get().evals.estimate(request, signal),
    'eval/start': async (request, signal) => ({ runIds: await this.#get().evals.start(request, signal) }),
    'eval/resume': async ({ runId, budgetUsd }) => ({ runIds: await this.#get().evals.resume(runId, budgetUsd) }),
    'eval/wait': async ({ runIds }, signal) => ({ runs: await this.#get().evals.wait(runIds, signal) }),
    'eval/cancel': async ({ runId }) => {
      await this.#get().evals.cancel(runId);
      return {};
    },
    'runs/list': async ({ limit, promptId }) => {
      const { workspace, evals } = this.#get();
      const store = await workspace.store();
      return { runs: store.list({ limit, ...(promptId === undefined ? {} : { promptId }) }).map((run) => evals.snapshotOf(run, store)) };
    },
    'runs/get': ({ runId }) => this.#get().evals.snapshot(runId),
    'runs/delete': async ({ runIds }) => {
      const { workspace, evals, cells } = this.#get();
      for (const id of runIds) await evals.cancel(id);
      (await workspace.store()).delete(runIds);
      for (const id of runIds) await cells.forget(id);
      const grid = await workspace.grid();
      for (const id of runIds) grid.forget(id);
      this.#emit('runs/changed', {});
      return {};
    },
    'runs/rename': async ({ runId, title }) => {
      (await this.#get().workspace.store()).rename(runId, title.trim());
      this.#emit('runs/changed', {});
      return {};
    },
    'cells/page': async ({ runId, view, from, to }) => {
      const { workspace, evals } = this.#get();
      const run = (await workspace.store()).get(runId);
      return (await workspace.grid()).page(run, evals.live(run), view, from, to);
    },
    'cells/find': async (params) => {
      const { workspace, evals } = this.#get();
      const run = (await workspace.store()).get(params.runId);
      return (await workspace.grid()).find(run, evals.live(run), params);
    },
    'cells/list': async ({ runId, ...page }) => {
      const store = await this.#get().workspace.store();
      return listCells(store, store.get(runId), page);
    },
    'cells/get': async ({ runId, key }) => {
      const { workspace, evals } = this.#get();
      const store = await workspace.store();
      const run = store.get(runId);
      const shape = shapeOf(run.info);
      if (key.caseIndex >= shape.cases || key.modelIndex >= shape.models || key.repeat >= shape.repeats) throw new TouchstoneError('not-found', `Run ${runId} has no such cell.`);
      return cellDetail(store, run, evals.live(run), key);
    },
    'cells/rerun': async ({ runId, caseIndex }) => {
      await this.#get().evals.rerun(runId, caseIndex);
      return {};
    },
    'cases/outcomes': async ({ file }) => ({ outcomes: caseOutcomes(await this.#get().workspace.store(), file) }),
    'once/run': (request, signal) => runOnce(request, this.#get().workspace, this.#limiters, (text) => this.#emit('once/text', { stream: request.stream, text }), signal),
    'models/list': async () => {
      const { workspace } = this.#get();
      const catalog = workspace.catalog(await workspace.config(workspace.files()));
      try {
        return { models: await catalog.list() };
      } finally {
        await catalog.dispose();
      }
    },
    'cache/clear': async () => ({ entries: (await this.#get().workspace.store()).clearResponses() }),
    'runs/export': async ({ runIds, format, file }) => {
      const { workspace, evals } = this.#get();
      await exportRuns(await workspace.store(), evals, runIds, format, file);
      return {};
    },
  };
}
