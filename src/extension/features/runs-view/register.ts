import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { formatCount } from '../../../core/text/format.ts';
import { Coalesced } from '../../coalesce.ts';
import { COMMANDS, CONTEXT_KEYS, VIEW_ITEMS, VIEWS } from '../../constants.ts';
import { withFolder } from '../../engine/pick-folder.ts';
import { showInformation, showWarning } from '../../messages.ts';
import { showInputBox, showQuickPick } from '../../questions.ts';
import { versionLabels } from '../../runs/versions.ts';
import { isResumable, runDescription, runTooltip, statusIcon } from '../../runs/wording.ts';
import { registerCommand, type Services } from '../../services.ts';
import { asRunTarget, listRuns, pickRun, runName, type PickedRun, type RunTarget } from '../../targets.ts';

/** Above this many the oldest are left to `touchstone runs`. */
const SHOWN_RUNS = 200;
const REFRESH_MS = 150;

interface RunNode extends RunTarget, PickedRun {
  /** `null`: nobody saved what ran as a version. */
  readonly versionLabel: string | null;
}

/** Newest first. Progress of a run repaints its row alone. */
class RunsTree implements vscode.TreeDataProvider<RunNode>, vscode.Disposable {
  readonly #services: Services;
  readonly #nodes = new Map<string, RunNode>();
  readonly #didChange = new vscode.EventEmitter<RunNode | undefined>();
  readonly #refresh: Coalesced;
  readonly #disposables: vscode.Disposable[];
  readonly onDidChangeTreeData = this.#didChange.event;

  constructor(services: Services) {
    this.#services = services;
    this.#refresh = new Coalesced(() => this.#didChange.fire(undefined), REFRESH_MS);
    this.#disposables = [
      this.#didChange,
      this.#refresh,
      services.engines.onRunsChanged(() => this.refresh()),
      services.engines.onDidCrash(() => this.refresh()),
      services.registry.onDidChangeRegistry(() => this.refresh()),
      services.runs.onDidEnd(() => this.refresh()),
      services.runs.onDidChange(({ snapshot }) => {
        const node = this.#nodes.get(snapshot.info.id);
        if (node) this.#didChange.fire(node);
        else this.refresh();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
    ];
  }

  refresh(): void {
    this.#refresh.request();
  }

  async getChildren(parent?: RunNode): Promise<RunNode[]> {
    if (parent || !this.#services.engines.available) return [];
    const unlisted = (error: unknown): void => this.#services.log.error(`The runs cannot be listed: ${errorMessage(error)}`);
    const runs = await listRuns(this.#services, SHOWN_RUNS, unlisted).catch((error: unknown) => {
      unlisted(error);
      return [];
    });
    const labels = new Map<string, string | null>();
    for (const [engine, ofEngine] of Map.groupBy(runs, (run) => run.engine)) {
      const found = await versionLabels(engine, ofEngine.map(({ snapshot }) => snapshot.info), this.#services.log);
      ofEngine.forEach(({ snapshot }, at) => labels.set(snapshot.info.id, found[at] ?? null));
    }
    const nodes = runs.map((run): RunNode => ({ ...run, folder: run.engine.folder.uri.toString(), runId: run.snapshot.info.id, versionLabel: labels.get(run.snapshot.info.id) ?? null }));
    this.#nodes.clear();
    for (const node of nodes) this.#nodes.set(node.runId, node);
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.hasRuns, nodes.length > 0);
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.resumable, nodes.some((node) => isResumable(node.snapshot.info.status)));
    return nodes;
  }

