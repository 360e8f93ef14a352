import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../../scripts/tools/paths.ts';
import { ended, type RunningServer } from './genkit.ts';

/** `touchstone serve` as its user starts it, on any free port; its URL takes OTLP over HTTP. */
export async function startServe(folder: string): Promise<RunningServer & { readonly peakMb: () => number }> {
  const child = spawn(join(root, 'bin/touchstone'), ['serve', '--port', '0', '--no-grpc', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const { endpoint } = JSON.parse(line) as { endpoint: string };
  // Linux tells it in kB; elsewhere nobody does.
  const peakMb = (): number => Number(/VmHWM:\s+(\d+)/.exec(existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, 'utf8') : '')?.[1] ?? NaN) / 1024;
  return { url: `${endpoint}/v1/traces`, stop: () => ended(child), peakMb };
}
