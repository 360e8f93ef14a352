import * as vscode from 'vscode';
import { COMMANDS } from '../constants.ts';
import { SPACE } from '../steady-lenses.ts';
import type { PromptTarget } from '../targets.ts';
import type { VersionTarget } from './pick.ts';
import type { RegistryState } from './states.ts';
import { comparisonSentence, comparisonText, workingCopyText } from './wording.ts';

/** `⇄ vs production +8.3 pts, p = .012`, `◷ v9`, `▲ Promote`: from what is known, without running anything. */
export function registryLenses(target: PromptTarget, { versions, against }: RegistryState): vscode.Command[] {
  const saved = versions.versions.some((version) => version.source === 'registry');
  return [
    ...(against ? [comparisonLens(target, versions, against)] : []),
    { title: `$(history)${SPACE}${workingCopyText(versions)}`, tooltip: vscode.l10n.t('Versions of this prompt, and what each scored'), command: COMMANDS.pickVersion, arguments: [target] },
    ...(saved ? [{ title: `$(arrow-up)${SPACE}${vscode.l10n.t('Promote')}`, tooltip: vscode.l10n.t('Point an environment to a version of this prompt'), command: COMMANDS.promoteVersion, arguments: [target] }] : []),
  ];
}

function comparisonLens(target: PromptTarget, versions: RegistryState['versions'], { environment, comparison }: NonNullable<RegistryState['against']>): vscode.Command {
  const pointer = versions.environments.find((state) => state.environment === environment);
  const lens = (text: string, tooltip: string): vscode.Command => ({
    title: `$(git-compare)${SPACE}${text}`,
    tooltip,
    command: COMMANDS.compareWithEnvironment,
    arguments: [{ ...target, environment } satisfies VersionTarget],
  });
  if (pointer !== undefined && pointer.version === versions.workingCopy.hash) {
    return { title: `$(git-compare)${SPACE}${vscode.l10n.t('same as {0}', environment)}`, tooltip: vscode.l10n.t('{0} points to what stands here.', environment), command: COMMANDS.compareVersions, arguments: [target] };
  }
  if (!comparison) return lens(vscode.l10n.t('vs {0}: not compared yet', environment), vscode.l10n.t('Compare what stands here with {0}, case by case; only what is missing is run', pointer?.label ?? environment));
  return lens(vscode.l10n.t('vs {0} {1}', environment, comparisonText(comparison)), comparisonSentence(comparison));
}
