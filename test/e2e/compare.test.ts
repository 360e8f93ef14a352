/**
 * From an edit to production and back, as a person does it: edit the sample prompt, compare with production, save a version, promote it, roll
 * back and take that back; then the same from the command line, on the same database, with the same numbers.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { differenceInterval, metricDifference, pValue } from '../../src/core/compare/sentence.ts';
import { root } from '../../scripts/tools/paths.ts';
import { BETTER_QUEUES, TRIAGE, writeBetterQueues } from './better-prompt.ts';
import { openWindow, type Window } from './harness.ts';

const MINUTE = 60_000;

interface ComparedMetric {
  readonly name: string;
  readonly a: number;
  readonly b: number;
  readonly delta: number;
  readonly interval: readonly [number, number];
  readonly p: number;
  readonly verdict: string;
}

describe('a better prompt, from the edit to production and back', () => {
  let window: Window;
  /** The panel's line, for the command line to repeat. */
  let verdict: string;
  beforeAll(async () => {
    window = await openWindow({ settings: { 'files.autoSave': 'off', 'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' } } });
  }, 5 * MINUTE);
  afterAll(async () => {
    await window?.close();
  });

  const lens = (text: string | RegExp): Promise<Locator> => window.lens(text, 2 * MINUTE);
  const environments = (): Locator => window.viewRows('Prompts');
  /** Waits for a picker by what stands in its empty field. */
  const asked = (placeholder: string): Promise<void> => window.page.locator(`.quick-input-widget:not([inert]) input[placeholder^="${placeholder}"]`).waitFor({ timeout: MINUTE });
  const dialog = (): Locator => window.page.locator('.monaco-dialog-box');

  it('begins with the version that production points to', async () => {
    await window.openTouchstone();
    await window.openFile(TRIAGE);
    await lens('same as production');
    await lens(/^.*v2$/);
  }, 3 * MINUTE);

  it('sees the edit before anything is saved', async () => {
    await writeBetterQueues(window);
    await lens('edited since v2');
    await lens('vs production: not compared yet');
    await window.save();
    await expect.poll(() => contentOf(window)).toContain(Object.entries(BETTER_QUEUES).map(([queue, description]) => `- ${queue}: ${description}`).join('\n'));
  }, 3 * MINUTE);

  it('compares with production: better, with its interval', async () => {
    await window.clickLens('vs production: not compared yet', window.tab(/production v2 ⇄ working copy/));
    const panel = await window.webview('section.verdict', 2 * MINUTE);
    await expect.poll(() => verdictOf(panel), { timeout: 3 * MINUTE }).toMatch(/^Better\b/);
    verdict = await verdictOf(panel);
    expect(verdict).toMatch(/pass rate 65(\.0)? ?% → 88\.3 ?%/);
    expect(verdict).toMatch(/\+23\.3 points/);
    expect(verdict).toMatch(/\[\+\d+\.\d, \+\d+\.\d\]/);
    await expect.poll(() => panel.locator('[role="grid"] [role="row"]').filter({ hasText: /billing|technical|account|other/ }).count(), { timeout: MINUTE }).toBeGreaterThan(10);
    expect(await panel.locator('[role="alert"]').allInnerTexts()).toEqual([]);
    await window.pictures('compare-editor');
  }, 6 * MINUTE);

  it('says the same in the lens, and nothing was run twice for it', async () => {
    await window.page.locator('.tab[data-resource-name="triage.prompt.yml"]').first().click();
    await lens(/vs production \+23\.3 pts, p = \.001/);
    await expect.poll(() => window.viewRows('Runs').count(), { timeout: MINUTE }).toBe(2);
    await window.pictures('versions-lens');
  }, 3 * MINUTE);

  it('offers to run again what was edited since, and takes the offer back with the edit', async () => {
    await window.goToLine(17);
    await window.page.keyboard.press('End');
    await window.page.keyboard.insertText(' Only the name.');
    await window.tab(/production v2 ⇄ working copy/).click();
    const panel = await window.webview('section.verdict');
    await panel.getByText('The file of working copy has changed since it was run.').waitFor({ timeout: MINUTE });
    await panel.getByText(/Run what changed \(60 cells, free\)/).waitFor({ timeout: MINUTE });
    await window.page.locator('.tab[data-resource-name="triage.prompt.yml"]').first().click();
    await window.page.locator('.monaco-editor .view-lines').first().waitFor({ timeout: MINUTE });
    await window.runCommand('File: Revert File');
    await lens(/vs production \+23\.3 pts, p = \.001/);
    await window.tab(/production v2 ⇄ working copy/).click();
    await (await window.webview('section.verdict')).getByText('The file of working copy has changed').waitFor({ state: 'detached', timeout: MINUTE });
    await window.page.locator('.tab[data-resource-name="triage.prompt.yml"]').first().click();
  }, 4 * MINUTE);

  it('saves it as a version, asking what for', async () => {
    await window.openFile(TRIAGE);
    await window.runCommand('Touchstone: Save Version');
    await window.answer('Say what belongs into each queue', 'What changed since v2?');
    await window.answer('short; sorting incoming tickets', 'Tags, separated by commas');
    await window.notification(/Saved Support triage as v3/).waitFor({ timeout: MINUTE });
    await lens(/^.*v3$/);
  }, 3 * MINUTE);

  it('promotes it without a question, because it is better, and shows where environments point', async () => {
    await window.openFile(TRIAGE);
    await window.clickLens(/^.*Promote$/, window.input);
    await window.pick('production');
    await window.notification(/production of Support triage now points to v3, before to v2/).waitFor({ timeout: MINUTE });
    await expect.poll(() => window.notifications(), { timeout: MINUTE }).toContainEqual(expect.stringMatching(/Better: pass rate .* \[\+\d/));
    await lens('same as production');
    // Not by the keyboard: a click on the row opens the file, which takes the focus.
    const row = environments().filter({ hasText: 'Support triage' }).first();
    if ((await row.getAttribute('aria-expanded')) !== 'true') await row.locator('.monaco-tl-twistie').click();
    await expect.poll(() => environments().filter({ hasText: 'production' }).first().innerText(), { timeout: MINUTE }).toMatch(/v3 · 53\/60/);
    await window.screenshot('environments-dark');
  }, 3 * MINUTE);

  it('rolls back in one action, and takes that back in another', async () => {
    await window.runCommand('Notifications: Clear All Notifications');
    await window.openFile(TRIAGE);
    await window.runCommand('Touchstone: Roll Back');
    const message = window.notification(/production of Support triage is back from v3.* to v2/);
    await message.waitFor({ timeout: MINUTE });
    await expect.poll(() => environments().filter({ hasText: 'production' }).first().innerText(), { timeout: MINUTE }).toMatch(/v2/);
    await message.getByRole('button', { name: 'Undo' }).click();
    await window.notification(/production of Support triage points to v3.* again/).waitFor({ timeout: MINUTE });
    await expect.poll(() => environments().filter({ hasText: 'production' }).first().innerText(), { timeout: MINUTE }).toMatch(/v3/);
    await window.openFile(TRIAGE);
    await window.runCommand('Touchstone: Show Environment History');
    await expect.poll(() => window.choices.allInnerTexts(), { timeout: MINUTE }).toEqual(expect.arrayContaining([expect.stringMatching(/taken back/), expect.stringMatching(/rolled back/), expect.stringMatching(/promoted/)]));
    await window.screenshot('environment-history-dark');
    await window.page.keyboard.press('Escape');
  }, 4 * MINUTE);

  it('shows what each version scored, in the picker and over time', async () => {
    await window.openFile(TRIAGE);
    await window.clickLens(/^.*v3$/, window.input);
    await expect.poll(() => window.choices.filter({ hasText: 'v3' }).first().innerText(), { timeout: MINUTE }).toMatch(/production[\s\S]*53\/60/);
    await window.screenshot('version-picker-dark');
    await window.pick('Show Versions');
    const versions = await window.webview('.list[role="listbox"]');
    await expect.poll(() => versions.locator('[role="option"]').count(), { timeout: MINUTE }).toBe(3);
    await versions.locator('.point').first().waitFor({ timeout: MINUTE });
    await window.pictures('versions');
    await versions.locator('.list').focus();
    await window.page.keyboard.press('Home');
    await window.page.keyboard.press('Enter');
    await window.page.locator('.monaco-diff-editor .char-insert, .monaco-diff-editor .line-insert').first().waitFor({ timeout: MINUTE });
    await window.screenshot('version-difference-dark');
  }, 4 * MINUTE);

  it('gives the same numbers on the command line', async () => {
    const { metrics } = JSON.parse(await touchstone(window, 'compare', 'prompts/support/triage@v2', 'prompts/support/triage@v3', '--json')) as { metrics: readonly ComparedMetric[] };
    const rate = metrics.find(({ name }) => name === 'passRate');
    expect(rate?.verdict).toBe('better');
    expect(verdict).toContain(metricDifference(rate?.delta ?? 0, 'rate'));
    expect(verdict).toContain(differenceInterval(rate?.interval ?? [0, 0], 'rate'));
    expect(verdict).toContain(pValue(rate?.p ?? 1));
    expect(JSON.parse(await touchstone(window, 'versions', 'prompts/support/triage', '--json'))).toMatchObject({ versions: [{ number: 3 }, { number: 2 }, { number: 1 }] });
    await touchstone(window, 'rollback', 'prompts/support/triage', 'production');
    await expect.poll(() => environments().filter({ hasText: 'production' }).first().innerText(), { timeout: MINUTE }).toMatch(/v2/);
    await touchstone(window, 'promote', 'prompts/support/triage', 'v3', 'production');
    await expect.poll(() => environments().filter({ hasText: 'production' }).first().innerText(), { timeout: MINUTE }).toMatch(/v3/);
  }, 4 * MINUTE);

  it('finds it before somebody writes it again, and begins a new prompt from it', async () => {
    await window.runCommand('Touchstone: New Prompt from');
    await window.input.waitFor({ timeout: MINUTE });
    await window.input.fill('tickets model:local:labels score:>0.8');
    await expect.poll(() => window.choices.first().innerText(), { timeout: MINUTE }).toMatch(/Support triage[\s\S]*88\.3%/);
    await window.screenshot('search-prompts-dark');
    await window.pick('Support triage');
    await window.answer('Sales triage', 'Name of the new prompt');
    await window.page.locator('.tab.active[data-resource-name="sales-triage.prompt.yml"]').waitFor({ timeout: MINUTE });
    const text = readFileSync(join(window.folder, 'prompts/support/sales-triage.prompt.yml'), 'utf8');
    expect(parse(text)).toMatchObject({ name: 'Sales triage', metadata: { from: expect.stringMatching(/^prompts\/support\/triage(@[0-9a-f]{8})?$/) as unknown } });
    expect(text).toContain('# Puts a support ticket into one queue.');
  }, 3 * MINUTE);

  it('asks before it promotes what is worse', async () => {
    await window.runCommand('Notifications: Clear All Notifications');
    // Room for every environment.
    await window.expandOnly('Prompts');
    const production = environments().filter({ hasText: 'production' }).first();
    const promote = async (): Promise<Locator> => {
      await window.contextMenu(production, 'Promote…');
      await window.pick('v2');
      await dialog().getByText('v2 is worse than v3. Promote it to production?').waitFor({ timeout: MINUTE });
      expect(await dialog().innerText()).toMatch(/Worse: pass rate 88\.3 ?% → 65(\.0)? ?%/);
      return dialog();
    };
    const question = await promote();
    await window.screenshot('promote-worse-dark');
    await question.getByRole('button', { name: 'Cancel' }).click();
    // It gives the focus back when it goes: a picker that is open by then would close.
    await question.waitFor({ state: 'detached', timeout: MINUTE });
    expect(await production.innerText()).toMatch(/v3/);
    await (await promote()).getByRole('button', { name: 'Promote Anyway' }).click();
    await window.answer('the new one is under review', 'Why?');
    const message = window.notification(/production of Support triage now points to v2, before to v3/);
    await message.waitFor({ timeout: MINUTE });
    await message.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => production.innerText(), { timeout: MINUTE }).toMatch(/v3/);
  }, 4 * MINUTE);

  it('lets a person decide where two branches moved an environment apart', async () => {
    const folder = join(window.folder, '.touchstone/registry', readdirSync(join(window.folder, '.touchstone/registry'))[0] ?? '', 'environments/staging');
    const before = readdirSync(folder);
    await touchstone(window, 'promote', 'prompts/support/triage', 'v1', 'staging');
    const [ours = ''] = readdirSync(folder).filter((name) => !before.includes(name));
    const text = readFileSync(join(folder, ours), 'utf8');
    // The other branch knows nothing of it.
    rmSync(join(folder, ours));
    await touchstone(window, 'promote', 'prompts/support/triage', 'v3', 'staging');
    writeFileSync(join(folder, ours), text);
    const staging = environments().filter({ hasText: 'staging' }).first();
    await expect.poll(() => staging.innerText(), { timeout: MINUTE }).toMatch(/diverged/);
    await staging.click();
    await expect.poll(() => window.choices.allInnerTexts(), { timeout: MINUTE }).toEqual([expect.stringMatching(/v3/), expect.stringMatching(/v1/)]);
    await window.pick('v3');
    await dialog().getByText('Its pointer was moved on two branches').waitFor({ timeout: MINUTE });
    expect(await dialog().getByRole('button', { name: 'Compare First' }).count()).toBe(0);
    await dialog().getByRole('button', { name: 'Promote Anyway' }).click();
    await window.acceptProposal('Why?');
    await expect.poll(() => staging.innerText(), { timeout: MINUTE }).toMatch(/v3 · 53\/60/);
    expect(readdirSync(folder)).toHaveLength(before.length + 3);
  }, 4 * MINUTE);

  it('compares versions that are picked, without running what was run of the file', async () => {
    await window.openFile(TRIAGE);
    await window.runCommand('Touchstone: Compare Versions');
    await window.pick('v2 ·');
    await asked('Pick what is compared with v2');
    // The working copy is proposed.
    await window.acceptProposal('Compare Versions');
    await window.page.locator('.tab.active').filter({ hasText: /v2 · [0-9a-f]{8} ⇄ working copy/ }).waitFor({ timeout: MINUTE });
    await expect.poll(async () => verdictOf(await window.webview('section.verdict')), { timeout: MINUTE }).toBe(verdict);
    expect((JSON.parse(await touchstone(window, 'runs', '--json')) as { runs: unknown[] }).runs).toHaveLength(2);
  }, 4 * MINUTE);

  it('compares models that are picked', async () => {
    await window.openFile(TRIAGE);
    await window.runCommand('Touchstone: Compare Models');
    await asked('Pick two models or more');
    await window.input.fill('echo');
    const echo = window.choices.filter({ hasText: 'echo' }).first();
    // A row that is drawn anew between press and release loses the click.
    for (let clicks = 0; clicks < 5 && (await echo.getAttribute('aria-checked')) !== 'true'; clicks++) {
      await echo.click();
      await window.page.waitForTimeout(300);
    }
    expect(await echo.getAttribute('aria-checked')).toBe('true');
    await window.input.fill('');
    // The prompt's own model is the first.
    await window.acceptProposal('Compare Models');
    await window.page.locator('.tab.active').filter({ hasText: 'local:labels ⇄ echo' }).waitFor({ timeout: MINUTE });
    await expect.poll(async () => verdictOf(await window.webview('section.verdict')), { timeout: 2 * MINUTE }).toMatch(/^Worse .*pass rate 88\.3 ?% → 0 ?%/);
  }, 5 * MINUTE);

  it('shows the comparison again after the window was reloaded, and still runs what changes', async () => {
    await window.reload();
    const tab = window.page.locator('.tab').filter({ hasText: 'local:labels ⇄ echo' }).first();
    await tab.waitFor({ timeout: MINUTE });
    // Whichever editor was the last: a page is only there where it is looked at.
    await tab.click();
    const panel = await window.webview('section.verdict', 2 * MINUTE);
    await expect.poll(() => verdictOf(panel), { timeout: MINUTE }).toMatch(/^Worse .*pass rate 88\.3 ?% → 0 ?%/);
    await panel.getByRole('button', { name: 'Swap sides' }).click();
    await expect.poll(() => verdictOf(panel), { timeout: MINUTE }).toMatch(/^Better .*pass rate 0 ?% → 88\.3 ?%/);
  }, 5 * MINUTE);
});

function contentOf(window: Window): string {
  const { messages } = parse(readFileSync(join(window.folder, TRIAGE), 'utf8')) as { messages: readonly { content: string }[] };
  return messages[0]?.content ?? '';
}

/** The verdict's line as one text. */
async function verdictOf(panel: Frame): Promise<string> {
  return (await panel.locator('section.verdict').innerText()).replaceAll(/\s+/g, ' ').trim();
}

async function touchstone(window: Window, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(root, 'bin/touchstone'), args, { cwd: window.folder, maxBuffer: 64e6 });
  return stdout;
}
