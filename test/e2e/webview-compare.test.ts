/** The comparison panel in a browser, with a fake host: its keyboard, verdicts, blinded judging, states, safety, its reload. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/tools/paths.ts';
import { askedOf as asked, cancelWhileItGrows, engineComesBack, hasAsked, panelPages, typeAtOnce } from '../fixtures/webview-harness/panel-pages.ts';

const { open } = panelPages('compare');

/** The case that the keyboard is on, as a screen reader is told. */
async function active(page: Page): Promise<string> {
  return page.evaluate(() => document.getElementById(document.querySelector('[role=grid]')?.getAttribute('aria-activedescendant') ?? '')?.querySelector('.case')?.textContent ?? '');
}

const grid = (page: Page) => page.getByRole('grid', { name: 'Cases' });
const verdict = (page: Page) => page.getByRole('region', { name: 'Verdict', exact: true }).innerText();
const cases = async (page: Page) => Number(await grid(page).getAttribute('aria-rowcount')) - 1;

describe('the verdict in one line', () => {
  test.each([
    ['better', /^Better\s+pass rate 81\.1 % → 89\.4 %\s+\+8\.3 points\s+\[\+\d+\.\d, \+\d+\.\d\]\s+p = \.\d+, paired over 60 cases/],
    ['worse', /^Worse\s+pass rate 89\.4 % → 81\.1 %\s+−8\.3 points\s+\[−\d+\.\d, −\d+\.\d\]/],
    ['none', /^No difference shown\s+pass rate/],
    ['few', /^Too few cases: about \d+ more/],
    ['refused', /^Refused\s+The dataset and the judge differ\./],
    ['live&paced', /^So far\s+pass rate .* no verdict before the runs end/s],
    ['empty', /^There are no cases to compare\./],
    ['unanswered', /^No case was answered on both sides\. What went wrong stands in each case; “Run again” asks again\./],
  ])('%s', async (scenario, words) => {
    const page = await open(scenario);
    await expect.poll(() => verdict(page)).toMatch(words);
    await page.close();
  });

  test('what is worse, or was not answered, can be promoted, and is not what the panel proposes to do', async () => {
    for (const [scenario, appearance] of [['better', 'primary'], ['worse', 'secondary'], ['unanswered', 'secondary']] as const) {
      const page = await open(scenario);
      await expect.poll(() => page.locator('vscode-button').filter({ hasText: 'Promote…' }).getAttribute('appearance')).toBe(appearance);
      await page.close();
    }
  });

  test('of several against one baseline each has its own, and the chosen one is shown', async () => {
    const page = await open('several');
    const choice = page.getByRole('radio', { name: 'v8 worse' });
    await choice.waitFor();
    await page.getByRole('radio', { name: 'v9 better', checked: true }).focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => verdict(page)).toMatch(/^Worse/);
    await page.getByRole('columnheader', { name: 'v8' }).waitFor();
    await page.reload();
    await expect.poll(() => verdict(page)).toMatch(/^Worse/);
    await page.close();
  });
});

