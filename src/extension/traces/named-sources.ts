import * as vscode from 'vscode';
import type { BackendSource, ProjectConfig } from '../../core/config/model.ts';
import { CONFIG_FILE_NAMES, parseProjectConfig } from '../../core/config/read.ts';
import { enginePath } from '../paths.ts';

/** Whether the touchstone.yml of a folder, as it was saved, names files of traces: reading it starts no engine. */
export async function namesSources(folder: vscode.WorkspaceFolder): Promise<boolean> {
  return ((await savedTraces(folder))?.sources.length ?? 0) > 0;
}

/** Whether it names tools that can be asked for traces. */
export async function namesBackends(folder: vscode.WorkspaceFolder): Promise<boolean> {
  return (await savedBackends(folder)).length > 0;
}

/** The tools that it names, such as links to their pages are recognised by. */
export async function savedBackends(folder: vscode.WorkspaceFolder): Promise<readonly BackendSource[]> {
  return (await savedTraces(folder))?.backends ?? [];
}

async function savedTraces(folder: vscode.WorkspaceFolder): Promise<ProjectConfig['traces'] | null> {
  for (const name of CONFIG_FILE_NAMES) {
    const uri = vscode.Uri.joinPath(folder.uri, name);
    const bytes = await Promise.resolve(vscode.workspace.fs.readFile(uri)).catch(() => null);
    if (bytes === null) continue;
    const text = new TextDecoder().decode(bytes);
    // Most files name none: then nothing is parsed.
    if (text.includes('sources')) return parseProjectConfig(enginePath(uri), enginePath(folder.uri), text).traces;
  }
  return null;
}
