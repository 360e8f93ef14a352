/**
 * The real VS Code of tests and `npm start`: the npm package code-server carries a whole one (workbench, Node extension
 * host, webviews, Test Explorer), so nothing is downloaded from VS Code's own site. Its own server is started, not
 * code-server's front.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cached } from './cache.ts';
import { isOnPath, must, run } from './processes.ts';

const CODE_SERVER = '4.139.1';
const VSCODE_VERSION = '1.139.1';

/** The path of `server-main.js`; installs VS Code on first use (about a minute). */
export async function installedVSCode(): Promise<string> {
  const folder = await cached(`code-server-${CODE_SERVER}`, `VS Code ${VSCODE_VERSION}`, install);
  return join(folder, 'node_modules/code-server/lib/vscode/out/server-main.js');
}

async function install(folder: string): Promise<void> {
  // A manifest of its own: npm would otherwise climb to the next one above and change that.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await must('npm', ['install', `code-server@${CODE_SERVER}`, ...quiet], { cwd: folder });
  const vscode = join(folder, 'node_modules/code-server/lib/vscode');
  // with the optional ones: among them is the binary without which this VS Code does not notice changed files
  await must('npm', ['install', '--omit=dev', ...quiet], { cwd: vscode });
  if (!existsSync(join(vscode, 'out/server-main.js'))) throw new Error(`code-server ${CODE_SERVER} has no lib/vscode/out/server-main.js`);
  await buildLogger(vscode);
}

/**
 * VS Code writes its logs, and with them the Output panel's log channels, by one native module. Everything else runs
 * without compiled modules, so this one is built where a compiler and Node's headers are at hand, and done without otherwise.
 */
async function buildLogger(vscode: string): Promise<void> {
  const headers = await nodeHeaders();
  if (!headers || !['make', 'c++', 'python3'].every(isOnPath)) {
    console.log('No C++ compiler with Node headers here: the Output panel of this VS Code stays empty of log channels. Everything else works.');
    return;
  }
  const result = await run('npm', ['rebuild', '@vscode/spdlog', '--loglevel=error'], { cwd: vscode, env: { ...process.env, npm_config_nodedir: headers }, timeoutMs: 180_000 });
  if (result.code === 0) rmSync(join(vscode, 'node_modules/@vscode/spdlog/build/Release/obj.target'), { recursive: true, force: true });
  else console.log('The native logger could not be built: the Output panel of this VS Code stays empty of log channels. Everything else works.');
}

/** The prefix under which a Node on PATH has its headers. The module uses Node-API, so those of another version serve. */
async function nodeHeaders(): Promise<string | undefined> {
  const where = await run(process.platform === 'win32' ? 'where' : 'which', process.platform === 'win32' ? ['node'] : ['-a', 'node']);
  const prefixes = where.output.split('\n').filter(Boolean).map((node) => dirname(dirname(node.trim())));
  return [...prefixes, '/usr', '/usr/local'].find((prefix) => existsSync(join(prefix, 'include/node/node_api.h')));
}
