import * as vscode from 'vscode';
import type { SumsBy } from '../../../core/text/source-sums.ts';
import { visible } from '../../../core/text/visible.ts';
import { withProgress } from '../../progress.ts';
import { showQuickPick } from '../../questions.ts';
import type { Services } from '../../services.ts';
import type { PickedSource } from '../../traces/pick-source.ts';
import { summaryText } from '../../traces/source-sums.ts';
import { sourceTitle } from '../../traces/source-wording.ts';

/** Has a source add up what a query finds there, and shows the sums as a text. They are not kept. */
export async function showSummary(services: Services, { engine, source }: PickedSource, query: string): Promise<void> {
  const by = await askBy(sourceTitle(source), query);
  if (by === undefined || !(await services.hosts.agree([source]))) return;
  const { rows, notes } = await withProgress(vscode.l10n.t('{0} is adding up', sourceTitle(source)), (signal) => engine.request('remote/summary', { source: source.name, query, by }, signal));
  await services.texts.show(`${visible(source.name)} by ${by}.txt`, summaryText({ title: sourceTitle(source), query, by, at: Date.now(), rows, notes }));
}

async function askBy(title: string, query: string): Promise<SumsBy | undefined> {
  const items: readonly (vscode.QuickPickItem & { readonly by: SumsBy })[] = [
    { label: vscode.l10n.t('By Day'), iconPath: new vscode.ThemeIcon('calendar'), by: 'day' },
    { label: vscode.l10n.t('By Model'), iconPath: new vscode.ThemeIcon('hubot'), by: 'model' },
    { label: vscode.l10n.t('By Service'), iconPath: new vscode.ThemeIcon('server-process'), by: 'service' },
  ];
  const of = query === '' ? vscode.l10n.t('Of all traces: a search bounds them, such as after:-7d') : vscode.l10n.t('Of {0}', query);
  return (await showQuickPick(items, { title: vscode.l10n.t('{0}: Summary', title), placeHolder: of }))?.by;
}
