import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { formatCount } from '../../../core/text/format.ts';
import { fileNameOf } from '../../../core/text/path.ts';
import type { PromptSummary } from '../../../protocol/engine.ts';
import type { EnvironmentState, VersionSummary } from '../../../protocol/registry.ts';
import { Coalesced } from '../../coalesce.ts';
import { COMMANDS, CONTEXT_KEYS, VIEW_ITEMS, VIEWS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { listVersions } from '../../registry/pick.ts';
import { ago, authorText, environmentText, scoreText, versionDetail, versionScore } from '../../registry/wording.ts';
import { longScore, shortScore } from '../../runs/wording.ts';
import type { Services } from '../../services.ts';
import type { PromptTarget } from '../../targets.ts';

const REFRESH_MS = 250;

type Node =
  | { readonly kind: 'folder'; readonly engine: FolderEngine }
  | { readonly kind: 'problems'; readonly count: number }
  | ({ readonly kind: 'prompt'; readonly engine: FolderEngine; readonly prompt: PromptSummary } & PromptTarget)
  | ({ readonly kind: 'environment'; readonly prompt: PromptSummary; readonly state: EnvironmentState; readonly versions: readonly VersionSummary[]; readonly environment: string } & PromptTarget)
  | { readonly kind: 'dataset'; readonly prompt: PromptSummary; readonly path: string; readonly promptId: string; readonly file: string };

/** Prompts with their last score; below each, the environments that point to a version of it, and its dataset. Folders appear only in a workspace with several. */
class PromptsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #services: Services;
  readonly #didChange = new vscode.EventEmitter<undefined>();
  readonly #refresh: Coalesced;
  readonly #disposables: vscode.Disposable[];
  readonly onDidChangeTreeData = this.#didChange.event;

  constructor(services: Services) {
    this.#services = services;
    this.#refresh = new Coalesced(() => this.#didChange.fire(undefined), REFRESH_MS);
    const refresh = (): void => this.#refresh.request();
    this.#disposables = [
      this.#didChange,
      this.#refresh,
      services.prompts.onDidChangeFiles(refresh),
      services.registry.onDidChangeRegistry(refresh),
      services.registry.onDidCheck(refresh),
      services.runs.onDidEnd(refresh),
      services.engines.onRunsChanged(refresh),
      vscode.workspace.onDidGrantWorkspaceTrust(refresh),
      vscode.workspace.onDidChangeWorkspaceFolders(refresh),
    ];
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!this.#services.engines.available) return [];
    if (node?.kind === 'dataset' || node?.kind === 'environment' || node?.kind === 'problems') return [];
    if (node?.kind === 'prompt') return [...(await this.#environments(node)), ...datasetNodes(node.prompt)];
    if (node?.kind === 'folder') return this.#prompts(node.engine);
    const engines = this.#services.engines.all();
    const lists = await Promise.all(engines.map(async (engine) => ({ engine, prompts: await this.#prompts(engine) })));
    const filled = lists.filter(({ prompts }) => prompts.length > 0);
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.hasPrompts, filled.length > 0);
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.mayHavePrompts, filled.length > 0);
    const { count } = this.#services.registry.problems;
    const problems: Node[] = count === 0 ? [] : [{ kind: 'problems', count }];
    if (engines.length <= 1) return [...problems, ...(filled[0]?.prompts ?? [])];
    return [...problems, ...filled.map(({ engine }): Node => ({ kind: 'folder', engine }))];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'folder') return new vscode.TreeItem(node.engine.folder.name, vscode.TreeItemCollapsibleState.Expanded);
    if (node.kind === 'problems') return problemsItem(node.count);
    if (node.kind === 'environment') return environmentItem(node);
    return node.kind === 'prompt' ? promptItem(node.prompt) : datasetItem(node);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  async #prompts(engine: FolderEngine): Promise<Node[]> {
    try {
      const { prompts } = await engine.request('prompts/list', {});
      return prompts.map((prompt): Node => ({ kind: 'prompt', engine, prompt, path: prompt.path, promptId: prompt.id }));
    } catch (error) {
      this.#services.log.error(`The prompts of ${engine.folder.name} cannot be listed: ${errorMessage(error)}`);
      return [];
    }
  }

  /** Those that point somewhere; asked for when the prompt is opened in the view. */
  async #environments({ engine, prompt, path, promptId }: Extract<Node, { kind: 'prompt' }>): Promise<Node[]> {
    try {
      const { environments, versions } = await listVersions({ engine, prompt });
      return environments
        .filter((state) => state.version !== null || state.diverged.length > 1)
        .map((state): Node => ({ kind: 'environment', prompt, path, ...(promptId === undefined ? {} : { promptId }), state, versions, environment: state.environment }));
    } catch (error) {
      this.#services.log.error(`The environments of ${prompt.id} cannot be listed: ${errorMessage(error)}`);
      return [];
    }
  }
}

function problemsItem(count: number): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Registry: {0}', formatCount(count, 'problem')));
  item.id = 'registry-problems';
  item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  item.tooltip = vscode.l10n.t('Files of the registry that are not as they were written, and are not used');
  item.command = { command: 'workbench.actions.view.problems', title: vscode.l10n.t('Show Problems') };
  return item;
}

