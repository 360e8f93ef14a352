import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { showInputBox, showQuickPick } from '../../questions.ts';
import type { PickedPrompt } from '../../targets.ts';

/** Two models or more, the prompt's own ones first. `undefined`: not picked. */
export async function pickModels({ engine, prompt }: PickedPrompt): Promise<readonly string[] | undefined> {
  const title = vscode.l10n.t('Compare Models');
  const { models } = await engine.request('models/list', {});
  const others = models.filter(({ id }) => !prompt.models.includes(id));
  const other = vscode.l10n.t('Another model…');
  const items: (vscode.QuickPickItem & { readonly id: string | null })[] = [
    ...prompt.models.map((id) => ({ label: id, description: vscode.l10n.t('of the prompt'), picked: true, id })),
    ...others.map(({ id, label, problem }) => ({ label: id, description: problem ?? (label === id ? '' : label), id })),
    { label: other, description: vscode.l10n.t('its id is asked for next'), id: null },
  ];
  const picked = await showQuickPick(items, { title, placeHolder: vscode.l10n.t('Pick two models or more: the first is the baseline'), canPickMany: true, matchOnDescription: true });
  if (!picked) return undefined;
  const typed = picked.some(({ id }) => id === null)
    ? await showInputBox({ title, prompt: vscode.l10n.t('A model id, such as openai/gpt-5-mini, exec:python agent.py or vscode:copilot/gpt-5') })
    : undefined;
  const ids = [...picked.flatMap(({ id }) => (id === null ? [] : [id])), ...(typed === undefined || typed.trim() === '' ? [] : [typed.trim()])];
  if (ids.length < 2) throw new TouchstoneError('usage', vscode.l10n.t('Pick two models to compare.'));
  return ids;
}
