import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import type { VersionSummary } from '../../../protocol/registry.ts';
import { COMMANDS } from '../../constants.ts';
import { runSide, sideOf, WORKING_COPY } from '../../compare/sides.ts';
import { compareAndShow } from '../../compare/start.ts';
import { showInputBox, showQuickPick } from '../../questions.ts';
import { asVersionTarget, listVersions, pickVersion, refOf } from '../../registry/pick.ts';
import { withFolder } from '../../engine/pick-folder.ts';
import { comparedEnvironment } from '../../registry/states.ts';
import { environmentText, workingCopyText } from '../../registry/wording.ts';
import { registerCommand, type Services } from '../../services.ts';
import { asRunTarget, listRuns, pickPrompt, runName, type PickedPrompt, type RunTarget } from '../../targets.ts';
import { pickModels } from './models.ts';

/** What two things of one prompt are compared, and how they are picked. */
export function register(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.compareVersions, (argument) => compareVersions(services, argument)),
    registerCommand(services, COMMANDS.compareWithEnvironment, (argument) => compareWithEnvironment(services, argument)),
    registerCommand(services, COMMANDS.compareWithVersion, (argument) => compareWithVersion(services, argument)),
    registerCommand(services, COMMANDS.compareWithRevision, (argument) => compareWithRevision(services, argument)),
    registerCommand(services, COMMANDS.compareModels, (argument) => compareModels(services, argument)),
    registerCommand(services, COMMANDS.compareRuns, (argument, selected) => compareRuns(services, argument, selected)),
  );
}

interface SideItem extends vscode.QuickPickItem {
  readonly ref?: string;
}

/** Two pickers: the baseline, then one or more that are compared with it. */
async function compareVersions(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Compare Versions');
  const picked = await pickPrompt(services, argument, title);
  if (!picked) return;
  const listed = await listVersions(picked, true);
  const items: SideItem[] = [
    { label: `$(edit) ${vscode.l10n.t('working copy')}`, description: workingCopyText(listed), ref: WORKING_COPY },
    { label: vscode.l10n.t('environments'), kind: vscode.QuickPickItemKind.Separator },
    ...listed.environments.filter((state) => state.version !== null).map((state) => ({ label: `$(server-environment) ${state.environment}`, description: environmentText(state, listed.versions), ref: state.environment })),
    ...pickableVersions(listed.versions),
  ];
  const baseline = await showQuickPick(items, { title, placeHolder: vscode.l10n.t('Pick the baseline'), matchOnDescription: true, matchOnDetail: true });
  if (baseline?.ref === undefined) return;
  const others = await showQuickPick(
    items.filter((item) => item.ref !== baseline.ref).map((item) => ({ ...item, picked: item.ref === WORKING_COPY })),
    { title, placeHolder: vscode.l10n.t('Pick what is compared with {0}: one or more', plain(baseline.label)), canPickMany: true, matchOnDescription: true, matchOnDetail: true },
  );
  if (!others || others.length === 0) return;
  await compareAndShow(services, picked.engine, { sides: [baseline, ...others].flatMap(({ ref }) => (ref === undefined ? [] : [sideOf(picked, ref)])) });
}

function pickableVersions(versions: readonly VersionSummary[]): SideItem[] {
  return versions.length === 0 ? [] : [
    { label: vscode.l10n.t('versions'), kind: vscode.QuickPickItemKind.Separator },
    ...versions.map((version) => ({ label: `$(${version.source === 'git' ? 'git-commit' : 'history'}) ${version.label}`, description: version.environments.join(', '), detail: version.message.split('\n')[0] ?? '', ref: refOf(version) })),
  ];
}


function plain(label: string): string {
  return label.replace(/^\$\([\w~-]+\) /, '');
}

/** The working copy against what an environment points to: production, unless another one is named or production points nowhere. */
async function compareWithEnvironment(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Compare with Production');
  const picked = await pickPrompt(services, argument, title);
  if (!picked) return;
  const listed = await listVersions(picked);
  const environment = asVersionTarget(argument).environment ?? comparedEnvironment(listed.environments);
  const state = environment === null ? undefined : listed.environments.find((one) => one.environment === environment);
  if (!state || state.version === null) throw new TouchstoneError('not-found', notPointing(picked, state?.environment ?? null));
  await compareAndShow(services, picked.engine, { sides: [sideOf(picked, state.environment), sideOf(picked, WORKING_COPY)] });
}

function notPointing({ prompt }: PickedPrompt, environment: string | null): string {
  return environment === null
    ? vscode.l10n.t('No environment points to a version of {0} yet. Save a version and promote it, then compare.', prompt.name)
    : vscode.l10n.t('{0} points to no version of {1}. Promote one, then compare.', environment, prompt.name);
}

/** The working copy against one of its versions; from the view and the picker that version. */
async function compareWithVersion(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Compare with Version');
  const picked = await pickPrompt(services, argument, title);
  if (!picked) return;
  const ref = asVersionTarget(argument).ref ?? (await pickedRef(picked, title));
  if (ref !== undefined) await compareAndShow(services, picked.engine, { sides: [sideOf(picked, ref), sideOf(picked, WORKING_COPY)] });
}