describe('by keyboard alone', () => {
  test('what had the focus has it again after a question beside the page', async () => {
    const page = await open('better');
    // As in VS Code: the page in a frame, and the question in the document around it, which takes the focus away altogether.
    const address = page.url();
    await page.route('**/around', (route) => route.fulfill({ contentType: 'text/html', body: `<input><iframe src="${address}" style="width: 1280px; height: 700px"></iframe>` }));
    await page.goto(new URL('/around', address).href);
    const panel = page.frameLocator('iframe');
    const isFocused = (name: string) => panel.locator('body').evaluate((_, label) => document.activeElement?.getAttribute('aria-label') === label, name);
    const askAndReturn = async (): Promise<void> => {
      await page.locator('input').focus();
      await page.evaluate(() => document.querySelector('iframe')?.contentWindow?.focus());
    };
    await panel.getByRole('grid', { name: 'Cases' }).waitFor();
    await panel.getByRole('button', { name: 'Swap sides' }).focus();
    await askAndReturn();
    await expect.poll(() => isFocused('Swap sides')).toBe(true);
    // What went away with a case that was closed leaves the list.
    await panel.getByRole('grid', { name: 'Cases' }).focus();
    await page.keyboard.press('Enter');
    await panel.getByRole('button', { name: 'Next case' }).focus();
    await page.locator('input').focus();
    await panel.locator('body').evaluate(() => dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' })));
    await panel.getByRole('complementary').waitFor({ state: 'detached' });
    await page.evaluate(() => document.querySelector('iframe')?.contentWindow?.focus());
    await expect.poll(() => isFocused('Cases')).toBe(true);
    await page.close();
  });

  test('from the grid into a case, through the others, and back', async () => {
    const page = await open('better');
    await grid(page).waitFor();
    for (let i = 0; i < 20 && !(await grid(page).evaluate((element) => element === document.activeElement)); i++) await page.keyboard.press('Tab');
    await expect.poll(() => grid(page).evaluate((element) => element === document.activeElement)).toBe(true);
    // What regressed stands first, then what improved.
    await expect.poll(() => active(page)).toBe('refund-late');
    await page.keyboard.press('Enter');
    const detail = page.getByRole('complementary', { name: 'Case refund-late' });
    await detail.waitFor();
    await expect.poll(() => detail.locator('del').allInnerTexts()).toContain('billing');
    expect(await detail.locator('ins').allInnerTexts()).toContain('technical');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('complementary', { name: 'Case reset-password-loop' }).waitFor();
    await page.getByRole('region', { name: 'Outputs of the case' }).focus();
    await page.keyboard.press('F8');
    await page.getByRole('complementary', { name: 'Case coupon-then-error' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
    await expect.poll(() => grid(page).evaluate((element) => element === document.activeElement)).toBe(true);
    await page.close();
  });

  test('type-ahead, also to ids that go on with a key of the panel', async () => {
    const page = await open('better');
    await grid(page).focus();
    await typeAtOnce(page, 'cob');
    await expect.poll(() => active(page)).toBe('cobro-doble');
    expect(await page.getByRole('button', { name: 'Blinded' }).count()).toBe(0);
    await page.close();
  });

  test('from the first case up to the columns, which sort as often as Enter is pressed, with a case open too', async () => {
    const page = await open('better');
    await grid(page).focus();
    await expect.poll(() => active(page)).toBe('refund-late');
    await page.keyboard.press('Enter');
    const detail = page.getByRole('complementary', { name: 'Case refund-late' });
    await detail.waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowRight');
    // What a screen reader is told of, and where the focus is seen.
    const column = page.getByRole('columnheader', { name: 'production v7' });
    const isCurrent = () => column.evaluate((element) => element.id !== '' && element.id === document.activeElement?.getAttribute('aria-activedescendant') && getComputedStyle(element).outlineStyle === 'solid');
    await expect.poll(isCurrent).toBe(true);
    for (const [key, order] of [['Enter', 'ascending'], [' ', 'descending'], ['Enter', 'none']] as const) {
      await page.keyboard.press(key);
      await column.and(page.locator(`[aria-sort=${order}]`)).waitFor();
      expect(await isCurrent()).toBe(true);
    }
    expect(await page.getByRole('columnheader', { name: 'Your verdict' }).getAttribute('aria-sort')).toBeNull();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('columnheader', { name: 'Δ' }).and(page.locator('[aria-sort=ascending]')).waitFor();
    // The open case stays until the keyboard is on another one.
    await detail.waitFor();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => grid(page).getAttribute('aria-activedescendant')).toBe('case-0');
    await expect.poll(async () => `Case ${await active(page)}` === await page.getByRole('complementary').getAttribute('aria-label')).toBe(true);
    expect(await page.getByRole('alert').count()).toBe(0);
    // A click sorts too, and the arrows go on among the cases.
    await column.getByRole('button').click();
    await column.and(page.locator('[aria-sort=ascending]')).waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => grid(page).getAttribute('aria-activedescendant')).toBe('case-1');
    await page.close();
  });

  test('search, filters and slices narrow the grid, and the way back is named', async () => {
    const page = await open('better');
    await grid(page).focus();
    await page.keyboard.press('/');
    await page.keyboard.type('no such case');
    await page.getByText('No case matches “no such case”.').waitFor();
    await page.getByRole('button', { name: 'Clear filter' }).click();
    await expect.poll(() => cases(page)).toBe(60);
    await page.getByRole('radio', { name: /^All/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('radio', { name: /^Regressed 1/, checked: true }).waitFor();
    await expect.poll(() => cases(page)).toBe(1);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => cases(page)).toBe(7);

    await page.getByRole('tab', { name: 'Slices' }).click();
    await page.getByLabel('Slices by').selectOption('category');
    const slices = page.getByRole('grid', { name: 'Slices' });
    const row = slices.getByRole('row').filter({ hasText: 'billing' });
    await row.waitFor();
    const count = Number(await row.getByRole('gridcell').nth(1).innerText());
    await slices.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByTitle('Only cases of category=billing').waitFor();
    await expect.poll(() => cases(page)).toBe(count);
    await page.getByRole('button', { name: 'Show all slices, not only category=billing' }).click();
    await expect.poll(() => cases(page)).toBe(60);
    await page.close();
  });

  test('tabs by arrows, keys in a dialog, what is opened', async () => {
    const page = await open('better');
    await page.getByRole('tab', { name: 'Outputs' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('1 message changed, 1 message added, 1 tool added, temperature, reasoningEffort changed').waitFor();
    expect(await page.getByRole('region', { name: 'system, changed' }).locator('ins').first().innerText()).toContain('exactly');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Swap sides' }).click();
    await page.getByRole('button', { name: 'production v7 · 3f9a1c2e' }).click();
    await page.getByRole('button', { name: 'Promote…' }).click();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Copy as Markdown' }).click();
    await hasAsked(page, ['comparison/swap', 'open', 'comparison/promote', 'comparison/export']);
    await page.close();
  });
});

describe('judging', () => {
  test('1, 2, 3 give a verdict and take it back; Shift+Enter accepts what was found better', async () => {
    const page = await open('better');
    await page.getByText('reset-password-loop').click();
    await page.getByRole('complementary', { name: 'Case reset-password-loop' }).locator('.outputs').waitFor();
    await page.keyboard.press('1');
    await page.getByRole('button', { name: /^Left/, pressed: true }).waitFor();
    await expect.poll(() => page.locator('.row.sel .judged').innerText()).toBe('left');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.press('1');
    await page.getByRole('button', { name: /^Left/, pressed: false }).waitFor();
    await page.keyboard.press('Shift+Enter');
    const accepted = async (): Promise<unknown[]> => (await asked(page)).filter(({ method }) => method === 'output/accept').map(({ params }) => params);
    await expect.poll(accepted).toMatchObject([{ side: 'a', caseIndex: 1, repeat: 0 }, { side: 'b', caseIndex: 1, repeat: 0 }]);
    await page.close();
  });

  test('blinded, nothing tells whose an output is until the verdict, and it goes to the right side', async () => {
    const page = await open('better');
    await page.getByText('refund-late').click();
    await page.getByRole('complementary', { name: 'Case refund-late' }).waitFor();
    await page.keyboard.press('b');
    await page.getByText('Names, checks, costs and latencies appear after your verdict.').waitFor();
    expect(await grid(page).getByRole('columnheader').getByRole('button').allInnerTexts()).toEqual(['Case']);
    const detail = page.getByRole('complementary');
    const sides = new Set<string>();
    for (let i = 0; i < 8; i++) {
      await expect.poll(() => detail.locator('.side-name').allInnerTexts()).toEqual(['Left', 'Right']);
      const text = await detail.innerText();
      for (const telling of ['production', 'working copy', 'Trace', 'Assertions', 'regressed', 'improved', 'tok']) expect(text).not.toContain(telling);
      expect(await detail.locator('.reps .pass, .reps .fail').count()).toBe(0);
      // The baseline's outputs say one category, the other side's another: the order changes from case to case.
      const caseId = await active(page);
      await page.keyboard.press('1');
      await expect.poll(() => detail.locator('.side-name').allInnerTexts()).toEqual(['production v7', 'working copy']);
      const given = (await asked(page)).filter(({ method }) => method === 'comparison/verdict').at(-1)?.params as { verdict: string };
      sides.add(given.verdict);
      await expect.poll(async () => page.locator('.row', { has: page.getByText(caseId, { exact: true }) }).locator('.judged').innerText()).toBe(given.verdict === 'a' ? 'left' : 'right');
      await page.keyboard.press('F8');
      await expect.poll(() => active(page)).not.toBe(caseId);
      await page.getByRole('complementary', { name: `Case ${await active(page)}` }).waitFor();
    }
    expect([...sides].sort()).toEqual(['a', 'b']);
    await page.close();
  });
});

describe('what the person should know first', () => {
  test('a run under way shows how far it is and is cancelled', async () => {
    const page = await open('live&paced');
    await cancelWhileItGrows(page);
    await page.getByText(/^working copy was cancelled: \d+ of 180 outputs are there\./).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await hasAsked(page, ['comparison/cancel', 'comparison/resume']);
    await page.close();
  });

  test('an edited file, an early stop, an engine that is gone', async () => {
    const stale = await open('stale');
    await stale.getByText('The file of working copy has changed since it was run.').waitFor();
    await stale.getByRole('button', { name: 'Run what changed (60 cells, about $0.0132)' }).click();
    await hasAsked(stale, ['comparison/run-changed']);
    await stale.close();
    const stopped = await open('stopped');
    await stopped.getByText('Stopped after 60 of 400 cases, clearly better: 340 cases not run, about $0.3100 saved.').waitFor();
    await stopped.getByRole('button', { name: 'More actions' }).click();
    await stopped.getByRole('menuitem', { name: 'Run again until it is clear' }).click();
    await expect.poll(() => asked(stopped)).toMatchObject([{ method: 'comparison/again', params: { untilClear: { metric: 'passRate', margin: 0.05 } } }]);
    await stopped.close();
    const gone = await open('gone');
    await engineComesBack(gone, grid(gone));
    await gone.close();
  });

  test('a refused comparison says what to do, and still shows the prompts', async () => {
    const page = await open('refused');
    await page.getByText('The dataset and the judge differ between production v7 and working copy.').waitFor();
    await page.getByRole('tab', { name: 'Prompt' }).click();
    await page.getByRole('region', { name: 'system, changed' }).waitFor();
    await page.getByRole('tab', { name: 'Outputs' }).click();
    await page.getByRole('tabpanel').getByRole('button', { name: 'Run again' }).click();
    await hasAsked(page, ['comparison/again']);
    await page.close();
  });
});

describe('scores', () => {
  test('another metric and margin are asked for, and kept over a reload', async () => {
    const page = await open('better');
    await page.getByRole('tab', { name: 'Scores' }).click();
    await page.getByRole('figure').first().waitFor();
    await page.getByLabel('Verdict by').selectOption('cost');
    await expect.poll(() => verdict(page)).toMatch(/^Better\s+median cost/);
    await page.getByLabel('Verdict by').selectOption('passRate');
    await expect.poll(() => verdict(page)).toMatch(/^Better\s+pass rate/);
    await page.getByLabel('Margin').fill('2.5');
    await page.getByLabel('Margin').press('Enter');
    await page.getByText('Not worse by more than 2.5 points').waitFor();
    await page.reload();
    await page.getByText('Not worse by more than 2.5 points').waitFor();
    await page.close();
  });
});

describe('hostile and long texts', () => {
  test('hostile text is text in every place', async () => {
    const page = await open('hostile');
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await grid(page).focus();
    const count = 11;
    await expect.poll(() => cases(page)).toBe(count);
    for (let i = 0; i < count; i++) {
      await page.keyboard.press('Enter');
      await expect.poll(() => active(page)).not.toBe('');
      await page.getByRole('complementary', { name: `Case ${await active(page)}` }).waitFor();
      await page.keyboard.press('ArrowDown');
    }
    for (const tab of ['Prompt', 'Slices', 'Scores']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
    }
    await page.getByRole('figure').first().waitFor();
    expect(await page.locator('.panel img, .panel script, .panel iframe, .panel a[href]').count()).toBe(0);
    expect(await page.evaluate(() => ['stolen' in globalThis, 'polluted' in {}])).toEqual([false, false]);
    expect(requests).toEqual([]);
    await page.close();
  });

  test('two outputs of 200 KB are compared by words, and shown in steps', async () => {
    const page = await open('long');
    await page.getByText('refund-late').click();
    const outputs = page.locator('.outputs');
    await expect.poll(() => outputs.locator('ins').count()).toBeGreaterThan(100);
    await expect.poll(() => outputs.getByText(/^Show 100,000 more of /).count()).toBe(1);
    expect((await outputs.locator('ins').first().innerText()).startsWith('other')).toBe(true);
    await page.close();
  });
});

describe('large comparisons, narrow panels, reloads', () => {
  test.each([1280, 760, 680, 600])('the column of the person’s verdict is shown whole or not at all, %d wide', async (width) => {
    const page = await open('better', { width, height: 800 });
    await page.locator('.row.cols').waitFor();
    const column = await page.locator('.row.cols .judged').evaluate((element) => {
      const row = element.closest('.grid')?.getBoundingClientRect();
      const place = element.getBoundingClientRect();
      return { text: element.textContent, shown: place.width > 0, whole: element.scrollWidth <= element.clientWidth && place.right <= (row?.right ?? 0) };
    });
    expect(column).toEqual(width > 640 ? { text: 'Your verdict', shown: true, whole: true } : { text: 'Your verdict', shown: false, whole: true });
    await page.close();
  });

  test('20,000 cases: few elements, the end is reached', async () => {
    const page = await open('20000');
    await grid(page).waitFor();
    await expect.poll(() => cases(page)).toBe(20_000);
    await grid(page).focus();
    await page.keyboard.press('End');
    await expect.poll(() => active(page)).not.toBe('');
    expect(await page.locator('.rows > *').count()).toBeLessThan(80);
    await page.close();
  });

  test('at 480 pixels the detail is below and nothing is cut off', async () => {
    const page = await open('better', { width: 480, height: 800 });
    await page.getByText('refund-late').click();
    await page.getByRole('complementary').waitFor();
    const [list, detail] = [await grid(page).boundingBox(), await page.getByRole('complementary').boundingBox()];
    expect(detail?.y).toBeGreaterThan((list?.y ?? 0) + 50);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(480);
    // A verdict is the last thing to be cut off.
    await page.getByRole('tab', { name: 'Slices' }).click();
    const slices = page.locator('.line:not(.cols) .say .ell');
    await slices.filter({ hasText: /^too few cases: about \d+ more$/ }).first().waitFor();
    expect(await slices.evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent))).toEqual([]);
    await page.getByRole('tab', { name: 'Scores' }).click();
    await page.getByRole('cell', { name: 'no difference shown' }).first().waitFor();
    const room = await page.locator('.scores .say-cell').evaluateAll((all) => Math.min(...all.map((one) => innerWidth - one.getBoundingClientRect().left)));
    expect(room).toBeGreaterThan(64);
    await page.close();
  });

  test('the open case, its repeats and the folded parts come back', async () => {
    const page = await open('better');
    await page.getByText('coupon-then-error').click();
    const detail = page.getByRole('complementary', { name: 'Case coupon-then-error' });
    await detail.waitFor();
    await detail.getByRole('button', { name: 'Variables' }).click();
    await detail.getByRole('radiogroup', { name: 'Repeat of working copy' }).getByRole('radio').nth(2).click();
    await page.reload();
    await detail.waitFor();
    await detail.getByRole('button', { name: 'Variables', expanded: false }).waitFor();
    await detail.getByRole('radiogroup', { name: 'Repeat of working copy' }).getByRole('radio', { checked: true, name: /^Repeat 3/ }).waitFor();
    await expect.poll(() => active(page)).toBe('coupon-then-error');
    await page.close();
  });
});

/** For people to look at: `out/screenshots/compare-<state>-<theme>.png`. */
describe('pictures', () => {
  const folder = join(root, 'out/screenshots');
  test.each([['better', 'Better'], ['worse', 'Worse'], ['none', 'No difference shown'], ['few', 'Too few cases'], ['refused', 'Refused']])('of %s in every theme', async (state, word) => {
    mkdirSync(folder, { recursive: true });
    const page = await open(state, { width: 1280, height: 800 });
    await page.getByText(word).first().waitFor();
    if (state !== 'refused') {
      await page.locator('.row .case').first().click();
      await page.locator('.outputs').waitFor();
    }
    for (const [theme, kind] of [['dark', 'vscode-dark'], ['light', 'vscode-light'], ['hc', 'vscode-high-contrast']] as const) {
      await page.evaluate((names) => {
        document.documentElement.dataset['theme'] = names.theme;
        document.body.className = names.kind;
      }, { theme, kind });
      await page.screenshot({ path: join(folder, `compare-${state}-${theme}.png`), animations: 'disabled' });
    }
    // A word alone is no sign, and a sign alone no word: each verdict but "no difference" has both.
    expect(await page.locator('.verdict b .icon').count()).toBe(state === 'none' ? 0 : 1);
    await page.close();
  });
});
