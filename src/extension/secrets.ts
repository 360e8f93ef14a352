import type * as vscode from 'vscode';
import type { Log } from './log.ts';

/** Names of secrets are names of environment variables. */
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const NAMES_KEY = 'secretNames';

/**
 * Keys by name, such as `OPENAI_API_KEY`. Values stand in VS Code's SecretStorage and nowhere else; a value that was
 * never set there is taken from the environment variable of that name.
 */
export class Secrets {
  readonly #context: vscode.ExtensionContext;
  readonly #log: Log;

  constructor(context: vscode.ExtensionContext, log: Log) {
    this.#context = context;
    this.#log = log;
  }

  async get(name: string): Promise<string | null> {
    if (!SECRET_NAME.test(name)) return null;
    const value = (await this.#context.secrets.get(storageKey(name))) ?? process.env[name];
    if (value === undefined || value === '') return null;
    this.#log.hide(value);
    return value;
  }

  /** What was set here, whatever the environment has; `undefined`: nothing. */
  async stored(name: string): Promise<string | undefined> {
    return this.#context.secrets.get(storageKey(name));
  }

  async set(name: string, value: string): Promise<void> {
    this.#log.hide(value);
    await this.#context.secrets.store(storageKey(name), value);
    await this.#context.globalState.update(NAMES_KEY, [...new Set([...this.names(), name])].sort());
  }

  async remove(name: string): Promise<void> {
    await this.#context.secrets.delete(storageKey(name));
    await this.#context.globalState.update(NAMES_KEY, this.names().filter((known) => known !== name));
  }

  /** The names that were set here (SecretStorage does not list them), in order. */
  names(): string[] {
    return this.#context.globalState.get<string[]>(NAMES_KEY, []);
  }
}

function storageKey(name: string): string {
  return `touchstone.secret.${name}`;
}
