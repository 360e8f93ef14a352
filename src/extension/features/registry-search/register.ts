import * as vscode from 'vscode';
import { COMMANDS } from '../../constants.ts';
import { asVersionTarget, pathBelow } from '../../registry/pick.ts';
import { getVersion, promptText } from '../../registry/texts.ts';
import { registerCommand, type Services } from '../../services.ts';
import { asPromptTarget, pickPrompt } from '../../targets.ts';
import { newPromptFrom, type Origin } from './new-prompt-from.ts';
import { searchPrompts, type FoundPrompt } from './search.ts';

/** Looking for a prompt before writing one, and beginning from what was found. */
export function register(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.searchPrompts, async () => {
      const found = await searchPrompts(services, vscode.l10n.t('Search Prompts'));
      if (!found) return;
      if (found.action === 'copy') await newPromptFrom(services, await originOfHit(found));
      else await open(services, found);
    }),
    registerCommand(services, COMMANDS.newPromptFrom, async (argument) => {
      const origin = asPromptTarget(argument) ? await originOfPrompt(services, argument) : await searched(services);
      return origin && newPromptFrom(services, origin);
    }),
  );
}

async function searched(services: Services): Promise<Origin | undefined> {
  const found = await searchPrompts(services, vscode.l10n.t('New Prompt from'));
  return found && originOfHit(found);
}

async function originOfPrompt(services: Services, argument: unknown): Promise<Origin | undefined> {
  const picked = await pickPrompt(services, argument, vscode.l10n.t('New Prompt from'));
  if (!picked) return undefined;
  const { ref } = asVersionTarget(argument);
  if (ref !== undefined) {
    const full = await getVersion(picked, ref);
    return { folder: picked.engine.folder, name: picked.prompt.name, promptId: picked.prompt.id, version: full.summary.label, file: promptText(full) };
  }
  return originOfFile(picked.engine.folder, picked.prompt.name, picked.prompt.id, picked.prompt.path);
}

async function originOfFile(folder: vscode.WorkspaceFolder, name: string, promptId: string, path: string): Promise<Origin> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
  return { folder, name, promptId, version: null, file: { path: pathBelow(folder, path), text: document.getText() } };
}

async function originOfHit({ engine, hit }: FoundPrompt): Promise<Origin> {
  if (hit.version === null && hit.path !== null) return originOfFile(engine.folder, hit.name, hit.promptId, hit.path);
  const { version, summary } = await versionOfHit({ engine, hit });
  return { folder: engine.folder, name: hit.name, promptId: hit.promptId, version: summary.label, file: promptText({ version, summary }) };
}

/** A version whose file is gone is still found by its prompt's id. */
function versionOfHit({ engine, hit }: Pick<FoundPrompt, 'engine' | 'hit'>): ReturnType<typeof getVersion> {
  const path = hit.path ?? vscode.Uri.joinPath(engine.folder.uri, `${hit.promptId}.prompt.yml`).fsPath.replaceAll('\\', '/');
  return engine.request('versions/get', { path, prompt: hit.promptId, ref: hit.version?.hash ?? 'working' });
}

async function open(services: Services, { engine, hit }: FoundPrompt): Promise<void> {
  if (hit.version === null && hit.path !== null) {
    await vscode.window.showTextDocument(vscode.Uri.file(hit.path));
    return;
  }
  const full = await versionOfHit({ engine, hit });
  const { path, text } = promptText(full);
  await services.texts.show(`${full.summary.label} ${path.split('/').at(-1) ?? path}`, text);
}
