import * as vscode from 'vscode';
import type { EngineSettings } from '../protocol/engine.ts';
import { SETTINGS } from './constants.ts';
import { enginePath } from './paths.ts';

function read<T>(key: string, scope: vscode.ConfigurationScope | undefined, fallback: T): T {
  return vscode.workspace.getConfiguration(undefined, scope).get<T>(key) ?? fallback;
}

/** What the engine of one folder is told. */
export function engineSettings(folder: vscode.WorkspaceFolder): EngineSettings {
  const http = vscode.workspace.getConfiguration('http', folder);
  const proxy = http.get<string>('proxySupport') === 'off' ? '' : (http.get<string>('proxy') ?? '');
  return {
    folder: enginePath(folder.uri),
    trusted: vscode.workspace.isTrusted,
    concurrency: read(SETTINGS.concurrency, folder, 8),
    idleTimeoutMs: read(SETTINGS.idleTimeout, folder, 120) * 1000,
    maxRetries: read(SETTINGS.maxRetries, folder, 4),
    defaultBudgetUsd: read<number | null>(SETTINGS.budget, folder, null),
    proxy: { url: proxy === '' ? null : proxy, strictSsl: http.get<boolean>('proxyStrictSSL') ?? true, noProxy: http.get<string[]>('noProxy') ?? [] },
  };
}

/** A change of one of these is told to a running engine. */
export const ENGINE_SETTING_SECTIONS = [SETTINGS.concurrency, SETTINGS.idleTimeout, SETTINGS.maxRetries, SETTINGS.budget, 'http'] as const;

/** US dollars. */
export function confirmAbove(scope?: vscode.ConfigurationScope): number {
  return read(SETTINGS.confirmAbove, scope, 1);
}

export function defaultModel(scope?: vscode.ConfigurationScope): string {
  return read(SETTINGS.defaultModel, scope, 'local:labels');
}

export function codeLensEnabled(scope?: vscode.ConfigurationScope): boolean {
  return read(SETTINGS.codeLensEnabled, scope, true);
}

export function codeLensDatasetRows(scope?: vscode.ConfigurationScope): number {
  return read(SETTINGS.codeLensDatasetRows, scope, 2000);
}