async function pickedRef(picked: PickedPrompt, title: string): Promise<string | undefined> {
  const listed = await listVersions(picked);
  const version = await pickVersion(listed.versions, { title, placeHolder: vscode.l10n.t('Pick the version that the working copy is compared with') });
  return version && refOf(version);
}

/** Against the file as a Git revision has it, without anybody having saved a version. */
async function compareWithRevision(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Compare with Git Revision');
  const picked = await pickPrompt(services, argument, title);
  if (!picked) return;
  const revision = await pickRevision(picked, title);
  if (revision !== undefined) await compareAndShow(services, picked.engine, { sides: [sideOf(picked, `git:${revision}`), sideOf(picked, WORKING_COPY)] });
}

/** The revisions in which the prompt changed, or any other one that is typed. */
async function pickRevision(picked: PickedPrompt, title: string): Promise<string | undefined> {
  const { versions } = await listVersions(picked, true);
  const typed = vscode.l10n.t('Another revision…');
  const items = [
    ...versions.filter((version) => version.revision !== null).map((version) => ({ label: `$(git-commit) ${version.revision?.slice(0, 8) ?? ''}`, description: version.author, detail: version.message.split('\n')[0] ?? '', revision: version.revision })),
    { label: `$(edit) ${typed}`, description: vscode.l10n.t('a branch, a tag, HEAD~1'), revision: null },
  ];
  const item = await showQuickPick(items, { title, placeHolder: vscode.l10n.t('Pick a revision'), matchOnDescription: true, matchOnDetail: true });
  if (!item || item.revision !== null) return item?.revision ?? undefined;
  return showInputBox({ title, prompt: vscode.l10n.t('A revision of Git'), value: 'HEAD', validateInput: (value) => (value.trim() === '' ? vscode.l10n.t('Type a revision.') : undefined) });
}

/** The working copy with two or more models; the prompt's own is the baseline. */
async function compareModels(services: Services, argument: unknown): Promise<void> {
  const picked = await pickPrompt(services, argument, vscode.l10n.t('Compare Models'));
  if (!picked) return;
  const models = await pickModels(picked);
  if (models) await compareAndShow(services, picked.engine, { sides: models.map((model) => sideOf(picked, WORKING_COPY, model)) });
}

/** The runs that are selected in the view, the oldest as the baseline; one alone with several models: these. From the palette a pick. */
async function compareRuns(services: Services, argument: unknown, selected: unknown): Promise<void> {
  const many = Array.isArray(selected) ? selected.map(asRunTarget).filter((target) => target !== undefined) : [];
  const one = asRunTarget(argument);
  if (one && many.length < 2 && (await compareModelsOfRun(services, one))) return;
  const targets = many.length > 1 ? many : await pickRuns(services, one);
  const folders = new Set(targets.map(({ folder }) => folder));
  if (targets.length < 2) return;
  if (folders.size > 1) throw new TouchstoneError('usage', vscode.l10n.t('These runs are of different folders. Runs of one folder can be compared.'));
  const engine = services.engines.forFolder(targets[0]?.folder ?? '');
  if (!engine) throw new TouchstoneError('not-found', vscode.l10n.t('The folder of this run is not open any more.'));
  const runs = await Promise.all(targets.map(({ runId }) => engine.request('runs/get', { runId })));
  runs.sort((a, b) => a.info.startedAt.localeCompare(b.info.startedAt));
  await compareAndShow(services, engine, { sides: runs.map(({ info }) => runSide(info.id)) });
}

async function compareModelsOfRun(services: Services, { folder, runId }: RunTarget): Promise<boolean> {
  const engine = services.engines.forFolder(folder);
  const models = engine ? (await engine.request('runs/get', { runId })).info.models : [];
  if (!engine || models.length < 2) return false;
  await compareAndShow(services, engine, { sides: models.map(({ label }) => runSide(runId, label)) });
  return true;
}

async function pickRuns(services: Services, baseline: RunTarget | undefined): Promise<RunTarget[]> {
  const runs = await listRuns(services);
  const items = runs.filter(({ snapshot }) => snapshot.info.id !== baseline?.runId).map(({ engine, snapshot }) => ({
    label: runName(snapshot),
    description: withFolder(services, engine, new Date(snapshot.info.startedAt).toLocaleString()),
    detail: snapshot.info.models.map((model) => model.label).join(', '),
    target: { folder: engine.folder.uri.toString(), runId: snapshot.info.id },
  }));
  if (items.length + (baseline ? 1 : 0) < 2) throw new TouchstoneError('not-found', vscode.l10n.t('There are no two runs to compare yet.'));
  const picked = await showQuickPick(items, {
    title: vscode.l10n.t('Compare Runs'),
    placeHolder: baseline ? vscode.l10n.t('Pick the runs that are compared with this one') : vscode.l10n.t('Pick two runs or more: the oldest is the baseline'),
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (!picked || picked.length + (baseline ? 1 : 0) < 2) return [];
  return [...(baseline ? [baseline] : []), ...picked.map(({ target }) => target)];
}

