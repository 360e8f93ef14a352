import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import { shortLabel } from '../../core/registry/names.ts';
import type { EnvironmentState, PromptPlace, PromptVersions, VersionSummary } from '../../protocol/registry.ts';
import { enginePath, overlays } from '../paths.ts';
import { showQuickPick } from '../questions.ts';
import type { PickedPrompt, PromptTarget } from '../targets.ts';
import { environmentText, scoreText, versionDetail, versionScore } from './wording.ts';

const versionTargetSchema = v.object({ path: v.string(), promptId: v.optional(v.string()), ref: v.optional(v.string()), environment: v.optional(v.string()) });

/** A prompt with one of its versions, or one of its environments: what lenses, the view and panels hand to commands. */
export interface VersionTarget extends PromptTarget {
  /** As `RegistryMethods` say. */
  readonly ref?: string;
  readonly environment?: string;
}

/** What a command was called with besides the prompt; nothing when it was called on a file, or from the palette. */
export function asVersionTarget(argument: unknown): Partial<Pick<VersionTarget, 'ref' | 'environment'>> {
  if (argument instanceof vscode.Uri) return {};
  const parsed = v.safeParse(versionTargetSchema, argument);
  if (!parsed.success) return {};
  const { ref, environment } = parsed.output;
  return { ...(ref === undefined ? {} : { ref }), ...(environment === undefined ? {} : { environment }) };
}

/** How the engine is told which prompt is meant, with every unsaved text. */
export function placeOf({ engine, prompt }: PickedPrompt): PromptPlace {
  return { path: prompt.path, prompt: prompt.id, overlays: overlays(engine.folder) };
}

export function targetOf({ prompt }: Pick<PickedPrompt, 'prompt'>): PromptTarget {
  return { path: prompt.path, promptId: prompt.id };
}

export function listVersions(picked: PickedPrompt, git = false): Promise<PromptVersions> {
  return picked.engine.request('versions/list', { ...placeOf(picked), ...(git ? { git } : {}) });
}

export interface VersionItem extends vscode.QuickPickItem {
  readonly version?: VersionSummary;
}

/** Versions in a list, what they scored beside them; those of Git under a line of their own. */
export function versionItems(versions: readonly VersionSummary[], buttons: (version: VersionSummary) => readonly vscode.QuickInputButton[] = () => []): VersionItem[] {
  const item = (version: VersionSummary): VersionItem => {
    const score = versionScore(version);
    return {
      label: `$(${version.source === 'git' ? 'git-commit' : 'history'}) ${shortLabel(version, versions)}`,
      description: [...version.environments, score === null ? vscode.l10n.t('not run') : scoreText(score)].join(' · '),
      detail: versionDetail(version),
      buttons: buttons(version),
      version,
    };
  };
  const saved = versions.filter((version) => version.source === 'registry').map(item);
  const found = versions.filter((version) => version.source === 'git').map(item);
  const line = (label: string): VersionItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    ...(saved.length > 0 ? [line(vscode.l10n.t('saved versions')), ...saved] : []),
    ...(found.length > 0 ? [line(vscode.l10n.t('in the Git history of the file')), ...found] : []),
  ];
}

/** One version of a prompt. `undefined`: not picked. */
export async function pickVersion(versions: readonly VersionSummary[], options: { readonly title: string; readonly placeHolder: string }): Promise<VersionSummary | undefined> {
  if (versions.length === 0) throw new TouchstoneError('not-found', vscode.l10n.t('This prompt has no version that fits. Save one with "Touchstone: Save Version".'));
  return (await showQuickPick(versionItems(versions), { ...options, matchOnDescription: true, matchOnDetail: true }))?.version;
}

/** One environment of a prompt, with what it points to. `undefined`: not picked. */
export async function pickEnvironment({ environments, versions }: PromptVersions, options: { readonly title: string; readonly placeHolder: string; readonly accepts?: (state: EnvironmentState) => boolean }): Promise<EnvironmentState | undefined> {
  const fitting = environments.filter((state) => options.accepts?.(state) ?? true);
  if (fitting.length <= 1 && options.accepts) return fitting[0];
  const items = fitting.map((state) => ({
    label: state.environment,
    description: state.version === null && state.diverged.length === 0 ? vscode.l10n.t('points nowhere yet') : environmentText(state, versions),
    state,
  }));
  return (await showQuickPick(items, { title: options.title, placeHolder: options.placeHolder, matchOnDescription: true }))?.state;
}

/** Path below the workspace folder, as sides of a comparison and references name it. */
export function pathBelow(folder: vscode.WorkspaceFolder, path: string): string {
  const root = `${enginePath(folder.uri)}/`;
  return path.startsWith(root) ? path.slice(root.length) : path;
}

/** How a version is named to the engine: its hash, whatever its number; Git's revision where nobody saved it. */
export function refOf(version: Pick<VersionSummary, 'source' | 'revision' | 'hash'>): string {
  return version.source === 'git' && version.revision !== null ? `git:${version.revision}` : version.hash;
}
