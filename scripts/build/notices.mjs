import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The licence texts of every package whose code is inside the bundles.
 * @param {string} root
 * @param {Iterable<string>} inputs the bundles' input files, relative to root
 * @returns {{ text: string, packages: string[] }}
 * @throws when a package states no licence at all: it must not be shipped
 */
export function thirdPartyNotices(root, inputs) {
  /** @type {Set<string>} */
  const folders = new Set();
  for (const input of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match?.[1]) folders.add(match[1]);
  }
  const parts = [];
  const packages = [];
  for (const folder of [...folders].sort()) {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    if (!manifest.license) throw new Error(`${folder}: package.json states no licence, so it cannot be bundled`);
    const file = readdirSync(join(root, folder)).find((name) => /^(licen[cs]e|copying)/i.test(name));
    const text = file ? readFileSync(join(root, folder, file), 'utf8').trim() : `(No licence file in the package; it states: ${manifest.license})`;
    packages.push(`${manifest.name} ${manifest.version} (${manifest.license})`);
    parts.push(`${'='.repeat(80)}\n${manifest.name} ${manifest.version} — ${manifest.license}\n${'='.repeat(80)}\n${text}\n`);
  }
  const sqlite = existsSync(join(root, 'node_modules/better-sqlite3')) ? 'SQLite itself, inside better-sqlite3, is in the public domain.\n' : '';
  return {
    packages,
    text: `Touchstone contains code of the packages below, under their licences.\n${sqlite}\n${packages.join('\n')}\n\n${parts.join('\n')}`,
  };
}
