import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import type { ModelInfo } from '../../../core/model/model.ts';
import { showInputBox, showQuickPick } from '../../questions.ts';
import type { Services } from '../../services.ts';
import { defaultModel } from '../../settings.ts';
import { createFiles, exists, fileStem } from '../../create-files.ts';
import { promptText, startCases } from './prompt-template.ts';

/** Asks for a name, a model and whether to begin a dataset; writes the files and opens the prompt. */
export async function newPrompt(services: Services, given: vscode.Uri | undefined): Promise<vscode.Uri | undefined> {
  const title = vscode.l10n.t('New Prompt');
  const parent = given ?? (await pickFolder(title));
  if (!parent) return undefined;
  const name = await showInputBox({
    title,
    prompt: vscode.l10n.t('Name of the prompt. Its file is written to {0}.', vscode.workspace.asRelativePath(parent, true)),
    placeHolder: vscode.l10n.t('Feedback sorting'),
    validateInput: async (typed) => {
      const stem = fileStem(typed);
      if (stem === '') return vscode.l10n.t('A prompt needs a name.');
      return (await exists(promptUri(parent, stem))) ? vscode.l10n.t('{0} exists.', `${stem}.prompt.yml`) : undefined;
    },
  });
  if (name === undefined) return undefined;
  const model = await pickModel(services, title, parent);
  if (model === undefined) return undefined;
  const withCases = { label: vscode.l10n.t('With a golden dataset'), description: vscode.l10n.t('three cases to begin with'), dataset: true };
  const dataset = await showQuickPick([withCases, { label: vscode.l10n.t('The prompt alone'), description: '', dataset: false }], { title });
  if (!dataset) return undefined;

  const stem = fileStem(name);
  const uri = promptUri(parent, stem);
  const golden = vscode.Uri.joinPath(parent, `${stem}.golden.jsonl`);
  const withDataset = dataset.dataset && !(await exists(golden));
  await createFiles([
    { uri, text: promptText({ name: name.trim(), model, golden: dataset.dataset ? `${stem}.golden.jsonl` : null }) },
    ...(withDataset ? [{ uri: golden, text: startCases() }] : []),
  ]);
  await vscode.window.showTextDocument(uri);
  return uri;
}

function promptUri(parent: vscode.Uri, stem: string): vscode.Uri {
  return vscode.Uri.joinPath(parent, `${stem}.prompt.yml`);
}

/** `prompts` of the workspace folder; of several folders the one that is picked. */
async function pickFolder(title: string): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await vscode.window.showWorkspaceFolderPick({ placeHolder: title }) : folders[0];
  return folder && vscode.Uri.joinPath(folder.uri, 'prompts');
}

async function pickModel(services: Services, title: string, parent: vscode.Uri): Promise<string | undefined> {
  const preferred = defaultModel(parent);
  const other = vscode.l10n.t('Another model…');
  const models = await modelsOf(services, parent);
  const items = [
    { label: preferred, description: describeModel(models.find((model) => model.id === preferred)) },
    ...models.filter((model) => model.id !== preferred).map((model) => ({ label: model.id, description: describeModel(model) })),
    { label: other, description: '' },
  ];
  const picked = await showQuickPick(items, { title, placeHolder: vscode.l10n.t('Pick a model'), matchOnDescription: true });
  if (picked?.label !== other) return picked?.label;
  return showInputBox({ title, prompt: vscode.l10n.t('A model id, such as openai/gpt-5-mini, exec:python agent.py or vscode:copilot/gpt-5'), validateInput: (typed) => (typed.trim() === '' ? vscode.l10n.t('Type a model id.') : undefined) });
}

function describeModel(model: ModelInfo | undefined): string {
  return model === undefined ? '' : model.problem ?? (model.label === model.id ? '' : model.label);
}

/** In an untrusted workspace, or when the engine fails, the default and a typed id remain. */
async function modelsOf(services: Services, parent: vscode.Uri): Promise<readonly ModelInfo[]> {
  const engine = services.engines.available ? services.engines.forUri(parent) : undefined;
  if (!engine) return [];
  try {
    return (await engine.request('models/list', {})).models;
  } catch (error) {
    services.log.warn(`The models cannot be listed: ${errorMessage(error)}`);
    return [];
  }
}
