/** Every %key% of package.json has its text in package.nls.json, and every text there is used. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tools/paths.ts';
import { finish } from './report.ts';

const manifest = readFileSync(join(root, 'package.json'), 'utf8');
const texts = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Record<string, unknown>;
const used = new Set([...manifest.matchAll(/"%([\w.-]+)%"/g)].map((match) => match[1] ?? ''));

const problems = [
  ...[...used].filter((key) => typeof texts[key] !== 'string' || texts[key] === '').map((key) => `%${key}% has no text in package.nls.json`),
  ...Object.keys(texts).filter((key) => !used.has(key)).map((key) => `package.nls.json has ${key}, which package.json does not use`),
];
if (used.size === 0) problems.push('package.json uses no %key%: nothing was compared');
finish('nls', problems, `${used.size} keys`);
