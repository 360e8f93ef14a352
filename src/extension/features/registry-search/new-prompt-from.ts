import * as vscode from 'vscode';
import { showInputBox } from '../../questions.ts';
import { copyPrompt } from '../../registry/copy-prompt.ts';
import type { Services } from '../../services.ts';
import { createFiles, exists, fileStem } from '../../create-files.ts';

/** What a new prompt begins from. */
export interface Origin {
  readonly folder: vscode.WorkspaceFolder;
  readonly name: string;
  readonly promptId: string;
  /** `v9 · 3f9a1c2e`; `null`: the working copy. */
  readonly version: string | null;
  /** Path below the workspace folder. */
  readonly file: { readonly path: string; readonly text: string };
}

/** Asks for a name and writes a copy beside the original, which says in its metadata where it comes from. */
export async function newPromptFrom(services: Services, origin: Origin): Promise<vscode.Uri | undefined> {
  const original = vscode.Uri.joinPath(origin.folder.uri, origin.file.path);
  // Beside it, the dataset and whatever else the file names is found under the same names.
  const parent = vscode.Uri.joinPath(original, '..');
  const target = (name: string): vscode.Uri => vscode.Uri.joinPath(parent, newFileName(origin.file.path, fileStem(name)));
  const name = await showInputBox({
    title: vscode.l10n.t('New Prompt from {0}', origin.name),
    prompt: vscode.l10n.t('Name of the new prompt. Its file is written to {0}.', vscode.workspace.asRelativePath(parent, true)),
    value: vscode.l10n.t('{0} copy', origin.name),
    validateInput: async (typed) => {
      if (fileStem(typed) === '') return vscode.l10n.t('A prompt needs a name.');
      return (await exists(target(typed))) ? vscode.l10n.t('{0} exists.', vscode.workspace.asRelativePath(target(typed))) : undefined;
    },
  });
  if (name === undefined) return undefined;
  const uri = target(name);
  const from = origin.version === null ? origin.promptId : `${origin.promptId}@${origin.version.split(' · ').at(-1) ?? ''}`;
  await createFiles([{ uri, text: copyPrompt(origin.file.text, { name: name.trim(), from }) }]);
  await vscode.window.showTextDocument(uri);
  services.log.info(`${vscode.workspace.asRelativePath(uri)} was made from ${from}.`);
  return uri;
}

/** A prompt file keeps its ending; a config of promptfoo is found by the beginning of its name. */
function newFileName(path: string, stem: string): string {
  const ending = /\.ya?ml$/i.exec(path)?.[0] ?? '.yml';
  return /\.prompt\.ya?ml$/i.test(path) ? `${stem}.prompt${ending}` : `promptfooconfig.${stem}${ending}`;
}
