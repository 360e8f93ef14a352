import * as v from 'valibot';
import * as vscode from 'vscode';
import { shortLabel } from '../../core/registry/names.ts';
import type { PromptVersions, VersionSummary } from '../../protocol/registry.ts';
import { showInformation } from '../messages.ts';
import { showInputBox } from '../questions.ts';
import type { PickedPrompt } from '../targets.ts';
import { listVersions, placeOf } from './pick.ts';
import { ago } from './wording.ts';

const aboutSchema = v.object({ message: v.pipe(v.string(), v.trim(), v.minLength(1)), tags: v.optional(v.array(v.string())), useCase: v.optional(v.string()) });

/** What is said of a version when it is saved. */
export type AboutVersion = v.InferOutput<typeof aboutSchema>;

/** From a keybinding's or another extension's arguments; `undefined`: the person is asked. */
export function asAboutVersion(argument: unknown): AboutVersion | undefined {
  const parsed = v.safeParse(aboutSchema, argument);
  return parsed.success ? parsed.output : undefined;
}

interface SavedVersion {
  readonly version: VersionSummary;
  readonly created: boolean;
}

/**
 * Saves the working copy, as it is in the editor, as a version, and asks what for. Content that is a version already stays that version.
 * `undefined`: not saved, because the person stopped.
 */
export function saveVersion(picked: PickedPrompt, given?: AboutVersion): Promise<SavedVersion | undefined> {
  return save(picked, vscode.l10n.t('Save Version of {0}', picked.prompt.name), given);
}

/** The same for whoever asked for a promotion: only a version can be promoted, and the questions say why they come. */
export function saveBeforePromotion(picked: PickedPrompt): Promise<SavedVersion | undefined> {
  return save(picked, vscode.l10n.t('Promote {0}: First Save It as a Version', picked.prompt.name));
}

async function save(picked: PickedPrompt, title: string, given?: AboutVersion): Promise<SavedVersion | undefined> {
  const listed = await listVersions(picked);
  const same = listed.workingCopy.version === null ? undefined : listed.versions.find((version) => version.source === 'registry' && version.hash === listed.workingCopy.version);
  if (same) {
    void showInformation(vscode.l10n.t('This content is {0} already: {1} ({2}).', same.label, same.message.split('\n')[0] ?? '', ago(same.time)));
    return { version: same, created: false };
  }
  const about = given ?? (await askAbout(title, listed));
  if (about === undefined) return undefined;
  const { message, tags, useCase } = about;
  return picked.engine.request('versions/save', { ...placeOf(picked), message, ...(tags === undefined ? {} : { tags }), ...(useCase === undefined ? {} : { useCase }) });
}

async function askAbout(title: string, listed: PromptVersions): Promise<AboutVersion | undefined> {
  const message = await askMessage(title, listed);
  if (message === undefined) return undefined;
  const labels = await askLabels(title, listed);
  return labels && { message: message.trim(), ...labels };
}

function askMessage(title: string, { versions, workingCopy }: PromptVersions): Thenable<string | undefined> {
  const parent = versions.find((version) => version.hash === workingCopy.parent);
  return showInputBox({
    title,
    prompt: parent ? vscode.l10n.t('What changed since {0}?', shortLabel(parent, versions)) : vscode.l10n.t('What is this version? It will be the first one of this prompt.'),
    placeHolder: vscode.l10n.t('Say what belongs in each queue'),
    validateInput: (typed) => (typed.trim() === '' ? vscode.l10n.t('A version needs a message: it is what you will look for later.') : undefined),
  });
}

/** Tags and a use case, both of which may be left out: `spanish, cheap; triage of mail`. */
async function askLabels(title: string, { versions }: PromptVersions): Promise<Pick<AboutVersion, 'tags' | 'useCase'> | undefined> {
  const known = [...new Set(versions.flatMap((version) => version.tags))].slice(0, 8);
  const typed = await showInputBox({
    title,
    prompt: vscode.l10n.t('Tags, separated by commas; behind a semicolon its use case. Both may stay empty.') + (known.length > 0 ? ` ${vscode.l10n.t('In use: {0}.', known.join(', '))}` : ''),
    placeHolder: vscode.l10n.t('short, spanish; sorting incoming mail'),
  });
  return typed === undefined ? undefined : readLabels(typed);
}

/** `a, b; what for` → tags and use case, either of them absent where nothing was typed. */
function readLabels(typed: string): Pick<AboutVersion, 'tags' | 'useCase'> {
  const [tagText = '', ...rest] = typed.split(';');
  const tags = [...new Set(tagText.split(',').map((tag) => tag.trim().replace(/^#/, '')).filter((tag) => tag !== ''))];
  const useCase = rest.join(';').trim();
  return { ...(tags.length > 0 ? { tags } : {}), ...(useCase === '' ? {} : { useCase }) };
}
