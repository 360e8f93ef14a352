/** The trace panel in a browser, with a fake host: its keyboard, its safety against hostile text, large and live traces, its reload. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { askedOf as asked, engineComesBack, hasAsked, panelPages, typeAtOnce } from '../fixtures/webview-harness/panel-pages.ts';

const { open } = panelPages('trace');

const tree = (page: Page) => page.getByRole('treegrid', { name: 'Spans' });
const detail = (page: Page) => page.getByRole('complementary', { name: 'Detail' });

/** The row that the keyboard is on, as a screen reader is told. */
async function active(page: Page): Promise<string> {
  return page.evaluate(() => {
    const list = document.querySelector('[role=treegrid]');
    return document.getElementById(list?.getAttribute('aria-activedescendant') ?? '')?.getAttribute('aria-label') ?? '';
  });
}

async function rows(page: Page): Promise<number> {
  return Number(await tree(page).getAttribute('aria-rowcount'));
}

describe('by keyboard alone', () => {
  test('into the tree, along it, into a span and back', async () => {
    const page = await open('agent');
    await tree(page).waitFor();
    for (let i = 0; i < 30 && !(await tree(page).evaluate((element) => element === document.activeElement)); i++) await page.keyboard.press('Tab');
    await expect.poll(() => tree(page).evaluate((element) => element === document.activeElement)).toBe(true);
    await expect.poll(() => active(page)).toBe('agent refund_agent, 4.2 s, 1 error'.replace(', 1 error', ''));
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => active(page)).toMatch(/^llm classify_request, gpt-5-mini, 246 ms/);
    await typeAtOnce(page, 'step 2');
    await expect.poll(() => active(page)).toMatch(/^chain step 2/);
    const all = await rows(page);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => rows(page)).toBe(all - 2);
    await page.keyboard.press('*');
    // The call and the tool, and what is below the tool, which is closed by itself.
    await expect.poll(() => rows(page)).toBe(all + 1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await detail(page).getByRole('tab', { name: 'Conversation', selected: true }).waitFor();
    await detail(page).getByText('My order A-20713 arrived yesterday').first().waitFor();
    await page.keyboard.press('End');
    await detail(page).getByText('refund damaged item Germany').waitFor();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => active(page)).toMatch(/^missing parent b41f02/);
    await page.keyboard.press('Escape');
    await detail(page).waitFor({ state: 'detached' });
    await expect.poll(() => tree(page).evaluate((element) => element === document.activeElement)).toBe(true);
    await page.close();
  });

  test('into the tree at once, and again when nothing has the focus', async () => {
    const page = await open('agent');
    await tree(page).waitFor();
    await expect.poll(() => tree(page).evaluate((element) => element === document.activeElement)).toBe(true);
    await page.evaluate(() => { (document.activeElement as HTMLElement).blur(); });
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => active(page)).toMatch(/^llm classify_request/);
    await expect.poll(() => tree(page).evaluate((element) => element === document.activeElement)).toBe(true);
    await page.close();
  });

  test('a key that the panel takes is not a key of VS Code, too', async () => {
    const page = await open('agent');
    await tree(page).waitFor();
    // As VS Code listens in a page: whatever was done with a key, what comes to the window runs the command that it is bound to.
    await page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(globalThis, { heard });
      addEventListener('keydown', ({ key, ctrlKey }) => { if (ctrlKey && key !== 'Control') heard.push(key); });
    });
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await detail(page).getByRole('tab', { name: 'Conversation', selected: true }).waitFor();
    await page.keyboard.press('Control+g');
    await page.keyboard.press('Control+p');
    await expect.poll(async () => (await asked(page)).filter(({ method }) => method === 'open').map(({ params }) => (params as { what: string }).what)).toEqual(['golden']);
    expect(await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)).toEqual(['p']);
    await page.close();
  });

  test('out of a menu to its button, which closes it too', async () => {
    const page = await open('agent');
    await tree(page).waitFor();
    const menu = page.getByRole('menu', { name: 'More actions' });
    const button = page.getByRole('button', { name: 'More actions' });
    await button.focus();
    await page.keyboard.press('Enter');
    await menu.waitFor();
    await page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('More actions');
    await button.click();
    await menu.waitFor();
    await button.click();
    await menu.waitFor({ state: 'detached' });
    await page.close();
  });

  test('to the error, by finding, and what is found is counted', async () => {
    const page = await open('agent');
    await tree(page).waitFor();
    await page.getByRole('row', { name: /^tool issue_refund/ }).getByText('POST /v1/refunds did not answer').waitFor();
    // The first token of a streamed call: 268 of its 460 ms.
    const [bar, notch] = await Promise.all(['.bar', '.first-token'].map((part) => page.getByRole('row', { name: /^llm next_action, gpt-5, 460 ms/ }).locator(part).boundingBox()));
    expect((notch!.x - bar!.x) / bar!.width).toBeCloseTo(268 / 460, 1);
    await page.keyboard.press('F8');
    await expect.poll(() => active(page)).toMatch(/^tool issue_refund.*failed|^tool issue_refund.*error/);
    await detail(page).getByText('TimeoutError').first().waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('A-20713');
    await page.getByText(/^\d+ matches$/).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.found').getByText(/^\d+ of \d+$/).waitFor();
    const first = await active(page);
    await page.keyboard.press('F3');
    await expect.poll(() => active(page)).not.toBe(first);
    await page.getByRole('textbox', { name: /Find in spans/ }).press('Escape');
    await page.locator('.found').waitFor({ state: 'detached' });
    await page.close();
  });

  test('tabs of the detail, attributes with where things were read from', async () => {
    const page = await open('agent');
    await page.getByText('plan', { exact: true }).first().click();
    await detail(page).getByRole('tab', { name: 'Conversation' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await detail(page).getByRole('tab', { name: /^Attributes/, selected: true }).waitFor();
    await detail(page).getByText('gen_ai.usage.cache_read.input_tokens').first().waitFor();
    await detail(page).getByRole('region', { name: 'Read from' }).getByText('gen_ai.response.model').waitFor();
    await detail(page).getByRole('searchbox', { name: 'Search attributes' }).fill('server');
    await expect.poll(() => detail(page).locator('.attrs dt').allInnerTexts()).toEqual(['server.address', 'server.port']);
    await page.close();
  });

  test('zooming by keys, and the keys are listed', async () => {
    const page = await open('agent');
    await tree(page).focus();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await page.getByTitle('Show the whole trace (0)').waitFor();
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('0');
    await page.getByTitle('Show the whole trace (0)').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.close();
  });
});

