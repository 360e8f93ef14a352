import * as vscode from 'vscode';
import { CONFIG_FILE_NAMES, parseProjectConfig } from '../../core/config/read.ts';
import { enginePath } from '../paths.ts';

/** Whether the touchstone.yml of a folder, as it was saved, names files of traces: reading it starts no engine. */
export async function namesSources(folder: vscode.WorkspaceFolder): Promise<boolean> {
  for (const name of CONFIG_FILE_NAMES) {
    const uri = vscode.Uri.joinPath(folder.uri, name);
    const bytes = await Promise.resolve(vscode.workspace.fs.readFile(uri)).catch(() => null);
    if (bytes === null) continue;
    const text = new TextDecoder().decode(bytes);
    // Most files name none: then nothing is parsed.
    return text.includes('sources') && parseProjectConfig(enginePath(uri), enginePath(folder.uri), text).traces.sources.length > 0;
  }
  return false;
}
