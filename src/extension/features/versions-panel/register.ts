import * as v from 'valibot';
import * as vscode from 'vscode';
import { COMMANDS, PANELS } from '../../constants.ts';
import { OpenPanels } from '../../panels/open-panels.ts';
import { enginePath } from '../../paths.ts';
import { registerCommand, type Services } from '../../services.ts';
import { pickPrompt, type PickedPrompt } from '../../targets.ts';
import { VersionsPanel } from './versions-panel.ts';

/** What the panel keeps over a reload: which prompt (its path below a workspace folder), and how it was looked at. */
const stateSchema = v.object({ path: v.string(), promptId: v.string() });

/** The versions of a prompt and their scores over time. */
export function register(services: Services): vscode.Disposable {
  const panels = new OpenPanels<PickedPrompt, VersionsPanel>({
    viewType: PANELS.versions,
    key: ({ prompt }) => `${prompt.path}#${prompt.id}`,
    create: (picked, panel) => new VersionsPanel(services, picked, panel),
    restore: async (state) => {
      const parsed = v.safeParse(stateSchema, state);
      return parsed.success ? findPrompt(services, parsed.output) : undefined;
    },
  });
  return vscode.Disposable.from(
    panels,
    registerCommand(services, COMMANDS.showVersions, async (argument) => {
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Show Versions'));
      if (picked) panels.show(picked, vscode.l10n.t('{0}: versions', picked.prompt.name));
    }),
  );
}

async function findPrompt(services: Services, { path, promptId }: v.InferOutput<typeof stateSchema>): Promise<PickedPrompt | undefined> {
  if (!services.engines.available) return undefined;
  for (const engine of services.engines.all()) {
    const uri = vscode.Uri.joinPath(engine.folder.uri, path);
    // What was kept is hostile: it names a file of this workspace, or nothing.
    if (vscode.workspace.getWorkspaceFolder(uri) !== engine.folder || !services.prompts.isPromptFile(uri)) continue;
    const prompts = await services.prompts.request(engine, enginePath(uri)).catch(() => []);
    const prompt = prompts.find(({ id }) => id === promptId);
    if (prompt) return { engine, prompt };
  }
  return undefined;
}
