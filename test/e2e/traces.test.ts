import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWindow, type Window } from './harness.ts';

const MINUTE = 60_000;
const AGENT = 'node agent/support-agent.mjs';
const SETTINGS = {
  'files.autoSave': 'off',
  // Any free ports: whoever develops this may have a collector on the usual ones.
  'touchstone.receiver.httpPort': 0,
  'touchstone.receiver.grpcPort': 0,
  'terminal.integrated.defaultProfile.linux': 'bash',
};

/** With the mouse, in steps: VS Code looks at where it passes. */
async function drag(window: Window, from: Locator, to: Locator): Promise<void> {
  const [start, end] = [await from.boundingBox(), await to.boundingBox()];
  if (!start || !end) throw new Error('what is dragged, or where to, cannot be seen');
  const { mouse } = window.page;
  const target = { x: end.x + end.width / 2, y: end.y + end.height / 2 };
  await mouse.move(start.x + start.width / 3, start.y + start.height / 2);
  await mouse.down();
  await mouse.move(start.x + start.width / 2, start.y + 2 * start.height, { steps: 5 });
  await mouse.move(target.x, target.y, { steps: 10 });
  await window.page.waitForTimeout(300);
  await mouse.move(target.x + 3, target.y + 3, { steps: 2 });
  await mouse.up();
}

