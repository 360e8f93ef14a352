import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../../scripts/tools/cache.ts';
import { root } from '../../scripts/tools/paths.ts';
import { must } from '../../scripts/tools/processes.ts';

const FOLDER = join(root, 'test/clickhouse');

/** A real ClickHouse on loopback. */
export interface Clickhouse {
  readonly url: string;
  /** Runs SQL of the test's own. @throws with ClickHouse's message */
  run(sql: string): Promise<string>;
  /** Milliseconds of processor time that it has taken so far, with all of its threads. */
  processorMs(): Promise<number>;
  stop(): Promise<void>;
}

/** The folder with chdb in its `node_modules`, installed from its lockfile on first use, apart from this project. */
async function installedChdb(): Promise<string> {
  const files = ['package.json', 'package-lock.json'];
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(FOLDER, file)));
  return cached(`clickhouse-${hash.digest('hex').slice(0, 12)}`, 'ClickHouse (chdb, 543 MB)', async (target) => {
    for (const file of files) copyFileSync(join(FOLDER, file), join(target, file));
    // Not `ci`: npm leaves the optional packages of other platforms out of a lockfile, and then misses them.
    await must('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd: target });
  });
}

/** @param kept a folder whose data stay when it is stopped; without one it begins with nothing, and nothing is left */
export async function startClickhouse(kept: string | null = null): Promise<Clickhouse> {
  const chdb = await installedChdb();
  const data = kept ?? mkdtempSync(join(tmpdir(), 'touchstone-clickhouse-'));
  const child = spawn(process.execPath, [join(FOLDER, 'server.ts'), chdb, data], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
    child.once('exit', (code) => reject(new Error(`The ClickHouse server ended with code ${code}.`)));
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    async run(sql) {
      const response = await fetch(`${url}/`, { method: 'POST', body: sql });
      const text = await response.text();
      if (!response.ok) throw new Error(text.slice(0, 2000));
      return text;
    },
    processorMs: async () => Number(await (await fetch(`${url}/processor-ms`)).text()),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => {
          if (kept === null) rmSync(data, { recursive: true, force: true });
          resolve();
        });
        child.kill('SIGTERM');
      }),
  };
}
