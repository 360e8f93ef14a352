import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cached } from '../../../scripts/tools/cache.ts';
import { must } from '../../../scripts/tools/processes.ts';

const VERSION = '1.43.0';

/** As Genkit's own command line starts it, with its traces in files. */
const PROGRAM = `
const [home, folder, port] = process.argv.slice(1);
const { LocalFileLogStore, LocalFileTraceStore, startTelemetryServer } = require('node:module').createRequire(home + '/')('@genkit-ai/telemetry-server');
void startTelemetryServer({ port: Number(port), traceStore: new LocalFileTraceStore({ storeRoot: folder, indexRoot: folder }), logStore: new LocalFileLogStore({ storeRoot: folder, indexRoot: folder }) });
`;

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts @genkit-ai/telemetry-server; installs it on first use, apart from this project. It takes OTLP as JSON only. */
export async function startGenkit(folder: string): Promise<RunningServer> {
  const home = await cached(`genkit-telemetry-server-${VERSION}`, `@genkit-ai/telemetry-server ${VERSION}`, async (target) => {
    // A manifest of its own: npm would otherwise climb to the next one above and change that.
    writeFileSync(join(target, 'package.json'), '{ "private": true }\n');
    await must('npm', ['install', `@genkit-ai/telemetry-server@${VERSION}`, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd: target });
  });
  const port = await freePort();
  const child = spawn(process.execPath, ['--input-type=commonjs', '-e', PROGRAM, home, folder, String(port)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const base = `http://127.0.0.1:${port}`;
  await untilHealthy(`${base}/api/__health`, child);
  return { url: `${base}/api/otlp`, stop: () => ended(child) };
}

async function untilHealthy(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    if (await fetch(url).then((response) => response.ok, () => false)) return;
    await sleep(100);
  }
  child.kill();
  throw new Error(`no answer from ${url}`);
}

export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGINT');
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
