import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWindow, type Window } from './harness.ts';

describe('the packaged extension in a real VS Code', () => {
  let window: Window;
  beforeAll(async () => {
    window = await openWindow();
  });
  afterAll(async () => {
    await window?.close();
  });

  it('opens the workspace with the Touchstone views', async () => {
    await window.page.getByRole('tab', { name: 'Touchstone' }).first().click();
    await window.see('Prompts');
    await window.see('Runs');
    expect(await window.notifications()).toEqual([]);
  });

  it('offers its commands in the palette', async () => {
    await window.page.keyboard.press('F1');
    await window.page.keyboard.type('Touchstone: ');
    await window.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Touchstone: ' }).first().waitFor();
    await window.page.keyboard.press('Escape');
  });
});
