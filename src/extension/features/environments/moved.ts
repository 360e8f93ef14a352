import * as vscode from 'vscode';
import type { PointerEvent } from '../../../core/registry/model.ts';
import { shortLabel } from '../../../core/registry/names.ts';
import type { EnvironmentState, VersionSummary } from '../../../protocol/registry.ts';
import { showInformation } from '../../messages.ts';
import { placeOf } from '../../registry/pick.ts';
import { showError, type Services } from '../../services.ts';
import type { PickedPrompt } from '../../targets.ts';

/** Says once what was done, and takes it back with one click. Nobody waits for the answer. */
export function sayMoved(services: Services, picked: PickedPrompt, text: string, event: PointerEvent, versions: readonly VersionSummary[]): void {
  const undo = vscode.l10n.t('Undo');
  void Promise.resolve(showInformation(text, undo)).then(async (answer) => {
    if (answer !== undo) return;
    const { state } = await picked.engine.request('environments/undo', { ...placeOf(picked), event: event.id });
    void showInformation(vscode.l10n.t('{0} of {1} points to {2} again.', state.environment, picked.prompt.name, pointedTo(state, versions)));
  }).catch((error: unknown) => showError(services.log, error));
}

/** What an environment points to, for sentences: its version, with the hash only where the number does not tell. */
export function pointedTo(state: Pick<EnvironmentState, 'version' | 'label'>, versions: readonly VersionSummary[]): string {
  const version = versions.find(({ hash }) => hash === state.version);
  return version ? shortLabel(version, versions) : state.label ?? vscode.l10n.t('no version');
}
