import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import type { RemoteTraceRow } from '../../../protocol/remote.ts';
import type { SessionRow, TraceRow } from '../../../protocol/traces.ts';
import { Coalesced } from '../../coalesce.ts';
import { COMMANDS, CONTEXT_KEYS, INTERNAL_COMMANDS, VIEW_ITEMS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import type { Services } from '../../services.ts';
import { PagedList } from '../../traces/paged-list.ts';
import type { TraceTarget } from '../../traces/targets.ts';
import { problemAtSource } from '../../traces/source-wording.ts';
import { sessionDescription, sessionTooltip, traceDescription, traceIcon, traceLabel, traceTooltip } from '../../traces/wording.ts';
import type { TracesLook } from './look.ts';
import { groupItem, noteItem, remoteItem, RemoteLists, type RemoteGroup } from './remote-lists.ts';

/** A list that changes all the time is read again at most so often, in milliseconds. */
const REFRESH_MS = 700;

interface MoreNode {
  readonly kind: 'more';
  readonly list: PagedList<TraceRow> | PagedList<SessionRow> | PagedList<RemoteTraceRow>;
  readonly parent: Node | undefined;
}

export type Node =
  | { readonly kind: 'folder'; readonly engine: FolderEngine }
  | { readonly kind: 'session'; readonly engine: FolderEngine; readonly session: SessionRow }
  | ({ readonly kind: 'trace'; readonly engine: FolderEngine; readonly row: TraceRow } & TraceTarget)
  | RemoteGroup
  | { readonly kind: 'remoteTrace'; readonly group: RemoteGroup; readonly row: RemoteTraceRow }
  /** What a source says instead of, or beside, its traces. */
  | { readonly kind: 'note'; readonly text: string; readonly isProblem: boolean }
  | MoreNode;

interface FolderLists {
  readonly traces: PagedList<TraceRow>;
  readonly sessions: PagedList<SessionRow>;
  /** Traces of the sessions that were opened. */
  readonly ofSession: Map<string, PagedList<TraceRow>>;
}

/** Traces as the store has them now: by themselves or below their sessions, page by page. A hidden view asks for nothing. */
export class TracesTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #services: Services;
  readonly #look: TracesLook;
  readonly #lists = new Map<FolderEngine, FolderLists>();
  readonly #remote: RemoteLists;
  readonly #didChange = new vscode.EventEmitter<Node | undefined>();
  readonly #didLoad = new vscode.EventEmitter<void>();
  readonly #refresh: Coalesced;
  readonly #disposables: vscode.Disposable[];
  readonly onDidChangeTreeData = this.#didChange.event;
  /** After the top of the list was read: for what stands around it. */
  readonly onDidLoad = this.#didLoad.event;
  #visible = false;
  #stale = false;
  /** Why the list cannot be shown, such as a query that is wrong. */
  problem: string | null = null;

  constructor(services: Services, look: TracesLook) {
    this.#services = services;
    this.#look = look;
    this.#remote = new RemoteLists(services);
    this.#refresh = new Coalesced(() => this.#readAgain(), REFRESH_MS);
    this.#disposables = [
      this.#didChange, this.#didLoad, this.#refresh,
      look.onDidChange(() => this.reload()),
      services.engines.onTracesChanged(() => this.refresh()),
      services.engines.onDidStart(() => this.refresh()),
      services.remotes.onDidChange(() => this.reload()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.reload()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.reload()),
    ];
  }

  /** Something may have changed. */
  refresh(): void {
    if (this.#visible) this.#refresh.request();
    else this.#stale = true;
  }

  /** Another list: from its first page on. */
  reload(): void {
    this.#lists.clear();
    this.#remote.clear();
    if (this.#visible) this.#follow();
    this.#didChange.fire(undefined);
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    if (!visible) return;
    this.#follow();
    if (!this.#stale) return;
    this.#stale = false;
    this.#refresh.request();
  }

  /** What is listed grows by the files that are tailed, too. */
  #follow(): void {
    if (!this.#services.engines.takesTraces) return;
    for (const engine of this.#services.engines.forTraces()) this.#services.sources.follow(engine);
  }

  /** The traces of a session that is closed are not read again. */
  collapsed(node: Node): void {
    if (node.kind === 'session') this.#lists.get(node.engine)?.ofSession.delete(node.session.session);
    // Opened again, a source is asked again.
    if (node.kind === 'remote') this.#remote.forget(node);
  }

  /** What a source is asked for from now on. */
  queryOf(group: Pick<RemoteGroup, 'folder' | 'source'>): string {
    return this.#remote.queryOf(group);
  }

  searchRemote(group: Pick<RemoteGroup, 'folder' | 'source'>, query: string): void {
    this.#remote.search(group, query);
    this.#didChange.fire(undefined);
  }

  async more({ list, parent }: MoreNode): Promise<void> {
    await list.more();
    this.#didChange.fire(parent);
  }

  /** How many the view lists, and whether there are more. */
  get shown(): { readonly count: number; readonly more: boolean } {
    const lists = [...this.#lists.values()].map((folder) => (this.#look.grouped ? folder.sessions : folder.traces));
    return { count: lists.reduce((sum, list) => sum + list.rows.length, 0), more: lists.some((list) => list.hasMore) };
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!this.#services.engines.takesTraces) return [];
    if (node?.kind === 'folder') return this.#guard(() => this.#top(node.engine, node));
    if (node?.kind === 'session') return this.#guard(() => this.#traces(node.engine, this.#ofSession(node.engine, node.session.session), node));
    if (node?.kind === 'remote') return this.#remoteTraces(node);
    if (node) return [];
    this.problem = null;
    const engines = this.#services.engines.forTraces();
    const lists = await Promise.all(engines.map(async (engine) => ({ engine, nodes: await this.#guard(() => this.#top(engine, undefined)) })));
    const filled = lists.filter((list) => list.nodes.length > 0);
    // Folders appear only in a workspace with several.
    const nodes = engines.length <= 1 ? filled[0]?.nodes ?? [] : filled.map(({ engine }): Node => ({ kind: 'folder', engine }));
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.hasTraces, this.#services.shownTraces.latest !== null || lists.some((list) => list.nodes.some(({ kind }) => kind === 'trace' || kind === 'session')));
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.tracesRead, true);
    this.#didLoad.fire();
    return nodes;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case 'folder':
        return new vscode.TreeItem(node.engine.folder.name, vscode.TreeItemCollapsibleState.Expanded);
      case 'session':
        return sessionItem(node.session);
      case 'trace':
        return traceItem(node, this.#look);
      case 'remote':
        return groupItem(node, this.#remote.queryOf(node));
      case 'remoteTrace':
        return remoteItem(node.group, node.row);
      case 'note':
        return noteItem(node.text, node.isProblem);
      case 'more': {
        const item = new vscode.TreeItem(vscode.l10n.t('Load more'));
        item.iconPath = new vscode.ThemeIcon('ellipsis');
        item.command = { command: INTERNAL_COMMANDS.loadMoreTraces, title: vscode.l10n.t('Load more'), arguments: [node] };
        return item;
      }
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  async #top(engine: FolderEngine, parent: Node | undefined): Promise<Node[]> {
    const folder = engine.folder.uri.toString();
    const sources = (await this.#services.remotes.listed(engine)).filter(({ can }) => can.list);
    // First: behind the traces that are here, nobody would find them.
    return [...sources.map((source): Node => ({ kind: 'remote', engine, folder, source })), ...(await this.#stored(engine, parent))];
  }

  /** A source that fails says why in its own place. */
  async #remoteTraces(group: RemoteGroup): Promise<Node[]> {
    try {
      const { rows, list, notes } = await this.#remote.load(group);
      const nodes = rows.map((row): Node => ({ kind: 'remoteTrace', group, row }));
      const said = [...notes, ...(rows.length === 0 ? [vscode.l10n.t('No trace found.')] : [])].map((text): Node => ({ kind: 'note', text, isProblem: false }));
      return [...nodes, ...(list.hasMore ? [{ kind: 'more' as const, list, parent: group }] : []), ...said];
    } catch (error) {
      // Not kept: the next time the group is opened, it is tried again.
      this.#remote.forget(group);
      const text = this.#services.log.redact(errorMessage(error));
      this.#services.log.warn(`Source "${group.source.name}" cannot be listed: ${text}`);
      return [{ kind: 'note', text: problemAtSource(text, group.source), isProblem: true }];
    }
  }

  async #stored(engine: FolderEngine, parent: Node | undefined): Promise<Node[]> {
    const lists = this.#listsOf(engine);
    if (!this.#look.grouped) return this.#traces(engine, lists.traces, parent);
    const sessions = await lists.sessions.load();
    const nodes = sessions.map((session): Node => ({ kind: 'session', engine, session }));
    return lists.sessions.hasMore ? [...nodes, { kind: 'more', list: lists.sessions, parent }] : nodes;
  }

  async #traces(engine: FolderEngine, list: PagedList<TraceRow>, parent: Node | undefined): Promise<Node[]> {
    const folder = engine.folder.uri.toString();
    const nodes = (await list.load()).map((row): Node => ({ kind: 'trace', engine, row, folder, traceId: row.traceId }));
    return list.hasMore ? [...nodes, { kind: 'more', list, parent }] : nodes;
  }

  #listsOf(engine: FolderEngine): FolderLists {
    let lists = this.#lists.get(engine);
    if (!lists) {
      lists = {
        traces: this.#traceList(engine, () => this.#look.query),
        sessions: new PagedList<SessionRow>(
          async (limit, cursor) => {
            const page = await engine.request('traces/sessions', { query: this.#look.query, limit, ...(cursor === undefined ? {} : { cursor }) });
            return { rows: page.sessions, next: page.next };
          },
          (session) => JSON.stringify(session),
        ),
        ofSession: new Map(),
      };
      this.#lists.set(engine, lists);
    }
    return lists;
  }

  #ofSession(engine: FolderEngine, session: string): PagedList<TraceRow> {
    const { ofSession } = this.#listsOf(engine);
    const list = ofSession.get(session) ?? this.#traceList(engine, () => this.#look.queryOfSession(session));
    ofSession.set(session, list);
    return list;
  }

  #traceList(engine: FolderEngine, query: () => string): PagedList<TraceRow> {
    return new PagedList<TraceRow>(
      async (limit, cursor) => {
        const { sort, descending } = this.#look;
        const page = await engine.request('traces/list', { query: query(), sort, descending, limit, ...(cursor === undefined ? {} : { cursor }) });
        return { rows: page.traces, next: page.next };
      },
      (row) => `${row.traceId} ${row.revision}`,
    );
  }

  /** Repaints only when something differs from what is shown. */
  async #readAgain(): Promise<void> {
    if (!this.#visible) {
      this.#stale = true;
      return;
    }
    const lists = [...this.#lists.values()].flatMap((folder) => [this.#look.grouped ? folder.sessions : folder.traces, ...(this.#look.grouped ? folder.ofSession.values() : [])]);
    try {
      const changes = await Promise.all(lists.map((list) => list.refresh()));
      if (changes.includes(true) || lists.length === 0 || this.problem !== null) this.#didChange.fire(undefined);
    } catch (error) {
      this.#services.log.warn(`The traces cannot be listed: ${errorMessage(error)}`);
    }
  }

  async #guard(load: () => Promise<Node[]>): Promise<Node[]> {
    try {
      return await load();
    } catch (error) {
      this.problem = this.#services.log.redact(errorMessage(error));
      this.#services.log.error(`The traces cannot be listed: ${this.problem}`);
      return [];
    }
  }
}

function traceItem(node: Extract<Node, { kind: 'trace' }>, look: TracesLook): vscode.TreeItem {
  const { row } = node;
  const item = new vscode.TreeItem(traceLabel(row));
  item.id = `${node.folder}#${node.traceId}`;
  item.iconPath = traceIcon(row);
  item.description = traceDescription(row, look.sort);
  item.tooltip = traceTooltip(row);
  item.contextValue = VIEW_ITEMS.trace;
  item.accessibilityInformation = { label: `${row.name}, ${item.description}` };
  item.command = { command: COMMANDS.openTrace, title: vscode.l10n.t('Open Trace'), arguments: [{ folder: node.folder, traceId: node.traceId } satisfies TraceTarget] };
  return item;
}

function sessionItem(session: SessionRow): vscode.TreeItem {
  const item = new vscode.TreeItem(session.session, vscode.TreeItemCollapsibleState.Collapsed);
  item.iconPath = session.errors > 0 ? new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')) : new vscode.ThemeIcon('comment-discussion');
  item.description = sessionDescription(session);
  item.tooltip = sessionTooltip(session);
  item.contextValue = VIEW_ITEMS.session;
  return item;
}
