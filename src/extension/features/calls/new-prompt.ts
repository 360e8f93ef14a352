import * as vscode from 'vscode';
import { exists, fileStem } from '../../create-files.ts';
import { showInformation } from '../../messages.ts';
import { showInputBox } from '../../questions.ts';
import type { Services } from '../../services.ts';
import { pickCall } from './pick-call.ts';

/** Where prompts usually are; a workspace without it has the file in its folder. */
const USUAL_FOLDER = 'prompts';

/** *New Prompt from Call*: a prompt file that asks what the call asked, opened and not saved. Resolves to its document. */
export async function newPromptFromCall(services: Services, argument: unknown): Promise<vscode.TextDocument | undefined> {
  const title = vscode.l10n.t('New Prompt from Call');
  const call = await pickCall(services, argument, title);
  if (!call) return undefined;
  const { folder } = call.engine;
  const usual = vscode.Uri.joinPath(folder.uri, USUAL_FOLDER);
  const parent = (await exists(usual)) ? usual : folder.uri;
  const target = (name: string): vscode.Uri => vscode.Uri.joinPath(parent, `${fileStem(name)}.prompt.yml`);
  const name = await showInputBox({
    title,
    value: vscode.l10n.t('New prompt'),
    prompt: vscode.l10n.t('Name of the new prompt. Nothing is written before you save it.'),
    validateInput: async (typed) => (fileStem(typed) === '' ? vscode.l10n.t('A prompt needs a name.') : (await exists(target(typed))) ? vscode.l10n.t('{0} exists.', vscode.workspace.asRelativePath(target(typed))) : undefined),
  });
  if (name === undefined) return undefined;
  const { text, masked, notes } = await call.engine.request('calls/new-prompt', { ...call.ref, name: name.trim() });
  const document = await openUnsaved(target(name), text);
  const said = [
    ...(masked.length === 0 ? [] : [vscode.l10n.t('Masked: {0}.', [...new Set(masked.map(({ placeholder, hint }) => `${placeholder} (${hint})`))].join(', '))]),
    ...notes,
  ];
  if (said.length > 0) void showInformation(said.join(' '));
  return document;
}

/** In an editor that knows where it will be saved. What was left there unsaved before stands in its way, and is replaced undoably. */
async function openUnsaved(uri: vscode.Uri, text: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(uri.with({ scheme: 'untitled' }));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length)), text);
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showTextDocument(document);
  return document;
}
