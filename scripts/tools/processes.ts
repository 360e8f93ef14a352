import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Finished {
  code: number;
  output: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Show the output as it comes; it is collected either way. */
  show?: boolean;
  timeoutMs?: number;
}

/** Runs a command to its end; its output is standard output and standard error in the order they came. Never throws for an exit code. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' && command === 'npm' });
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      parts.push(part);
      if (options.show) process.stdout.write(part);
    });
  }
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve(exit ?? (signal === 'SIGINT' ? 130 : 1)));
  }).finally(() => clearTimeout(timer));
  return { code, output: Buffer.concat(parts).toString('utf8') };
}

/** Runs a command that must succeed. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${code}:\n${output.slice(-4000)}`);
  return output;
}

export function isOnPath(command: string): boolean {
  return spawnSync(process.platform === 'win32' ? 'where' : 'which', [command], { stdio: 'ignore' }).status === 0;
}

const started = new Set<ChildProcess>();

/** Starts a long-lived process in a group of its own, so that `endTree` ends its children with it. Its end is also tied to ours. */
export function startTree(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): ChildProcess {
  const child = spawn(command, args, { ...options, detached: process.platform !== 'win32', stdio: ['ignore', 'pipe', 'pipe'] });
  if (started.size === 0) process.once('exit', () => started.forEach((process) => signalTree(process, 'SIGKILL')));
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

/** Ends a process and what it started: first politely, after three seconds by force. */
export async function endTree(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    signalTree(child, 'SIGTERM');
    await Promise.race([ended, sleep(3000, undefined, { ref: false })]);
  }
  signalTree(child, 'SIGKILL'); // members of the group that outlived their parent
}

function signalTree(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone already
  }
}
