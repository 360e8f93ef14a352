import * as vscode from 'vscode';
import { errorMessage, TouchstoneError } from '../../../core/errors.ts';
import { shortLabel } from '../../../core/registry/names.ts';
import type { Comparison } from '../../../protocol/compare.ts';
import type { EnvironmentState, PromptVersions, VersionSummary } from '../../../protocol/registry.ts';
import { sideOf, WORKING_COPY } from '../../compare/sides.ts';
import { compareAndShow, knownComparison } from '../../compare/start.ts';
import { showInformation, showWarning } from '../../messages.ts';
import { showInputBox, showQuickPick } from '../../questions.ts';
import { asVersionTarget, listVersions, pickEnvironment, pickVersion, placeOf, versionItems } from '../../registry/pick.ts';
import { saveBeforePromotion } from '../../registry/save.ts';
import { getVersion } from '../../registry/texts.ts';
import { comparisonSentence, workingCopyText } from '../../registry/wording.ts';
import type { Services } from '../../services.ts';
import type { PickedPrompt } from '../../targets.ts';
import { pointedTo, sayMoved } from './moved.ts';

/**
 * Points an environment to a version. What the version shows against the one that it replaces is looked at first, from runs that are
 * there: where it is worse, or nobody knows, the person decides knowingly. `undefined`: not promoted.
 */
export async function promote(services: Services, picked: PickedPrompt, argument: unknown): Promise<EnvironmentState | undefined> {
  const given = asVersionTarget(argument);
  const listed = await listVersions(picked);
  const version = await chooseVersion(picked, listed, given);
  if (!version) return undefined;
  const label = shortLabel(version, listed.versions);
  const state = await chooseEnvironment(listed, given.environment, version, label);
  if (!state) return undefined;
  if (state.version === version.hash && state.diverged.length === 0) {
    void showInformation(vscode.l10n.t('{0} of {1} points to {2} already.', state.environment, picked.prompt.name, label));
    return state;
  }
  const comparison = await compareWithPointer(services, picked, state, version);
  const decision = await decide(picked, state, { label, before: pointedTo(state, listed.versions) }, comparison);
  if (decision === undefined) return undefined;
  if (decision === 'compare') {
    await compareAndShow(services, picked.engine, { sides: [sideOf(picked, state.environment), sideOf(picked, version.hash)] });
    return undefined;
  }
  const { event, state: after } = await picked.engine.request('environments/promote', { ...placeOf(picked), ref: version.hash, environment: state.environment, ...(decision.note === '' ? {} : { note: decision.note }) });
  const shown = comparison ? ` ${comparisonSentence(comparison)}.` : '';
  sayMoved(services, picked, `${vscode.l10n.t('{0} of {1} now points to {2}, before to {3}.', after.environment, picked.prompt.name, label, pointedTo(state, listed.versions))}${shown}`, event, listed.versions);
  return after;
}

/** The one that the command was called on; the working copy, saved first where nobody has; else a pick. */
async function chooseVersion(picked: PickedPrompt, listed: PromptVersions, { ref, environment }: ReturnType<typeof asVersionTarget>): Promise<VersionSummary | undefined> {
  if (ref !== undefined && ref !== WORKING_COPY) return (await getVersion(picked, ref)).summary;
  const saved = listed.versions.filter((version) => version.source === 'registry');
  // From a diverged environment the question is which of its versions holds.
  const diverged = listed.environments.find((state) => state.environment === environment)?.diverged ?? [];
  if (ref === undefined && diverged.length > 1) {
    return pickVersion(saved.filter((version) => diverged.some((one) => one.version === version.hash)), { title: vscode.l10n.t('Decide where {0} points', environment ?? ''), placeHolder: vscode.l10n.t('Its pointer was moved on two branches: pick the version that holds') });
  }
  const current = saved.find((version) => version.hash === listed.workingCopy.version);
  if (ref === WORKING_COPY || saved.length === 0) return current ?? (await saveBeforePromotion(picked))?.version;
  if (environment === undefined && current) return current;
  const items: (vscode.QuickPickItem & { readonly version?: VersionSummary; readonly save?: true })[] = versionItems(saved);
  if (!current) items.unshift({ label: `$(save) ${vscode.l10n.t('working copy')}`, description: vscode.l10n.t('{0}: it is saved as a version first', workingCopyText(listed)), save: true });
  const item = await showQuickPick(items, { title: vscode.l10n.t('Promote {0}', picked.prompt.name), placeHolder: vscode.l10n.t('Pick a version'), matchOnDescription: true, matchOnDetail: true });
  return item?.save ? (await saveBeforePromotion(picked))?.version : item?.version;
}

