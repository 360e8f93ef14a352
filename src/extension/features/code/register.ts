import * as vscode from 'vscode';
import { INTERNAL_COMMANDS } from '../../constants.ts';
import { registerCommand, type Services } from '../../services.ts';
import { CallLenses } from './call-lenses.ts';
import { CODE_SELECTOR, SHOWN_CODE_SELECTOR } from './code-files.ts';
import { LineNotes } from './line-notes.ts';
import { pickTracedCall } from './pick-traced-call.ts';

/** What traces say of code, beside the code. */
export function register(services: Services): vscode.Disposable {
  const lenses = new CallLenses(services);
  const notes = new LineNotes(services);
  return vscode.Disposable.from(
    lenses,
    notes,
    vscode.languages.registerCodeLensProvider(CODE_SELECTOR, lenses),
    vscode.languages.registerHoverProvider(SHOWN_CODE_SELECTOR, notes),
    registerCommand(services, INTERNAL_COMMANDS.pickTracedCall, pickTracedCall),
  );
}
