import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from '../../scripts/tools/cache.ts';
import { root } from '../../scripts/tools/paths.ts';
import { must } from '../../scripts/tools/processes.ts';

export const SENDERS_FOLDER = join(root, 'test/senders');

/** The `node_modules` of a sender, installed from its lockfile on first use, apart from this project: another lockfile is another folder. */
export async function installedSender(folder: string): Promise<string> {
  const source = join(SENDERS_FOLDER, folder);
  const files = ['package.json', 'package-lock.json'];
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(source, file)));
  const installed = await cached(`sender-${folder}-${hash.digest('hex').slice(0, 12)}`, `the SDKs of test/senders/${folder}`, async (target) => {
    for (const file of files) copyFileSync(join(source, file), join(target, file));
    await must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd: target });
  });
  return join(installed, 'node_modules');
}
