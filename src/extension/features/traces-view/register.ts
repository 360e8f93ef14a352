import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { formatCount } from '../../../core/text/format.ts';
import type { RemoteSource } from '../../../protocol/remote.ts';
import { Coalesced } from '../../coalesce.ts';
import { COMMANDS, INTERNAL_COMMANDS, VIEWS } from '../../constants.ts';
import { showQuickPick } from '../../questions.ts';
import { registerCommand, type Services } from '../../services.ts';
import { deleteMatching, deleteTraces, exportTrace, isTraceFormat, pickFormat } from '../../traces/actions.ts';
import { importFiles, importFolder, pickFiles } from '../../traces/import.ts';
import { pickSource } from '../../traces/pick-source.ts';
import { asTraceTargets, engineOfTrace, pickTrace, type TraceTarget } from '../../traces/targets.ts';
import type { TraceSort } from '../../traces/wording.ts';
import { describeBreakdown } from './compare.ts';
import { TraceDrop } from './drop.ts';
import { missingPrompts } from './known-prompts.ts';
import { TracesLook } from './look.ts';
import { askQuery, problemOf } from './search.ts';
import { showSummary } from './summary.ts';
import { TracesTree, type Node } from './tree.ts';

const DESCRIBE_MS = 200;

/** The Traces view: what is in the store, live, and what can be done with it. */
export function register(services: Services): vscode.Disposable {
  const look = new TracesLook(services.context.workspaceState);
  const tree = new TracesTree(services, look);
  const view = vscode.window.createTreeView<Node>(VIEWS.traces, { treeDataProvider: tree, canSelectMany: true, showCollapseAll: false, dragAndDropController: new TraceDrop(services) });
  tree.setVisible(view.visible);
  let missing: string | null = null;
  const describe = (): void => {
    view.message = messageOf(tree, look, missing);
    view.description = look.sort === 'time' && look.descending ? undefined : sortLabel(look.sort, look.descending);
  };
  describe();
  // A list that is live is read again and again.
  const describingMissing = new Coalesced(async () => {
    const { query } = look;
    const found = await missingPrompts(services, query).catch(() => null);
    // Of another query by now.
    if (query !== look.query) return;
    missing = found;
    describe();
  }, DESCRIBE_MS);
  /** What a command is called on; from the palette or a key, what is selected in the view. */
  const targets = (argument: unknown, selected: unknown): TraceTarget[] => {
    const given = asTraceTargets(argument, selected);
    return given.length > 0 ? given : asTraceTargets(undefined, view.selection);
  };
  const target = (argument: unknown): unknown => argument ?? (view.selection.length === 1 ? view.selection[0] : undefined);

  return vscode.Disposable.from(
    look,
    tree,
    view,
    describingMissing,
    tree.onDidLoad(() => {
      describe();
      describingMissing.request();
    }),
    look.onDidChange(() => {
      missing = null;
      describe();
    }),
    view.onDidChangeVisibility(({ visible }) => tree.setVisible(visible)),
    view.onDidCollapseElement(({ element }) => tree.collapsed(element)),

    registerCommand(services, COMMANDS.searchTraces, async (argument) => {
      const query = typeof argument === 'string' ? argument : await askQuery(services, look.query, look.recent);
      if (query === undefined) return;
      const problem = problemOf(query);
      if (problem !== null) throw new TouchstoneError('usage', problem);
      look.search(query);
      await vscode.commands.executeCommand(`${VIEWS.traces}.focus`);
    }),
    registerCommand(services, COMMANDS.searchSource, async (argument) => {
      const picked = await pickSource(services, argument, vscode.l10n.t('Search Traces of Source'));
      if (!picked) return;
      const group = { folder: picked.engine.folder.uri.toString(), source: picked.source };
      const query = await askQuery(services, tree.queryOf(group), look.recent);
      if (query !== undefined) tree.searchRemote(group, query);
    }),
    registerCommand(services, COMMANDS.summariseSource, async (argument) => {
      const summing = { can: ({ can }: RemoteSource) => can.summarise, none: vscode.l10n.t('No source of touchstone.yml adds up its traces: ClickHouse does.') };
      const picked = await pickSource(services, argument, vscode.l10n.t('Summary of Source'), summing);
      if (picked) await showSummary(services, picked, tree.queryOf({ folder: picked.engine.folder.uri.toString(), source: picked.source }));
    }),
    registerCommand(services, COMMANDS.clearTraceSearch, () => look.search('')),
    registerCommand(services, COMMANDS.sortTraces, () => askSort(look)),
    registerCommand(services, COMMANDS.groupTraces, () => look.group(true)),
    registerCommand(services, COMMANDS.ungroupTraces, () => look.group(false)),
    registerCommand(services, INTERNAL_COMMANDS.loadMoreTraces, async (node) => {
      const more = node as Node | undefined;
      if (more?.kind === 'more') await tree.more(more);
    }),

    registerCommand(services, COMMANDS.compareTraces, (argument, selected) => compare(services, targets(argument, selected))),
    registerCommand(services, COMMANDS.copyTraceId, async (argument, selected) => {
      const ids = targets(argument, selected).map(({ traceId }) => traceId);
      const picked = ids.length > 0 ? ids : [(await pickTrace(services, undefined, vscode.l10n.t('Copy Trace ID')))?.row.traceId].filter((id) => id !== undefined);
      if (picked.length > 0) await vscode.env.clipboard.writeText(picked.join('\n'));
    }),
    registerCommand(services, COMMANDS.exportTrace, async (argument, given) => {
      const title = vscode.l10n.t('Export Trace');
      const picked = await pickTrace(services, target(argument), title);
      if (!picked) return;
      const format = isTraceFormat(given) ? given : await pickFormat(title);
      if (format !== undefined) await exportTrace(picked.engine, picked.row, format);
    }),
    registerCommand(services, COMMANDS.deleteTrace, async (argument, selected) => {
      const chosen = targets(argument, selected);
      if (chosen.length > 0) {
        await deleteTraces(services, chosen);
        return;
      }
      const picked = await pickTrace(services, undefined, vscode.l10n.t('Delete Trace'));
      if (picked) await deleteTraces(services, [{ folder: picked.engine.folder.uri.toString(), traceId: picked.row.traceId }]);
    }),
    registerCommand(services, COMMANDS.deleteMatchingTraces, () => deleteMatching(services, look.query)),
    registerCommand(services, COMMANDS.importTraces, async (argument, selected) => {
      const given = urisOf(argument, selected);
      const engine = await importFolder(services, given);
      if (!engine) return undefined;
      const uris = given.length > 0 ? given : await pickFiles(engine);
      return uris.length === 0 ? undefined : importFiles(services, engine, uris);
    }),
    // Also by *Refresh* of all views: read at once, from the first page on.
    services.refresh.event(() => tree.reload()),
  );
}

