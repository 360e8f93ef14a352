/**
 * From a link in an alert to the fix in production, as the person on call does it: paste the link, add the source that it leads to, see
 * which code and which prompt made the wrong answer, keep it as a golden case, watch the eval fail, edit, compare, promote. docs/tutorial.md
 * tells the same with these pictures.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BACKEND_KEY, startBackend, type BackendServer } from '../fixtures/servers/trace-backends.ts';
import { CALL, INCIDENT, incident, jaegerOf, RIGHT, SERVICE, TICKET, WRONG } from '../fixtures/servers/triage-incident.ts';
import { TRIAGE, writeBetterQueues } from './better-prompt.ts';
import { openWindow, type Window } from './harness.ts';

const GOLDEN = 'prompts/support/triage.golden.jsonl';
const MINUTE = 60_000;

describe('from a link to the fix', () => {
  let window: Window;
  let jaeger: BackendServer;
  let panel: Frame;
  beforeAll(async () => {
    window = await openWindow({ settings: { 'files.autoSave': 'off', 'remote.autoForwardPorts': false, 'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' } } });
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
  const toPanel = async (): Promise<void> => {
    await window.page.locator('.tab').filter({ hasText: /^triage$|invoke_agent triage/ }).first().click();
    panel = await window.webview('[role="treegrid"]');
  };

  it('asks nobody about a link whose host nobody knows', async () => {
    await window.openTouchstone();
    await window.runCommand('Touchstone: Open Trace from Link');
    await window.answer(link(), 'A link to a trace');
    await dialog('is not known to this workspace').waitFor({ timeout: MINUTE });
    expect(await dialog('is not known').innerText()).toContain(new URL(jaeger.url).host);
    await window.pictures('link-1-unknown-host');
    expect(jaeger.asked).toEqual([]);
  }, 3 * MINUTE);

  it('adds the source, explains a key that is wrong, and takes the right one', async () => {
    await dialog('is not known').getByRole('button', { name: 'Add Source' }).click();
    await window.acceptProposal('Where its interface is asked');
    await window.answer(SERVICE, 'The service whose traces are listed');
    await window.answer('production', 'A name for it');
    await window.answer('not-the-key', 'sent to');
    await dialog('The connection does not work yet').waitFor({ timeout: MINUTE });
    expect(await dialog('The connection does not work yet').innerText()).toMatch(/does not accept the key \(401\)/);
    await window.pictures('link-2-source');
    await dialog('The connection does not work yet').getByRole('button', { name: 'Set Key' }).click();
    await window.answer(BACKEND_KEY, 'is set');
    await window.notification(/Source "production" is added to touchstone.yml/).waitFor({ timeout: MINUTE });
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
    await window.pictures('link-3-trace');
  }, 3 * MINUTE);

  it('lists the traces of the source, in both views', async () => {
    const group = window.viewRows('Traces').filter({ hasText: 'Jaeger: production' }).first();
    await group.waitFor({ timeout: MINUTE });
    await group.click();
    // Two of the sample, the one that was fetched, and the same in the list of its source.
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'triage' }).count(), { timeout: MINUTE }).toBe(4);
    await group.click();
  }, 3 * MINUTE);

  it('opens the code beside it, with what the line took', async () => {
    await toPanel();
    await panel.locator('[role="row"]').filter({ hasText: 'local:labels' }).last().click();
    await panel.getByRole('button', { name: /triage\.mjs/ }).first().click();
    await window.page.locator('.tab[data-resource-name="triage.mjs"]').first().waitFor({ timeout: MINUTE });
    const line = window.page.locator('.view-line').filter({ hasText: 'chat ${prompt.model}' }).first();
    await line.waitFor({ timeout: MINUTE });
    await window.runCommand('Notifications: Clear All Notifications');
    await window.pictures('link-4-code');
  }, 3 * MINUTE);

  it('adds the call to the golden dataset, as it should have been answered', async () => {
    await toPanel();
    await panel.getByRole('button', { name: 'Add to golden dataset' }).click();
    await window.input.waitFor({ timeout: MINUTE });
    await expect.poll(() => window.input.inputValue(), { timeout: MINUTE }).toBe(WRONG);
    await window.answer(RIGHT, 'What is expected');
    // Shown beside the panel, to be read and saved.
    await window.page.locator('.tab.active.dirty[data-resource-name="triage.golden.jsonl"]').click();
    await window.save();
    await expect.poll(() => readFileSync(join(window.folder, GOLDEN), 'utf8').trim().split('\n').length, { timeout: MINUTE }).toBe(61);
    const added = JSON.parse(readFileSync(join(window.folder, GOLDEN), 'utf8').trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(added).toMatchObject({ ...TICKET, expected: RIGHT });
    expect(JSON.stringify(added)).toContain(INCIDENT);
    await window.pictures('link-5-golden');
  }, 3 * MINUTE);

  it('sees the eval fail for it', async () => {
    await window.openFile(TRIAGE);
    await window.clickLens('Eval 61 cases', /\d+ of 61|\d+\/61/);
    await window.lens(/39\/61/, 3 * MINUTE);
    await window.pictures('link-6-eval');
  }, 5 * MINUTE);

  it('edits the prompt, and compares: better', async () => {
    await window.openFile(TRIAGE);
    await writeBetterQueues(window);
    await window.save();
    await expect.poll(() => (parse(readFileSync(join(window.folder, TRIAGE), 'utf8')) as { messages: { content: string }[] }).messages[0]?.content, { timeout: MINUTE }).toContain('a sync fails');
    await window.clickLens('vs production: not compared yet', window.tab(/production v2 ⇄ working copy/));
    const comparison = await window.webview('section.verdict', 2 * MINUTE);
    const verdict = async (): Promise<string> => (await comparison.locator('section.verdict').innerText()).replaceAll(/\s+/g, ' ').trim();
    await expect.poll(verdict, { timeout: 3 * MINUTE }).toMatch(/^Better\b/);
    expect(await verdict()).toMatch(/pass rate 63\.9 ?% → 88\.5 ?%/);
    await window.pictures('link-7-better');
  }, 6 * MINUTE);

  it('saves the version and promotes it', async () => {
    await window.page.locator('.tab[data-resource-name="triage.prompt.yml"]').first().click();
    await window.page.locator('.tab.active[data-resource-name="triage.prompt.yml"]').first().waitFor({ timeout: MINUTE });
    await window.runCommand('Touchstone: Save Version');
    await window.answer('A sync that fails is technical', 'What changed since v2?');
    await window.answer('', 'Tags, separated by commas');
    await window.notification(/Saved Support triage as v3/).waitFor({ timeout: MINUTE });
    await window.lens(/^.*v3$/, 2 * MINUTE);
    await window.clickLens(/^.*Promote$/, window.input);
    await window.pick('production');
    await window.notification(/production of Support triage now points to v3, before to v2/).waitFor({ timeout: MINUTE });
    await window.lens('same as production', 2 * MINUTE);
    await window.page.keyboard.press('Control+Home');
    await window.pictures('link-8-promoted');
  }, 4 * MINUTE);

  it('replays the call as the fixed prompt answers it', async () => {
    await toPanel();
    await panel.locator('[role="row"]').filter({ hasText: 'local:labels' }).last().click();
    await panel.getByRole('button', { name: 'Replay' }).click();
    await window.pick('working copy');
    await window.pick('Once');
    await window.notification(/Replayed with local:labels/).waitFor({ timeout: MINUTE });
    await window.page.locator('.monaco-diff-editor .view-line').filter({ hasText: RIGHT }).first().waitFor({ timeout: MINUTE });
    await window.pictures('link-9-replay');
  }, 3 * MINUTE);

  it('gives a link to the trace that leads back to its page', async () => {
    await window.runCommand('Notifications: Clear All Notifications');
    await window.runCommand('Touchstone: Copy Trace Link');
    await window.pick(INCIDENT);
    await expect.poll(() => window.choices.allInnerTexts(), { timeout: MINUTE }).toContainEqual(expect.stringContaining(`${jaeger.url}/trace/${INCIDENT}`));
    await window.page.keyboard.press('Escape');
    expect(jaeger.wrong).toEqual([]);
  }, 2 * MINUTE);
});
