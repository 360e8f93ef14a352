import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Case } from '../../../core/dataset/model.ts';
import { describeError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { PromptDocument } from '../../../core/prompt/model.ts';
import { textOf } from '../../../core/dataset/edit-text.ts';
import { addCase } from '../../cases/add-case.ts';
import { askVariables } from '../../cases/ask.ts';
import { firstCases, readPrompt, variableNames } from '../../cases/prompt-cases.ts';
import { COMMANDS, INTERNAL_COMMANDS } from '../../constants.ts';
import { overlays } from '../../paths.ts';
import { showQuickPick } from '../../questions.ts';
import { isCancelled, registerCommand, type Services } from '../../services.ts';
import { pickPrompt, type PickedPrompt } from '../../targets.ts';
import { OutputDocuments, type Output, type OutputRequest } from './output-documents.ts';

/** Cases that the pick offers; a person finds one by typing, not by scrolling. */
const OFFERED_CASES = 2000;

/** *Run Once*: variables typed or taken from a case, the output streamed into an editor beside. */
export function register(services: Services): vscode.Disposable {
  const outputs = new OutputDocuments();
  const typed = new Map<string, JsonObject>();
  const outputOf = (uri: unknown): Output | undefined => outputs.get(v.parse(v.string(), uri));

  return vscode.Disposable.from(
    outputs,
    registerCommand(services, COMMANDS.runOnce, async (argument) => {
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Run Once'));
      if (!picked) return;
      const request = await ask(picked, typed);
      if (!request) return;
      const output = outputs.create(request, { state: 'running', cancel: () => undefined });
      await vscode.window.showTextDocument(output.uri, { viewColumn: vscode.ViewColumn.Beside, preview: true, preserveFocus: true });
      await run(services, outputs, output);
    }),
    registerCommand(services, INTERNAL_COMMANDS.outputRunAgain, async (uri) => {
      const output = outputOf(uri);
      if (output && output.status.state !== 'running') await run(services, outputs, output);
    }),
    registerCommand(services, INTERNAL_COMMANDS.outputCancel, (uri) => {
      const output = outputOf(uri);
      if (output?.status.state === 'running') output.status.cancel();
    }),
    registerCommand(services, INTERNAL_COMMANDS.outputCopy, async (uri) => {
      const output = outputOf(uri);
      if (output) await vscode.env.clipboard.writeText(output.text);
    }),
    registerCommand(services, INTERNAL_COMMANDS.outputAddAsCase, async (uri) => {
      const output = outputOf(uri);
      if (output) await addCase({ ...output.request, vars: output.request.vars, suggestion: output.text });
    }),
  );
}

async function run(services: Services, outputs: OutputDocuments, output: Output): Promise<void> {
  const { engine, prompt, model, vars } = output.request;
  const abort = new AbortController();
  outputs.restart(output, { state: 'running', cancel: () => abort.abort() });
  const stream = `${output.uri.toString()}#${Date.now()}`;
  const listener = services.engines.onOnceText((part) => {
    if (part.stream === stream) outputs.append(output, part.text);
  });
  try {
    const result = await engine.request('once/run', { path: prompt.path, promptId: prompt.id, overlays: overlays(engine.folder), model, vars, stream }, abort.signal);
    outputs.settle(output, { state: 'done', result });
  } catch (error) {
    const message = isCancelled(error) ? vscode.l10n.t('cancelled') : services.log.redact(describeError(error));
    services.log.info(`Run Once of ${prompt.name}: ${message}`);
    outputs.settle(output, { state: 'failed', message });
  } finally {
    listener.dispose();
  }
}

async function ask({ engine, prompt }: PickedPrompt, typed: Map<string, JsonObject>): Promise<OutputRequest | undefined> {
  const title = vscode.l10n.t('Run {0} once', prompt.name);
  const document = await readPrompt(engine.folder, prompt);
  const model = prompt.models.length > 1 ? await showQuickPick(prompt.models, { title, placeHolder: vscode.l10n.t('Pick a model') }) : prompt.models[0];
  if (model === undefined) return undefined;
  const names = variableNames(document);
  const key = `${prompt.path}#${prompt.id}`;
  const vars = names.length === 0 ? {} : await askVars(title, names, { engine, prompt }, document, typed.get(key) ?? {});
  if (!vars) return undefined;
  typed.set(key, vars);
  return { engine, prompt, model, vars };
}

async function askVars(title: string, names: readonly string[], { engine, prompt }: PickedPrompt, document: PromptDocument, before: JsonObject): Promise<JsonObject | undefined> {
  if (prompt.dataset === null) return askVariables(title, names, before);
  const type = { label: `$(edit) ${vscode.l10n.t('Type the variables')}`, description: names.join(', ') };
  const take = { label: `$(checklist) ${vscode.l10n.t('Take them from a case…')}`, description: prompt.dataset.name };
  const how = await showQuickPick([type, take], { title });
  if (how === undefined) return undefined;
  if (how === type) return askVariables(title, names, before);
  const cases = await firstCases(engine.folder, document, prompt, OFFERED_CASES);
  const picked = await showQuickPick(
    cases.map((found) => ({ label: found.id, description: found.expected === undefined ? '' : textOf(found.expected).slice(0, 60), detail: preview(found), found })),
    { title, placeHolder: vscode.l10n.t('Pick a case'), matchOnDetail: true, matchOnDescription: true },
  );
  return picked?.found.vars;
}

function preview(found: Case): string {
  return Object.values(found.vars).map((value) => textOf(value).replaceAll(/\s+/g, ' ')).join(' · ').slice(0, 160);
}
