/**
 * A tool that touchstone.yml names: nobody asks it before a person has agreed, once, to its host by name; then links in terminals open from it, its
 * traces are asked for again, nothing is sent to it, and its entry goes as it came.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BACKEND_KEY, startBackend, type BackendServer } from '../fixtures/servers/trace-backends.ts';
import { CALL, INCIDENT, incident, jaegerOf, SERVICE } from '../fixtures/servers/triage-incident.ts';
import { TRIAGE } from './better-prompt.ts';
import { openWindow, type Window } from './harness.ts';

const MINUTE = 60_000;
const KEY = 'TRIAGE_TRACES_KEY';

describe('a source that touchstone.yml names', () => {
  let window: Window;
  let jaeger: BackendServer;
  let before: string;
  beforeAll(async () => {
    // Links of terminals are found where their text is drawn as text.
    window = await openWindow({ env: { [KEY]: BACKEND_KEY }, settings: { 'terminal.integrated.gpuAcceleration': 'off' } });
    const spans = incident(join(window.folder, TRIAGE), Date.now() - 10 * MINUTE);
    jaeger = await startBackend(jaegerOf(() => spans), []);
    const config = join(window.folder, 'touchstone.yml');
    before = readFileSync(config, 'utf8');
    writeFileSync(config, before.replace('sources: [traces/*.jsonl]', `sources:\n    - traces/*.jsonl\n    - { type: jaeger, name: production, url: "${jaeger.url}", project: ${SERVICE}, key: "\${env:${KEY}}" }`));
    await window.openTouchstone();
    await window.expandOnly('Traces', 'Sources');
    await window.viewRows('Sources').filter({ hasText: 'production' }).first().waitFor({ timeout: MINUTE });
  }, 5 * MINUTE);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await window?.screenshot('sources-failed');
  });
  afterAll(async () => {
    await window?.close();
    await jaeger?.stop();
  });

  const dialog = (text: string): Locator => window.page.locator('.monaco-dialog-box').filter({ hasText: text });
  const link = (): string => `${jaeger.url}/trace/${INCIDENT}?uiFind=${CALL}`;
  const openLink = async (): Promise<void> => {
    await window.runCommand('Touchstone: Open Trace from Link');
    await window.answer(link(), 'A link to a trace');
  };
  const tracePanel = (): Locator => window.page.locator('.tab').filter({ hasText: 'invoke_agent triage' });

  it('is asked about by the name of its host and of its key; a refusal is one of this time', async () => {
    for (let attempt = 1; attempt <= 2; attempt++) {
      await openLink();
      const question = dialog(`Ask ${new URL(jaeger.url).host} for traces?`);
      await question.waitFor({ timeout: MINUTE });
      expect(await question.innerText()).toContain(KEY);
      if (attempt === 1) await window.pictures('sources-consent');
      await question.getByRole('button', { name: 'Cancel' }).click();
      await question.waitFor({ state: 'detached', timeout: MINUTE });
    }
    expect(jaeger.asked).toEqual([]);
    await openLink();
    await dialog('for traces?').getByRole('button', { name: 'Allow' }).click();
    await tracePanel().first().waitFor({ timeout: MINUTE });
    // A panel that is still loading takes the keys away from the palette.
    await window.webview('[role="treegrid"]', MINUTE);
    expect(jaeger.asked.length).toBeGreaterThan(0);
    expect(jaeger.wrong).toEqual([]);
  }, 4 * MINUTE);

  it('is asked for a trace again without another question', async () => {
    const asked = jaeger.asked.length;
    await window.runCommand('Touchstone: Refresh Trace from Its Source');
    await window.pick(INCIDENT);
    await expect.poll(() => jaeger.asked.length, { timeout: MINUTE }).toBeGreaterThan(asked);
    expect(await dialog('for traces?').count()).toBe(0);
    expect(new Set(jaeger.asked.map(({ method }) => method))).toEqual(new Set(['GET']));
  }, 2 * MINUTE);

  it('is told nothing: scores are sent only where its entry says so', async () => {
    await window.runCommand('Touchstone: Score Trace at Its Source');
    await window.pick(INCIDENT);
    await window.notification(/Nothing is sent to source "production"/).waitFor({ timeout: MINUTE });
    await window.runCommand('Notifications: Clear All Notifications');
  }, 2 * MINUTE);

  it('opens links that a program prints in a terminal', async () => {
    await window.runCommand('View: Close All Editors');
    await tracePanel().first().waitFor({ state: 'detached', timeout: MINUTE });
    await window.runInTerminal(`printf 'see %s\\n' '${link()}'`);
    const line = window.page.locator('.terminal-wrapper.active .xterm-rows > div').filter({ hasText: /^see http/ }).first();
    await line.waitFor({ timeout: MINUTE });
    const box = await line.boundingBox();
    expect(box).not.toBeNull();
    const at = { x: (box?.x ?? 0) + 120, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
    for (let attempt = 0; attempt < 20 && (await tracePanel().count()) === 0; attempt++) {
      // The link is looked for once the pointer rests on it.
      await window.page.mouse.move(at.x + (attempt % 2), at.y);
      await window.page.waitForTimeout(500);
      await window.page.keyboard.down('Control');
      await window.page.mouse.click(at.x, at.y);
      await window.page.keyboard.up('Control');
      await window.page.waitForTimeout(500);
    }
    await tracePanel().first().waitFor({ timeout: MINUTE });
  }, 3 * MINUTE);

  it('leaves with its entry, and what came from it stays', async () => {
    await window.runCommand('Touchstone: Remove Source');
    const question = dialog('Remove source "production"?');
    await question.waitFor({ timeout: MINUTE });
    await question.getByRole('button', { name: 'Remove', exact: true }).click();
    const sources = (): unknown => (parse(readFileSync(join(window.folder, 'touchstone.yml'), 'utf8')) as { traces?: { sources?: unknown } } | null)?.traces?.sources;
    await expect.poll(sources, { timeout: MINUTE }).toEqual(['traces/*.jsonl']);
    await window.viewRows('Sources').filter({ hasText: 'production' }).first().waitFor({ state: 'detached', timeout: MINUTE });
    await expect.poll(() => window.viewRows('Traces').filter({ hasText: 'triage' }).count(), { timeout: MINUTE }).toBe(3);
  }, 2 * MINUTE);
});
