import * as vscode from 'vscode';
import type { ComparedSide, SideSpec } from '../../../protocol/compare.ts';
import { runSide, sideOf, WORKING_COPY } from '../../compare/sides.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { showQuickPick } from '../../questions.ts';
import { listVersions, refOf, versionItems } from '../../registry/pick.ts';
import { environmentText, workingCopyText } from '../../registry/wording.ts';
import { shortScore } from '../../runs/wording.ts';
import type { Services } from '../../services.ts';
import { promptOf } from './open.ts';

/** Runs of the prompt that are offered. */
const OFFERED_RUNS = 30;

interface SideItem extends vscode.QuickPickItem {
  readonly spec?: SideSpec;
}

/** Another version, environment, model or run for a side of a comparison. `undefined`: it stays. */
export async function chooseSide(services: Services, engine: FolderEngine, side: ComparedSide): Promise<SideSpec | undefined> {
  const picked = await promptOf(services, engine, side);
  const [listed, { runs }, { models }] = await Promise.all([listVersions(picked, true), engine.request('runs/list', { limit: OFFERED_RUNS, promptId: side.promptId }), engine.request('models/list', {})]);
  const line = (label: string): SideItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const current = side.version ? sideOf(picked, side.version.hash) : sideOf(picked, WORKING_COPY);
  const items: SideItem[] = [
    { label: `$(edit) ${vscode.l10n.t('working copy')}`, description: workingCopyText(listed), spec: sideOf(picked, WORKING_COPY) },
    ...listed.environments.filter((state) => state.version !== null).map((state): SideItem => ({ label: `$(server-environment) ${state.environment}`, description: environmentText(state, listed.versions), spec: sideOf(picked, state.environment) })),
    ...versionItems(listed.versions).map(({ version, ...item }): SideItem => (version ? { ...item, spec: sideOf(picked, refOf(version)) } : item)),
    line(vscode.l10n.t('the same with another model')),
    ...models.filter(({ label, id }) => id !== side.model && label !== side.model).map(({ id, label, problem }): SideItem => ({ label: `$(chip) ${id}`, description: problem ?? (label === id ? '' : label), spec: `${current}+${id}` })),
    line(vscode.l10n.t('runs')),
    ...runs.map(({ info, summary }): SideItem => ({ label: `$(run-all) ${info.title ?? info.promptName}`, description: `${shortScore(summary)} · ${new Date(info.startedAt).toLocaleString()}`, detail: info.models.map((model) => model.label).join(', '), spec: runSide(info.id) })),
  ];
  const item = await showQuickPick(items, { title: vscode.l10n.t('Compare'), placeHolder: vscode.l10n.t('Pick what stands in place of {0}', side.label), matchOnDescription: true, matchOnDetail: true });
  return item?.spec;
}
