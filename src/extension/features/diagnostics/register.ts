import * as vscode from 'vscode';
import { enginePath } from '../../paths.ts';
import { toDiagnostic } from '../../diagnostics.ts';
import type { Services } from '../../services.ts';

/**
 * What is wrong in the prompt files that are open: by what the engine
 * found in them and in the files that they name, a moment after typing rests. Cleared when the file is closed.
 */
export function register(services: Services): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('touchstone');
  const publish = (): void => {
    const byFile = new Map<string, { uri: vscode.Uri; found: vscode.Diagnostic[] }>();
    for (const { uri, diagnostics } of services.prompts.diagnostics()) {
      // Typed a moment ago: VS Code moves what it shows with the text, and the next look comes when typing rests.
      if (diagnostics === null) return;
      for (const diagnostic of diagnostics) {
        // A finding in another file (a dataset, an included prompt) stands there.
        const place = diagnostic.file === undefined || diagnostic.file === enginePath(uri) ? uri : vscode.Uri.file(diagnostic.file);
        const entry = byFile.get(place.toString()) ?? { uri: place, found: [] };
        entry.found.push(toDiagnostic(diagnostic));
        byFile.set(place.toString(), entry);
      }
    }
    collection.clear();
    collection.set([...byFile.values()].map(({ uri, found }): [vscode.Uri, vscode.Diagnostic[]] => [uri, found]));
  };
  publish();
  return vscode.Disposable.from(collection, services.prompts.onDidChange(publish));
}
