/**
 * `npm run test:desktop`: the same host tests in a desktop VS Code. Downloads one from its own site with
 * @vscode/test-electron, or takes the one that `VSCODE_EXECUTABLE` names (`code`'s real binary).
 */
import { runTests } from '@vscode/test-electron';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/tools/paths.ts';
import { copyWorkspace } from '../../scripts/tools/vscode-server.ts';
import { bundleHostTests } from './bundle.ts';
import { printResults, type HostResults } from './results.ts';

const resultsFile = join(root, 'out/results/desktop.json');
mkdirSync(join(root, 'out/results'), { recursive: true });
rmSync(resultsFile, { force: true });

const executable = process.env['VSCODE_EXECUTABLE'];
const workspace = copyWorkspace(join(root, 'examples'));
try {
  await runTests({
    ...(executable ? { vscodeExecutablePath: executable } : { version: process.env['VSCODE_VERSION'] ?? 'stable' }),
    extensionDevelopmentPath: root,
    extensionTestsPath: await bundleHostTests(),
    launchArgs: [workspace.folder, '--disable-extensions', '--disable-workspace-trust', '--skip-welcome'],
    extensionTestsEnv: { TOUCHSTONE_HOST_RESULTS: resultsFile },
  });
} finally {
  await workspace.remove();
}
if (!printResults('desktop', JSON.parse(readFileSync(resultsFile, 'utf8')) as HostResults)) process.exitCode = 1;
