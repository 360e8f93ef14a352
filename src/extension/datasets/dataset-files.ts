import * as vscode from 'vscode';
import type { Case } from '../../core/dataset/model.ts';
import { contentHash } from '../../core/dataset/ids.ts';
import { errorMessage } from '../../core/errors.ts';
import type { Diagnostic } from '../../core/text/diagnostic.ts';
import { checkDataset, datasetOfFile } from '../../core/dataset/read.ts';
import type { CaseOutcome, PromptSummary } from '../../protocol/engine.ts';
import { Coalesced } from '../coalesce.ts';
import { SETTINGS } from '../constants.ts';
import type { Engines } from '../engine/engines.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import type { Log } from '../log.ts';
import { enginePath } from '../paths.ts';
import type { PromptFiles } from '../prompts/prompt-files.ts';
import type { RunTracker } from '../runs/run-tracker.ts';
import { codeLensDatasetRows } from '../settings.ts';
import { editorFiles } from './editor-files.ts';
import { casesOf, isDatasetFile } from './locate.ts';

const TYPING_MS = 300;
/** While a run is at work its outcomes are asked for at most so often. */
const RUNNING_MS = 1000;
/** Files that are looked at as datasets even when nothing of Touchstone is in use yet. */
const SURELY_DATASET = /\.golden\.[a-z]+$|\.(jsonl|ndjson)$/i;
/** Findings of one dataset that are shown. */
const SHOWN_FINDINGS = 200;

export interface CaseView {
  readonly case: Case;
  /** Of the last run; `null` where this case, as it stands now or before an edit, was never run. */
  readonly outcome: CaseOutcome | null;
  /** The case was edited after it ran. */
  readonly stale: boolean;
}

export interface DatasetView {
  readonly document: vscode.TextDocument;
  readonly cases: readonly CaseView[];
  /** More cases than `touchstone.codeLens.datasetRows`: `cases` is empty, one lens stands for all. */
  readonly large: boolean;
  /** The prompts that use this file. */
  readonly prompts: readonly PromptSummary[];
  readonly findings: readonly Diagnostic[];
}

interface OpenDataset {
  readonly document: vscode.TextDocument;
  readonly refresh: Coalesced;
  view: DatasetView | null;
}

/** The datasets in editors: their cases, joined with the outcomes of the last run. */
export class DatasetFiles implements vscode.Disposable {
  readonly #engines: Engines;
  readonly #log: Log;
  readonly #open = new Map<string, OpenDataset>();
  readonly #didChange = new vscode.EventEmitter<vscode.Uri>();
  readonly #didClose = new vscode.EventEmitter<vscode.Uri>();
  readonly #whileRunning: Coalesced;
  readonly #disposables: vscode.Disposable[];
  readonly onDidChange = this.#didChange.event;
  readonly onDidClose = this.#didClose.event;

  constructor(engines: Engines, runs: RunTracker, prompts: PromptFiles, log: Log) {
    this.#engines = engines;
    this.#log = log;
    const refreshAll = (): void => this.#refreshAll();
    this.#whileRunning = new Coalesced(refreshAll, RUNNING_MS);
    this.#disposables = [
      this.#didChange,
      this.#didClose,
      this.#whileRunning,
      vscode.window.onDidChangeVisibleTextEditors(() => this.#followEditors()),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#open.get(document.uri.toString())?.refresh.request();
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.#close(document.uri)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#followEditors()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SETTINGS.codeLensDatasetRows)) refreshAll();
      }),
      prompts.onDidChangeFiles(refreshAll),
      engines.onRunsChanged(refreshAll),
      runs.onDidEnd(refreshAll),
      runs.onDidChange(() => this.#whileRunning.request()),
    ];
    this.#followEditors();
  }

  view(uri: vscode.Uri): DatasetView | null {
    return this.#open.get(uri.toString())?.view ?? null;
  }

  dispose(): void {
    for (const open of this.#open.values()) open.refresh.dispose();
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  #refreshAll(): void {
    this.#followEditors();
    for (const open of this.#open.values()) open.refresh.request();
  }

  #followEditors(): void {
    for (const { document } of vscode.window.visibleTextEditors) {
      const key = document.uri.toString();
      if (document.uri.scheme !== 'file' || this.#open.get(key)?.document === document || !this.#wanted(document)) continue;
      const open: OpenDataset = { document, view: null, refresh: new Coalesced(() => this.#read(open), TYPING_MS) };
      this.#open.set(key, open);
      open.refresh.request();
    }
  }

  /** Any JSON or YAML file could be a dataset; looking at one must not start an engine. */
  #wanted(document: vscode.TextDocument): boolean {
    const path = enginePath(document.uri);
    if (!this.#engines.available || !isDatasetFile(path)) return false;
    const engine = this.#engines.forUri(document.uri);
    return engine !== undefined && (engine.pid !== null || SURELY_DATASET.test(path));
  }

  #close(uri: vscode.Uri): void {
    const open = this.#open.get(uri.toString());
    if (!open) return;
    open.refresh.dispose();
    this.#open.delete(uri.toString());
    this.#didClose.fire(uri);
  }

  async #read(open: OpenDataset): Promise<void> {
    const { document } = open;
    const engine = this.#engines.forUri(document.uri);
    if (!engine || document.isClosed) return;
    try {
      open.view = await this.#viewOf(document, engine);
    } catch (error) {
      this.#log.warn(`${enginePath(document.uri)} could not be looked up: ${errorMessage(error)}`);
      return;
    }
    this.#didChange.fire(document.uri);
  }

  async #viewOf(document: vscode.TextDocument, engine: FolderEngine): Promise<DatasetView> {
    const path = enginePath(document.uri);
    const prompts = (await engine.request('prompts/list', {})).prompts.filter((prompt) => prompt.dataset?.files.includes(path));
    const nothing = { document, cases: [], large: false, prompts, findings: [] };
    if (prompts.length === 0) return nothing;
    const limit = codeLensDatasetRows(document);
    const read = await casesOf(document, limit + 1);
    if (read.cases.length > limit) return { ...nothing, large: true };
    const { outcomes } = await engine.request('cases/outcomes', { file: path });
    const byId = new Map(outcomes.map((outcome) => [outcome.caseId, outcome]));
    const findings = read.complete ? [] : await checkDataset(datasetOfFile(path), { files: editorFiles(), root: '/', limit: SHOWN_FINDINGS });
    return { ...nothing, findings, cases: read.cases.map((found) => caseView(found, byId.get(found.id) ?? null)) };
  }
}

function caseView(found: Case, outcome: CaseOutcome | null): CaseView {
  return { case: found, outcome, stale: outcome?.caseHash !== undefined && outcome.caseHash !== contentHash(found.vars, found.expected) };
}
