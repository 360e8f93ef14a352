import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { formatCount } from '../../../core/text/format.ts';
import { fileNameOf } from '../../../core/text/path.ts';
import type { PromptSummary } from '../../../protocol/engine.ts';
import { Coalesced } from '../../coalesce.ts';
import { CONTEXT_KEYS, VIEW_ITEMS, VIEWS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { longScore, shortScore } from '../../runs/wording.ts';
import type { Services } from '../../services.ts';
import type { PromptTarget } from '../../targets.ts';

const REFRESH_MS = 250;

type Node =
  | { readonly kind: 'folder'; readonly engine: FolderEngine }
  | ({ readonly kind: 'prompt'; readonly prompt: PromptSummary } & PromptTarget)
  | { readonly kind: 'dataset'; readonly prompt: PromptSummary; readonly path: string; readonly promptId: string; readonly file: string };

/** Prompts with their last score; below each, its dataset. Folders appear only in a workspace with several. */
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
      services.runs.onDidEnd(refresh),
      services.engines.onRunsChanged(refresh),
      vscode.workspace.onDidGrantWorkspaceTrust(refresh),
      vscode.workspace.onDidChangeWorkspaceFolders(refresh),
    ];
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!this.#services.engines.available) return [];
    if (node?.kind === 'dataset') return [];
    if (node?.kind === 'prompt') return datasetNodes(node.prompt);
    if (node?.kind === 'folder') return this.#prompts(node.engine);
    const engines = this.#services.engines.all();
    const lists = await Promise.all(engines.map(async (engine) => ({ engine, prompts: await this.#prompts(engine) })));
    const filled = lists.filter(({ prompts }) => prompts.length > 0);
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.hasPrompts, filled.length > 0);
    if (engines.length <= 1) return filled[0]?.prompts ?? [];
    return filled.map(({ engine }): Node => ({ kind: 'folder', engine }));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'folder') return new vscode.TreeItem(node.engine.folder.name, vscode.TreeItemCollapsibleState.Expanded);
    return node.kind === 'prompt' ? promptItem(node.prompt) : datasetItem(node);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  async #prompts(engine: FolderEngine): Promise<Node[]> {
    try {
      const { prompts } = await engine.request('prompts/list', {});
      return prompts.map((prompt): Node => ({ kind: 'prompt', prompt, path: prompt.path, promptId: prompt.id }));
    } catch (error) {
      this.#services.log.error(`The prompts of ${engine.folder.name} cannot be listed: ${errorMessage(error)}`);
      return [];
    }
  }
}

function promptItem(prompt: PromptSummary): vscode.TreeItem {
  // Of a config with several prompts the label is what tells them apart; a long name would push the score out of the view.
  const label = prompt.id.includes('#') ? prompt.id.slice(prompt.id.indexOf('#') + 1) : prompt.name;
  const item = new vscode.TreeItem(label, prompt.dataset ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
  item.id = `prompt:${prompt.path}#${prompt.id}`;
  item.resourceUri = vscode.Uri.file(prompt.path);
  item.iconPath = new vscode.ThemeIcon(prompt.problem === null ? 'note' : 'warning');
  const state = prompt.problem !== null ? vscode.l10n.t('problem') : prompt.lastRun ? shortScore(prompt.lastRun.summary) : vscode.l10n.t('not run');
  item.description = label === prompt.name ? state : `${state} · ${vscode.workspace.asRelativePath(prompt.path).split('/').at(-1) ?? ''}`;
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
