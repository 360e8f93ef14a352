import { copyFileSync, mkdtempSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/tools/processes.ts';
import { installedSender, SENDERS_FOLDER } from './installed.ts';
import type { Sender } from './senders.ts';

const LIMIT_MS = 5 * 60_000;

/**
 * Runs a sender's agent to its end, in a process and a folder of its own, with no variable of ours but those that its users set.
 * @returns what it printed
 * @throws Error with its output when it fails
 */
export async function runSender(sender: Sender, ports: { readonly model: string; readonly http: number; readonly grpc: number }): Promise<string> {
  const modules = await installedSender(sender.folder);
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-sender-'));
  try {
    const place = join(folder, sender.folder);
    mkdirSync(place);
    copyFileSync(join(SENDERS_FOLDER, 'task.mjs'), join(folder, 'task.mjs'));
    for (const file of ['agent.mjs', 'package.json']) copyFileSync(join(SENDERS_FOLDER, sender.folder, file), join(place, file));
    symlinkSync(modules, join(place, 'node_modules'), 'junction');
    const receiver = `http://127.0.0.1:${ports.http}`;
    const { code, output } = await run(process.execPath, ['agent.mjs'], {
      cwd: place,
      timeoutMs: LIMIT_MS,
      env: {
        ...Object.fromEntries(['PATH', 'SystemRoot', 'TEMP', 'TMP'].map((name) => [name, process.env[name]])),
        HOME: folder,
        MODEL_URL: ports.model,
        RECEIVER_URL: receiver,
        OTEL_EXPORTER_OTLP_ENDPOINT: sender.env['OTEL_EXPORTER_OTLP_PROTOCOL'] === 'grpc' ? `http://127.0.0.1:${ports.grpc}` : receiver,
        LANGSMITH_ENDPOINT: receiver,
        GENKIT_TELEMETRY_SERVER: receiver,
        ...sender.env,
      },
    });
    if (code !== 0) throw new Error(`${sender.name} ended with code ${code}:\n${output.slice(-4000)}`);
    return output;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