  getTreeItem(node: RunNode): vscode.TreeItem {
    const snapshot = this.#services.runs.get(node.runId)?.snapshot ?? node.snapshot;
    const { info } = snapshot;
    const item = new vscode.TreeItem(runName(snapshot));
    item.id = node.runId;
    item.iconPath = statusIcon(snapshot);
    item.description = withFolder(this.#services, node.engine, runDescription(snapshot, node.versionLabel));
    item.tooltip = runTooltip(snapshot, node.versionLabel);
    item.contextValue = info.status === 'running' ? VIEW_ITEMS.runActive : isResumable(info.status) ? VIEW_ITEMS.runResumable : VIEW_ITEMS.runFinished;
    item.command = { command: COMMANDS.openRun, title: vscode.l10n.t('Open Run'), arguments: [{ folder: node.folder, runId: node.runId } satisfies RunTarget] };
    return item;
  }

  getParent(): undefined {
    return undefined;
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }
}

export function register(services: Services): vscode.Disposable {
  const tree = new RunsTree(services);
  return vscode.Disposable.from(
    tree,
    vscode.window.createTreeView(VIEWS.runs, { treeDataProvider: tree, canSelectMany: true, showCollapseAll: false }),
    registerCommand(services, COMMANDS.refresh, () => {
      tree.refresh();
      services.prompts.refreshAll();
      services.refresh.fire();
    }),
    registerCommand(services, COMMANDS.deleteRun, (argument, selected) => deleteRuns(services, argument, selected)),
    registerCommand(services, COMMANDS.renameRun, (argument) => renameRun(services, argument)),
    registerCommand(services, COMMANDS.exportRun, (argument, format) => exportRun(services, argument, format)),
  );
}

async function deleteRuns(services: Services, argument: unknown, selected: unknown): Promise<void> {
  const many = Array.isArray(selected) ? selected.map(asRunTarget).filter((target) => target !== undefined) : [];
  const one = asRunTarget(argument);
  let targets = many.length > 0 ? many : one ? [one] : [];
  if (targets.length === 0) {
    const picked = await pickRun(services, undefined, { title: vscode.l10n.t('Delete Run'), accepts: (run) => run.info.status !== 'running' });
    if (!picked) return;
    targets = [{ folder: picked.engine.folder.uri.toString(), runId: picked.snapshot.info.id }];
  }
  const confirm = vscode.l10n.t('Delete');
  const question = targets.length === 1
    ? vscode.l10n.t('Delete this run with its outputs?')
    : vscode.l10n.t('Delete {0} with their outputs?', formatCount(targets.length, 'run'));
  if ((await showWarning(question, { modal: true, detail: vscode.l10n.t('This cannot be undone. Prompts and datasets stay as they are.') }, confirm)) !== confirm) return;
  for (const engine of services.engines.all()) {
    const runIds = targets.filter((target) => target.folder === engine.folder.uri.toString()).map((target) => target.runId);
    if (runIds.length === 0) continue;
    await engine.request('runs/delete', { runIds });
    services.runs.forget(runIds);
  }
}

async function renameRun(services: Services, argument: unknown): Promise<void> {
  const picked = await pickRun(services, argument, { title: vscode.l10n.t('Rename Run') });
  if (!picked) return;
  const { engine, snapshot } = picked;
  const title = await showInputBox({
    title: vscode.l10n.t('Rename Run'),
    value: runName(snapshot),
    validateInput: (value) => (value.trim() === '' ? vscode.l10n.t('A run needs a name.') : value.length > 120 ? vscode.l10n.t('At most 120 characters.') : undefined),
  });
  if (title === undefined) return;
  await engine.request('runs/rename', { runId: snapshot.info.id, title: title.trim() });
  services.runs.note(engine, await engine.request('runs/get', { runId: snapshot.info.id }));
}

type ExportFormat = 'html' | 'json' | 'xml' | 'csv';

async function exportRun(services: Services, argument: unknown, given: unknown): Promise<void> {
  const picked = await pickRun(services, argument, { title: vscode.l10n.t('Export Run'), accepts: (run) => run.info.status !== 'running' });
  if (!picked) return;
  const formats: readonly { readonly label: string; readonly description: string; readonly format: ExportFormat }[] = [
    { label: 'HTML', description: vscode.l10n.t('one self-contained page'), format: 'html' },
    { label: 'JSON', description: vscode.l10n.t('every cell with its assertions'), format: 'json' },
    { label: 'CSV', description: vscode.l10n.t('one line a cell'), format: 'csv' },
    { label: 'JUnit XML', description: vscode.l10n.t('for continuous integration'), format: 'xml' },
  ];
  const format = formats.find((known) => known.format === given)?.format
    ?? (await showQuickPick(formats, { title: vscode.l10n.t('Export Run'), placeHolder: vscode.l10n.t('Pick a format') }))?.format;
  if (format === undefined) return;
  const { engine, snapshot } = picked;
  const name = `${runName(snapshot)}-${snapshot.info.startedAt.slice(0, 10)}`.replace(/[^\w.-]+/g, '-').toLowerCase();
  const uri = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.joinPath(engine.folder.uri, `${name}.${format}`), filters: { [format.toUpperCase()]: [format] } });
  if (!uri) return;
  await engine.request('runs/export', { runIds: [snapshot.info.id], format, file: uri.fsPath });
  const open = vscode.l10n.t('Open');
  if ((await showInformation(vscode.l10n.t('Exported to {0}.', vscode.workspace.asRelativePath(uri)), open)) === open) {
    await (format === 'html' ? vscode.env.openExternal(uri) : vscode.window.showTextDocument(uri));
  }
}
