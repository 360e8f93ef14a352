import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import type { RemoteSource, RemoteTraceRow } from '../../../protocol/remote.ts';
import { INTERNAL_COMMANDS, VIEW_ITEMS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import type { Services } from '../../services.ts';
import { PagedList } from '../../traces/paged-list.ts';
import { remoteDescription, sourceHost, sourceTitle } from '../../traces/source-wording.ts';
import { traceLabel } from '../../traces/wording.ts';

/** Rows of one request to somebody else's server. */
const PAGE = 30;

export interface RemoteGroup {
  readonly kind: 'remote';
  readonly engine: FolderEngine;
  readonly folder: string;
  readonly source: RemoteSource;
}

/** One source's traces, with the query that they are asked by. */
interface RemoteList {
  readonly list: PagedList<RemoteTraceRow>;
  notes: readonly string[];
}

/** The traces that sources list, newest first: asked for when a group is opened, and never before a person agreed to the host. */
export class RemoteLists {
  readonly #services: Services;
  readonly #lists = new Map<string, RemoteList>();
  readonly #queries = new Map<string, string>();

  constructor(services: Services) {
    this.#services = services;
  }

  queryOf(group: Pick<RemoteGroup, 'folder' | 'source'>): string {
    return this.#queries.get(keyOf(group)) ?? '';
  }

  search(group: Pick<RemoteGroup, 'folder' | 'source'>, query: string): void {
    this.#queries.set(keyOf(group), query.trim());
    this.#lists.delete(keyOf(group));
  }

  /** The next time they are asked for, they are read from the first page on. */
  clear(): void {
    this.#lists.clear();
  }

  forget(group: Pick<RemoteGroup, 'folder' | 'source'>): void {
    this.#lists.delete(keyOf(group));
  }

  /** @throws TouchstoneError what the source says; 'cancelled' when nobody agreed */
  async load(group: RemoteGroup): Promise<{ readonly rows: readonly RemoteTraceRow[]; readonly list: PagedList<RemoteTraceRow>; readonly notes: readonly string[] }> {
    if (!(await this.#services.hosts.agree([group.source]))) throw new TouchstoneError('cancelled', vscode.l10n.t('{0} is not asked.', sourceHost(group.source)));
    const of = this.#listOf(group);
    return { rows: await of.list.load(), list: of.list, notes: of.notes };
  }

  #listOf(group: RemoteGroup): RemoteList {
    const known = this.#lists.get(keyOf(group));
    if (known) return known;
    const created: RemoteList = {
      list: new PagedList<RemoteTraceRow>(
        async (limit, cursor) => {
          const page = await group.engine.request('remote/list', { source: group.source.name, query: this.queryOf(group), limit, ...(cursor === undefined ? {} : { cursor }) });
          created.notes = page.notes;
          return { rows: page.traces, next: page.next };
        },
        (row) => `${row.id} ${row.stored ?? ''}`,
        PAGE,
      ),
      notes: [],
    };
    this.#lists.set(keyOf(group), created);
    return created;
  }
}

function keyOf({ folder, source }: Pick<RemoteGroup, 'folder' | 'source'>): string {
  return `${folder}#${source.name}`;
}

export function groupItem({ folder, source }: RemoteGroup, query: string): vscode.TreeItem {
  const item = new vscode.TreeItem(sourceTitle(source), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `remote:${folder}#${source.name}`;
  item.iconPath = new vscode.ThemeIcon('cloud');
  item.description = [query, sourceHost(source)].filter((part) => part !== '').join(' · ');
  item.tooltip = vscode.l10n.t('Recent traces at {0}. They are asked for when this is opened, and kept here when one of them is.', sourceHost(source));
  item.contextValue = source.can.summarise ? VIEW_ITEMS.remoteTracesSums : VIEW_ITEMS.remoteTraces;
  return item;
}

export function remoteItem({ folder, source }: RemoteGroup, row: RemoteTraceRow): vscode.TreeItem {
  const item = new vscode.TreeItem(traceLabel({ name: row.name, traceId: row.id }));
  item.id = `remote:${folder}#${source.name}#${row.id}`;
  item.iconPath = row.errors !== null && row.errors > 0 ? new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')) : new vscode.ThemeIcon(row.stored === null ? 'cloud-download' : 'list-tree');
  item.description = remoteDescription(row);
  item.tooltip = [row.name, row.service, row.user, row.session, row.id].filter((part) => part !== null && part !== '').join('\n');
  item.contextValue = VIEW_ITEMS.remoteTrace;
  item.accessibilityInformation = { label: `${row.name}, ${item.description}` };
  item.command = { command: INTERNAL_COMMANDS.openRemoteTrace, title: vscode.l10n.t('Open Trace'), arguments: [{ folder, source: source.name, id: row.id, stored: row.stored }] };
  return item;
}

export function noteItem(text: string, isProblem: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(text);
  item.iconPath = new vscode.ThemeIcon(isProblem ? 'warning' : 'info');
  item.tooltip = text;
  return item;
}
