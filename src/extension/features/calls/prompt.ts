import * as vscode from 'vscode';
import type { PromptOrigin } from '../../../protocol/spans.ts';
import { COMMANDS } from '../../constants.ts';
import { showInformation } from '../../messages.ts';
import { overlays } from '../../paths.ts';
import { showQuickPick } from '../../questions.ts';
import { getVersion, showVersion } from '../../registry/texts.ts';
import type { Services } from '../../services.ts';
import { pickPrompt } from '../../targets.ts';
import type { TraceTarget } from '../../traces/targets.ts';
import { pickCall } from './pick-call.ts';

/** *Open Prompt of Call*: the file, in the version that rendered the call; a pick where several could have. */
export async function openPromptOfCall(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Open Prompt of Call');
  const call = await pickCall(services, argument, title);
  if (!call) return;
  const { origins, certain, note } = await call.engine.request('spans/prompt', { ...call.ref, overlays: overlays(call.engine.folder) });
  if (origins.length === 0) {
    const create = vscode.l10n.t('New Prompt from Call…');
    // The command is done; nobody waits until the message is put away.
    void showInformation(note ?? vscode.l10n.t('No prompt of this workspace rendered this call.'), create).then(async (answer) => {
      if (answer === create) await vscode.commands.executeCommand(COMMANDS.newPromptFromCall, { folder: call.engine.folder.uri.toString(), ...call.ref } satisfies TraceTarget);
    });
    return;
  }
  const choices = origins.flatMap((origin) => origin.versions.map((version) => ({ origin, version })));
  const [first] = choices;
  const picked = certain || choices.length === 1
    ? first
    : (await showQuickPick(
        choices.map((choice) => ({ label: `${choice.origin.name} · ${choice.version.label}`, description: [...choice.version.environments, fitText(choice.origin)].join(' · '), detail: variablesText(choice.origin), choice })),
        { title, placeHolder: note ?? vscode.l10n.t('Several prompts could have rendered this call'), matchOnDetail: true },
      ))?.choice;
  if (!picked) return;
  const { origin, version } = picked;
  if (version.ref !== 'working' && origin.path !== null) {
    const prompt = await pickPrompt(services, { path: origin.path, promptId: origin.promptId }, title);
    if (!prompt) return;
    const { workingCopy } = await prompt.engine.request('versions/list', { path: origin.path, prompt: origin.promptId, overlays: overlays(prompt.engine.folder) });
    // The version that the file is can be edited; another one is read.
    if (workingCopy.hash !== version.ref) return showVersion(services.texts, await getVersion(prompt, version.ref));
  }
  if (origin.path !== null) await vscode.window.showTextDocument(vscode.Uri.file(origin.path), { viewColumn: vscode.ViewColumn.Beside, preview: true });
}

function fitText({ exact, score }: PromptOrigin): string {
  return exact ? vscode.l10n.t('exact') : vscode.l10n.t('a guess: {0} % of its text', Math.round(score * 100));
}

function variablesText({ variables }: PromptOrigin): string {
  return variables.map(({ name, value }) => `${name}: ${value.replaceAll(/\s+/g, ' ').slice(0, 60)}`).join(' · ');
}
