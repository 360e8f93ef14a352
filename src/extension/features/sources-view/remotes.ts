import * as vscode from 'vscode';
import { removeBackendSource } from '../../../core/config/edit-sources.ts';
import { CONFIG_FILE_NAMES } from '../../../core/config/read.ts';
import { TouchstoneError } from '../../../core/errors.ts';
import { COMMANDS } from '../../constants.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { showInformation, showWarning } from '../../messages.ts';
import { enginePath } from '../../paths.ts';
import { registerCommand, type Services } from '../../services.ts';
import { addSource, setKeys, testSource } from '../../traces/add-source.ts';
import { pickSource, type PickedSource } from '../../traces/pick-source.ts';

/** What can be done with a tool that keeps traces: by its row, else by a pick. */
export function registerRemotes(services: Services, pickFolder: (argument: unknown, title: string) => Promise<FolderEngine | undefined>): vscode.Disposable {
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.addSource, async (argument) => {
      const engine = await pickFolder(argument, vscode.l10n.t('Add Source'));
      return engine && addSource(services, engine);
    }),
    registerCommand(services, COMMANDS.testSource, async (argument) => {
      const picked = await pickSource(services, argument, vscode.l10n.t('Test Source'));
      if (!picked || !(await services.hosts.agree([picked.source]))) return;
      const { ok, message, needsKey } = await testSource(picked.engine, { source: picked.source.name });
      if (ok) {
        void showInformation(message);
        return;
      }
      const [setKey, again] = [vscode.l10n.t('Set Key…'), vscode.l10n.t('Try Again')];
      const answer = await showWarning(services.log.redact(message), needsKey && picked.source.secrets.length > 0 ? setKey : again);
      if (answer === again || (answer === setKey && (await setKeys(services, picked.source)))) await vscode.commands.executeCommand(COMMANDS.testSource, { folder: picked.engine.folder.uri.toString(), source: picked.source.name });
    }),
    registerCommand(services, COMMANDS.setSourceKey, async (argument) => {
      const picked = await pickSource(services, argument, vscode.l10n.t('Set Key of Source'));
      if (!picked) return;
      if (picked.source.secrets.length === 0) throw new TouchstoneError('usage', vscode.l10n.t('Source "{0}" takes no key.', picked.source.name));
      await setKeys(services, picked.source);
    }),
    registerCommand(services, COMMANDS.openSourcePage, async (argument) => {
      const picked = await pickSource(services, argument, vscode.l10n.t('Open Source in Browser'));
      if (!picked) return;
      const { app, name } = picked.source;
      if (app === null) throw new TouchstoneError('usage', vscode.l10n.t('Source "{0}" has no pages.', name));
      await vscode.env.openExternal(vscode.Uri.parse(app, true));
    }),
    registerCommand(services, COMMANDS.removeSource, async (argument) => {
      const picked = await pickSource(services, argument, vscode.l10n.t('Remove Source'));
      if (picked) await removeSource(services, picked);
    }),
  );
}

/** Out of touchstone.yml; traces that came from it stay. */
async function removeSource({ secrets, remotes }: Services, { engine, source }: PickedSource): Promise<void> {
  const kept = source.secrets.map(({ name }) => name).filter((name) => secrets.names().includes(name));
  const [remove, forget] = [vscode.l10n.t('Remove'), vscode.l10n.t('Remove with Its Keys')];
  const detail = vscode.l10n.t('Its entry is taken out of touchstone.yml. Traces that came from it stay here.');
  const answer = await showWarning(vscode.l10n.t('Remove source "{0}"?', source.name), { modal: true, detail }, remove, ...(kept.length > 0 ? [forget] : []));
  if (answer === undefined) return;
  for (const name of CONFIG_FILE_NAMES) {
    const uri = vscode.Uri.joinPath(engine.folder.uri, name);
    const document = await Promise.resolve(vscode.workspace.openTextDocument(uri)).catch(() => null);
    if (document === null) continue;
    const edit = removeBackendSource(enginePath(uri), document.getText(), source.name);
    if (edit === null) continue;
    const change = new vscode.WorkspaceEdit();
    change.replace(uri, new vscode.Range(document.positionAt(edit.start), document.positionAt(edit.end)), edit.newText);
    await vscode.workspace.applyEdit(change);
    await document.save();
  }
  if (answer === forget) for (const name of kept) await secrets.remove(name);
  remotes.refresh();
}
