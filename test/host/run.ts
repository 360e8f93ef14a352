/**
 * Runs the host tests inside the extension host of the real VS Code: `npm run test:host [-- --grep TEXT] [--workspace DIR]`.
 * With `--enable-smoke-test-driver` the workbench takes an extension under development and its tests from the address.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launchChromium } from '../../scripts/tools/chromium.ts';
import { root } from '../../scripts/tools/paths.ts';
import { copyWorkspace, startVSCode } from '../../scripts/tools/vscode-server.ts';
import { bundleHostTests } from './bundle.ts';
import { printResults, type HostResults } from './results.ts';

const LIMIT_MS = 20 * 60_000;

const { values: options } = parseArgs({
  options: {
    grep: { type: 'string' },
    workspace: { type: 'string', default: join(root, 'examples') },
  },
});

const resultsFile = join(root, 'out/results/host.json');
mkdirSync(join(root, 'out/results'), { recursive: true });
rmSync(resultsFile, { force: true });

const tests = await bundleHostTests();
const workspace = copyWorkspace(options.workspace);
const server = await startVSCode({
  smokeTestDriver: true,
  env: { TOUCHSTONE_HOST_RESULTS: resultsFile, ...(options.grep ? { TOUCHSTONE_HOST_GREP: options.grep } : {}) },
});
const log: string[] = [];
try {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.on('console', (message) => log.push(`${message.type()}: ${message.text()}`));
    await page.exposeFunction('codeAutomationLog', (type: string, parts: unknown[]) => log.push(`${type}: ${parts.map(String).join(' ')}`));
    const ended = new Promise<number>((resolve) => void page.exposeFunction('codeAutomationExit', resolve));
    const remote = (path: string) => `vscode-remote://127.0.0.1:${server.port}${path}`;
    await page.goto(
      server.address(workspace.folder, {
        payload: JSON.stringify([
          ['extensionDevelopmentPath', remote(root)],
          ['extensionTestsPath', remote(tests)],
          ['skipWelcome', 'true'],
        ]),
      }),
    );
    const code = await Promise.race([ended, sleep(LIMIT_MS, undefined, { ref: false })]);
    report(code);
  } finally {
    await browser.close();
  }
} finally {
  await server.stop();
  await workspace.remove();
}

function report(code: number | undefined): void {
  if (!existsSync(resultsFile)) {
    const file = join(root, 'out/results/host.log');
    writeFileSync(file, [...log, '', server.output()].join('\n'));
    console.error(`host: VS Code ended ${code === undefined ? `not within ${LIMIT_MS / 60_000} minutes` : `with code ${code}`} and without results (log in ${file})\n${log.slice(-30).join('\n')}`);
    process.exitCode = 1;
    return;
  }
  if (!printResults('host', JSON.parse(readFileSync(resultsFile, 'utf8')) as HostResults) || code !== 0) process.exitCode = 1;
}
