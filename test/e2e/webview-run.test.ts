/** The run panel in a browser, with a fake host: its keyboard, its safety against hostile text, its reload. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { askedOf as asked, cancelWhileItGrows, engineComesBack, hasAsked, panelPages, typeAtOnce } from '../fixtures/webview-harness/panel-pages.ts';

const { open } = panelPages('');

/** The case and the column that the keyboard is on, as a screen reader is told. */
async function active(page: Page): Promise<{ id: string; text: string }> {
  return page.evaluate(() => {
    const grid = document.querySelector('[role=grid]');
    const cell = document.getElementById(grid?.getAttribute('aria-activedescendant') ?? '');
    const row = cell?.closest('[role=row]');
    return { id: row?.querySelector('.case')?.textContent ?? '', text: cell?.getAttribute('aria-label') ?? cell?.textContent ?? '' };
  });
}

describe('by keyboard alone', () => {
  test('from the grid into a cell, through its tabs, and back', async () => {
    const page = await open('finished');
    const grid = page.getByRole('grid', { name: 'Cells' });
    await grid.waitFor();
    // One tab stop: header link, dataset link, action, menu, filters, search, grouping, then the grid.
    for (let i = 0; i < 15 && !(await grid.evaluate((element) => element === document.activeElement)); i++) await page.keyboard.press('Tab');
    await expect.poll(() => grid.evaluate((element) => element === document.activeElement)).toBe(true);

    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => active(page)).toMatchObject({ id: 'coupon-then-error', text: expect.stringContaining('openai/gpt-5-mini, passed, billing') as string });

    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Cell coupon-then-error, openai/gpt-5-mini' }).waitFor();
    await page.keyboard.press('End');
    await page.getByRole('complementary', { name: 'Cell partnership-offer, openai/gpt-5-mini' }).waitFor();
    await expect.poll(async () => (await active(page)).id).toBe('partnership-offer');
    await page.keyboard.press('Home');
    await expect.poll(async () => (await active(page)).id).toBe('refund-late');

    const result = page.getByRole('tab', { name: 'Result' });
    await result.focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Request', selected: true }).waitFor();
    await page.getByText('max_completion_tokens').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
    await expect.poll(() => grid.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.close();
  });

  test('type-ahead, failing cells, copying', async () => {
    const page = await open('finished');
    await page.getByRole('grid').focus();
    await typeAtOnce(page, 'cob');
    await expect.poll(async () => (await active(page)).id).toBe('cobro-doble');
    await page.keyboard.press('F8');
    await expect.poll(async () => (await active(page)).text).toContain('failed');
    const first = await active(page);
    await page.keyboard.press('F8');
    await expect.poll(async () => (await active(page)).id + (await active(page)).text).not.toBe(first.id + first.text);
    await page.keyboard.press('Shift+F8');
    await expect.poll(async () => active(page)).toEqual(first);
    await page.getByRole('grid').focus();
    await page.keyboard.press('Control+c');
    await expect.poll(async () => (await asked(page)).filter((call) => call.method === 'copy').length).toBe(1);
    await page.close();
  });

  test('an output is drawn as Markdown by what is loaded for it', async () => {
    const page = await open('finished');
    await page.getByRole('grid').focus();
    await page.keyboard.press('Enter');
    const loaded = page.waitForResponse((response) => response.url().endsWith('/markdown-lexer.js'));
    await page.getByRole('radio', { name: 'Markdown' }).click();
    expect((await loaded).ok()).toBe(true);
    await page.locator('.markdown p').first().waitFor();
    await page.close();
  });

  test('search, no match, and the way back', async () => {
    const page = await open('finished');
    await page.getByRole('grid').focus();
    await page.keyboard.press('/');
    await expect.poll(() => page.getByRole('textbox', { name: 'Search cases, variables and outputs' }).evaluate((field) => field === (field.getRootNode() as ShadowRoot).activeElement)).toBe(true);
    await page.keyboard.type('no such case');
    await page.getByText('No case matches “no such case”.').waitFor();
    await page.getByRole('button', { name: 'Clear filter' }).click();
    await page.getByText('refund-late').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('SSO');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount')).toBe('3');
    await expect.poll(async () => (await active(page)).id).toBe('sso-loop-refund');
    await page.close();
  });

  test('filters by arrows, sorting from the header row, slices', async () => {
    const page = await open('finished');
    await page.getByRole('radio', { name: /^All/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('radio', { name: /^Failing/, checked: true }).waitFor();
    const failing = await page.getByRole('radio', { name: /^Failing/ }).innerText();
    await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(Number(failing.replace(/\D/g, '')) + 1));

    await page.getByRole('grid').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('s');
    await page.keyboard.press('Enter');
    await page.getByRole('columnheader', { name: /local/ }).and(page.locator('[aria-sort=ascending]')).waitFor();
    await page.keyboard.press('ArrowLeft');
    for (const order of ['ascending', 'descending', 'none']) {
      await page.keyboard.press('Enter');
      await page.getByRole('columnheader', { name: 'Case' }).and(page.locator(`[aria-sort=${order}]`)).waitFor();
    }

    // With a cell open, too: it stays, and nothing is asked for above the first row.
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary').waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('columnheader', { name: 'Case' }).and(page.locator('[aria-sort=ascending]')).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Group by slice' }).press('Enter');
    await page.getByRole('row', { expanded: true }).first().waitFor();
    const rows = async () => Number(await page.getByRole('grid').getAttribute('aria-rowcount'));
    const before = await rows();
    await page.getByRole('grid').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(rows).toBeLessThan(before);
    await page.keyboard.press('ArrowRight');
    await expect.poll(rows).toBe(before);
    await page.close();
  });

  test('the keys are listed, and the list closes', async () => {
    const page = await open('finished');
    await page.getByRole('grid').focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.getByRole('grid').evaluate((element) => element === document.activeElement)).toBe(true);
    await page.close();
  });

  test('the border is moved, and remembered over a reload with the open cell and the filter', async () => {
    const page = await open('finished');
    await page.getByText('refund-late').first().waitFor();
    await page.keyboard.press('F8');
    const detail = page.getByRole('complementary');
    await detail.waitFor();
    const width = async () => (await detail.boundingBox())?.width ?? 0;
    const before = await width();
    await page.getByRole('separator').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(width).toBe(before + 32);
    await page.getByRole('radio', { name: /^Failing/ }).click();
    const name = await detail.getAttribute('aria-label');
    await page.reload();
    await detail.waitFor();
    await expect.poll(() => detail.getAttribute('aria-label')).toBe(name);
    await expect.poll(width).toBe(before + 32);
    await page.getByRole('radio', { name: /^Failing/, checked: true }).waitFor();
    await page.close();
  });
});

