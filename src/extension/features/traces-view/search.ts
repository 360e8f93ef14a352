import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { parseQuery } from '../../../core/trace/query/parse.ts';
import type { QueryCompletion } from '../../../protocol/traces.ts';
import { Coalesced } from '../../coalesce.ts';
import { createQuickPick } from '../../questions.ts';
import type { Services } from '../../services.ts';

/** After the last key, in milliseconds. */
const TYPING_MS = 120;
const SHOWN_COMPLETIONS = 40;

interface Choice extends vscode.QuickPickItem {
  /** Searches with this query. */
  readonly query?: string;
  /** Replaces what was typed; the field stays open. */
  readonly replacement?: string;
}

/**
 * A field for a query with what can be written next below it. Enter on the first line searches; on a completion it is taken
 * over. Resolves to the query, or `undefined` when the field was left.
 */
export async function askQuery(services: Services, current: string, recent: readonly string[]): Promise<string | undefined> {
  const picker = createQuickPick<Choice>();
  picker.title = vscode.l10n.t('Search Traces');
  picker.placeholder = vscode.l10n.t('Words, or fields such as status:error model:gpt-5* duration:>2s');
  picker.value = current;
  // VS Code would put what resembles the typed text first; searching for it comes first here. (Not in the typings yet.)
  Reflect.set(picker, 'sortByLabel', false);
  const offer = (items: readonly Choice[]): void => {
    picker.items = items;
    picker.activeItems = items.slice(0, 1);
  };
  let asked = 0;
  const show = async (): Promise<void> => {
    const query = picker.value;
    const mine = ++asked;
    const items = await completions(services, query);
    // An answer to what has been typed over.
    if (mine === asked && items.length > 0) offer(choices(query, items, recent));
  };
  const typing = new Coalesced(show, TYPING_MS, { restart: true });
  try {
    return await new Promise<string | undefined>((resolve) => {
      picker.onDidChangeValue((query) => {
        // At once, so that Enter never searches for less than what is in the field.
        offer(choices(query, [], recent));
        typing.request();
      });
      picker.onDidAccept(() => {
        const chosen = picker.activeItems[0];
        if (chosen?.replacement !== undefined) {
          picker.value = chosen.replacement;
          offer(choices(picker.value, [], recent));
          typing.request();
        } else if (chosen?.query !== undefined && problemOf(chosen.query) === null) {
          resolve(chosen.query);
        }
      });
      picker.onDidHide(() => resolve(undefined));
      offer(choices(current, [], recent));
      picker.show();
      void show();
    });
  } finally {
    typing.dispose();
    picker.dispose();
  }
}

/** What is wrong with a query, in words; `null`: nothing. */
export function problemOf(query: string): string | null {
  try {
    parseQuery(query);
    return null;
  } catch (error) {
    return errorMessage(error);
  }
}

function choices(query: string, items: readonly QueryCompletion[], recent: readonly string[]): Choice[] {
  const problem = problemOf(query);
  const search: Choice = query.trim() === ''
    ? { label: `$(list-unordered) ${vscode.l10n.t('Show all traces')}`, query: '', alwaysShow: true }
    : problem === null
      ? { label: `$(search) ${vscode.l10n.t('Search')}`, description: query.trim(), query, alwaysShow: true }
      : { label: `$(error) ${vscode.l10n.t('Not a query yet')}`, description: problem, query, alwaysShow: true };
  const completed = items.slice(0, SHOWN_COMPLETIONS).map((item): Choice => {
    const replacement = `${query.slice(0, item.from)}${item.insert}${query.slice(item.to)}`;
    // A value ends its term: the next one begins behind a space.
    return { label: item.label, description: item.detail, replacement: item.insert.endsWith(':') ? replacement : `${replacement.trimEnd()} `, alwaysShow: true };
  });
  const used = query.trim() === '' ? recent.map((earlier): Choice => ({ label: `$(history) ${earlier}`, query: earlier, alwaysShow: true })) : [];
  const separator = (label: string): Choice => ({ label, kind: vscode.QuickPickItemKind.Separator, alwaysShow: true });
  return [
    search,
    ...(used.length > 0 ? [separator(vscode.l10n.t('recently used')), ...used] : []),
    ...(completed.length > 0 ? [separator(vscode.l10n.t('what can follow')), ...completed] : []),
  ];
}

/** Of all folders, each once. Without an engine the field works, too. */
async function completions(services: Services, query: string): Promise<QueryCompletion[]> {
  const lists = await Promise.all(services.engines.forTraces().map(async (engine) => {
    try {
      return (await engine.request('traces/complete', { query, position: query.length })).items;
    } catch (error) {
      services.log.debug(`No completion for a query: ${errorMessage(error)}`);
      return [];
    }
  }));
  return [...new Map(lists.flat().map((item) => [`${item.from} ${item.insert}`, item])).values()];
}
