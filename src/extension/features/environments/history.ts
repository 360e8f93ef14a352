import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import type { PointerEvent } from '../../../core/registry/model.ts';
import { COMMANDS } from '../../constants.ts';
import { createQuickPick } from '../../questions.ts';
import { asVersionTarget, listVersions, placeOf, targetOf } from '../../registry/pick.ts';
import { getVersion, showDifferenceWithWorkingCopy } from '../../registry/texts.ts';
import { ago, authorText, scoreText, versionScore } from '../../registry/wording.ts';
import { showError, type Services } from '../../services.ts';
import type { PickedPrompt } from '../../targets.ts';

interface EventItem extends vscode.QuickPickItem {
  readonly event: PointerEvent;
}

/** Every movement of a prompt's pointers, newest first: who, when, why. Enter shows what has changed since that version. */
export async function showHistory(services: Services, picked: PickedPrompt, argument: unknown): Promise<void> {
  const { environment } = asVersionTarget(argument);
  const [{ events }, { versions }] = await Promise.all([
    picked.engine.request('environments/history', { ...placeOf(picked), ...(environment === undefined ? {} : { environment }) }),
    listVersions(picked),
  ]);
  if (events.length === 0) throw new TouchstoneError('not-found', vscode.l10n.t('No environment of {0} has pointed to a version yet.', picked.prompt.name));
  const again: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('arrow-up'), tooltip: vscode.l10n.t('Promote this version again…') };
  const picker = createQuickPick<EventItem>();
  picker.title = environment === undefined ? vscode.l10n.t('History of the environments of {0}', picked.prompt.name) : vscode.l10n.t('History of {0} of {1}', environment, picked.prompt.name);
  picker.placeholder = vscode.l10n.t('Pick an entry to see what changed since');
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.items = events.map((event) => {
    const score = versionScore(versions.find((version) => version.hash === event.version));
    return {
      label: `$(${icon(event.action)}) ${event.environment} → ${event.label ?? vscode.l10n.t('no version')}`,
      description: [verb(event.action), score === null ? '' : scoreText(score)].filter((part) => part !== '').join(' · '),
      detail: [event.note, authorText(event.author), ago(event.time), new Date(event.time).toLocaleString()].filter((part) => part !== '').join(' · '),
      buttons: event.version === null ? [] : [again],
      event,
    };
  });
  const run = (action: () => PromiseLike<unknown>): void => {
    picker.hide();
    void Promise.resolve(action()).catch((error: unknown) => showError(services.log, error));
  };
  picker.onDidTriggerItemButton(({ item: { event } }) => run(() => vscode.commands.executeCommand(COMMANDS.promoteVersion, { ...targetOf(picked), ref: event.version, environment: event.environment })));
  picker.onDidAccept(() => {
    const version = picker.activeItems[0]?.event.version;
    if (version != null) run(async () => showDifferenceWithWorkingCopy(services.texts, picked, await getVersion(picked, version)));
  });
  const hidden = new Promise<void>((resolve) => picker.onDidHide(resolve));
  picker.show();
  await hidden;
  picker.dispose();
}

function icon(action: PointerEvent['action']): string {
  return { promote: 'arrow-up', rollback: 'discard', undo: 'arrow-circle-left', clear: 'circle-slash' }[action];
}

function verb(action: PointerEvent['action']): string {
  switch (action) {
    case 'promote':
      return vscode.l10n.t('promoted');
    case 'rollback':
      return vscode.l10n.t('rolled back');
    case 'undo':
      return vscode.l10n.t('taken back');
    case 'clear':
      return vscode.l10n.t('cleared');
  }
}
