import { TouchstoneError } from '../core/errors.ts';
import { createEngine } from '../engine/engine.ts';
import type { EngineClient, EngineHost, EngineSettings, HostMethods } from '../protocol/engine.ts';
import type { EngineLog } from './context.ts';

/** The Engine in this process, for one workspace folder. Secrets are the environment's variables. */
export async function openEngine(folder: string, env: NodeJS.ProcessEnv, log: EngineLog): Promise<EngineClient> {
  const engine = createEngine({ host: terminalHost(env) });
  engine.on('log', log);
  try {
    await engine.request('engine/configure', settingsFor(folder));
  } catch (error) {
    await engine.dispose();
    throw error;
  }
  return engine;
}

type Answers = { readonly [M in keyof HostMethods]: (params: HostMethods[M][0]) => HostMethods[M][1] };

/** What the extension answers in the editor. */
function terminalHost(env: NodeJS.ProcessEnv): EngineHost {
  const answers: Answers = {
    'secret/get': ({ name }) => ({ value: env[name] ?? null }),
    'lm/list': () => ({ models: [] }),
    'lm/generate': ({ id }) => {
      throw new TouchstoneError('unknown-model', `vscode:${id}: VS Code's language models are not available in the terminal. Choose another model with --model.`);
    },
  };
  return {
    name: 'a touchstone command',
    request: async (method, params) => answers[method](params),
    on: () => () => undefined,
  };
}

/** The editor's defaults. Whoever types a command in a folder trusts it, as with any build tool. */
function settingsFor(folder: string): EngineSettings {
  return {
    folder,
    trusted: true,
    concurrency: 8,
    idleTimeoutMs: 120_000,
    maxRetries: 4,
    defaultBudgetUsd: null,
    // Nothing of its own: what the environment says about proxies counts, for each address.
    proxy: { url: null, strictSsl: true, noProxy: [] },
  };
}