async function chooseEnvironment(listed: PromptVersions, environment: string | undefined, version: VersionSummary, label: string): Promise<EnvironmentState | undefined> {
  if (environment === undefined) return pickEnvironment(listed, { title: vscode.l10n.t('Promote {0}', label), placeHolder: vscode.l10n.t('Pick the environment that is to point to {0}', version.label) });
  const state = listed.environments.find((one) => one.environment === environment);
  if (!state) throw new TouchstoneError('not-found', vscode.l10n.t('There is no environment {0}.', environment));
  return state;
}

/** `null`: nothing is known, or there is nothing to compare with. Runs nothing. */
async function compareWithPointer(services: Services, picked: PickedPrompt, state: EnvironmentState, version: VersionSummary): Promise<Comparison | null> {
  if (state.version === null) return null;
  try {
    return await knownComparison(picked.engine, { sides: [sideOf(picked, state.environment), sideOf(picked, version.hash)] });
  } catch (error) {
    // A prompt without a dataset cannot be compared; it can be promoted, knowingly.
    services.log.info(`${version.label} cannot be compared with ${state.label ?? state.version}: ${errorMessage(error)}`);
    return null;
  }
}

type Decision = { readonly note: string } | 'compare' | undefined;

/** Asks only where the answer is not plain: worse, too few cases, or not compared. */
async function decide(picked: PickedPrompt, state: EnvironmentState, { label, before: pointed }: { readonly label: string; readonly before: string }, comparison: Comparison | null): Promise<Decision> {
  const verdict = comparison?.result?.metrics[0]?.verdict;
  const plain = verdict === 'better' || verdict === 'no-difference-shown';
  const first = state.version === null && state.diverged.length === 0;
  if (plain || first) return { note: '' };
  const before = state.diverged.length > 1 ? state.diverged.map((one) => one.label ?? vscode.l10n.t('no version')).join(', ') : pointed;
  const promoteAnyway = vscode.l10n.t('Promote Anyway');
  const compareFirst = vscode.l10n.t('Compare First');
  const canCompare = state.version !== null;
  const answer = await showWarning(
    verdict === 'worse' ? vscode.l10n.t('{0} is worse than {1}. Promote it to {2}?', label, before, state.environment) : vscode.l10n.t('Nothing shows that {0} is no worse than {1}. Promote it to {2}?', label, before, state.environment),
    { modal: true, detail: comparison ? comparisonSentence(comparison) : canCompare ? vscode.l10n.t('{0} and {1} of {2} were not run on the same cases yet.', label, before, picked.prompt.name) : vscode.l10n.t('Its pointer was moved on two branches: {0}. This promotion decides.', before) },
    ...(canCompare ? [compareFirst] : []),
    promoteAnyway,
  );
  if (answer === compareFirst) return 'compare';
  if (answer !== promoteAnyway) return undefined;
  const note = await showInputBox({ title: vscode.l10n.t('Promote {0} to {1}', label, state.environment), prompt: vscode.l10n.t('Why? The reason is kept in the history. It may stay empty.') });
  return note === undefined ? undefined : { note: note.trim() };
}
