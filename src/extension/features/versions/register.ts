import * as vscode from 'vscode';
import { shortLabel } from '../../../core/registry/names.ts';
import { COMMANDS } from '../../constants.ts';
import { showInformation } from '../../messages.ts';
import { asAboutVersion, saveVersion } from '../../registry/save.ts';
import { targetOf } from '../../registry/pick.ts';
import { registerCommand, type Services } from '../../services.ts';
import { pickPrompt } from '../../targets.ts';
import { pickAndAct } from './picker.ts';

/** Saving versions, and choosing among them. */
export function register(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.saveVersion, async (argument) => {
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Save Version'));
      const saved = picked && (await saveVersion(picked, asAboutVersion(argument)));
      if (!picked || !saved?.created) return saved?.version;
      // The lens and the view say the rest; what is next is one click away.
      const promote = vscode.l10n.t('Promote…');
      void showInformation(vscode.l10n.t('Saved {0} as {1}.', picked.prompt.name, shortLabel(saved.version)), promote).then(async (answer) => {
        if (answer === promote) await vscode.commands.executeCommand(COMMANDS.promoteVersion, { ...targetOf(picked), ref: saved.version.hash });
      });
      return saved.version;
    }),
    registerCommand(services, COMMANDS.pickVersion, async (argument) => {
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Versions'));
      if (picked) await pickAndAct(services, picked);
    }),
  );
}
