/**
 * `npm start [-- options]`: the main job at once. Prints the table of a real eval of the sample workspace, then opens
 * the sample in the desktop VS Code when there is one, else serves the real VS Code on loopback.
 *
 *   --port N     where to serve (default 8390, the next free one when it is taken)
 *   --serve      serve although a desktop VS Code is there
 *   --no-open    open no browser
 *   --check      end with code 0 as soon as it serves
 *   --fresh      begin with the sample as it is in examples/
 *
 * It works in out/sample, a copy of examples/: what is edited, saved and promoted there changes no file of the checkout.
 */
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { packagedExtension } from './tools/package.ts';
import { root } from './tools/paths.ts';
import { endTree, isOnPath, must, run, startTree } from './tools/processes.ts';
import { startVSCode } from './tools/vscode-server.ts';

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    port: { type: 'string', default: '8390' },
    serve: { type: 'boolean', default: false },
    open: { type: 'boolean', default: true },
    check: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
  },
});

const original = join(root, 'examples');
const sample = join(root, 'out/sample');
try {
  copySample();
  await evalSample();
  if (!options.serve && !options.check && hasDesktop()) await openDesktop();
  else await serve();
} catch (error) {
  console.error(`start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** What a person changed in the copy stays; what is newer in examples/, after a pull, comes over. */
function copySample(): void {
  if (options.fresh) rmSync(sample, { recursive: true, force: true });
  const isNewer = (from: string, to: string): boolean => statSync(from).mtimeMs > (statSync(to, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  cpSync(original, sample, { recursive: true, preserveTimestamps: true, filter: (from, to) => !isState(relative(original, from)) && (statSync(from).isDirectory() || isNewer(from, to)) });
}

/** Runs and traces of whoever works in examples/ itself: no part of the sample, and perhaps being written to. */
function isState(path: string): boolean {
  return /^\.touchstone[\\/](?!registry(?:$|[\\/]))/.test(path);
}

/** The eval that a person would type; a failing case is a result, not an error. */
async function evalSample(): Promise<void> {
  console.log('Building…');
  await must(process.execPath, ['scripts/build.mjs'], { cwd: root });
  console.log('$ cd out/sample && ../../bin/touchstone eval\n');
  const { code } = await run(process.execPath, [join(root, 'dist/cli.mjs'), 'eval'], { cwd: sample, show: true });
  if (code > 1) throw new Error(`the eval of the sample workspace ended with code ${code}`);
  console.log(code === 1 ? '\nSome cells of the sample are meant to fail: its prompts are there to be improved.\n' : '');
}

function hasDesktop(): boolean {
  // inside a remote window `code` talks to that window and takes no profile of its own
  const remote = process.env['VSCODE_IPC_HOOK_CLI'] !== undefined;
  const display = process.platform !== 'linux' || process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;
  return !remote && display && isOnPath('code');
}

/** The user's VS Code with this extension under development and a profile that is thrown away: nothing is installed. */
async function openDesktop(): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'touchstone-desktop-'));
  const code = startTree('code', [
    '--wait',
    '--new-window',
    `--extensionDevelopmentPath=${root}`,
    `--user-data-dir=${join(profile, 'data')}`,
    `--extensions-dir=${join(profile, 'extensions')}`,
    '--disable-workspace-trust',
    sample,
  ]);
  console.log('The sample workspace opens in VS Code, with a profile of its own. Ctrl+C ends it.');
  const ended = new Promise<void>((resolve) => code.once('exit', () => resolve()));
  await Promise.race([ended, interrupted()]);
  await endTree(code);
  rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function serve(): Promise<void> {
  console.log('Packaging the extension…');
  const vsix = await packagedExtension({ weights: true });
  const server = await startVSCode({ vsix, port: await firstFreePort(Number(options.port)) });
  const address = server.address(sample);
  console.log(`\nVS Code with Touchstone and the sample workspace:\n\n    ${address}\n\nOpen a file in prompts/ and click "Eval", or open one of its traces in the view Touchstone. Ctrl+C ends it.`);
  if (!options.check) {
    if (options.open && process.stdout.isTTY) openBrowser(address);
    await interrupted();
  }
  await server.stop();
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

function openBrowser(address: string): void {
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  if (isOnPath(opener)) startTree(opener, [address]).once('error', () => console.log('No browser could be opened.'));
}

async function firstFreePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + 50; port++) {
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (free) {
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  }
  throw new Error(`no free port from ${wanted} on`);
}
