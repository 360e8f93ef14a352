import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { RECEIVER_VARIABLES } from '../../../core/trace/receiver-environment.ts';
import type { Services } from '../../services.ts';
import { receiverInjectsEnvironment } from '../../settings.ts';
import { variablesIn } from './env-file.ts';
import { variablesFor } from './variables.ts';

/** Types of debug configurations that start a program and take its environment as an object named `env`. */
const TYPES: ReadonlySet<string> = new Set([
  'node', 'pwa-node', 'node-terminal', 'bun', 'deno', 'python', 'debugpy', 'go', 'java', 'kotlin', 'coreclr', 'dotnet', 'lldb', 'rdbg', 'ruby_lsp', 'php', 'dart', 'mix_task',
]);

/** Programs that are started with F5 find the receiver, too: its variables go into their configuration where they are absent. */
export function register(services: Services): vscode.Disposable {
  return vscode.debug.registerDebugConfigurationProvider('*', {
    async resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
      if (configuration.request !== 'launch' || !TYPES.has(configuration.type)) return configuration;
      const engine = folder ? services.engines.forUri(folder.uri) : services.engines.all()[0];
      if (!engine || !services.engines.available || !receiverInjectsEnvironment(engine.folder)) return configuration;
      const env = isEnvironment(configuration['env']) ? configuration['env'] : {};
      const own = { ...process.env, ...(await fromFiles(services, configuration['envFile'])), ...onlyTexts(env) };
      const added = variablesFor(services.sources, engine, own);
      return Object.keys(added).length === 0 ? configuration : { ...configuration, env: { ...added, ...env } };
    },
  });
}

function isEnvironment(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `null` takes a variable away. */
function onlyTexts(env: Readonly<Record<string, unknown>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, typeof value === 'string' ? value : undefined]));
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
