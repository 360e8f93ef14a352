import * as vscode from 'vscode';
import { plainText } from '../core/text/plain-text.ts';

/** Work that a person waits for and can cancel: then the signal is aborted. */
export async function withProgress<T>(title: string, work: (signal: AbortSignal, progress: vscode.Progress<{ message?: string; increment?: number }>) => Promise<T>): Promise<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: plainText(title), cancellable: true }, async (progress, token) => {
    const abort = new AbortController();
    const listener = token.onCancellationRequested(() => abort.abort());
    try {
      return await work(abort.signal, progress);
    } finally {
      listener.dispose();
    }
  });
}
