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

/** A process with the calls that it has not answered. */
interface Running {
  readonly child: Child;
  readonly calls: Map<number, (result: ProviderResult) => void>;
  errors: string;
}

/**
 * A process that holds a person's provider for as long as it is used: requests and answers are lines of JSON over its standard
 * streams (what the provider prints goes to standard error). Several calls may be under way. It starts at the first call, again
 * after a crash or a time limit, and ends when nobody has called for a minute.
 */
export class ProviderProcess {
  readonly #command: ProviderCommand;
  readonly #start: JsonObject;
  readonly #folder: string;
  #running: Running | null = null;
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
      const running = this.#ready(call.environment);
      const id = this.#nextId++;
      const finish = (result: ProviderResult): void => {
        if (!running.calls.delete(id)) return;
        clearTimeout(timer);
        call.signal.removeEventListener('abort', onAbort);
        resolve(result);
        if (running.calls.size === 0) this.#rest(running);
      };
      const timer = setTimeout(() => {
        finish({ kind: 'timeout' });
        // It may be stuck in a loop: the next call gets a new process. Others under way learn that it ended.
        this.#end(running);
      }, call.timeoutMs);
      const onAbort = (): void => {
        finish({ kind: 'aborted' });
        // A provider cannot be told to stop. Alone it is ended; with others it finishes for nobody.
        if (running.calls.size === 0) this.#end(running);
      };
      running.calls.set(id, finish);
      call.signal.addEventListener('abort', onAbort, { once: true });
      running.child.stdin.write(`${JSON.stringify({ id, prompt: call.prompt, context: call.context })}\n`);
    });
  }

  async dispose(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    const { child } = running;
    // Not 'close': a program that it has started and left behind may keep its streams open for ever.
    const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined ? Promise.resolve() : new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#end(running);
    await ended;
    child.stdout.destroy();
    child.stderr.destroy();
  }

  #ready(environment: Readonly<Record<string, string>>): Running {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    if (this.#running !== null) return this.#running;
    const { program, args, asNode } = this.#command;
    const child = spawn(program, args, {
      cwd: this.#folder,
      env: { ...commandEnvironment(environment), ...(asNode ? { ELECTRON_RUN_AS_NODE: '1' } : { PYTHONIOENCODING: 'utf-8' }) },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    const running: Running = { child, calls: new Map(), errors: '' };
    this.#running = running;
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => {
      running.errors = error.message;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      running.errors = (running.errors + text).slice(-ERRORS_KEPT);
    });
    createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) => receive(running, line));
    child.on('close', (code, signal) => {
      if (this.#running === running) this.#running = null;
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      crash(running, running.errors.trim() === '' ? `it ended with ${how}` : running.errors.trim());
    });
    child.stdin.write(`${JSON.stringify(this.#start)}\n`);
    return running;
  }

  #rest(running: Running): void {
    if (this.#running !== running) return;
    this.#idle = setTimeout(() => this.#end(running), IDLE_MS);
    this.#idle.unref();
  }

  #end(running: Running): void {
    if (this.#running === running) {
      this.#running = null;
      if (this.#idle !== null) clearTimeout(this.#idle);
      this.#idle = null;
    }
    crash(running, 'it was stopped, because a call went over its time limit or the run was cancelled');
    running.child.stdin.end();
    endGroup(running.child);
  }
}

function receive(running: Running, line: string): void {
  let reply: unknown;
  try {
    reply = JSON.parse(line);
  } catch {
    return;
  }
  if (!isObject(reply) || typeof reply['id'] !== 'number') return;
  const finish = running.calls.get(reply['id']);
  finish?.(typeof reply['error'] === 'string' ? { kind: 'threw', message: reply['error'] } : { kind: 'answer', value: reply['value'] });
}

function crash(running: Running, message: string): void {
  for (const finish of [...running.calls.values()]) finish({ kind: 'crashed', message });
}
