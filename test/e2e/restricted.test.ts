import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/tools/paths.ts';
import { TRIAGE } from './better-prompt.ts';
import { openWindow, type Window } from './harness.ts';

const MINUTE = 60_000;
/** As package.json names the command, without its dots. */
const IMPORT = (JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Record<string, string>)['command.importTraces']?.replace('…', '') ?? '';

describe('a workspace that is not trusted', () => {
  let window: Window;
  beforeAll(async () => {
    window = await openWindow({
      workspaceTrust: true,
      settings: {
        'security.workspace.trust.startupPrompt': 'never',
        'security.workspace.trust.banner': 'never',
        // It stays off all the same; any free ports, for when the workspace is trusted.
        'touchstone.receiver.enabled': true,
        'touchstone.receiver.httpPort': 0,
        'touchstone.receiver.grpcPort': 0,
      },
    });
  }, 5 * MINUTE);
  afterAll(async () => {
    await window?.close();
  });

  it('is read, and nothing is run or opened', async () => {
    await window.openFile(TRIAGE);
    await window.lens('Trust this workspace to run');
    await window.lens(/^60 cases$/);
    await window.openTouchstone();
    await window.see(/In Restricted Mode Touchstone reads prompt files/);
    await window.screenshot('restricted-dark');
    expect(readdirSync(join(window.folder, '.touchstone'))).toEqual(['registry']);
    expect(await window.page.locator('.codelens-decoration a').filter({ hasText: 'Eval' }).count()).toBe(0);
  }, 2 * MINUTE);

  it('shows no traces, and receives none', async () => {
    await window.expandOnly('Traces', 'Sources');
    await window.pane('Traces').getByText('Traces need a trusted workspace.').waitFor({ timeout: MINUTE });
    await window.pane('Sources').getByText('Traces need a trusted workspace.').waitFor({ timeout: MINUTE });
    expect(await window.viewRows('Traces').count()).toBe(0);
    expect(readdirSync(join(window.folder, '.touchstone'))).toEqual(['registry']);
    await window.screenshot('traces-restricted-dark');
    const offered = await window.offeredCommands();
    // What may be imported would stand before what shows the log.
    expect(offered).toContainEqual(expect.stringMatching(/^Touchstone: Show Log/));
    expect(IMPORT).toBe('Import Traces');
    expect(offered.filter((label) => label.includes(IMPORT))).toEqual([]);
  }, 2 * MINUTE);

  it('can run once it is trusted, without a reload', async () => {
    await window.page.locator('.tab[data-resource-name="triage.prompt.yml"]').first().click();
    const trust = window.page.getByRole('button', { name: 'Trust', exact: true }).first();
    await window.clickLens('Trust this workspace to run', trust);
    await trust.click();
    await window.page.keyboard.press('Control+W');
    await window.tab('Workspace Trust').waitFor({ state: 'detached', timeout: MINUTE });
    await window.openFile(TRIAGE);
    await window.lens('Eval 60 cases');
  }, 2 * MINUTE);
});
