/** A headless Chromium: the system's; else Debian's by apt when we may; else the one inside an npm package. */
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { cached } from './cache.ts';
import { isOnPath, must, run } from './processes.ts';

const SPARTICUZ = '153.0.0';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

const SYSTEM_BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** Starts it. `CHROMIUM_PATH` names another browser than the one that would be found; `npm` the one from npm. */
export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  const found = await installedChromium();
  return chromium.launch({ executablePath: found.path, args: [...FLAGS, ...found.flags], headless: true });
}

/** Finds or installs it. */
async function installedChromium(): Promise<{ path: string; flags: string[] }> {
  const named = process.env['CHROMIUM_PATH'];
  if (named === 'npm') return byNpm();
  if (named) {
    if (!existsSync(named)) throw new Error(`CHROMIUM_PATH names ${named}, which does not exist`);
    return { path: named, flags: [] };
  }
  const system = SYSTEM_BROWSERS.find((path) => existsSync(path)) ?? ((await byApt()) ? '/usr/bin/chromium' : undefined);
  return system ? { path: system, flags: [] } : byNpm();
}

async function byApt(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !isOnPath('apt-get')) return false;
  console.log('Installing Chromium with apt-get (once per machine, about a minute)…');
  const began = Date.now();
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { env });
  let result = await install();
  if (result.code !== 0) {
    await run('apt-get', ['update'], { env });
    result = await install();
  }
  if (result.code === 0 && existsSync('/usr/bin/chromium')) {
    console.log(`Chromium installed in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
    return true;
  }
  console.log('apt-get could not install it; taking it from npm instead.');
  return false;
}

/** A Chromium for bare Linux machines, with the libraries that it needs; it unpacks itself into the temporary folder. */
async function byNpm(): Promise<{ path: string; flags: string[] }> {
  if (process.platform !== 'linux') throw new Error('no Chromium or Chrome found: install one, or name it in CHROMIUM_PATH');
  const folder = await cached(`sparticuz-chromium-${SPARTICUZ}`, 'Chromium from npm', async (target) => {
    writeFileSync(join(target, 'package.json'), '{ "private": true }\n');
    await must('npm', ['install', `@sparticuz/chromium@${SPARTICUZ}`, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd: target });
  });
  // Without this variable it does not unpack its libraries outside of Amazon's machines.
  process.env['AWS_LAMBDA_JS_RUNTIME'] ??= 'nodejs22.x';
  const require = createRequire(join(folder, 'package.json'));
  const { default: chromium } = (await import(require.resolve('@sparticuz/chromium'))) as { default: { executablePath(): Promise<string>; args: string[] } };
  return { path: await chromium.executablePath(), flags: chromium.args.filter((flag) => !flag.startsWith('--headless')) };
}
