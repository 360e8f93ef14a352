import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWindow, type Window } from './harness.ts';

const MINUTE = 60_000;

/** What decorations write behind the lines of an editor: it stands in the styles, not in the page. Runs in the page. */
const NOTES = `[...document.querySelectorAll('.monaco-editor .view-line span[class*="ced-"]')]
  .map((span) => getComputedStyle(span, '::after').content)
  .filter((content) => content.startsWith('"'))
  .map((content) => JSON.parse(content).replaceAll('\\u00a0', ' '))`;

function notes(window: Window): Promise<string[]> {
  return window.page.evaluate<string[]>(NOTES);
}

describe('the way from a trace to its code', () => {
  let window: Window;
  let panel: Frame;
  beforeAll(async () => {
    window = await openWindow({ settings: { 'files.autoSave': 'off' } });
  }, 5 * MINUTE);
  afterAll(async () => {
    await window?.close();
  });

  it('opens the line of a span, and says at the lines of the trace what they took', async () => {
    await window.openTouchstone();
    const trace = window.viewRows('Traces').filter({ hasText: 'support_agent' }).first();
    await trace.waitFor({ timeout: MINUTE });
    await trace.click();
    panel = await window.webview('[role="treegrid"]');
    await panel.locator('[role="row"]').filter({ hasText: 'rules-1' }).last().click();
    await panel.getByText(/support-agent\.mjs:\d+/).first().click();
    await window.page.locator('.tab[data-resource-name="support-agent.mjs"]').waitFor({ timeout: MINUTE });
    await expect.poll(() => notes(window), { timeout: MINUTE }).toEqual(expect.arrayContaining([expect.stringMatching(/^(×\d+ · )?\d+ ms · \d+ tok · \$0\.\d+$/)]));
    // The line that was opened stands out.
    await expect.poll(() => window.page.locator('.monaco-editor .view-overlays .cdr[class*="ced-"]').count()).toBe(1);
    await window.lens(/\d calls? · p50 /);
    await window.pictures('code');
  }, 3 * MINUTE);

  it('leads from a function to its last calls', async () => {
    // The sample's recording calls its model twelve times; the last ten are offered.
    await window.clickLens(/12 calls · p50 /, window.choices.first());
    await expect.poll(() => window.choices.count(), { timeout: MINUTE }).toBe(10);
    await window.acceptProposal();
    await window.page.locator('.tab.active:has-text("support_agent")').waitFor({ timeout: MINUTE });
  }, 2 * MINUTE);

  it('takes the notes away with the panel', async () => {
    await window.page.locator('.tab:has-text("support_agent")').first().click();
    await window.page.keyboard.press('Control+W');
    await expect.poll(() => notes(window), { timeout: MINUTE }).toEqual([]);
  }, 2 * MINUTE);
});
