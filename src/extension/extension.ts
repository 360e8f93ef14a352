import * as vscode from 'vscode';
import { Engines } from './engine/engines.ts';
import { hostHandlers } from './engine/host-methods.ts';
import { register as registerCalls } from './features/calls/register.ts';
import { register as registerCode } from './features/code/register.ts';
import { register as registerCompare } from './features/compare/register.ts';
import { register as registerComparePanel } from './features/compare-panel/register.ts';
import { register as registerCreate } from './features/create/register.ts';
import { register as registerDatasets } from './features/dataset/register.ts';
import { register as registerDiagnostics } from './features/diagnostics/register.ts';
import { register as registerEngineStatus } from './features/engine-status/register.ts';
import { register as registerEnvironments } from './features/environments/register.ts';
import { register as registerEval } from './features/eval/register.ts';
import { register as registerLinks } from './features/links/register.ts';
import { register as registerOnce } from './features/once/register.ts';
import { register as registerPromptLenses } from './features/prompt-lenses/register.ts';
import { register as registerPromptsView } from './features/prompts-view/register.ts';
import { register as registerReceiver } from './features/receiver/register.ts';
import { register as registerRegistrySearch } from './features/registry-search/register.ts';
import { register as registerRunPanel } from './features/run-panel/register.ts';
import { register as registerRunsView } from './features/runs-view/register.ts';
import { register as registerSecrets } from './features/secrets/register.ts';
import { register as registerSourcesView } from './features/sources-view/register.ts';
import { register as registerStatus } from './features/status/register.ts';
import { register as registerTracePanel } from './features/trace-panel/register.ts';
import { register as registerTracesView } from './features/traces-view/register.ts';
import { register as registerVersions } from './features/versions/register.ts';
import { register as registerVersionsPanel } from './features/versions-panel/register.ts';
import { Log } from './log.ts';
import { PromptFiles } from './prompts/prompt-files.ts';
import { ReadOnlyTexts } from './read-only-texts.ts';
import { RegistryStates } from './registry/states.ts';
import { RunTracker } from './runs/run-tracker.ts';
import { Secrets } from './secrets.ts';
import type { Services } from './services.ts';
import { Hosts } from './traces/hosts.ts';
import { Remotes } from './traces/remotes.ts';
import { ShownTraces } from './traces/shown-traces.ts';
import { Sources } from './traces/sources.ts';

/**
 * The composition root. Registers everything synchronously and returns: it opens no database, starts no process, reads
 * no file. An engine starts on the first use of Touchstone in a trusted workspace.
 */
export function activate(context: vscode.ExtensionContext): void {
  const log = new Log();
  const secrets = new Secrets(context, log);
  const hosts = new Hosts(context.globalState);
  const engines = new Engines({ entry: context.asAbsolutePath('dist/engine.mjs'), storage: context.globalStorageUri, log, handlers: hostHandlers(secrets, hosts) });
  const runs = new RunTracker(engines, log);
  const prompts = new PromptFiles(engines, runs, log);
  const registry = new RegistryStates(engines, prompts, runs, log);
  const sources = new Sources(engines, context.workspaceState, log);
  const remotes = new Remotes(engines, log);
  const texts = new ReadOnlyTexts();
  const shownTraces = new ShownTraces();
  const refresh = new vscode.EventEmitter<void>();
  const services: Services = { context, log, secrets, engines, runs, prompts, registry, sources, remotes, hosts, texts, shownTraces, refresh };
  context.subscriptions.push(
    log,
    engines,
    runs,
    prompts,
    registry,
    sources,
    remotes,
    texts,
    shownTraces,
    refresh,
    registerPromptLenses(services),
    registerDiagnostics(services),
    registerDatasets(services),
    registerEval(services),
    registerOnce(services),
    registerCreate(services),
    registerVersions(services),
    registerVersionsPanel(services),
    registerEnvironments(services),
    registerCompare(services),
    registerComparePanel(services),
    registerRegistrySearch(services),
    registerRunPanel(services),
    registerPromptsView(services),
    registerRunsView(services),
    registerTracePanel(services),
    registerCalls(services),
    registerCode(services),
    registerLinks(services),
    registerTracesView(services),
    registerSourcesView(services),
    registerReceiver(services),
    registerStatus(services),
    registerSecrets(services),
    registerEngineStatus(services),
  );
}
