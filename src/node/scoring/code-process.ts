import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { commandEnvironment } from '../process/environment.ts';
import type { Executor, ExecutorEnd, ExecutorHandlers, Step } from './executor.ts';
import type { ProcessSettings, Reply, Request } from './messages.ts';
import { workerUrl } from './worker-thread.ts';

export interface CodeProcessOptions {
  readonly memoryMb: number;
  /** What user code prints: it must not reach the program's own output. */
  readonly onPrint: (text: string) => void;
}

const ERRORS_KEPT = 4096;
const START_LIMIT_MS = 30_000;

/**
 * A process for user code. A thread would do for code that means well, but one statement such as
 * `new Array(2 ** 30).fill(0)` can neither be interrupted by V8 nor fail without taking its process along.
 */
export class CodeProcess implements Executor {
  readonly #child: ChildProcess;
  /** What was asked and is not answered, in order: the first is being worked on. */
  readonly #open: { readonly id: number; readonly left: number[] }[] = [];
  /** When the work on the first began. Starting the process is not the check's time; it has a limit of its own. */
  #since = performance.now() + START_LIMIT_MS;
  #started = false;
  #end: ExecutorEnd | null = null;
  #crash: string | null = null;
  #errors = '';

  constructor({ memoryMb, onPrint }: CodeProcessOptions, handlers: ExecutorHandlers) {
    const settings: ProcessSettings = { parent: process.pid, memoryMb };
    this.#child = fork(fileURLToPath(workerUrl(import.meta.url)), [JSON.stringify(settings)], {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${memoryMb}`],
      // The entry takes this one out again before any code runs.
      env: { ...commandEnvironment(), ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.hold(false);
    this.#child.stdout?.on('data', (chunk: Buffer) => onPrint(chunk.toString('utf8')));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-ERRORS_KEPT);
      onPrint(chunk.toString('utf8'));
    });
    this.#child.on('message', (reply) => this.#receive(reply as Reply, handlers));
    this.#child.on('error', (error) => this.#finish('crashed', error.message));
    this.#child.on('close', (code, signal) => {
      this.#finish(...this.#cause(code, signal, memoryMb));
      if (this.#end !== null) handlers.onEnd(this.#end);
    });
  }

  post(request: Request): void {
    this.#child.send(request);
    if (this.#started && this.#open.length === 0) this.#since = performance.now();
    this.#open.push({ id: request.id, left: request.task.kind === 'score' ? [...request.task.only] : [0] });
  }

  step(): Step | null {
    const [first] = this.#open;
    const index = first?.left[0];
    return first === undefined || index === undefined ? null : { id: first.id, index, elapsedMs: performance.now() - this.#since };
  }

  stop(message: string, step: ExecutorEnd['step'] = null): void {
    this.#end ??= { reason: 'stopped', message, step };
    this.#child.kill('SIGKILL');
  }

  hold(busy: boolean): void {
    const parts = [this.#child, this.#child.channel, this.#child.stdout, this.#child.stderr] as { ref?: () => void; unref?: () => void }[];
    for (const part of parts) if (busy) part?.ref?.();
    else part?.unref?.();
  }

  #receive(reply: Reply, handlers: ExecutorHandlers): void {
    if (this.#end !== null) return;
    this.#since = performance.now();
    if (reply.kind === 'started') {
      this.#started = true;
      return;
    }
    if (reply.kind === 'crashed') {
      this.#crash = reply.message;
      return;
    }
    const [first] = this.#open;
    if (first?.id === reply.id && reply.kind === 'results' && !reply.done) first.left.splice(0, reply.results.length);
    else this.#open.shift();
    handlers.onReply(reply);
  }

  #cause(code: number | null, signal: NodeJS.Signals | null, memoryMb: number): [ExecutorEnd['reason'], string] {
    if (this.#crash !== null) return ['crashed', `The code crashed its process: ${this.#crash}`];
    // Ended from outside, and not by us: by its own watch over its memory, or by the system for the same reason.
    if (signal === 'SIGKILL' || /out of memory|invalid (?:table )?size/u.test(this.#errors)) return ['memory', `Stopped: it needed more than ${memoryMb} MB of memory.`];
    if (signal !== null) return ['crashed', `The code crashed its process (${signal}).`];
    return ['exited', `The code ended its process (exit code ${code}).`];
  }

  #finish(reason: ExecutorEnd['reason'], message: string): void {
    this.#end ??= { reason, message, step: this.step() };
  }
}
