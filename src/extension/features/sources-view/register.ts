import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { receiverEnvironment } from '../../../core/trace/receiver-environment.ts';
import type { ReceiverStatus } from '../../../protocol/traces.ts';
import { COMMANDS, INTERNAL_COMMANDS, VIEWS } from '../../constants.ts';
import { pickFolder } from '../../engine/pick-folder.ts';
import { registerCommand, type Services } from '../../services.ts';
import { endpoint } from '../../traces/receiver-wording.ts';
import { rejectionText } from './rejection-text.ts';
import { registerRemotes } from './remotes.ts';
import { tailFile } from './tail-file.ts';
import { SourcesTree, type Node } from './tree.ts';

const rejectionSchema = v.object({ folder: v.string(), id: v.number() });

/** The Sources view: the receiver's switch and state, tailed files, what could not be read. */
export function register(services: Services): vscode.Disposable {
  const { sources } = services;
  const tree = new SourcesTree(services);
  const view = vscode.window.createTreeView<Node>(VIEWS.sources, { treeDataProvider: tree });
  tree.setVisible(view.visible);

  return vscode.Disposable.from(
    tree,
    view,
    view.onDidChangeVisibility(({ visible }) => tree.setVisible(visible)),
    registerCommand(services, COMMANDS.turnReceiverOn, async (argument) => {
      const engine = await pickFolder(services, argument, vscode.l10n.t('Turn Receiver On'));
      if (!engine) return undefined;
      await sources.turn(engine, true);
      const status = sources.state(engine)?.receiver;
      if (status?.state === 'failed') throw new TouchstoneError('usage', vscode.l10n.t('The receiver could not be started: {0}', status.reason));
      return status;
    }),
    registerCommand(services, COMMANDS.turnReceiverOff, async (argument) => {
      const engine = await pickFolder(services, argument, vscode.l10n.t('Turn Receiver Off'));
      if (engine) await sources.turn(engine, false);
    }),
    registerCommand(services, COMMANDS.copyReceiverEndpoint, async (argument) => {
      const status = await listening(services, argument);
      if (!status) return;
      await vscode.env.clipboard.writeText(endpoint(status.http));
      vscode.window.setStatusBarMessage(vscode.l10n.t('Copied {0}.', endpoint(status.http)), 5000);
    }),
    registerCommand(services, COMMANDS.copyReceiverEnvironment, async (argument) => {
      const status = await listening(services, argument);
      if (!status) return;
      await vscode.env.clipboard.writeText(asCommands(receiverEnvironment(status)));
      vscode.window.setStatusBarMessage(vscode.l10n.t('Copied the variables for a terminal elsewhere. Terminals of this window have them already.'), 8000);
    }),
    registerCommand(services, COMMANDS.tailFile, async (argument) => {
      const engine = await pickFolder(services, argument instanceof vscode.Uri ? { folder: vscode.workspace.getWorkspaceFolder(argument)?.uri.toString() ?? '' } : argument, vscode.l10n.t('Tail a File'));
      if (engine) await tailFile(engine, argument instanceof vscode.Uri ? argument : undefined);
    }),
    registerRemotes(services, (argument, title) => pickFolder(services, argument, title)),
    registerCommand(services, INTERNAL_COMMANDS.openRejection, async (argument) => {
      const { folder, id } = v.parse(rejectionSchema, argument);
      const engine = services.engines.forFolder(folder);
      if (!engine) return;
      const { contentType, body } = await engine.request('sources/rejection', { id });
      const { ending, text } = rejectionText(contentType, body);
      await services.texts.show(`rejected-${id}.${ending}`, text);
    }),
  );
}

/** @throws TouchstoneError 'usage' when nothing listens */
async function listening(services: Services, argument: unknown): Promise<Extract<ReceiverStatus, { readonly http: number }> | undefined> {
  const engine = await pickFolder(services, argument, vscode.l10n.t('Receiver'));
  if (!engine) return undefined;
  const { receiver } = await services.sources.refresh(engine);
  if (receiver.state === 'on' || receiver.state === 'elsewhere') return receiver;
  throw new TouchstoneError('usage', vscode.l10n.t('The receiver is off. Turn it on in the Sources view.'));
}

/** To be pasted into the usual shell of this system. */
function asCommands(variables: Readonly<Record<string, string>>): string {
  const windows = process.platform === 'win32';
  return Object.entries(variables).map(([name, value]) => (windows ? `$env:${name} = "${value}"\n` : `export ${name}=${value}\n`)).join('');
}
