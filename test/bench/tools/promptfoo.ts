import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from '../../../scripts/tools/cache.ts';
import { must } from '../../../scripts/tools/processes.ts';

export const PROMPTFOO_VERSION = '0.123.1';

/** The path of promptfoo's program; installs it on first use, as its users get it (about 2.5 GB), apart from this project. */
export async function installedPromptfoo(): Promise<string> {
  const folder = await cached(`promptfoo-${PROMPTFOO_VERSION}`, `promptfoo ${PROMPTFOO_VERSION}`, async (target) => {
    // A manifest of its own: npm would otherwise climb to the next one above and change that.
    writeFileSync(join(target, 'package.json'), '{ "private": true }\n');
    // Its install scripts fetch browsers, which an eval does not need.
    await must('npm', ['install', `promptfoo@${PROMPTFOO_VERSION}`, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd: target });
    if (!existsSync(program(target))) throw new Error(`promptfoo ${PROMPTFOO_VERSION} has no ${program('')}`);
  });
  return program(folder);
}

function program(folder: string): string {
  return join(folder, 'node_modules/promptfoo/dist/src/entrypoint.js');
}
