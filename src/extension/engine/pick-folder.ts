import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import type { FolderEngine } from './folder-engine.ts';

const folderSchema = v.object({ folder: v.string() });

/** The folder that a command about traces is for: that of the clicked line, the only one, or a pick. `undefined`: not picked. */
export async function pickFolder({ engines }: Pick<Services, 'engines'>, argument: unknown, title: string): Promise<FolderEngine | undefined> {
  const given = v.safeParse(folderSchema, argument);
  const all = engines.forTraces();
  const engine = given.success ? engines.forFolder(given.output.folder) : undefined;
  if (engine || all.length <= 1) return engine ?? all[0];
  const folder = await vscode.window.showWorkspaceFolderPick({ placeHolder: title });
  return folder && engines.forFolder(folder.uri.toString());
}

/** What is told of a thing in a list over all folders, with the folder's name where there are several. */
export function withFolder({ engines }: Pick<Services, 'engines'>, { folder }: FolderEngine, description: string): string {
  return engines.all().length > 1 ? `${folder.name} · ${description}` : description;
}
