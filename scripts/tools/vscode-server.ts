import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endTree, must, startTree } from './processes.ts';
import { installedVSCode } from './vscode.ts';

const READY_MS = 60_000;

export interface ServerOptions {
  /** 0: a free one. */
  port?: number;
  /** A VSIX to install before the start. */
  vsix?: string;
  /** A folder that `installExtension` filled, of which this server gets a copy: for whoever starts several. */
  extensions?: string;
  /** Lets a page's URL name an extension under development and its tests; for tests only. */
  smokeTestDriver?: boolean;
  /** Settings of this server's machine, over the quiet defaults. */
  settings?: Record<string, unknown>;
  /** Restricted Mode is decided by a person in the window, as in the desktop VS Code; otherwise every workspace is trusted. */
  workspaceTrust?: boolean;
  /** Environment of the server and of its extension host, over ours. */
  env?: NodeJS.ProcessEnv;
  /** Keeps profile and extensions of an earlier start; default: new temporary ones, removed at the end. */
  dataFolder?: string;
}

export interface VSCodeServer {
  /** Without a slash at its end, always by number: webviews need a secure context, and 127.0.0.1 is one. */
  origin: string;
  port: number;
  pid: number;
  /** Its temporary folder, with `data/logs` inside. */
  folder: string;
  /** The address that opens a folder (`null`: a window without one), with more parameters of the workbench. */
  address(folder: string | null, parameters?: Record<string, string>): string;
  /** Changes settings of this server's machine; open windows follow at once. */
  configure(changes: Record<string, unknown>): void;
  /** What it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Nothing that asks, fetches or announces: what is measured and photographed is the extension. */
const QUIET_SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.experimentalOnboarding': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'git.openRepositoryInParentFolders': 'never',
  'npm.autoDetect': 'off',
  // Other programs' ports, which it would tell of one after the other.
  'remote.autoForwardPorts': false,
  'window.commandCenter': true,
};

/** Starts the real VS Code on loopback and waits until it answers. */
export async function startVSCode(options: ServerOptions = {}): Promise<VSCodeServer> {
  const main = await installedVSCode();
  const folder = options.dataFolder ?? mkdtempSync(join(tmpdir(), 'touchstone-vscode-'));
  const machine = join(folder, 'data/data/Machine');
  mkdirSync(machine, { recursive: true });
  let settings: Record<string, unknown> = { ...QUIET_SETTINGS };
  const configure = (changes: Record<string, unknown>) => {
    settings = { ...settings, ...changes };
    // Not another file in its place: VS Code watches this one, and begins anew only a moment after it is gone.
    writeFileSync(join(machine, 'settings.json'), JSON.stringify(settings, null, 2));
  };
  configure(options.settings ?? {});

  const port = options.port || (await freePort());
  const extensions = join(folder, 'extensions');
  if (options.extensions) cpSync(options.extensions, extensions, { recursive: true });
  if (options.vsix) await installExtension(options.vsix, extensions);

  const env = { ...process.env, ...options.env };
  const child = startTree(
    process.execPath,
    [
      ...[main, ...foldersOf(folder, extensions), '--without-connection-token', '--host', '127.0.0.1', '--port', String(port), '--telemetry-level', 'off'],
      ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
      ...(options.smokeTestDriver ? ['--enable-smoke-test-driver'] : []),
    ],
    { env },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (output += part.toString('utf8')));

  const origin = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await endTree(child);
    if (!options.dataFolder) await removeFolder(folder);
  };
  const deadline = Date.now() + READY_MS;
  while (!(await answers(origin))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`VS Code did not start on ${origin}:\n${output.slice(-3000)}`);
    }
    await sleep(100);
  }
  return {
    origin,
    port,
    pid: child.pid ?? 0,
    folder,
    address: (workspace, parameters = {}) => `${origin}/?${new URLSearchParams({ ...(workspace === null ? { ew: 'true' } : { folder: workspace }), ...parameters }).toString()}`,
    configure,
    output: () => output,
    stop,
  };
}

/** Unpacks a VSIX as VS Code does, into a folder of extensions. */
export async function installExtension(vsix: string, extensions: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-install-'));
  try {
    await must(process.execPath, [await installedVSCode(), ...foldersOf(folder, extensions), '--install-extension', vsix, '--force'], { timeoutMs: 120_000 });
  } finally {
    await removeFolder(folder);
  }
}

function foldersOf(folder: string, extensions: string): string[] {
  return ['--server-data-dir', join(folder, 'data'), '--extensions-dir', extensions, '--accept-server-license-terms'];
}

/** A copy of a workspace in a temporary folder, without what runs of other people left in it. */
export function copyWorkspace(source: string): { folder: string; remove: () => Promise<void> } {
  const own = mkdtempSync(join(tmpdir(), 'touchstone-workspace-'));
  const folder = join(own, basename(source));
  mkdirSync(folder);
  cpSync(source, folder, { recursive: true, filter: (path) => !/[\\/]\.touchstone[\\/]touchstone\.db/.test(path) });
  return { folder, remove: () => removeFolder(own) };
}

/** Processes that were just ended may still write for a moment. */
async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      return;
    } catch (error) {
      if (attempt === 4) throw error;
      await sleep(300);
    }
  }
}

async function answers(origin: string): Promise<boolean> {
  try {
    return (await fetch(`${origin}/version`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