describe('what a person does', () => {
  test('a finding leads to its spans, one after the other', async () => {
    const page = await open('agent');
    const finding = page.getByRole('button', { name: /lookup_order was called 3 times/ });
    await finding.click();
    await expect.poll(() => active(page)).toMatch(/^tool lookup_order/);
    const first = await tree(page).getAttribute('aria-activedescendant');
    await finding.click();
    await expect.poll(() => tree(page).getAttribute('aria-activedescendant')).not.toBe(first);
    await expect.poll(() => active(page)).toMatch(/^tool lookup_order/);
    await page.close();
  });

  test('asks the extension to open, to copy, to export and to delete', async () => {
    const page = await open('agent');
    await page.getByText('plan', { exact: true }).first().click();
    await detail(page).getByRole('button', { name: /agent\/refund\.py/ }).click();
    await page.getByRole('button', { name: 'session 8d1f4c0e' }).click();
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Copy as OTLP' }).click();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Export as Markdown' }).click();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete trace' }).click();
    await hasAsked(page, ['open', 'open', 'trace/copy', 'trace/export', 'trace/delete']);
    expect((await asked(page))[1]?.params).toEqual({ what: 'traces', query: 'session:"8d1f4c0e"' });
    await page.evaluate(() => window.tellPanel('trace/deleted', {}));
    await page.getByText('This trace was deleted.').waitFor();
    await page.close();
  });

  test('kinds are filtered, what is above stays', async () => {
    const page = await open('agent');
    await page.getByRole('button', { name: /All kinds/ }).click();
    await page.getByRole('menuitemradio', { name: /^tool/ }).click();
    await expect.poll(() => rows(page)).toBe(1 + 5 + 6);
    await page.getByText('6 of 32 spans').waitFor();
    await page.getByRole('button', { name: /^tool/ }).click();
    await page.getByRole('menuitemradio', { name: 'All kinds' }).click();
    await page.getByText('32 spans · 1 running · 2 without parent').waitFor();
    await page.close();
  });

  test('reads the trace as one conversation, every message once', async () => {
    const page = await open('agent');
    await page.getByRole('radio', { name: 'Messages' }).click();
    const conversation = page.getByRole('main', { name: 'Conversation' });
    await conversation.getByText('Good news: we have refunded').first().waitFor();
    // Asked in each of seven calls with its history; said once in the conversation of the classifier, once in that of the agent.
    expect(await conversation.getByText('Photos are attached').count()).toBe(2);
    // What a call wrote, and what a tool took and why it failed, beside what was said.
    await conversation.getByText('The delivery date is missing').first().waitFor();
    expect(await conversation.getByRole('article', { name: 'next_action' }).nth(1).locator('.tokens').allInnerTexts()).toEqual(['48']);
    await conversation.getByRole('button', { name: /step 5 › issue_refund\s*300 ms\s*Failed\s*POST/ }).waitFor();
    await conversation.getByRole('button', { name: /step 4 › next_action/ }).click();
    await expect.poll(() => active(page)).toMatch(/^llm next_action, gpt-5, 301 ms/);
    await page.close();
  });

  test('view survives a reload: the open span, the tab, what is open, the border', async () => {
    const page = await open('agent');
    await page.getByText('step 3', { exact: true }).click();
    await page.keyboard.press('ArrowLeft');
    await page.getByText('policy_index', { exact: true }).click();
    await detail(page).getByRole('tab', { name: /^Attributes/ }).click();
    await page.getByRole('separator', { name: 'Size of the detail' }).focus();
    await page.keyboard.press('ArrowLeft');
    const [width, count] = [(await detail(page).boundingBox())?.width, await rows(page)];
    await page.reload();
    await detail(page).getByRole('tab', { name: /^Attributes/, selected: true }).waitFor();
    await expect.poll(() => active(page)).toMatch(/^retriever policy_index/);
    await expect.poll(() => rows(page)).toBe(count);
    await expect.poll(async () => (await detail(page).boundingBox())?.width).toBe(width);
    await page.close();
  });
});

