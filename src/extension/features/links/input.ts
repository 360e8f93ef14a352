import * as vscode from 'vscode';
import { isBeginningOfId, recogniseLink } from '../../../core/links/recognise.ts';
import { showInputBox } from '../../questions.ts';
import type { Services } from '../../services.ts';
import { savedBackends } from '../../traces/named-sources.ts';

/** Longer clipboards are not looked through for a link. */
const LONGEST = 4096;

/** The link or id to open: what a caller gave, what is selected, else what is typed. `undefined`: none. */
export async function askLink(services: Services, argument: unknown): Promise<string | undefined> {
  if (typeof argument === 'string' && argument.trim() !== '') return argument;
  const selected = selectedText();
  // From the context menu of an editor, which gives its file: the selection is what is meant.
  if (argument instanceof vscode.Uri && selected !== '') return selected;
  const known = (await Promise.all(services.engines.forTraces().map(({ folder }) => savedBackends(folder)))).flat();
  const isLink = (text: string): boolean => text.length <= LONGEST && (recogniseLink(text, known) ?? { backend: 'unknown' }).backend !== 'unknown';
  const typed = await showInputBox({
    title: vscode.l10n.t('Open Trace from Link'),
    prompt: vscode.l10n.t('A link to a trace, a trace id, or a traceparent header'),
    placeHolder: 'https://…',
    value: [selected, await clipboardText()].map((text) => text.trim()).find((text) => text !== '' && isLink(text)) ?? '',
    validateInput: (text) => (text.trim() === '' || isBeginningOfId(text.trim()) || recogniseLink(text, known) !== null ? undefined : vscode.l10n.t('This is neither a link nor the id of a trace.')),
  });
  return typed === undefined || typed.trim() === '' ? undefined : typed;
}

/** Not in a browser: there reading waits for a permission, and complains when it is not given. Pasting needs none. */
async function clipboardText(): Promise<string> {
  return vscode.env.uiKind === vscode.UIKind.Desktop ? vscode.env.clipboard.readText() : '';
}

function selectedText(): string {
  const editor = vscode.window.activeTextEditor;
  return editor ? editor.document.getText(editor.selection).trim() : '';
}
