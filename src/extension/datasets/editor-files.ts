import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import type { FileReader } from '../../core/files.ts';
import { enginePath } from '../paths.ts';

/** The user's files as the editors hold them: what is open and unsaved stands for the file on disk. */
export function editorFiles(): FileReader {
  const open = (path: string): string | undefined => vscode.workspace.textDocuments.find((document) => document.uri.scheme === 'file' && enginePath(document.uri) === path)?.getText();
  const bytes = async (path: string): Promise<Uint8Array> => {
    try {
      return await vscode.workspace.fs.readFile(vscode.Uri.file(path));
    } catch (error) {
      throw new TouchstoneError('not-found', vscode.l10n.t('There is no file {0}.', path), { cause: error, place: { file: path } });
    }
  };
  const text = async (path: string): Promise<string> => open(path) ?? new TextDecoder().decode(await bytes(path));
  return {
    readText: text,
    async *readChunks(path) {
      const shown = open(path);
      if (shown !== undefined) {
        yield shown;
        return;
      }
      let first = true;
      try {
        for await (const chunk of createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>) {
          yield first ? chunk.replace(/^\uFEFF/, '') : chunk;
          first = false;
        }
      } catch (error) {
        throw new TouchstoneError('not-found', vscode.l10n.t('{0} cannot be read.', path), { cause: error, place: { file: path } });
      }
    },
    async glob(pattern, base) {
      const found = await vscode.workspace.findFiles(new vscode.RelativePattern(vscode.Uri.file(base), pattern), '**/{node_modules,dist,out,build}/**');
      return found.map(enginePath).sort();
    },
    isFile: (path) => stat(path).then((found) => found.isFile(), () => false),
    readBytes: bytes,
  };
}
