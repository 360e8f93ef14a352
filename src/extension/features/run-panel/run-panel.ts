import * as vscode from 'vscode';
import type { CellKey } from '../../../core/eval/model.ts';
import { decoded, type RpcHandler } from '../../../protocol/rpc-peer.ts';
import { runPanelParams } from '../../../protocol/run-panel-params.ts';
import type { RunPanelMethods, RunPanelNotifications, ShownRun } from '../../../protocol/run-panel.ts';
import { COMMANDS, INTERNAL_COMMANDS } from '../../constants.ts';
import { acceptOutput } from '../../datasets/accept.ts';
import { showExpectedAgainstOutput } from '../../datasets/show-difference.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import type { RunSnapshot } from '../../../protocol/engine.ts';
import type { PanelView } from '../../panels/open-panels.ts';
import { copyText, PanelHost } from '../../panels/panel-host.ts';
import type { Services } from '../../services.ts';
import { versionLabels } from '../../runs/versions.ts';
import { runName, type RunTarget } from '../../targets.ts';
import { openCase, openDataset, openPrompt } from '../../datasets/open.ts';

/** One run in a panel: answers what the panel asks, by asking the engine. */
export class RunPanel implements PanelView {
  readonly #services: Services;
  readonly #engine: FolderEngine;
  readonly #runId: string;
  /** Of the version that ran; absent: nobody has saved it, or the registry was not asked yet. */
  #versionLabel: string | undefined;
  readonly host: PanelHost<RunPanelNotifications>;

  constructor(services: Services, engine: FolderEngine, runId: string, panel: vscode.WebviewPanel) {
    this.#services = services;
    this.#engine = engine;
    this.#runId = runId;
    this.host = new PanelHost(services, panel, { name: 'run', icon: 'panel', handlers: this.#handlers() });
    this.host.onDidShow(() => this.#tell());
    this.host.own(services.registry.onDidChangeRegistry(() => void this.#nameVersion()));
    this.host.own(services.runs.onDidChange(({ snapshot }) => {
      if (snapshot.info.id === runId) this.#tell();
    }));
  }

  get target(): RunTarget {
    return { folder: this.#engine.folder.uri.toString(), runId: this.#runId };
  }

  /** The latest snapshot; a hidden panel asks for it when it is shown again. */
  #tell(): void {
    const run = this.#services.runs.get(this.#runId);
    if (!run) return;
    this.host.title = runName(run.snapshot);
    if (this.host.visible) this.host.notify('run/changed', { snapshot: this.#shown(run.snapshot), revision: run.revision });
  }

  #shown(snapshot: RunSnapshot): ShownRun {
    return this.#versionLabel === undefined ? snapshot : { ...snapshot, versionLabel: this.#versionLabel };
  }

  /** What ran may be saved as a version while it is looked at. */
  async #nameVersion(): Promise<void> {
    const run = this.#services.runs.get(this.#runId);
    if (run && (await this.#askVersion(run.snapshot))) this.#tell();
  }

  /** Resolves to whether the version is called otherwise than before. */
  async #askVersion({ info }: RunSnapshot): Promise<boolean> {
    const before = this.#versionLabel;
    const [label] = await versionLabels(this.#engine, [info], this.#services.log);
    this.#versionLabel = label ?? undefined;
    return this.#versionLabel !== before;
  }

  #handlers(): { readonly [M in keyof RunPanelMethods]: RpcHandler } {
    const engine = this.#engine;
    const runId = this.#runId;
    const command = (id: string, ...args: unknown[]) => async () => {
      await vscode.commands.executeCommand(id, this.target, ...args);
      return {};
    };
    return {
      'run/get': async () => {
        const snapshot = await engine.request('runs/get', { runId });
        await this.#askVersion(snapshot);
        this.#services.runs.note(engine, snapshot);
        return this.#shown(snapshot);
      },
      'grid/page': decoded(runPanelParams['grid/page'], (params, signal) => engine.request('cells/page', { runId, ...params }, signal)),
      'grid/find': decoded(runPanelParams['grid/find'], (params, signal) => engine.request('cells/find', { runId, ...params }, signal)),
      'cell/get': decoded(runPanelParams['cell/get'], ({ key }, signal) => engine.request('cells/get', { runId, key }, signal)),
      'cell/rerun': decoded(runPanelParams['cell/rerun'], ({ caseIndex }) => engine.request('cells/rerun', { runId, caseIndex })),
      'cell/accept': decoded(runPanelParams['cell/accept'], ({ key }) => this.host.act(() => this.#accept(key))),
      'cell/diff': decoded(runPanelParams['cell/diff'], ({ key }) => this.host.act(() => this.#diff(key))),
      'cell/trace': decoded(runPanelParams['cell/trace'], ({ key }) => command(INTERNAL_COMMANDS.openCellTrace, key)()),
      'run/cancel': async () => engine.request('eval/cancel', { runId }),
      'run/again': command(COMMANDS.runAgain),
      'run/resume': command(COMMANDS.resumeRun),
      'run/export': decoded(runPanelParams['run/export'], ({ format }) => command(COMMANDS.exportRun, format)()),
      'open': decoded(runPanelParams['open'], (what) => this.host.act(() => this.#open(what))),
      'copy': decoded(runPanelParams['copy'], copyText),
    };
  }

  async #accept(key: CellKey): Promise<void> {
    const detail = await this.#engine.request('cells/get', { runId: this.#runId, key });
    await acceptOutput({ file: detail.case.file, caseId: detail.case.id, range: detail.case.range, output: detail.result?.output ?? null });
  }

  async #diff(key: CellKey): Promise<void> {
    const detail = await this.#engine.request('cells/get', { runId: this.#runId, key });
    await showExpectedAgainstOutput(this.#services.texts, detail.case.id, detail.case.expected, detail.result?.output ?? null);
  }

  async #open(what: RunPanelMethods['open'][0]): Promise<void> {
    const snapshot = await this.#engine.request('runs/get', { runId: this.#runId });
    if (what.what !== 'case') {
      if (what.what === 'prompt') return openPrompt(snapshot.info.promptPath);
      return openDataset(await this.#services.prompts.request(this.#engine, snapshot.info.promptPath), snapshot.info);
    }
    const detail = await this.#engine.request('cells/get', { runId: this.#runId, key: { caseIndex: what.caseIndex, modelIndex: 0, repeat: 0 } });
    return openCase(detail.case);
  }
}
