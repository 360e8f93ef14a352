import { spawn, type ChildProcess } from 'node:child_process';

export interface CommandOptions {
  /** A command line for the system's shell; with `args`, a program that is started without a shell. */
  readonly command: string;
  readonly args?: readonly string[];
  /** Written to standard input, which is then closed. */
  readonly input: string;
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Milliseconds for the whole command. */
  readonly timeoutMs: number;
  /** Bytes of standard output. */
  readonly outputLimit: number;
  readonly onOutput?: (text: string) => void;
}

export interface CommandResult {
  /** `exit`: it ended by itself. */
  readonly ended: 'exit' | 'aborted' | 'timeout' | 'output-limit' | 'not-started';
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  /** The same, as it came. */
  readonly bytes: Uint8Array;
  /** The last 8 KB of standard error, or why it could not be started. */
  readonly errors: string;
}

const ERRORS_KEPT = 8 * 1024;
/** Between asking the command to end and ending it. */
const GRACE_MS = 500;

/** Runs one command to its end in a process group of its own, so that what it started ends with it. Never throws. */
export function runCommand(options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    let ended: CommandResult['ended'] = 'exit';
    const chunks: Buffer[] = [];
    let size = 0;
    let errors = '';
    let startError: Error | null = null;
    let letGo: NodeJS.Timeout | undefined;
    const child = spawn(options.command, [...(options.args ?? [])], { shell: options.args === undefined, cwd: options.cwd, env: options.environment, detached: process.platform !== 'win32', windowsHide: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const stop = (why: CommandResult['ended']): void => {
      if (ended !== 'exit') return;
      ended = why;
      endGroup(child);
      // What it started in a group of its own may hold its output open for good: nobody waits for that.
      letGo = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 2 * GRACE_MS);
    };
    const onAbort = (): void => stop('aborted');
    const timer = setTimeout(() => stop('timeout'), options.timeoutMs);
    options.signal.addEventListener('abort', onAbort, { once: true });
    if (options.signal.aborted) onAbort();

    const decoder = options.onOutput === undefined ? null : new TextDecoder();
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > options.outputLimit) {
        stop('output-limit');
        return;
      }
      chunks.push(chunk);
      if (decoder !== null) options.onOutput?.(decoder.decode(chunk, { stream: true }));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-ERRORS_KEPT);
    });
    // A command may answer without reading its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    child.on('error', (error) => {
      startError = error;
    });
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      clearTimeout(letGo);
      options.signal.removeEventListener('abort', onAbort);
      const bytes = Buffer.concat(chunks);
      resolve({ ended: startError === null ? ended : 'not-started', exitCode, signal, output: bytes.toString('utf8'), bytes, errors: startError?.message ?? errors.trim() });
    });
  });
}

/** Ends a process and all that it started: first politely, then for certain. */
export function endGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => child.kill());
    return;
  }
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone.
    }
  };
  send('SIGTERM');
  const timer = setTimeout(() => send('SIGKILL'), GRACE_MS);
  child.once('close', () => {
    clearTimeout(timer);
    // Children that ignored the first signal and outlived their parent.
    send('SIGKILL');
  });
}
