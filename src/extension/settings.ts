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
    traces: { retentionDays: read(SETTINGS.tracesRetentionDays, folder, 30), maxBytes: read(SETTINGS.tracesMaxSize, folder, 2048) * 1024 * 1024 },
    proxy: { url: proxy === '' ? null : proxy, strictSsl: http.get<boolean>('proxyStrictSSL') ?? true, noProxy: http.get<string[]>('noProxy') ?? [] },
  };
}

/** A change of one of these is told to a running engine. */
export const ENGINE_SETTING_SECTIONS = [SETTINGS.concurrency, SETTINGS.idleTimeout, SETTINGS.maxRetries, SETTINGS.budget, SETTINGS.tracesRetentionDays, SETTINGS.tracesMaxSize, 'http'] as const;

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

/** Whether lines of code say what an open trace's spans took there. */
export function codeAnnotations(scope?: vscode.ConfigurationScope): boolean {
  return read(SETTINGS.codeAnnotations, scope, true);
}

/** Whether traced functions have a lens. */
export function codeLenses(scope?: vscode.ConfigurationScope): boolean {
  return read(SETTINGS.codeLenses, scope, true);
}

/** What a receiver is asked to listen on: 0 is any free port, `null` for gRPC none. */
export function receiverPorts(scope?: vscode.ConfigurationScope): { readonly http: number; readonly grpc: number | null } {
  return { http: read(SETTINGS.receiverHttpPort, scope, 4318), grpc: vscode.workspace.getConfiguration(undefined, scope).get<number | null>(SETTINGS.receiverGrpcPort, 4317) };
}

/** Whether the receiver is on where nobody has switched it by hand. */
export function receiverEnabled(scope?: vscode.ConfigurationScope): boolean {
  return read(SETTINGS.receiverEnabled, scope, false);
}

export function receiverInjectsEnvironment(scope?: vscode.ConfigurationScope): boolean {
  return read(SETTINGS.receiverInjectEnvironment, scope, true);
}
