import * as vscode from 'vscode';
import type { Services } from '../../services.ts';
import { register as registerDebug } from './debug.ts';
import { register as registerTerminals } from './terminals.ts';

/** What a receiver that is on does in this window: programs that are started here find it. */
export function register(services: Services): vscode.Disposable {
  return vscode.Disposable.from(registerTerminals(services), registerDebug(services));
}