function environmentItem({ prompt, path, promptId, state, versions, environment }: Extract<Node, { kind: 'environment' }>): vscode.TreeItem {
  const diverged = state.diverged.length > 1;
  const item = new vscode.TreeItem(environment);
  item.id = `environment:${prompt.path}#${prompt.id}:${environment}`;
  item.iconPath = diverged ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')) : new vscode.ThemeIcon('server-environment');
  item.description = environmentText(state, versions);
  item.contextValue = diverged ? VIEW_ITEMS.environmentDiverged : state.rollbackTo ? VIEW_ITEMS.environmentBack : VIEW_ITEMS.environment;
  const version = versions.find((one) => one.hash === state.version);
  const score = versionScore(version);
  const tooltip = new vscode.MarkdownString();
  const lines = diverged
    ? [vscode.l10n.t('{0} was moved on two branches: {1}. Promote the version that holds.', environment, state.diverged.map((one) => one.label ?? vscode.l10n.t('no version')).join(', '))]
    : [
        `${environment}: ${state.label ?? ''}`,
        version ? versionDetail(version) : null,
        score ? `${scoreText({ ...score, own: true })} · ${score.datasetName ?? ''} · ${score.model}` : vscode.l10n.t('not run'),
        state.changedAt === null ? null : vscode.l10n.t('pointed here by {0}, {1}', authorText(state.changedBy ?? ''), ago(state.changedAt)),
      ];
  // Messages and authors come from files: as text, never as Markdown.
  tooltip.appendText(lines.filter((line) => line !== null).join('\n'));
  item.tooltip = tooltip;
  const target = { path, ...(promptId === undefined ? {} : { promptId }), environment };
  item.command = diverged
    ? { command: COMMANDS.promoteVersion, title: vscode.l10n.t('Decide'), arguments: [target] }
    : { command: COMMANDS.showEnvironmentHistory, title: vscode.l10n.t('Show Environment History'), arguments: [target] };
  return item;
}

function promptItem(prompt: PromptSummary): vscode.TreeItem {
  const item = new vscode.TreeItem(prompt.name, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `prompt:${prompt.path}#${prompt.id}`;
  item.resourceUri = vscode.Uri.file(prompt.path);
  item.iconPath = new vscode.ThemeIcon(prompt.problem === null ? 'note' : 'warning');
  item.description = prompt.problem !== null ? vscode.l10n.t('problem') : prompt.lastRun ? shortScore(prompt.lastRun.summary) : vscode.l10n.t('not run');
  item.contextValue = VIEW_ITEMS.prompt;
  const tooltip = new vscode.MarkdownString();
  tooltip.appendText(`${prompt.name}\n${vscode.workspace.asRelativePath(prompt.path)}\n${prompt.models.join(', ')}`);
  if (prompt.problem !== null) tooltip.appendText(`\n${prompt.problem}`);
  if (prompt.lastRun) tooltip.appendText(`\n${longScore(prompt.lastRun.summary)}${prompt.lastRun.stale ? ` (${vscode.l10n.t('stale: edited')})` : ''}`);
  item.tooltip = tooltip;
  item.command = { command: 'vscode.open', title: vscode.l10n.t('Open Prompt'), arguments: [vscode.Uri.file(prompt.path)] };
  return item;
}

function datasetNodes(prompt: PromptSummary): Node[] {
  const { dataset } = prompt;
  if (!dataset) return [];
  const files = dataset.files.length > 0 ? dataset.files : [prompt.path];
  return files.map((file): Node => ({ kind: 'dataset', prompt, path: prompt.path, promptId: prompt.id, file }));
}

function datasetItem({ prompt, file }: Extract<Node, { kind: 'dataset' }>): vscode.TreeItem {
  const inline = file === prompt.path;
  const item = new vscode.TreeItem(inline ? vscode.l10n.t('cases in the prompt') : fileNameOf(file).replace(/\.[^.]+$/, ''));
  item.id = `dataset:${prompt.path}#${prompt.id}:${file}`;
  item.iconPath = new vscode.ThemeIcon('checklist');
  // The count is of the whole dataset: with several files it belongs to none of them.
  if (prompt.dataset?.cases != null && prompt.dataset.files.length <= 1) item.description = formatCount(prompt.dataset.cases);
  item.tooltip = vscode.workspace.asRelativePath(file);
  item.contextValue = VIEW_ITEMS.dataset;
  item.command = { command: 'vscode.open', title: vscode.l10n.t('Open Dataset'), arguments: [vscode.Uri.file(file)] };
  return item;
}

export function register(services: Services): vscode.Disposable {
  const tree = new PromptsTree(services);
  return vscode.Disposable.from(tree, vscode.window.createTreeView(VIEWS.prompts, { treeDataProvider: tree, showCollapseAll: true }));
}
