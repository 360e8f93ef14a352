import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import type { RemoteSource } from '../../protocol/remote.ts';
import { askFolders } from '../engine/ask-folders.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import { showQuickPick } from '../questions.ts';
import type { Services } from '../services.ts';
import { sourceHost, sourceTitle } from './source-wording.ts';

const targetSchema = v.object({ folder: v.string(), source: v.union([v.string(), v.object({ name: v.string() })]) });

export interface PickedSource {
  readonly engine: FolderEngine;
  readonly source: RemoteSource;
}

/** Which sources there are to pick from, and what is said when there is none. */
interface Suiting {
  readonly can: (source: RemoteSource) => boolean;
  readonly none: string;
}

/** The source of the clicked row; the only one that suits; or a pick. `undefined`: not picked. */
export async function pickSource(services: Services, argument: unknown, title: string, suiting?: Suiting): Promise<PickedSource | undefined> {
  const listed = await askFolders(services, services.engines.forTraces(), (engine) => services.remotes.list(engine));
  const all = listed.flatMap(({ engine, answer }) => answer.map((source) => ({ engine, source })));
  const given = v.safeParse(targetSchema, argument);
  if (given.success) {
    const { folder, source } = given.output;
    const name = typeof source === 'string' ? source : source.name;
    const found = all.find((one) => one.engine.folder.uri.toString() === folder && one.source.name === name);
    if (!found) throw new TouchstoneError('not-found', vscode.l10n.t('Source "{0}" is not in touchstone.yml any more.', name));
    return found;
  }
  if (all.length === 0) throw new TouchstoneError('not-found', vscode.l10n.t('touchstone.yml names no tool that keeps traces. "Touchstone: Add Source…" adds one.'));
  const suited = suiting ? all.filter(({ source }) => suiting.can(source)) : all;
  if (suiting && suited.length === 0) throw new TouchstoneError('not-found', suiting.none);
  const items = suited.map((one) => ({ label: sourceTitle(one.source), description: sourceHost(one.source), one }));
  return suited.length === 1 ? suited[0] : (await showQuickPick(items, { title, placeHolder: vscode.l10n.t('Pick a source') }))?.one;
}
