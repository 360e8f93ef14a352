/**
 * From a link in an alert to the fix in production, as the person on call does it: paste the link, add the source that it leads to, see
 * which code and which prompt made the wrong answer, keep it as a golden case, watch the eval fail, edit, compare, promote. docs/tutorial.md
 * tells the same with these pictures.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BACKEND_KEY, startBackend, type BackendServer } from '../fixtures/servers/trace-backends.ts';
import { CALL, INCIDENT, incident, jaegerOf, RIGHT, SERVICE, SERVICE_CODE, TICKET, WRONG } from '../fixtures/servers/triage-incident.ts';
import { openWindow, type Window } from './harness.ts';

const TRIAGE = 'prompts/support/triage.prompt.yml';
const GOLDEN = 'prompts/support/triage.golden.jsonl';
const MINUTE = 60_000;

/** What the README of the sample workspace proposes. */
const BETTER = {
  billing: 'invoices, payments, refunds, subscriptions',
  technical: 'a page is blank, a sync fails',
  account: 'passwords and codes, members, personal data',
  other: 'thanks, praise, compliments, press, partnership offers',
} as const;

describe('from a link to the fix', () => {
  let window: Window;
  let jaeger: BackendServer;
  let panel: Frame;
  beforeAll(async () => {
    window = await openWindow({ settings: { 'files.autoSave': 'off', 'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' } } });
    mkdirSync(join(window.folder, 'app'));
    writeFileSync(join(window.folder, 'app/triage.mjs'), SERVICE_CODE);
    const spans = incident(join(window.folder, TRIAGE), Date.now() - 10 * MINUTE);
    jaeger = await startBackend(jaegerOf(() => spans), []);
  }, 5 * MINUTE);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await window?.screenshot('link-failed');
  });
  afterAll(async () => {
    await window?.close();
    await jaeger?.stop();
  });

  const link = (): string => `${jaeger.url}/trace/${INCIDENT}?uiFind=${CALL}`;
  const dialog = (text: string | RegExp): Locator => window.page.locator('.monaco-dialog-box').filter({ hasText: text });
  const notification = (text: RegExp): Locator => window.page.locator('.notification-list-item').filter({ hasText: text }).first();
  const rows = (view: string): Locator => window.page.locator(`.pane:has(.pane-header[aria-label^="${view}"]) .monaco-list-row`);
  const input = (): Locator => window.page.locator('.quick-input-widget input.input').filter({ visible: true });
  /** Answers one question: the next one may take a moment to stand in its place. */
  const reply = async (question: string, text?: string): Promise<void> => {
    await window.page.locator('.quick-input-widget').filter({ visible: true, hasText: question }).waitFor({ timeout: MINUTE });
    if (text === undefined) await window.page.keyboard.press('Enter');
    else await window.answer(text);
  };
  /** A click that falls into the moment in which VS Code draws lenses anew is lost. */
  const clickLens = async (text: string | RegExp, then: Locator): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      await (await window.lens(text, 2 * MINUTE)).click();
      try {
        await then.waitFor({ timeout: 20_000 });
        return;
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  };
  const pictures = async (step: string): Promise<void> => {
    for (const theme of ['high-contrast', 'dark', 'light'] as const) {
      await window.setTheme(theme);
      await window.screenshot(`link-${step}-${theme}`);
    }
  };
  const toPanel = async (): Promise<void> => {
    await window.page.locator('.tab').filter({ hasText: /^triage$|invoke_agent triage/ }).first().click();
    panel = await window.webview('[role="treegrid"]');
  };

  it('asks nobody about a link whose host nobody knows', async () => {
    await window.page.getByRole('tab', { name: 'Touchstone' }).first().click();
    await window.runCommand('Touchstone: Open Trace from Link');
    await reply('A link to a trace', link());
    await dialog('is not known to this workspace').waitFor({ timeout: MINUTE });
    expect(await dialog('is not known').innerText()).toContain(new URL(jaeger.url).host);
    await pictures('1-unknown-host');
    expect(jaeger.asked).toEqual([]);
  }, 3 * MINUTE);

  it('adds the source, explains a key that is wrong, and takes the right one', async () => {
    await dialog('is not known').getByRole('button', { name: 'Add Source' }).click();
    await reply('Where its interface is asked');
    await reply('The service whose traces are listed', SERVICE);
    await reply('A name for it', 'production');
    await reply('sent to', 'not-the-key');
    await dialog('The connection does not work yet').waitFor({ timeout: MINUTE });
    expect(await dialog('The connection does not work yet').innerText()).toMatch(/does not accept the key \(401\)/);
    await pictures('2-source');
    await dialog('The connection does not work yet').getByRole('button', { name: 'Set Key' }).click();
    await reply('is set', BACKEND_KEY);
    await notification(/Source "production" is added to touchstone.yml/).waitFor({ timeout: MINUTE });
  }, 3 * MINUTE);

  it('opens the tree at the span of the link', async () => {
    panel = await window.webview('[role="treegrid"]', 2 * MINUTE);
    await expect.poll(() => panel.locator('[role="row"]').count(), { timeout: MINUTE }).toBe(3);
    await panel.locator('[role="row"][aria-selected="true"]').filter({ hasText: 'local:labels' }).first().waitFor({ timeout: MINUTE });
    expect(jaeger.wrong).toEqual([]);
    expect(readFileSync(join(window.folder, 'touchstone.yml'), 'utf8')).toContain('name: production');
    expect(readFileSync(join(window.folder, 'touchstone.yml'), 'utf8')).not.toContain(BACKEND_KEY);
    for (const { headers } of jaeger.asked) expect(headers.cookie).toBeUndefined();
  }, 3 * MINUTE);

  it('says which prompt in which version rendered the call', async () => {
    const origin = panel.locator('.call-prompt');
    await expect.poll(() => origin.innerText(), { timeout: MINUTE }).toMatch(/Support triage[\s\S]*v2[\s\S]*exact/);
    await window.runCommand('Notifications: Clear All Notifications');
    await pictures('3-trace');
  }, 3 * MINUTE);

  it('lists the traces of the source, in both views', async () => {
    const group = rows('Traces').filter({ hasText: 'Jaeger: production' }).first();
    await group.waitFor({ timeout: MINUTE });
    await group.click();
    await expect.poll(() => rows('Traces').filter({ hasText: 'triage' }).count(), { timeout: MINUTE }).toBeGreaterThanOrEqual(2);
    await group.click();
  }, 3 * MINUTE);

  it('opens the code beside it, with what the line took', async () => {
    await toPanel();
    await panel.locator('[role="row"]').filter({ hasText: 'local:labels' }).last().click();
    await panel.getByRole('button', { name: /triage\.mjs/ }).first().click();
    await window.page.locator('.tab[data-resource-name="triage.mjs"]').first().waitFor({ timeout: MINUTE });
    const line = window.page.locator('.view-line').filter({ hasText: 'const answer' }).first();
    await expect.poll(() => line.innerText(), { timeout: MINUTE }).toContain('model.chat');
    await window.runCommand('Notifications: Clear All Notifications');
    await pictures('4-code');
  }, 3 * MINUTE);

  it('adds the call to the golden dataset, as it should have been answered', async () => {
    await toPanel();
    await panel.getByRole('button', { name: 'Add to golden dataset' }).click();
    await input().waitFor({ timeout: MINUTE });
    await expect.poll(() => input().inputValue(), { timeout: MINUTE }).toBe(WRONG);
    await reply('What is expected', RIGHT);
    // Shown beside the panel, which keeps the focus.
    await window.page.locator('.tab.active.dirty[data-resource-name="triage.golden.jsonl"]').click();
    await window.page.keyboard.press('Control+S');
    await expect.poll(() => readFileSync(join(window.folder, GOLDEN), 'utf8').trim().split('\n').length, { timeout: MINUTE }).toBe(61);
    const added = JSON.parse(readFileSync(join(window.folder, GOLDEN), 'utf8').trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(added).toMatchObject({ ...TICKET, expected: RIGHT });
    expect(JSON.stringify(added)).toContain(INCIDENT);
    await pictures('5-golden');
  }, 3 * MINUTE);

  it('sees the eval fail for it', async () => {
    await window.openFile(TRIAGE);
    await (await window.lens('Eval 61 cases', 2 * MINUTE)).click();
    await window.lens(/39\/61/, 3 * MINUTE);
    await pictures('6-eval');
  }, 5 * MINUTE);

  it('edits the prompt, and compares: better', async () => {
    await window.openFile(TRIAGE);
    const lines = readFileSync(join(window.folder, TRIAGE), 'utf8').split('\n');
    for (const [queue, description] of Object.entries(BETTER)) {
      const at = lines.findIndex((line) => line.startsWith(`      - ${queue}: `));
      await window.page.keyboard.press('Control+G');
      await window.answer(`:${at + 1}`);
      await window.page.keyboard.press('End');
      // The first Home goes to where the text of the line begins.
      await window.page.keyboard.press('Shift+Home');
      await window.page.keyboard.insertText(`- ${queue}: ${description}`);
    }
    await window.page.keyboard.press('Control+S');
    await expect.poll(() => (parse(readFileSync(join(window.folder, TRIAGE), 'utf8')) as { messages: { content: string }[] }).messages[0]?.content, { timeout: MINUTE }).toContain('a sync fails');
    await (await window.lens('vs production: not compared yet', 2 * MINUTE)).click();
    const comparison = await window.webview('section.verdict', 2 * MINUTE);
    const verdict = async (): Promise<string> => (await comparison.locator('section.verdict').innerText()).replaceAll(/\s+/g, ' ').trim();
    await expect.poll(verdict, { timeout: 3 * MINUTE }).toMatch(/^Better\b/);
    expect(await verdict()).toMatch(/pass rate 63\.9 ?% → 88\.5 ?%/);
    await pictures('7-better');
  }, 6 * MINUTE);

  it('saves the version and promotes it', async () => {
    await window.page.locator('.tab[data-resource-name="triage.prompt.yml"]').first().click();
    await window.page.locator('.tab.active[data-resource-name="triage.prompt.yml"]').first().waitFor({ timeout: MINUTE });
    await window.runCommand('Touchstone: Save Version');
    await reply('What changed since v2?', 'A sync that fails is technical');
    await reply('Tags, separated by commas', '');
    await notification(/Saved Support triage as v3/).waitFor({ timeout: MINUTE });
    await clickLens(/^.*Promote$/, input());
    await window.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'production' }).first().click();
    await notification(/production of Support triage now points to v3, before to v2/).waitFor({ timeout: MINUTE });
    await window.lens('same as production', 2 * MINUTE);
    await pictures('8-promoted');
  }, 4 * MINUTE);

  it('replays the call as the fixed prompt answers it', async () => {
    await toPanel();
    await panel.locator('[role="row"]').filter({ hasText: 'local:labels' }).last().click();
    await panel.getByRole('button', { name: 'Replay' }).click();
    await window.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'working copy' }).first().click();
    await window.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Once' }).first().click();
    await notification(/Replayed with local:labels/).waitFor({ timeout: MINUTE });
    await window.page.locator('.monaco-diff-editor .view-line').filter({ hasText: RIGHT }).first().waitFor({ timeout: MINUTE });
    await pictures('9-replay');
  }, 3 * MINUTE);

  it('gives a link to the trace that leads back to its page', async () => {
    await window.runCommand('Notifications: Clear All Notifications');
    await window.runCommand('Touchstone: Copy Trace Link');
    await window.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: INCIDENT }).first().click();
    const offered = window.page.locator('.quick-input-list .monaco-list-row');
    await expect.poll(() => offered.allInnerTexts(), { timeout: MINUTE }).toContainEqual(expect.stringContaining(`${jaeger.url}/trace/${INCIDENT}`));
    await window.page.keyboard.press('Escape');
    expect(jaeger.wrong).toEqual([]);
  }, 2 * MINUTE);
});
