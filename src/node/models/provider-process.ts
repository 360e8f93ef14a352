import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { isObject, type JsonObject } from '../../core/json.ts';
import { commandEnvironment } from '../process/environment.ts';
import { endGroup } from '../process/run-command.ts';

export interface ProviderCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The program is our own executable, which in the editor is Electron. */
  readonly asNode: boolean;
}

/** How a call ended. `crashed`: the process ended before it answered. */
export type ProviderResult =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly message: string }
  | { readonly kind: 'crashed'; readonly message: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'aborted' };

export interface ProviderCall {
  readonly prompt: string;
  readonly context: JsonObject;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const IDLE_MS = 60_000;
const ERRORS_KEPT = 4 * 1024;

/**
 * A process that holds a person's provider for as long as it is used: requests and answers are lines of JSON over its standard
 * streams (what the provider prints goes to standard error). Several calls may be under way. It starts at the first call, again
 * after a crash or a time limit, and ends when nobody has called for a minute.
 */
export class ProviderProcess {
  readonly #command: ProviderCommand;
  readonly #start: JsonObject;
  readonly #folder: string;
  readonly #calls = new Map<number, (result: ProviderResult) => void>();
  #child: Child | null = null;
  #errors = '';
  #nextId = 1;
  #idle: NodeJS.Timeout | null = null;

  /** @param start the first line that the process reads: what to load */
  constructor(command: ProviderCommand, start: JsonObject, folder: string) {
    this.#command = command;
    this.#start = start;
    this.#folder = folder;
  }

  /** One call; never throws. */
  call(call: ProviderCall): Promise<ProviderResult> {
    if (call.signal.aborted) return Promise.resolve({ kind: 'aborted' });
    return new Promise((resolve) => {
      const child = this.#running(call.environment);
      const id = this.#nextId++;
      const finish = (result: ProviderResult): void => {
        if (!this.#calls.delete(id)) return;
        clearTimeout(timer);
        call.signal.removeEventListener('abort', onAbort);
        resolve(result);
        if (this.#calls.size === 0) this.#rest();
      };
      const timer = setTimeout(() => {
        finish({ kind: 'timeout' });
        // It may be stuck in a loop: the next call gets a new process. Others under way learn that it ended.
        this.#end(child);
      }, call.timeoutMs);
      const onAbort = (): void => {
        finish({ kind: 'aborted' });
        // A provider cannot be told to stop. Alone it is ended; with others it finishes for nobody.
        if (this.#calls.size === 0) this.#end(child);
      };
      this.#calls.set(id, finish);
      call.signal.addEventListener('abort', onAbort, { once: true });
      child.stdin.write(`${JSON.stringify({ id, prompt: call.prompt, context: call.context })}\n`);
    });
  }

  async dispose(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.#end(child);
    await closed;
  }

  #running(environment: Readonly<Record<string, string>>): Child {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    if (this.#child !== null) return this.#child;
    const { program, args, asNode } = this.#command;
    const child = spawn(program, args, {
      cwd: this.#folder,
      env: { ...commandEnvironment(environment), ...(asNode ? { ELECTRON_RUN_AS_NODE: '1' } : { PYTHONIOENCODING: 'utf-8' }) },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.#child = child;
    this.#errors = '';
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => {
      this.#errors = error.message;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-ERRORS_KEPT);
    });
    createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) => this.#receive(line));
    child.on('close', (code, signal) => {
      if (this.#child === child) this.#child = null;
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      this.#crash(this.#errors.trim() === '' ? `it ended with ${how}` : this.#errors.trim());
    });
    child.stdin.write(`${JSON.stringify(this.#start)}\n`);
    return child;
  }

  #receive(line: string): void {
    let reply: unknown;
    try {
      reply = JSON.parse(line);
    } catch {
      return;
    }
    if (!isObject(reply) || typeof reply['id'] !== 'number') return;
    const finish = this.#calls.get(reply['id']);
    finish?.(typeof reply['error'] === 'string' ? { kind: 'threw', message: reply['error'] } : { kind: 'answer', value: reply['value'] });
  }

  #crash(message: string): void {
    for (const finish of [...this.#calls.values()]) finish({ kind: 'crashed', message });
  }

  #rest(): void {
    const child = this.#child;
    if (child === null) return;
    this.#idle = setTimeout(() => this.#end(child), IDLE_MS);
    this.#idle.unref();
  }

  #end(child: Child): void {
    if (this.#child === child) {
      this.#child = null;
      this.#crash('it was stopped, because a call went over its time limit or the run was cancelled');
    }
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    child.stdin.end();
    endGroup(child);
  }
}