describe('a run under way', () => {
  test('shows its progress and is cancelled', async () => {
    const page = await open('live&paced');
    await page.getByText('No verdict before the run ends.').waitFor();
    await cancelWhileItGrows(page);
    await page.getByText(/^Cancelled: \d+ of 120 cells are kept/).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await hasAsked(page, ['run/cancel', 'run/resume']);
    await page.close();
  });

  test('an engine that is gone is explained', async () => {
    const page = await open('gone');
    await engineComesBack(page, page.getByRole('grid'));
    await page.close();
  });
});

describe('hostile text', () => {
  test('is text in every place and every way of showing it', async () => {
    const page = await open('hostile');
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.getByRole('grid').focus();
    const count = 11;
    await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(count + 1));
    for (let i = 0; i < count; i++) {
      await page.keyboard.press('Enter');
      await expect.poll(async () => (await active(page)).id).not.toBe('');
      const { id } = await active(page);
      await page.getByRole('complementary', { name: `Cell ${id},` }).waitFor();
      await page.locator('.modes button').first().waitFor();
      for (const mode of await page.locator('.modes button').all()) await mode.click();
      for (const tab of ['Request', 'Response', 'Result']) await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('grid').focus();
      await page.keyboard.press('ArrowDown');
    }
    expect(await page.locator('.panel img, .panel script, .panel iframe, .panel a[href]').count()).toBe(0);
    expect(await page.evaluate(() => ['stolen' in globalThis, 'polluted' in {}])).toEqual([false, false]);
    expect(requests.map((url) => new URL(url).pathname)).toEqual(['/markdown-lexer.js']);
    await page.close();
  });

  test('a line of a million characters is shown in steps', async () => {
    const page = await open('hostile');
    await page.getByText('one-line-of-a-mill').first().click();
    await page.getByText('Show 100,000 more of 1,038,576 characters').waitFor();
    await page.close();
  });

  test('what hides is shown by its code', async () => {
    const page = await open('hostile');
    await page.getByRole('grid').getByText('zero-width').first().click();
    await page.locator('.output .unseen', { hasText: 'U+200B' }).first().waitFor();
    await page.close();
  });
});

describe('large runs and narrow panels', () => {
  test('20,000 cells: few elements, the end is reached, rows far away come', async () => {
    const page = await open('huge');
    await page.getByText('refund-late').first().waitFor();
    expect(await page.locator('.rows > *').count()).toBeLessThan(80);
    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    await expect.poll(async () => (await active(page)).id).toMatch(/-167$/);
    await page.keyboard.press('PageUp');
    await expect.poll(async () => (await active(page)).id).toMatch(/-16[67]$/);
    expect(await page.locator('.rows > *').count()).toBeLessThan(80);
    await page.close();
  });

  test('at 480 pixels nothing is cut off', async () => {
    const page = await open('finished', { width: 480, height: 800 });
    await page.getByText('refund-late').first().waitFor();
    await page.keyboard.press('F8');
    await page.getByRole('complementary').waitFor();
    const [grid, detail] = [await page.getByRole('grid').boundingBox(), await page.getByRole('complementary').boundingBox()];
    expect(detail?.y).toBeGreaterThan((grid?.y ?? 0) + 50);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(480);
    await page.close();
  });
});
