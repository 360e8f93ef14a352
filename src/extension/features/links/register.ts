import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { isEditorLink } from '../../../core/links/recognise.ts';
import { COMMANDS, INTERNAL_COMMANDS } from '../../constants.ts';
import { registerCommand, showError, type Services } from '../../services.ts';
import { pickTrace, type TraceTarget } from '../../traces/targets.ts';
import { textOfAddress } from './address.ts';
import { copyTraceLink } from './copy-link.ts';
import { askLink } from './input.ts';
import { openLink, openRemote, refreshTrace } from './open-link.ts';
import { scoreTrace } from './score.ts';
import { TerminalLinks } from './terminal-links.ts';

/** A row of a source in the Traces view, which may not be here yet. */
const remoteSchema = v.object({ folder: v.string(), source: v.string(), id: v.string(), stored: v.nullable(v.string()) });

/** Traces that are somewhere else: from a link to the panel, and from a trace to a link. */
export function register(services: Services): vscode.Disposable {
  const requireTrust = (): void => {
    if (!services.engines.takesTraces) throw new TouchstoneError('untrusted-workspace', vscode.l10n.t('Links are opened in a workspace that is trusted.'));
  };
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.openTraceLink, async (argument) => {
      requireTrust();
      const text = await askLink(services, argument);
      if (text !== undefined) await openLink(services, text);
    }),
    registerCommand(services, INTERNAL_COMMANDS.openRemoteTrace, async (argument) => {
      requireTrust();
      const { folder, source, id, stored } = v.parse(remoteSchema, argument);
      if (stored !== null) {
        await vscode.commands.executeCommand(COMMANDS.openTrace, { folder, traceId: stored } satisfies TraceTarget);
        return;
      }
      const engine = services.engines.forFolder(folder);
      if (engine) await openRemote(services, engine, source, id);
    }),
    registerCommand(services, COMMANDS.copyTraceLink, (argument) => copyTraceLink(services, argument)),
    registerCommand(services, COMMANDS.refreshTrace, async (argument) => {
      const picked = await pickTrace(services, argument, vscode.l10n.t('Refresh Trace'));
      if (picked) await refreshTrace(services, picked.engine, picked.row.traceId);
    }),
    registerCommand(services, COMMANDS.scoreTrace, (argument) => scoreTrace(services, argument)),
    vscode.window.registerTerminalLinkProvider(new TerminalLinks()),
    vscode.window.registerUriHandler({
      // Whoever sent it: any page can. What it names is validated, and who would be contacted is asked about, as with a pasted link.
      handleUri: async (address) => {
        const text = textOfAddress(address);
        if (isEditorLink(text)) await vscode.commands.executeCommand(COMMANDS.openTraceLink, text);
        else await showError(services.log, new TouchstoneError('usage', vscode.l10n.t('This link names no trace: …/trace/ID, or …/trace?u= with the link of one.')));
      },
    }),
  );
}
