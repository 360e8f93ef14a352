import * as vscode from 'vscode';
import { COMMANDS } from '../../constants.ts';
import { showInformation } from '../../messages.ts';
import { showInputBox, showQuickPick } from '../../questions.ts';
import { SECRET_NAME } from '../../secrets.ts';
import { registerCommand, type Services } from '../../services.ts';

/** Names under which the endpoints look for their keys. Any other name can be typed. */
const USUAL_NAMES = ['OPENAI_API_KEY', 'AZURE_OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GEMINI_API_KEY', 'MISTRAL_API_KEY', 'GROQ_API_KEY', 'OPENROUTER_API_KEY'] as const;

export function register(services: Services): vscode.Disposable {
  const { secrets } = services;
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.setApiKey, async (argument) => {
      const name = typeof argument === 'string' && SECRET_NAME.test(argument) ? argument : await pickName(secrets.names());
      if (name === undefined) return;
      const value = await showInputBox({
        title: vscode.l10n.t('Set {0}', name),
        prompt: vscode.l10n.t('The key is kept in the secret storage of VS Code and in no file.'),
        password: true,
        validateInput: (typed) => (typed.trim() === '' ? vscode.l10n.t('Paste the key.') : undefined),
      });
      if (value === undefined) return;
      await secrets.set(name, value.trim());
      services.remotes.refresh();
      services.log.info(`The key ${name} was set.`);
      vscode.window.setStatusBarMessage(vscode.l10n.t('{0} is set.', name), 5000);
    }),

    registerCommand(services, COMMANDS.removeApiKey, async () => {
      const names = secrets.names();
      if (names.length === 0) {
        void showInformation(vscode.l10n.t('No key is set. Keys in environment variables are not touched.'));
        return;
      }
      const name = await showQuickPick(names, { title: vscode.l10n.t('Remove API Key'), placeHolder: vscode.l10n.t('Pick the key to remove') });
      if (name === undefined) return;
      await secrets.remove(name);
      services.remotes.refresh();
      services.log.info(`The key ${name} was removed.`);
      vscode.window.setStatusBarMessage(vscode.l10n.t('{0} is removed.', name), 5000);
    }),
  );
}

async function pickName(set: readonly string[]): Promise<string | undefined> {
  const other = vscode.l10n.t('Another name…');
  const names = [...new Set([...USUAL_NAMES, ...set])];
  const picked = await showQuickPick(
    [...names.map((name) => ({ label: name, description: set.includes(name) ? vscode.l10n.t('set') : '' })), { label: other, description: '' }],
    { title: vscode.l10n.t('Set API Key'), placeHolder: vscode.l10n.t('Pick the name by which models look for the key') },
  );
  if (picked?.label !== other) return picked?.label;
  return showInputBox({
    title: vscode.l10n.t('Set API Key'),
    prompt: vscode.l10n.t('The name by which touchstone.yml refers to it, as in "${env:MY_API_KEY}"'),
    validateInput: (typed) => (SECRET_NAME.test(typed) ? undefined : vscode.l10n.t('Letters, digits and underscores, such as MY_API_KEY.')),
  });
}
