import * as vscode from 'vscode';
import { describeError, TouchstoneError } from '../core/errors.ts';
import type { Engines } from './engine/engines.ts';
import type { Log } from './log.ts';
import { showFailure, showWarning } from './messages.ts';
import type { PromptFiles } from './prompts/prompt-files.ts';
import type { ReadOnlyTexts } from './read-only-texts.ts';
import type { RegistryStates } from './registry/states.ts';
import type { RunTracker } from './runs/run-tracker.ts';
import type { Secrets } from './secrets.ts';
import type { Hosts } from './traces/hosts.ts';
import type { Remotes } from './traces/remotes.ts';
import type { ShownTraces } from './traces/shown-traces.ts';
import type { Sources } from './traces/sources.ts';

/** What every feature is given. A feature is `register(services): Disposable`. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly engines: Engines;
  readonly runs: RunTracker;
  readonly prompts: PromptFiles;
  readonly registry: RegistryStates;
  readonly sources: Sources;
  readonly remotes: Remotes;
  readonly hosts: Hosts;
  readonly texts: ReadOnlyTexts;
  readonly shownTraces: ShownTraces;
  /** *Refresh* was asked for: every view reads what it shows again. */
  readonly refresh: vscode.EventEmitter<void>;
}

/** A command whose failure is shown once, with the log at hand; a cancelled one ends without a word. */
export function registerCommand(services: Services, id: string, handler: (...args: unknown[]) => unknown): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...args: unknown[]) => {
    try {
      return await handler(...args);
    } catch (error) {
      await showError(services.log, error);
      return undefined;
    }
  });
}

/** Shows what a person can act on. */
export async function showError(log: Log, error: unknown): Promise<void> {
  if (isCancelled(error)) return;
  const message = log.redact(describeError(error));
  log.error(message);
  if (error instanceof TouchstoneError && error.code === 'untrusted-workspace') {
    const manage = vscode.l10n.t('Manage Workspace Trust');
    if ((await showWarning(message, manage)) === manage) await vscode.commands.executeCommand('workbench.trust.manage');
    return;
  }
  const showLog = vscode.l10n.t('Show Log');
  if ((await showFailure(message, showLog)) === showLog) log.show();
}

export function isCancelled(error: unknown): boolean {
  return error instanceof vscode.CancellationError || (error instanceof TouchstoneError && error.code === 'cancelled');
}
