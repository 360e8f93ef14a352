import * as vscode from 'vscode';
import { COMMANDS } from '../../constants.ts';
import { findLinks } from './find-links.ts';

interface FoundLink extends vscode.TerminalLink {
  readonly text: string;
}

/** Links to traces, as programs print them, open here. */
export class TerminalLinks implements vscode.TerminalLinkProvider<FoundLink> {
  provideTerminalLinks({ line }: vscode.TerminalLinkContext): FoundLink[] {
    return findLinks(line).map((found) => ({ ...found, tooltip: vscode.l10n.t('Open Trace in Touchstone') }));
  }

  async handleTerminalLink({ text }: FoundLink): Promise<void> {
    await vscode.commands.executeCommand(COMMANDS.openTraceLink, text);
  }
}
