import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { importFiles, importFolder } from '../../traces/import.ts';
import { showError, type Services } from '../../services.ts';
import type { Node } from './tree.ts';

/** What the Explorer drags, and what other windows of VS Code drag. */
const URI_LIST = 'text/uri-list';
/** What a file manager drags. */
const FILES = 'files';

/** Files that are dropped onto the Traces view are imported. */
export class TraceDrop implements vscode.TreeDragAndDropController<Node> {
  readonly dropMimeTypes = [URI_LIST, FILES];
  readonly dragMimeTypes = [];
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  async handleDrop(_target: Node | undefined, dataTransfer: vscode.DataTransfer): Promise<void> {
    try {
      await this.#import(dataTransfer);
    } catch (error) {
      await showError(this.#services.log, error);
    }
  }

  async #import(dataTransfer: vscode.DataTransfer): Promise<void> {
    const listed = (await dataTransfer.get(URI_LIST)?.asString()) ?? '';
    const uris = listed.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#')).map((line) => vscode.Uri.parse(line, true));
    const { files, copies } = uris.length > 0 ? { files: uris, copies: null } : await this.#dropped(dataTransfer);
    try {
      if (files.length === 0) return;
      const engine = await importFolder(this.#services, files);
      if (engine) await importFiles(this.#services, engine, files);
    } finally {
      if (copies) await vscode.workspace.fs.delete(copies, { recursive: true });
    }
  }

  /** In a remote window or a browser a dropped file has no address here: its bytes are written down for the engine to read. */
  async #dropped(dataTransfer: vscode.DataTransfer): Promise<{ files: vscode.Uri[]; copies: vscode.Uri | null }> {
    const files: vscode.Uri[] = [];
    let copies: vscode.Uri | null = null;
    for (const [, item] of dataTransfer) {
      const file = item.asFile();
      if (!file) continue;
      if (file.uri?.scheme === 'file') {
        files.push(file.uri);
        continue;
      }
      copies ??= vscode.Uri.joinPath(this.#services.context.globalStorageUri, 'dropped', randomUUID());
      // Each in a folder of its own: files of several folders may have the same name.
      const folder = vscode.Uri.joinPath(copies, String(files.length));
      const copy = vscode.Uri.joinPath(folder, file.name.replaceAll(/[\\/\0]/g, '-'));
      await vscode.workspace.fs.createDirectory(folder);
      await vscode.workspace.fs.writeFile(copy, await file.data());
      files.push(copy);
    }
    return { files, copies };
  }
}
