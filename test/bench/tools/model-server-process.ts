import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ModelServer {
  /** Without a slash at its end. */
  readonly address: string;
  setLatency(ms: number): Promise<void>;
  /** Completions answered since this was last asked. */
  takeCount(): Promise<number>;
  stop(): void;
}

/** Starts model-server.ts in a process of its own. */
export async function startModelServer(): Promise<ModelServer> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./model-server.ts', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  const address = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the model server ended with code ${code}`)));
    createInterface(child.stdout).once('line', resolve);
  });
  return {
    address,
    async setLatency(ms) {
      await (await fetch(`${address}/latency`, { method: 'POST', body: String(ms) })).text();
    },
    async takeCount() {
      return ((await (await fetch(`${address}/count`)).json()) as { count: number }).count;
    },
    stop: () => void child.stdin.end(),
  };
}
