import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Measurement {
  /** From the start of the process to its end, as its user waits. */
  readonly wallMs: number;
  /** Processor time of all threads. */
  readonly cpuMs: number;
  /** The most memory that its largest process had at once. */
  readonly peakMb: number;
  readonly stdout: string;
}

const TIME = '/usr/bin/time';

/**
 * Runs a command to its end under GNU time.
 * @throws when it fails, with what it printed: a program that fails early is not fast
 */
export async function measure(command: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Measurement> {
  if (!existsSync(TIME)) throw new Error(`${TIME} is missing: install GNU time (Debian's package "time")`);
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-measure-'));
  const report = join(folder, 'time');
  try {
    const began = performance.now();
    const child = spawn(TIME, ['-f', '%U %S %M', '-o', report, command, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    let wallMs = 0;
    child.once('exit', () => (wallMs = performance.now() - began));
    const code = await new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject));
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${code}:\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
    const [user = NaN, system = NaN, kilobytes = NaN] = readFileSync(report, 'utf8').trim().split('\n').at(-1)!.split(' ').map(Number);
    return { wallMs, cpuMs: (user + system) * 1000, peakMb: kilobytes / 1024, stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
