import type { JsonObject } from '../../core/json.ts';
import type { Model, ModelRef } from '../../core/model/model.ts';
import type { Redactor } from '../../core/model/redact.ts';
import { entryPath } from '../process/entries.ts';
import { ProviderModel } from './provider-model.ts';
import { ProviderProcess, type ProviderCommand } from './provider-process.ts';
import { PYTHON_HOST } from './python-host.ts';
import type { Secrets } from './secrets.ts';

/** The processes that run people's own providers: one for each file, function and settings, shared by all runs until it idles. */
export class ProviderPool {
  readonly #secrets: Secrets;
  readonly #redactor: Redactor;
  readonly #processes = new Map<string, ProviderProcess>();

  constructor(secrets: Secrets, redactor: Redactor) {
    this.#secrets = secrets;
    this.#redactor = redactor;
  }

  javascript(ref: ModelRef, path: string, exportName: string | null, config: JsonObject, folder: string): Model {
    // Node before 22.18 strips types only when asked.
    const flags = Number(process.versions.node.split('.')[0]) < 24 ? ['--experimental-strip-types', '--no-warnings'] : [];
    const command: ProviderCommand = { program: process.execPath, args: [...flags, entryPath(import.meta.url, './provider-host.ts')], asNode: true };
    return this.#model(ref, command, { path, export: exportName, id: ref.id, label: ref.label ?? null, config }, config, folder);
  }

  python(ref: ModelRef, path: string, functionName: string, config: JsonObject, folder: string): Model {
    const named = config['pythonExecutable'];
    const program = typeof named === 'string' && named !== '' ? named : (process.env['PROMPTFOO_PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3'));
    return this.#model(ref, { program, args: ['-u', '-c', PYTHON_HOST], asNode: false }, { path, function: functionName, id: ref.id, config }, config, folder);
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((one) => one.dispose()));
    this.#processes.clear();
  }

  #model(ref: ModelRef, command: ProviderCommand, start: JsonObject & { path: string }, config: JsonObject, folder: string): Model {
    const key = JSON.stringify([command, start, folder]);
    let running = this.#processes.get(key);
    if (running === undefined) {
      running = new ProviderProcess(command, start, folder);
      this.#processes.set(key, running);
    }
    return new ProviderModel(ref, running, { path: start.path, settings: config, secrets: this.#secrets, redactor: this.#redactor });
  }
}