function messageOf(tree: TracesTree, look: TracesLook, missing: string | null): string | undefined {
  if (tree.problem !== null) return tree.problem;
  if (look.query === '') return undefined;
  const { count, more } = tree.shown;
  const found = count === 0 ? vscode.l10n.t('nothing found') : `${formatCount(count, look.grouped ? 'session' : 'trace')}${more ? '+' : ''}`;
  return [look.query, found, missing].filter((part) => part !== null).join(' · ');
}

function sortLabel(sort: TraceSort, descending: boolean): string {
  switch (sort) {
    case 'time':
      return descending ? vscode.l10n.t('newest first') : vscode.l10n.t('oldest first');
    case 'duration':
      return descending ? vscode.l10n.t('slowest first') : vscode.l10n.t('fastest first');
    case 'cost':
      return descending ? vscode.l10n.t('most expensive first') : vscode.l10n.t('cheapest first');
    case 'tokens':
      return descending ? vscode.l10n.t('most tokens first') : vscode.l10n.t('fewest tokens first');
    case 'errors':
      return descending ? vscode.l10n.t('most errors first') : vscode.l10n.t('fewest errors first');
  }
}

async function askSort(look: TracesLook): Promise<void> {
  const orders: readonly (readonly [TraceSort, boolean])[] = [['time', true], ['time', false], ['duration', true], ['cost', true], ['tokens', true], ['errors', true]];
  const picked = await showQuickPick(
    orders.map(([sort, descending]) => ({ label: sortLabel(sort, descending), description: sort === look.sort && descending === look.descending ? vscode.l10n.t('now') : '', sort, descending })),
    { title: vscode.l10n.t('Sort Traces') },
  );
  if (picked) look.sortBy(picked.sort, picked.descending);
}

/** What two traces did, the earlier one at the left, in VS Code's own diff editor. */
async function compare(services: Services, targets: readonly TraceTarget[]): Promise<void> {
  const [first, second] = targets;
  if (!first || !second || targets.length !== 2) throw new TouchstoneError('usage', vscode.l10n.t('Select two traces in the Traces view to compare them.'));
  const breakdowns = await Promise.all([first, second].map((target) => engineOfTrace(services, target).request('traces/breakdown', { traceId: target.traceId })));
  breakdowns.sort((a, b) => (BigInt(a.row.startNs) < BigInt(b.row.startNs) ? -1 : 1));
  const [left, right] = breakdowns;
  if (!left || !right) return;
  const text = (breakdown: typeof left): vscode.Uri => services.texts.add(`${breakdown.row.traceId.slice(0, 8)}.txt`, describeBreakdown(breakdown));
  await services.texts.showDifference(text(left), text(right), left.row.name === right.row.name ? vscode.l10n.t('{0}: {1} ↔ {2}', left.row.name, left.row.traceId.slice(0, 8), right.row.traceId.slice(0, 8)) : `${left.row.name} ↔ ${right.row.name}`);
}

/** The Explorer gives one file and the selection; the editor's title gives one file; other callers may give paths. */
function urisOf(argument: unknown, selected: unknown): vscode.Uri[] {
  const many = Array.isArray(selected) ? selected.filter((uri) => uri instanceof vscode.Uri) : [];
  if (many.length > 0) return many;
  if (argument instanceof vscode.Uri) return [argument];
  const paths = v.safeParse(v.array(v.string()), argument);
  return paths.success ? paths.output.map((path) => vscode.Uri.file(path)) : [];
}
