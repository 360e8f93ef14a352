import * as vscode from 'vscode';
import { COMMANDS } from '../../constants.ts';
import { registerCommand, type Services } from '../../services.ts';
import { pickPrompt } from '../../targets.ts';
import { showHistory } from './history.ts';
import { promote } from './promote.ts';
import { rollBack } from './roll-back.ts';

/** Where environments point, and how their pointers move. */
export function register(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.promoteVersion, async (argument) => {
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Promote'));
      return picked && promote(services, picked, argument);
    }),
    registerCommand(services, COMMANDS.rollBack, async (argument) => {
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Roll Back'));
      return picked && rollBack(services, picked, argument);
    }),
    registerCommand(services, COMMANDS.showEnvironmentHistory, async (argument) => {
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Environment History'));
      if (picked) await showHistory(services, picked, argument);
    }),
  );
}
