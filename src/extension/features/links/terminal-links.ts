import * as vscode from 'vscode';
import { recogniseLink } from '../../../core/links/recognise.ts';
import { COMMANDS } from '../../constants.ts';

/** An address, or an id where the line says that it is one: 32 hex digits alone are as often something else. */
const CANDIDATE = /\bhttps?:\/\/[^\s<>"'`|]+|\bvscode(?:-insiders)?:\/\/touchstone\.touchstone\/[^\s<>"'`|]+|\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b|(?<=\btrace[ _-]?id["']?\s*[=:]\s*["']?)[0-9a-f]{32}\b/gi;
const LONGEST_LINE = 8192;
/** Punctuation of the sentence around an address. */
const AROUND = /[)\]},.;:!?]+$/;

interface FoundLink extends vscode.TerminalLink {
  readonly text: string;
}

/** Links to traces, as programs print them, open here. */
export class TerminalLinks implements vscode.TerminalLinkProvider<FoundLink> {
  provideTerminalLinks({ line }: vscode.TerminalLinkContext): FoundLink[] {
    if (line.length > LONGEST_LINE) return [];
    return [...line.matchAll(CANDIDATE)].flatMap((match): FoundLink[] => {
      const text = match[0].replace(AROUND, '');
      const link = recogniseLink(text);
      return link === null || link.backend === 'unknown' ? [] : [{ startIndex: match.index, length: text.length, tooltip: vscode.l10n.t('Open Trace in Touchstone'), text }];
    });
  }

  async handleTerminalLink({ text }: FoundLink): Promise<void> {
    await vscode.commands.executeCommand(COMMANDS.openTraceLink, text);
  }
}
