import * as vscode from 'vscode';
import { describeError, TouchstoneError } from '../core/errors.ts';
import type { Engines } from './engine/engines.ts';
import type { Log } from './log.ts';
import { showFailure, showWarning } from './messages.ts';
import { relativePaths } from './paths.ts';
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
  if (error instanceof TouchstoneError && error.code === 'untrusted-workspace') {
    const manage = vscode.l10n.t('Manage Workspace Trust');
    if ((await tellFailure(log, error, manage, showWarning)) === manage) await vscode.commands.executeCommand('workbench.trust.manage');
    return;
  }
  const showLog = vscode.l10n.t('Show Log');
  if ((await tellFailure(log, error, showLog)) === showLog) log.show();
}

/** Says what went wrong, which then stands in the log too, and what to do about it. Resolves to that where it is chosen. */
export async function tellFailure(log: Log, error: unknown, action: string, show = showFailure): Promise<string | undefined> {
  const message = log.redact(describeError(error));
  log.error(message);
  return show(relativePaths(message), action);
}

export function isCancelled(error: unknown): boolean {
  return error instanceof vscode.CancellationError || (error instanceof TouchstoneError && error.code === 'cancelled');
}