describe('large traces', () => {
  test('100,000 spans: equal ones as one row, a match between earlier and later ones', async () => {
    const page = await open('large');
    await tree(page).waitFor();
    expect(await rows(page)).toBeLessThan(30);
    await page.keyboard.press('/');
    await page.keyboard.type('429');
    // No name holds it: Enter waits for what the engine finds.
    await page.keyboard.press('Enter');
    await page.getByText(/^[\d,]+ later$/).waitFor();
    await detail(page).getByText('429 rate limited').waitFor();
    expect(await page.locator('.rows .row').count()).toBeLessThan(80);
    await page.getByText(/^[\d,]+ later$/).click();
    await expect.poll(() => rows(page)).toBeGreaterThan(100);
    await page.close();
  });

  test('every span in a row of its own: the end is reached, with few elements', async () => {
    const page = await open('large');
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Show every span in a row of its own' }).click();
    await page.getByRole('button', { name: 'Expand all' }).click();
    await expect.poll(() => rows(page)).toBeGreaterThan(90_000);
    await tree(page).focus();
    await page.keyboard.press('End');
    await expect.poll(() => active(page)).toMatch(/^embedding query/);
    expect(await page.locator('.rows .row.sel').isVisible()).toBe(true);
    expect(await page.locator('.rows .row').count()).toBeLessThan(80);
    await page.close();
  });

  test('the overview zooms by dragging, and a double click shows everything', async () => {
    const page = await open('large');
    // What stands above it is there: it stays where it is.
    await page.getByText('met the rate limit (429)').first().waitFor();
    const map = page.locator('.map');
    const box = (await map.boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.getByTitle('Show the whole trace (0)').waitFor();
    const grips = await page.locator('.grip').evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().x));
    expect(grips[1]! - grips[0]!).toBeGreaterThan(90);
    expect(grips[1]! - grips[0]!).toBeLessThan(110);
    await map.dblclick({ position: { x: 20, y: 40 } });
    await page.getByTitle('Show the whole trace (0)').waitFor({ state: 'detached' });
    await page.close();
  });

  test('a chain of 2,000 levels', async () => {
    const page = await open('deep');
    await page.getByRole('button', { name: 'Expand all' }).click();
    await expect.poll(() => rows(page)).toBe(2001);
    await tree(page).focus();
    await page.keyboard.press('End');
    await expect.poll(() => active(page)).toMatch(/^llm last call/);
    await page.close();
  });
});

