import * as vscode from 'vscode';
import { errorMessage } from '../../core/errors.ts';
import type { RunSnapshot } from '../../protocol/engine.ts';
import { CONTEXT_KEYS } from '../constants.ts';
import { Coalesced } from '../coalesce.ts';
import type { Engines } from '../engine/engines.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import type { Log } from '../log.ts';
import { isResumable } from './wording.ts';

/** At most five snapshots a second for one run. */
const SNAPSHOT_MS = 200;
/** A run in progress is asked for at least so often: another window or the command line may be the one that works on it. */
const HEARTBEAT_MS = 3000;

export interface TrackedRun {
  readonly engine: FolderEngine;
  readonly snapshot: RunSnapshot;
  /** Grows whenever the run's cells changed. */
  readonly revision: number;
}

/** The latest snapshot of every run that changed while this window watches; lenses, views, panels and the status bar read it. */
export class RunTracker implements vscode.Disposable {
  readonly #log: Log;
  readonly #runs = new Map<string, TrackedRun>();
  readonly #refreshers = new Map<string, Coalesced>();
  readonly #revisions = new Map<string, number>();
  readonly #cut = new Map<FolderEngine, readonly string[]>();
  readonly #didChange = new vscode.EventEmitter<TrackedRun>();
  readonly #didEnd = new vscode.EventEmitter<TrackedRun>();
  readonly #disposables: vscode.Disposable[];
  readonly #heartbeat: NodeJS.Timeout;
  /** A new snapshot of one run. */
  readonly onDidChange = this.#didChange.event;
  /** A run that was running is not any more: finished, cancelled, out of budget, or its engine crashed. */
  readonly onDidEnd = this.#didEnd.event;

  constructor(engines: Engines, log: Log) {
    this.#log = log;
    this.#heartbeat = setInterval(() => {
      for (const { engine, snapshot } of this.active()) this.#refresher(engine, snapshot.info.id).request();
    }, HEARTBEAT_MS);
    this.#disposables = [
      this.#didChange,
      this.#didEnd,
      engines.onRunChanged(({ engine, params }) => {
        this.#revisions.set(params.runId, Math.max(params.revision, this.#revisions.get(params.runId) ?? 0));
        this.#refresher(engine, params.runId).request();
      }),
      engines.onDidCrash(({ engine }) => this.#interrupt(engine)),
    ];
  }

  active(): TrackedRun[] {
    return [...this.#runs.values()].filter((run) => run.snapshot.info.status === 'running');
  }

  get(runId: string): TrackedRun | undefined {
    return this.#runs.get(runId);
  }

  /** The run of this prompt that is in progress. */
  activeFor(path: string, promptId: string): TrackedRun | undefined {
    return this.active().find((run) => run.snapshot.info.promptPath === path && run.snapshot.info.promptId === promptId);
  }

  /** Takes a snapshot that was asked for elsewhere. */
  note(engine: FolderEngine, snapshot: RunSnapshot): TrackedRun {
    const before = this.#runs.get(snapshot.info.id);
    const run: TrackedRun = { engine, snapshot, revision: this.#revisions.get(snapshot.info.id) ?? 0 };
    this.#runs.set(snapshot.info.id, run);
    this.#setContext();
    this.#didChange.fire(run);
    if (before?.snapshot.info.status === 'running' && snapshot.info.status !== 'running') this.#didEnd.fire(run);
    return run;
  }

  forget(runIds: readonly string[]): void {
    for (const id of runIds) {
      this.#runs.delete(id);
      this.#revisions.delete(id);
      this.#refreshers.get(id)?.dispose();
      this.#refreshers.delete(id);
    }
    this.#setContext();
  }

  dispose(): void {
    clearInterval(this.#heartbeat);
    for (const refresher of this.#refreshers.values()) refresher.dispose();
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  #refresher(engine: FolderEngine, runId: string): Coalesced {
    let refresher = this.#refreshers.get(runId);
    if (!refresher) {
      refresher = new Coalesced(async () => {
        try {
          this.note(engine, await engine.request('runs/get', { runId }));
        } catch (error) {
          this.#log.debug(`Run ${runId} could not be read: ${errorMessage(error)}`);
        }
      }, SNAPSHOT_MS);
      this.#refreshers.set(runId, refresher);
    }
    return refresher;
  }

  /** The runs that an engine had under way when it crashed last. */
  cutBy(engine: FolderEngine): readonly string[] {
    return this.#cut.get(engine) ?? [];
  }

  #interrupt(engine: FolderEngine): void {
    // What another process works on goes on.
    const cut = this.active().filter((run) => run.engine === engine && run.snapshot.elsewhere !== true);
    this.#cut.set(engine, cut.map(({ snapshot }) => snapshot.info.id));
    for (const { snapshot } of cut) {
      this.note(engine, { ...snapshot, running: 0, remainingMs: null, info: { ...snapshot.info, status: 'interrupted' } });
    }
  }

  #setContext(): void {
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.running, this.active().length > 0);
    // A run that this window saw is there, whether or not the Runs view was ever shown; that none is left only the view can tell.
    if ([...this.#runs.values()].some((run) => isResumable(run.snapshot.info.status))) void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.resumable, true);
    if (this.#runs.size > 0) void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.hasRuns, true);
  }
}