describe('seeing what an agent does', () => {
  let window: Window;
  let panel: Frame;
  beforeAll(async () => {
    window = await openWindow({ settings: SETTINGS });
    // Well before it is started: VS Code looks for changed files from time to time.
    writeFileSync(join(window.folder, '.vscode/launch.json'), JSON.stringify({ version: '0.2.0', configurations: [{ type: 'node', request: 'launch', name: 'Agent', program: '${workspaceFolder}/agent/support-agent.mjs', args: ['Where is invoice B-1?'], console: 'internalConsole' }] }));
  }, 5 * MINUTE);
  afterAll(async () => {
    await window?.close();
  });

  it('lists the traces that the sample workspace brings', async () => {
    await window.openTouchstone();
    await window.expandOnly('Traces', 'Sources');
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'support_agent' }).count(), { timeout: MINUTE }).toBe(4);
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: /\d error/ }).count()).toBe(2);
  }, 2 * MINUTE);

  it('turns the receiver on by a click in the Sources view', async () => {
    const receiver = window.viewRows('Sources').filter({ hasText: 'Receiver' }).first();
    await window.hoverAction(receiver, 'Turn Receiver On');
    await expect.poll(() => receiver.innerText(), { timeout: MINUTE }).toMatch(/127\.0\.0\.1:\d+/);
  }, 2 * MINUTE);

  it('shows the trace of a program that was started in a new terminal, without any configuration', async () => {
    await window.runInTerminal(`${AGENT} "Where is invoice A-4711?"`);
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'support_agent' }).count(), { timeout: MINUTE }).toBe(5);
    // The newest first: the one that just came.
    await expect.poll(() => window.viewRows('Sources').filter({ hasText: 'fernhill-support' }).count(), { timeout: MINUTE }).toBe(1);
    await window.page.keyboard.press('Control+J');
    await window.pictures('traces-views');
  }, 3 * MINUTE);

  it('opens it, and shows the conversation of a call', async () => {
    await window.viewRows('Traces').filter({ hasText: 'support_agent' }).first().click();
    panel = await window.webview('[role="treegrid"]');
    await expect.poll(() => panel.locator('[role="row"]').count(), { timeout: MINUTE }).toBeGreaterThan(5);
    await panel.locator('[role="row"]').filter({ hasText: 'rules-1' }).last().click();
    await panel.getByText('I cannot find invoice A-4711').first().waitFor({ timeout: MINUTE });
    await window.pictures('trace-panel');
  }, 3 * MINUTE);

  it('opens the code that made a span beside it', async () => {
    await panel.getByText(/support-agent\.mjs/).first().click();
    await window.page.locator('.tab[data-resource-name="support-agent.mjs"]').waitFor({ timeout: MINUTE });
    await window.page.locator('.tab[data-resource-name="support-agent.mjs"]').click();
    await window.page.keyboard.press('Control+W');
    await window.page.locator('.tab[data-resource-name="support-agent.mjs"]').waitFor({ state: 'detached', timeout: MINUTE });
  }, 2 * MINUTE);

  it('filters by a query, says so, and clears it', async () => {
    await window.hoverAction(window.pane('Traces'), 'Search Traces');
    await window.answer('status:error');
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'support_agent' }).count(), { timeout: MINUTE }).toBe(3);
    // Two of the sample's, and the one that was just run: their tools say so in their results only.
    await window.pane('Traces').getByText(/status:error · 3 traces/).waitFor({ timeout: MINUTE });
    await window.hoverAction(window.pane('Traces'), 'Clear Search of Traces');
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'support_agent' }).count(), { timeout: MINUTE }).toBe(5);
  }, 2 * MINUTE);

  it('groups by session', async () => {
    await window.runCommand('Touchstone: Group Traces by Session');
    const sessions = window.viewRows('Traces').filter({ hasText: /conv-.*trace/ });
    await expect.poll(() => sessions.count(), { timeout: MINUTE }).toBe(3);
    await sessions.filter({ hasText: '3 traces' }).first().click();
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'support_agent' }).count(), { timeout: MINUTE }).toBe(3);
    await window.runCommand('Touchstone: Show Traces without Sessions');
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'support_agent' }).count(), { timeout: MINUTE }).toBe(5);
  }, 2 * MINUTE);

  it('traces a program that is started with F5', async () => {
    await window.page.keyboard.press('F5');
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'support_agent' }).count(), { timeout: 2 * MINUTE }).toBe(6).catch(async (error: unknown) => {
      await window.screenshot('traces-f5');
      throw error;
    });
  }, 4 * MINUTE);

  it('imports a file by command', async () => {
    const recorded = readFileSync(join(window.folder, 'traces/support-agent.jsonl'), 'utf8');
    writeFileSync(join(window.folder, 'imported.jsonl'), recorded.replaceAll(/"traceId":"[0-9a-f]{4}/g, '"traceId":"0000'));
    await window.openTouchstone();
    await window.runCommand('Touchstone: Import Traces');
    const path = join(window.folder, 'imported.jsonl');
    await window.input.fill(path);
    // VS Code looks the typed path up before it takes it.
    await window.choices.filter({ hasText: 'imported.jsonl' }).first().waitFor({ timeout: MINUTE });
    await window.answer(path);
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'support_agent' }).count(), { timeout: MINUTE }).toBe(10);
  }, 2 * MINUTE);

  it('imports a file that is dropped onto the view', async () => {
    const recorded = readFileSync(join(window.folder, 'traces/support-agent.jsonl'), 'utf8');
    writeFileSync(join(window.folder, 'dropped.jsonl'), recorded.replaceAll(/"traceId":"[0-9a-f]{4}/g, '"traceId":"1111'));
    await window.openFile('dropped.jsonl');
    const tab = window.page.locator('.tab[data-resource-name="dropped.jsonl"]');
    const traces = window.viewRows('Traces').filter({ hasText: 'support_agent' });
    // Whoever lets go before the view has seen what is over it drags again: what was imported already is not there twice.
    for (let drags = 0; drags < 3 && (await traces.count()) === 10; drags++) {
      await drag(window, tab, window.pane('Traces').locator('.monaco-list'));
      await expect.poll(() => traces.count(), { timeout: 20_000 }).toBe(14).catch(() => undefined);
    }
    await expect.poll(() => traces.count()).toBe(14);
  }, 2 * MINUTE);

  it('deletes the traces that are selected, after a question', async () => {
    const traces = window.viewRows('Traces').filter({ hasText: 'support_agent' });
    // What was opened is selected, and stays.
    await traces.nth(13).click({ modifiers: ['ControlOrMeta'] });
    await window.page.keyboard.press('Escape');
    for (const index of [12, 13]) await traces.nth(index).click({ modifiers: ['ControlOrMeta'] });
    await window.page.keyboard.press('Delete');
    const question = window.page.locator('.monaco-dialog-box').filter({ hasText: 'Delete 2 traces?' });
    await question.waitFor({ timeout: MINUTE });
    await question.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => traces.count(), { timeout: MINUTE }).toBe(12);
  }, 2 * MINUTE);

  it('keeps the panel and the receiver over a reload', async () => {
    const before = await window.viewRows('Sources').filter({ hasText: 'Receiver' }).first().innerText();
    await window.reload();
    // Behind the file that was dropped.
    await window.page.locator('.tab').filter({ hasText: 'support_agent' }).first().click({ timeout: MINUTE });
    panel = await window.webview('[role="treegrid"]');
    await expect.poll(() => panel.locator('[role="row"]').count(), { timeout: MINUTE }).toBeGreaterThan(5);
    expect(before).toMatch(/127\.0\.0\.1/);
    await expect.poll(() => window.viewRows('Sources').filter({ hasText: 'Receiver' }).first().innerText(), { timeout: MINUTE }).toMatch(/127\.0\.0\.1:\d+/);
    expect(await window.notifications()).toEqual([]);
  }, 3 * MINUTE);
});