describe('a trace under way', () => {
  test('grows, and keeps what is selected', async () => {
    const page = await open('live&paced');
    await page.getByText('refund_agent').first().waitFor();
    await page.evaluate(() => window.growTo(600));
    await page.getByText('plan', { exact: true }).first().click();
    await detail(page).getByText('running').first().waitFor();
    const before = await rows(page);
    await page.evaluate(() => window.growTo(5000));
    await expect.poll(() => rows(page)).toBeGreaterThan(before + 3);
    await expect.poll(() => active(page)).toMatch(/^llm plan/);
    await detail(page).getByText('590 ms').waitFor();
    await page.close();
  });

  test('stands still when it is asked to, and catches up', async () => {
    const page = await open('live&paced');
    await page.getByRole('button', { name: 'Live', exact: true }).click();
    const before = await rows(page);
    await page.evaluate(() => window.growTo(5000));
    await page.getByRole('button', { name: 'Live off, changed since' }).waitFor();
    expect(await rows(page)).toBe(before);
    await page.getByRole('button', { name: /^Live off/ }).click();
    await expect.poll(() => rows(page)).toBeGreaterThan(before);
    await page.close();
  });
});

describe('states', () => {
  test('an engine that is gone is explained', async () => {
    const page = await open('gone');
    await engineComesBack(page, tree(page));
    await page.close();
  });

  test('no span yet, and one on its way', async () => {
    const page = await open('empty');
    await page.getByText('No span of this trace has arrived yet.').waitFor();
    await page.close();
    const waiting = await open('loading');
    await waiting.getByLabel('Loading the trace').waitFor();
    await waiting.close();
  });

  test('a span that the panel was opened for is shown at once', async () => {
    const page = await open('agent');
    await page.getByText('check_tone', { exact: true }).click();
    const id = await page.evaluate(() => window.fakeTrace.find('Is the tone friendly?')[0]);
    await page.close();
    const again = await open(`agent&reveal=${id}`);
    await expect.poll(() => active(again)).toMatch(/^llm check_tone/);
    await detail(again).getByText('Is the tone friendly?').first().waitFor();
    await again.close();
  });

  test('at 480 pixels nothing is cut off', async () => {
    const page = await open('agent', { width: 480, height: 800 });
    await tree(page).getByRole('row', { name: /^tool issue_refund/ }).first().waitFor();
    await page.keyboard.press('F8');
    await detail(page).waitFor();
    const [list, below] = [await tree(page).boundingBox(), await detail(page).boundingBox()];
    expect(below?.y).toBeGreaterThan((list?.y ?? 0) + 50);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(480);
    expect(await page.locator('.toolbar').evaluate((bar) => [...bar.children].every((child) => child.getBoundingClientRect().right <= 480))).toBe(true);
    await page.close();
  });
});

describe('hostile text', () => {
  test('is text in every place and every way of showing it', async () => {
    const page = await open('hostile');
    const requests: string[] = [];
    page.on('request', (request) => { if (!request.url().startsWith('data:')) requests.push(request.url()); });
    await tree(page).focus();
    await expect.poll(() => rows(page)).toBeGreaterThan(5);
    const count = await rows(page);
    for (let i = 0; i < count; i++) {
      await page.keyboard.press('Enter');
      await detail(page).locator('.strip').waitFor();
      for (const tab of await detail(page).getByRole('tab').all()) {
        await tab.click();
        for (let round = 0; round < 3; round++) {
          // Each that is there now: one may be gone with what was opened before it.
          for (const fold of await detail(page).locator('.body [aria-expanded=false], .body summary').elementHandles()) await fold.evaluate((element) => { (element as HTMLElement).click(); });
        }
      }
      await page.keyboard.press('Escape');
      await detail(page).waitFor({ state: 'detached' });
      await page.keyboard.press('ArrowDown');
    }
    await page.getByRole('radio', { name: 'Messages' }).click();
    await page.getByText('a strange role').waitFor();
    // The one picture that is drawn is a PNG of its own data.
    expect(await page.locator('.panel img').evaluateAll((images) => images.map((image) => (image as HTMLImageElement).src.slice(0, 22)))).toEqual(['data:image/png;base64,']);
    expect(await page.locator('.panel script, .panel iframe, .panel a[href], .panel svg[onload]').count()).toBe(0);
    expect(await page.evaluate(() => ['stolen' in globalThis, 'polluted' in {}])).toEqual([false, false]);
    expect(requests).toEqual([]);
    await page.close();
  });

  test('a text of a million characters comes cut, and whole when it is asked for', async () => {
    const page = await open('hostile');
    await page.locator('.row').nth(1).click();
    await detail(page).getByRole('button', { name: 'Show all 1,000,000 characters' }).click();
    await detail(page).getByText('Show 100,000 more of 990,000 characters').waitFor();
    await page.close();
  });
});
