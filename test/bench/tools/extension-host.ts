/** Measurements that run inside an extension host of the real VS Code: what one needs to start, and the bench to read. */
import { build } from 'esbuild';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium } from '../../../scripts/tools/chromium.ts';
import { root } from '../../../scripts/tools/paths.ts';
import type { VSCodeServer } from '../../../scripts/tools/vscode-server.ts';

const HOST_LIMIT_MS = 180_000;

export interface HostRun {
  /** Started with `TOUCHSTONE_BENCH_TIMES` naming `timesFile`. */
  readonly server: VSCodeServer;
  /** The folder that the window opens. */
  readonly folder: string;
  /** Folder of the extension under development: VS Code runs tests only beside one. */
  readonly control: string;
  /** The bundle whose `run` measures. */
  readonly tests: string;
  readonly timesFile: string;
}

/** Bundles a file of test/bench for the extension host. */
export async function bundleForHost(entry: string, outfile: string): Promise<void> {
  await build({ entryPoints: [join(root, 'test/bench', entry)], outfile, bundle: true, platform: 'node', target: 'node22', format: 'cjs', external: ['vscode'], logLevel: 'warning' });
}

/** Opens a window with a host of its own and gives what the measurement wrote. @throws when it fails, or takes longer than three minutes */
export async function measureInHost<T>({ server, folder, control, tests, timesFile }: HostRun): Promise<T> {
  const browser = await launchChromium();
  try {
    rmSync(timesFile, { force: true });
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const log: string[] = [];
    await page.exposeFunction('codeAutomationLog', (type: string, parts: unknown[]) => log.push(`${type}: ${parts.map(String).join(' ')}`));
    const ended = new Promise<number | 'timeout'>((resolve) => {
      setTimeout(resolve, HOST_LIMIT_MS, 'timeout').unref();
      void page.exposeFunction('codeAutomationExit', resolve);
    });
    await page.goto(server.address(folder, hostPayload(server, { extensionDevelopmentPath: control, extensionTestsPath: tests })));
    const code = await ended;
    if (code !== 0) throw new Error(`the extension host ended with ${code}:\n${log.slice(-20).join('\n')}`);
    return JSON.parse(readFileSync(timesFile, 'utf8')) as T;
  } finally {
    await browser.close();
  }
}

/** Parameters of the workbench that name an extension under development, and its tests. */
export function hostPayload(server: VSCodeServer, paths: Readonly<Record<string, string>>): { payload: string } {
  const remote = Object.entries(paths).map(([key, path]) => [key, `vscode-remote://127.0.0.1:${server.port}${path}`]);
  return { payload: JSON.stringify([...remote, ['skipWelcome', 'true']]) };
}
