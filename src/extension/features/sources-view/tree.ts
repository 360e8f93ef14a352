import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { formatCount } from '../../../core/text/format.ts';
import { fileNameOf } from '../../../core/text/path.ts';
import type { RemoteSource } from '../../../protocol/remote.ts';
import type { SourcesState } from '../../../protocol/traces.ts';
import { INTERNAL_COMMANDS, VIEW_ITEMS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import type { Services } from '../../services.ts';
import { formatBytes } from '../../traces/numbers.ts';
import { receiverDescription, receiverIcon, receiverTooltip } from '../../traces/receiver-wording.ts';
import { missingKeys, sourceHost, sourceTitle } from '../../traces/source-wording.ts';
import { shortTime } from '../../traces/wording.ts';

type Tail = SourcesState['tails'][number];

interface InFolder {
  readonly engine: FolderEngine;
  /** Of the folder, for commands. */
  readonly folder: string;
}

export type Node = InFolder & (
  | { readonly kind: 'receiver' }
  | { readonly kind: 'senders'; readonly senders: SourcesState['senders'] }
  | { readonly kind: 'sender'; readonly sender: SourcesState['senders'][number] }
  | { readonly kind: 'tail'; readonly tail: Tail }
  | { readonly kind: 'file'; readonly file: Tail['files'][number] }
  | { readonly kind: 'rejections'; readonly state: SourcesState }
  | { readonly kind: 'rejection'; readonly rejection: SourcesState['rejections'][number] }
  | { readonly kind: 'remote'; readonly source: RemoteSource }
  | { readonly kind: 'store'; readonly store: SourcesState['store'] });

/** Where traces come from: the receiver with who sends, files that are tailed, what could not be taken, and the store. */
export class SourcesTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #services: Services;
  readonly #didChange = new vscode.EventEmitter<Node | undefined>();
  readonly #disposables: vscode.Disposable[];
  readonly onDidChangeTreeData = this.#didChange.event;
  #watch: vscode.Disposable | null = null;

  constructor(services: Services) {
    this.#services = services;
    this.#disposables = [
      this.#didChange,
      services.sources.onDidChange(() => {
        if (this.#watch) this.#didChange.fire(undefined);
      }),
      services.remotes.onDidChange(() => {
        if (this.#watch) this.#didChange.fire(undefined);
      }),
      services.refresh.event(() => void this.#readAgain()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#didChange.fire(undefined)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#didChange.fire(undefined)),
      { dispose: () => void this.#watch?.dispose() },
    ];
  }

  /** A hidden view asks for nothing. */
  setVisible(visible: boolean): void {
    if (visible === (this.#watch !== null)) return;
    this.#watch?.dispose();
    this.#watch = visible ? this.#services.sources.watch() : null;
    if (visible) void this.#readAgain();
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!this.#services.engines.takesTraces) return [];
    if (!node) return (await Promise.all(this.#services.engines.forTraces().map((engine) => this.#top(engine)))).flat();
    const { engine, folder } = node;
    switch (node.kind) {
      case 'senders':
        return node.senders.map((sender): Node => ({ kind: 'sender', engine, folder, sender }));
      case 'tail':
        return node.tail.files.map((file): Node => ({ kind: 'file', engine, folder, file }));
      case 'rejections':
        return node.state.rejections.map((rejection): Node => ({ kind: 'rejection', engine, folder, rejection }));
      default:
        return [];
    }
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case 'receiver':
        return this.#receiver(node);
      case 'senders':
        return sendersItem(node.senders);
      case 'sender':
        return senderItem(node.sender);
      case 'tail':
        return tailItem(node);
      case 'file':
        return fileItem(node.file);
      case 'rejections':
        return rejectionsItem(node.state);
      case 'rejection':
        return rejectionItem(node);
      case 'remote':
        return remoteItem(node);
      case 'store':
        return storeItem(node.store);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  async #readAgain(): Promise<void> {
    if (!this.#watch || !this.#services.engines.takesTraces) return;
    for (const engine of this.#services.engines.forTraces()) await this.#services.sources.refresh(engine).catch((error: unknown) => this.#services.log.error(`The sources of ${engine.folder.name} cannot be read: ${errorMessage(error)}`));
  }

  async #top(engine: FolderEngine): Promise<Node[]> {
    const folder = engine.folder.uri.toString();
    const state = this.#services.sources.state(engine);
    const nodes: Node[] = [{ kind: 'receiver', engine, folder }];
    if (!state) return nodes;
    nodes.push(...(await this.#services.remotes.listed(engine)).map((source): Node => ({ kind: 'remote', engine, folder, source })));
    nodes.push(...state.tails.map((tail): Node => ({ kind: 'tail', engine, folder, tail })));
    if (state.senders.length > 0) nodes.push({ kind: 'senders', engine, folder, senders: state.senders });
    if (state.counts.rejected > 0 || state.rejections.length > 0) nodes.push({ kind: 'rejections', engine, folder, state });
    nodes.push({ kind: 'store', engine, folder, store: state.store });
    return nodes;
  }

  #receiver({ engine }: Node): vscode.TreeItem {
    const { sources } = this.#services;
    const state = sources.state(engine);
    const on = sources.isEnabled(engine);
    const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
    const item = new vscode.TreeItem(several ? vscode.l10n.t('Receiver of {0}', engine.folder.name) : vscode.l10n.t('Receiver'));
    item.id = `receiver:${engine.folder.uri.toString()}`;
    item.iconPath = receiverIcon(state?.receiver, on);
    item.description = receiverDescription(state?.receiver, on);
    item.tooltip = receiverTooltip(state, on);
    item.contextValue = on ? VIEW_ITEMS.receiverOn : VIEW_ITEMS.receiverOff;
    return item;
  }
}

function remoteItem({ folder, source }: Extract<Node, { kind: 'remote' }>): vscode.TreeItem {
  const item = new vscode.TreeItem(sourceTitle(source));
  item.id = `remote:${folder}#${source.name}`;
  const missing = missingKeys(source);
  item.iconPath = new vscode.ThemeIcon(source.type === 'sqlite' ? 'database' : 'cloud');
  item.description = [sourceHost(source), source.project, missing.length > 0 && missing.length === source.secrets.length ? vscode.l10n.t('no key') : null].filter((part) => part !== null).join(' · ');
  item.tooltip = [
    `${sourceTitle(source)} · ${source.url}`,
    ...source.secrets.map(({ name, what, isSet }) => (isSet ? vscode.l10n.t('{0}: {1} is set', what, name) : vscode.l10n.t('{0}: {1} is not set', what, name))),
    source.can.annotate ? vscode.l10n.t('Scores may be sent to it.') : vscode.l10n.t('Nothing is sent to it but questions.'),
  ].join('\n');
  item.contextValue = VIEW_ITEMS.remote;
  return item;
}

function sendersItem(senders: SourcesState['senders']): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Senders'), vscode.TreeItemCollapsibleState.Collapsed);
  item.iconPath = new vscode.ThemeIcon('server-process');
  item.description = [...new Set(senders.map(({ service }) => service))].slice(0, 3).join(', ');
  item.tooltip = vscode.l10n.t('Services that spans name, and what instruments them');
  return item;
}

function senderItem({ service, scope, spans, lastAt }: SourcesState['senders'][number]): vscode.TreeItem {
  const item = new vscode.TreeItem(service === '' ? vscode.l10n.t('unnamed service') : service);
  item.iconPath = new vscode.ThemeIcon('arrow-small-right');
  item.description = [formatCount(spans, 'span'), shortTime(lastAt), scope].filter((part) => part !== '').join(' · ');
  item.tooltip = [service, scope, formatCount(spans, 'span'), new Date(lastAt).toLocaleString()].filter((part) => part !== '').join('\n');
  return item;
}

function tailItem({ folder, tail: { pattern, files, problem } }: Extract<Node, { kind: 'tail' }>): vscode.TreeItem {
  const item = new vscode.TreeItem(pattern, files.length > 0 ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
  item.id = `tail:${folder}#${pattern}`;
  const troubled = files.filter((file) => file.problem !== null).length;
  item.iconPath = problem !== null || troubled > 0 ? warningIcon() : new vscode.ThemeIcon('file-symlink-file');
  const spans = files.reduce((sum, file) => sum + file.spans, 0);
  item.description = problem ?? [files.length === 0 ? vscode.l10n.t('no file yet') : formatCount(files.length, 'file'), formatCount(spans, 'span'), ...(troubled > 0 ? [formatCount(troubled, 'problem')] : [])].join(' · ');
  item.tooltip = problem === null ? pattern : `${pattern}\n${problem}`;
  return item;
}

function fileItem({ path, offset, size, spans, problem }: Tail['files'][number]): vscode.TreeItem {
  const uri = vscode.Uri.file(path);
  const item = new vscode.TreeItem(fileNameOf(path));
  item.resourceUri = uri;
  item.iconPath = problem === null ? vscode.ThemeIcon.File : warningIcon();
  const read = offset >= size ? formatBytes(size) : vscode.l10n.t('{0} of {1}', formatBytes(offset), formatBytes(size));
  item.description = problem ?? `${read} · ${formatCount(spans, 'span')}`;
  item.tooltip = [vscode.workspace.asRelativePath(uri), `${read} · ${formatCount(spans, 'span')}`, problem].filter((line) => line !== null).join('\n');
  item.contextValue = VIEW_ITEMS.tailedFile;
  item.command = { command: 'vscode.open', title: vscode.l10n.t('Open File'), arguments: [uri] };
  return item;
}

function rejectionsItem({ counts, rejections }: SourcesState): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Could not be read'), rejections.length > 0 ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
  item.iconPath = warningIcon();
  item.description = formatCount(Math.max(counts.rejected, rejections.length));
  item.tooltip = vscode.l10n.t('What senders and files brought that is no span. The last of it is kept, to be looked at.');
  return item;
}

function rejectionItem(node: Extract<Node, { kind: 'rejection' }>): vscode.TreeItem {
  const { rejection } = node;
  const item = new vscode.TreeItem(rejection.where);
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  item.description = `${rejection.reason} · ${shortTime(rejection.at)}`;
  item.tooltip = [rejection.where, rejection.reason, `${new Date(rejection.at).toLocaleString()} · ${formatBytes(rejection.bytes)}`].join('\n');
  item.contextValue = VIEW_ITEMS.rejection;
  item.command = { command: INTERNAL_COMMANDS.openRejection, title: vscode.l10n.t('Show What Was Sent'), arguments: [{ folder: node.folder, id: rejection.id }] };
  return item;
}

function storeItem({ traces, spans, bytes }: SourcesState['store']): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Store'));
  item.iconPath = new vscode.ThemeIcon('database');
  item.description = [formatCount(traces, 'trace'), formatCount(spans, 'span'), formatBytes(bytes)].join(' · ');
  item.tooltip = vscode.l10n.t('Traces are kept in .touchstone/touchstone.db of the folder. How long and how much is set by touchstone.traces.retentionDays and touchstone.traces.maxSize.');
  return item;
}

function warningIcon(): vscode.ThemeIcon {
  return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
}
