import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../core/errors.ts';
import type { PromptSummary, RunSnapshot } from '../protocol/engine.ts';
import { askFolders } from './engine/ask-folders.ts';
import type { FolderEngine } from './engine/folder-engine.ts';
import { withFolder } from './engine/pick-folder.ts';
import { showQuickPick } from './questions.ts';
import type { Services } from './services.ts';
import { enginePath } from './paths.ts';

/** Arguments of commands. Lenses, trees, keybindings and other extensions call them: decode before use. */
const runTargetSchema = v.object({ folder: v.string(), runId: v.string() });
const promptTargetSchema = v.object({ path: v.string(), promptId: v.optional(v.string()) });

export type RunTarget = v.InferOutput<typeof runTargetSchema>;
export type PromptTarget = v.InferOutput<typeof promptTargetSchema>;

export function asRunTarget(argument: unknown): RunTarget | undefined {
  const parsed = v.safeParse(runTargetSchema, argument);
  return parsed.success ? parsed.output : undefined;
}

/** A lens or tree item names a prompt; the explorer and the editor's title give the file. */
export function asPromptTarget(argument: unknown): PromptTarget | undefined {
  if (argument instanceof vscode.Uri) return { path: enginePath(argument) };
  const parsed = v.safeParse(promptTargetSchema, argument);
  return parsed.success ? parsed.output : undefined;
}

/** The prompt file in the active editor. */
function activePrompt(services: Services): PromptTarget | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document && services.prompts.isPromptFile(document.uri) ? { path: enginePath(document.uri) } : undefined;
}

/** @throws TouchstoneError 'not-found' when the file lies outside of the workspace */
export function engineOf(services: Services, path: string): FolderEngine {
  const engine = services.engines.forUri(vscode.Uri.file(path));
  if (!engine) throw new TouchstoneError('not-found', vscode.l10n.t('{0} is not in a folder of this workspace. Open its folder to run it.', path));
  return engine;
}

export interface PickedRun {
  readonly engine: FolderEngine;
  readonly snapshot: RunSnapshot;
}

/** The run that a command is about: its argument, else a pick among those that fit, newest first. `undefined`: not picked. */
export async function pickRun(services: Services, argument: unknown, options: { readonly title: string; readonly accepts?: (run: RunSnapshot) => boolean }): Promise<PickedRun | undefined> {
  const target = asRunTarget(argument);
  if (target) {
    const engine = services.engines.forFolder(target.folder);
    if (!engine) throw new TouchstoneError('not-found', vscode.l10n.t('The folder of this run is not open any more.'));
    return { engine, snapshot: await engine.request('runs/get', { runId: target.runId }) };
  }
  const runs = (await listRuns(services)).filter(({ snapshot }) => options.accepts?.(snapshot) ?? true);
  if (runs.length === 1) return runs[0];
  const picked = await showQuickPick(
    runs.map((run) => ({
      label: runName(run.snapshot),
      description: withFolder(services, run.engine, new Date(run.snapshot.info.startedAt).toLocaleString()),
      detail: run.snapshot.info.models.map((model) => model.label).join(', '),
      run,
    })),
    { title: options.title, placeHolder: vscode.l10n.t('Pick a run'), matchOnDescription: true, matchOnDetail: true },
  );
  return picked?.run;
}

/** All runs of the window, newest first. `tell`: see `askFolders`. */
export async function listRuns(services: Services, limit = 200, tell?: (error: TouchstoneError) => unknown): Promise<PickedRun[]> {
  const lists = await askFolders(services, services.engines.all(), (engine) => engine.request('runs/list', { limit }), tell);
  return lists.flatMap(({ engine, answer }) => answer.runs.map((snapshot) => ({ engine, snapshot }))).sort((a, b) => b.snapshot.info.startedAt.localeCompare(a.snapshot.info.startedAt));
}

export interface PickedPrompt {
  readonly engine: FolderEngine;
  readonly prompt: PromptSummary;
}

/** Those that use the dataset in the active editor, if any do; else all. */
function ofActiveDataset(prompts: readonly PickedPrompt[]): readonly PickedPrompt[] {
  const document = vscode.window.activeTextEditor?.document;
  const path = document?.uri.scheme === 'file' ? enginePath(document.uri) : null;
  const users = prompts.filter(({ prompt }) => path !== null && prompt.dataset?.files.includes(path));
  return users.length === 0 ? prompts : users;
}

/** The prompt that a command is about: its argument, the active editor (the prompt's file, or its dataset), else a pick. A file with several prompts asks. */
export async function pickPrompt(services: Services, argument: unknown, title: string): Promise<PickedPrompt | undefined> {
  const target = asPromptTarget(argument) ?? activePrompt(services);
  const engines = target ? [engineOf(services, target.path)] : services.engines.all();
  const lists = await askFolders(services, engines, async (engine) => (target ? services.prompts.request(engine, target.path) : (await engine.request('prompts/list', {})).prompts));
  const all = lists.flatMap(({ engine, answer }) => answer.map((prompt) => ({ engine, prompt })));
  const fitting = target === undefined ? ofActiveDataset(all) : target.promptId === undefined ? all : all.filter(({ prompt }) => prompt.id === target.promptId);
  if (fitting.length === 0) throw new TouchstoneError('not-found', target ? vscode.l10n.t('{0} holds no prompt that can be used.', target.path) : vscode.l10n.t('This workspace has no prompt yet.'));
  if (fitting.length === 1) return fitting[0];
  const picked = await showQuickPick(
    fitting.map((found) => ({ label: found.prompt.name, description: vscode.workspace.asRelativePath(found.prompt.path), found })),
    { title, placeHolder: vscode.l10n.t('Pick a prompt'), matchOnDescription: true },
  );
  return picked?.found;
}

export function runName(snapshot: RunSnapshot): string {
  return snapshot.info.title ?? snapshot.info.promptName;
}
