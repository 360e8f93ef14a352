import * as vscode from 'vscode';
import { SETTINGS } from '../../constants.ts';
import type { Services } from '../../services.ts';
import { receiverInjectsEnvironment } from '../../settings.ts';
import { variablesFor } from './variables.ts';

/** Gives new terminals the variables that lead to the receiver, as long as it listens. They do not outlive the window. */
export function register(services: Services): vscode.Disposable {
  const all = services.context.environmentVariableCollection;
  all.persistent = false;
  const shown = new Map<string, string>();
  const collectionOf = (folder: vscode.WorkspaceFolder): vscode.EnvironmentVariableCollection =>
    // With one folder every terminal is its own, wherever it was opened.
    (vscode.workspace.workspaceFolders?.length ?? 0) > 1 ? all.getScoped({ workspaceFolder: folder }) : all;

  const update = (): void => {
    for (const engine of services.engines.forTraces()) {
      const variables = receiverInjectsEnvironment(engine.folder) ? variablesFor(services.sources, engine, terminalEnvironment(engine.folder)) : {};
      const key = engine.folder.uri.toString();
      const signature = JSON.stringify(variables);
      // Every change marks terminals that are open as outdated: only what differs is one.
      if ((shown.get(key) ?? '{}') === signature) continue;
      shown.set(key, signature);
      const collection = collectionOf(engine.folder);
      collection.clear();
      collection.description = Object.keys(variables).length === 0 ? undefined : vscode.l10n.t('Leads OpenTelemetry to the receiver of Touchstone');
      for (const [name, value] of Object.entries(variables)) collection.replace(name, value);
    }
  };
  update();
  return vscode.Disposable.from(
    services.sources.onDidChange(update),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(SETTINGS.receiverInjectEnvironment) || change.affectsConfiguration('terminal.integrated.env')) update();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      all.clear();
      shown.clear();
      update();
    }),
    { dispose: () => all.clear() },
  );
}

/** What a terminal of this folder has without us: VS Code's own environment, over it the person's setting. */
function terminalEnvironment(folder: vscode.WorkspaceFolder): Readonly<Record<string, string | undefined>> {
  const system = process.platform === 'win32' ? 'windows' : process.platform === 'darwin' ? 'osx' : 'linux';
  const set = vscode.workspace.getConfiguration('terminal.integrated.env', folder).get<Record<string, string | null>>(system) ?? {};
  // `null` takes a variable away.
  const own = Object.fromEntries(Object.entries(set).map(([name, value]) => [name, value ?? undefined]));
  return { ...process.env, ...own };
}
