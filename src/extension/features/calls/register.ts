import * as vscode from 'vscode';
import { COMMANDS } from '../../constants.ts';
import { registerCommand, type Services } from '../../services.ts';
import { addGoldenFromQuery, addToGolden } from './golden.ts';
import { newPromptFromCall } from './new-prompt.ts';
import { openPromptOfCall } from './prompt.ts';
import { replayCall } from './replay.ts';

/** What can be done with a recorded call of a model: its prompt, a golden case, another answer. */
export function register(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.openPromptOfCall, (argument) => openPromptOfCall(services, argument)),
    registerCommand(services, COMMANDS.newPromptFromCall, (argument) => newPromptFromCall(services, argument)),
    registerCommand(services, COMMANDS.addToGolden, (argument) => addToGolden(services, argument)),
    registerCommand(services, COMMANDS.addGoldenFromQuery, (argument) => addGoldenFromQuery(services, argument)),
    registerCommand(services, COMMANDS.replayCall, (argument) => replayCall(services, argument)),
  );
}
