import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { shortLabel } from '../../../core/registry/names.ts';
import type { PromptVersions, VersionSummary } from '../../../protocol/registry.ts';
import { COMMANDS } from '../../constants.ts';
import { createQuickPick } from '../../questions.ts';
import { listVersions, refOf, targetOf, versionItems, type VersionItem } from '../../registry/pick.ts';
import { getVersion, restoreVersion, showDifferenceWithWorkingCopy } from '../../registry/texts.ts';
import { workingCopyText } from '../../registry/wording.ts';
import { showError, type Services } from '../../services.ts';
import type { PickedPrompt } from '../../targets.ts';

type Act = (version: VersionSummary) => Promise<void>;

interface ActionButton extends vscode.QuickInputButton {
  readonly act: Act;
}

interface Item extends VersionItem {
  /** Of an item that is no version. */
  readonly command?: string;
}

/**
 * The versions of a prompt with what each scored, and what can be done with one: Enter shows what changed since, the buttons
 * compare, promote, restore and copy its reference. Those of the Git history are looked up while the others are shown.
 */
export async function pickAndAct(services: Services, picked: PickedPrompt): Promise<void> {
  const listed = await listVersions(picked);
  const actions = actionsOf(services, picked);
  const picker = createQuickPick<Item>();
  picker.title = vscode.l10n.t('Versions of {0}', picked.prompt.name);
  picker.placeholder = vscode.l10n.t('Working copy: {0}. Pick a version to see what changed since', workingCopyText(listed));
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.items = itemsOf(listed, actions.buttons);
  picker.busy = true;
  let open = true;
  const run = (action: () => PromiseLike<unknown>): void => {
    picker.hide();
    void Promise.resolve(action()).catch((error: unknown) => showError(services.log, error));
  };
  picker.onDidTriggerItemButton(({ button, item }) => {
    const { version } = item;
    if (version && isAction(button)) run(() => button.act(version));
  });
  picker.onDidAccept(() => {
    const { command, version } = picker.activeItems[0] ?? {};
    if (command !== undefined) run(() => vscode.commands.executeCommand(command, targetOf(picked)));
    else if (version) run(() => actions.difference(version));
  });
  const hidden = new Promise<void>((resolve) => picker.onDidHide(resolve));
  picker.show();
  void listVersions(picked, true).then(
    (all) => {
      if (!open) return;
      const active = picker.activeItems[0]?.version?.hash;
      picker.items = itemsOf(all, actions.buttons);
      picker.activeItems = picker.items.filter((item) => active !== undefined && item.version?.hash === active);
    },
    (error: unknown) => services.log.info(`The Git history of ${picked.prompt.path} cannot be read: ${errorMessage(error)}`),
  ).finally(() => {
    if (open) picker.busy = false;
  });
  await hidden;
  open = false;
  picker.dispose();
}

function isAction(button: vscode.QuickInputButton): button is ActionButton {
  return 'act' in button;
}

function itemsOf(listed: PromptVersions, buttons: (version: VersionSummary) => readonly vscode.QuickInputButton[]): Item[] {
  const save: Item = { label: `$(save) ${vscode.l10n.t('Save Version…')}`, description: workingCopyText(listed), command: COMMANDS.saveVersion };
  const scores: Item = { label: `$(graph-line) ${vscode.l10n.t('Show Versions')}`, description: vscode.l10n.t('their scores over time'), command: COMMANDS.showVersions };
  const saved = listed.versions.some((version) => version.source === 'registry');
  return [...(listed.workingCopy.version === null ? [save] : []), ...(saved ? [scores] : []), ...versionItems(listed.versions, buttons)];
}

function actionsOf(services: Services, picked: PickedPrompt): { readonly difference: Act; readonly buttons: (version: VersionSummary) => readonly ActionButton[] } {
  const command = (id: string, ref: (version: VersionSummary) => string): Act => async (version) => {
    await vscode.commands.executeCommand(id, { ...targetOf(picked), ref: ref(version) });
  };
  const difference: Act = async (version) => showDifferenceWithWorkingCopy(services.texts, picked, await getVersion(picked, refOf(version)));
  const compare: Act = command(COMMANDS.compareWithVersion, refOf);
  const restore: Act = async (version) => restoreVersion(picked, await getVersion(picked, refOf(version)));
  const copy: Act = async (version) => vscode.env.clipboard.writeText(referenceOf(picked, version));
  const button = (icon: string, tooltip: string, act: Act): ActionButton => ({ iconPath: new vscode.ThemeIcon(icon), tooltip, act });
  return {
    difference,
    buttons: (version) => [
      button('diff', vscode.l10n.t('Show what changed since'), difference),
      button('git-compare', vscode.l10n.t('Compare the working copy with it'), compare),
      ...(version.source === 'registry' ? [button('arrow-up', vscode.l10n.t('Promote…'), command(COMMANDS.promoteVersion, ({ hash }) => hash))] : []),
      button('discard', vscode.l10n.t('Restore it into the working copy'), restore),
      button('copy', vscode.l10n.t('Copy {0}', referenceOf(picked, version)), copy),
    ],
  };
}


/** As the command line and the loader name it: `prompts/support/triage@v9`. */
function referenceOf({ prompt }: PickedPrompt, version: VersionSummary): string {
  return `${prompt.id}@${version.source === 'git' ? refOf(version) : shortLabel(version)}`;
}
