import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { RECEIVER_VARIABLES } from '../../../core/trace/receiver-environment.ts';
import type { Services } from '../../services.ts';
import { receiverInjectsEnvironment } from '../../settings.ts';
import { environmentOf, withVariables, type EnvironmentForm } from './debug-environment.ts';
import { variablesIn } from './env-file.ts';
import { variablesFor } from './variables.ts';

const AS_OBJECT = ['node', 'pwa-node', 'node-terminal', 'bun', 'deno', 'python', 'debugpy', 'go', 'java', 'kotlin', 'coreclr', 'dotnet', 'lldb', 'rdbg', 'ruby_lsp', 'php', 'dart', 'mix_task'];
/** By the type of the debug configuration. */
const FORMS: ReadonlyMap<string, EnvironmentForm> = new Map([
  ...AS_OBJECT.map((type): [string, EnvironmentForm] => [type, { key: 'env', form: 'object' }]),
  ['cppdbg', { key: 'environment', form: 'pairs' }],
  ['cppvsdbg', { key: 'environment', form: 'pairs' }],
  ['lldb-dap', { key: 'env', form: 'assignments' }],
]);

/** Programs that are started with F5 find the receiver, too: its variables go into their configuration where they are absent. */
export function register(services: Services): vscode.Disposable {
  return vscode.debug.registerDebugConfigurationProvider('*', {
    async resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
      const environment = FORMS.get(configuration.type);
      if (configuration.request !== 'launch' || environment === undefined) return configuration;
      const engine = folder ? services.engines.forUri(folder.uri) : services.engines.forTraces()[0];
      if (!engine || !services.engines.takesTraces || !receiverInjectsEnvironment(engine.folder)) return configuration;
      const own = { ...process.env, ...(await fromFiles(services, configuration['envFile'])), ...environmentOf(configuration[environment.key]) };
      const added = variablesFor(services.sources, engine, own);
      if (Object.keys(added).length === 0) return configuration;
      return { ...configuration, [environment.key]: withVariables(configuration[environment.key], environment.form, added) };
    },
  });
}

/** What the configuration's own files of variables set; of those that matter here. */
async function fromFiles(services: Services, files: unknown): Promise<Record<string, string>> {
  const paths = [files].flat().filter((path) => typeof path === 'string');
  const texts = await Promise.all(paths.map(async (path) => {
    try {
      return new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.file(path)));
    } catch (error) {
      // The debugger says itself that its file is missing.
      services.log.debug(`${path} cannot be read: ${errorMessage(error)}`);
      return '';
    }
  }));
  return Object.assign({}, ...texts.map((text) => variablesIn(text, RECEIVER_VARIABLES))) as Record<string, string>;
}
