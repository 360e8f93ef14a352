import * as vscode from 'vscode';
import { decoded, type RpcHandler } from '../../../protocol/rpc-peer.ts';
import { versionsPanelParams } from '../../../protocol/versions-panel-params.ts';
import type { ShownVersions, VersionsPanelMethods, VersionsPanelNotifications } from '../../../protocol/versions-panel.ts';
import { Coalesced } from '../../coalesce.ts';
import { sideOf, WORKING_COPY } from '../../compare/sides.ts';
import { compareAndShow } from '../../compare/start.ts';
import { COMMANDS } from '../../constants.ts';
import { openPrompt } from '../../datasets/open.ts';
import type { PanelView } from '../../panels/open-panels.ts';
import { copyText, PanelHost } from '../../panels/panel-host.ts';
import { enginePath } from '../../paths.ts';
import { listVersions, pathBelow, targetOf } from '../../registry/pick.ts';
import { getVersion, restoreVersion, showDifferenceWithWorkingCopy, showVersionDifference } from '../../registry/texts.ts';
import type { Services } from '../../services.ts';
import type { PickedPrompt, RunTarget } from '../../targets.ts';

const CHANGED_MS = 250;

/** The versions of one prompt in a panel: answers what the page asks, by asking the engine. */
export class VersionsPanel implements PanelView {
  readonly #services: Services;
  readonly #picked: PickedPrompt;
  readonly host: PanelHost<VersionsPanelNotifications>;

  constructor(services: Services, picked: PickedPrompt, panel: vscode.WebviewPanel) {
    this.#services = services;
    this.#picked = picked;
    this.host = new PanelHost(services, panel, { name: 'versions', icon: 'versions', handlers: this.#handlers() });
    const changed = new Coalesced(() => this.#tell(), CHANGED_MS);
    this.host.onDidShow(() => changed.request());
    for (const disposable of [
      changed,
      services.registry.onDidChangeRegistry(() => changed.request()),
      services.runs.onDidEnd(() => changed.request()),
      services.engines.onRunsChanged(() => changed.request()),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && enginePath(document.uri) === picked.prompt.path) changed.request();
      }),
    ]) this.host.own(disposable);
  }

  /** A hidden page asks for everything when it is shown again. */
  #tell(): void {
    if (this.host.visible) this.host.notify('versions/changed', {});
  }

  #handlers(): { readonly [M in keyof VersionsPanelMethods]: RpcHandler } {
    const params = versionsPanelParams;
    const picked = this.#picked;
    const { texts } = this.#services;
    const command = (id: string, target: object = {}): Promise<Record<string, never>> => this.host.act(async () => {
      await vscode.commands.executeCommand(id, { ...targetOf(picked), ...target });
    });
    return {
      'versions/get': decoded(params['versions/get'], () => this.#show()),
      'versions/diff': decoded(params['versions/diff'], ({ ref, with: other }) => this.host.act(async () => {
        const left = await getVersion(picked, ref);
        if (other === undefined) await showDifferenceWithWorkingCopy(texts, picked, left);
        else await showVersionDifference(texts, picked, left, await getVersion(picked, other));
      })),
      'versions/compare': decoded(params['versions/compare'], ({ refs }) => this.host.act(() => compareAndShow(this.#services, picked.engine, { sides: (refs.length > 1 ? refs : [...refs, WORKING_COPY]).map((ref) => sideOf(picked, ref)) }))),
      'versions/promote': decoded(params['versions/promote'], ({ ref }) => command(COMMANDS.promoteVersion, { ref })),
      'versions/restore': decoded(params['versions/restore'], ({ ref }) => this.host.act(async () => restoreVersion(picked, await getVersion(picked, ref)))),
      'versions/save': decoded(params['versions/save'], () => command(COMMANDS.saveVersion)),
      'open-run': decoded(params['open-run'], ({ runId }) => this.host.act(async () => {
        await vscode.commands.executeCommand(COMMANDS.openRun, { folder: picked.engine.folder.uri.toString(), runId } satisfies RunTarget);
      })),
      'open-prompt': decoded(params['open-prompt'], () => this.host.act(() => openPrompt(picked.prompt.path))),
      'copy': decoded(params['copy'], copyText),
    };
  }

  async #show(): Promise<ShownVersions> {
    const { engine, prompt } = this.#picked;
    const { versions, environments, workingCopy } = await listVersions(this.#picked, true);
    return { promptId: prompt.id, promptName: prompt.name, path: pathBelow(engine.folder, prompt.path), versions, environments, workingCopy };
  }
}
