/** The comparison panel in Chromium with a fake host: what scrolling costs beside an empty list, and the word difference of long outputs. */
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/tools/chromium.ts';
import { startHarness, type Harness } from '../fixtures/webview-harness/serve.ts';
import { atMost, median, type BenchmarkOptions, type Claim } from './benchmark.ts';

const PAGES = 7;
const ROUNDS = 3;
const DIFFERENCE_MS = 200;
/** A task is a long one, and felt, from here. */
const LONG_TASK_MS = 50;
const SCROLL = { events: 120, everyMs: 16, pixels: 240 };

/** A text, because the types of this program are those of Node. Notes when the first rows are there, and all long tasks. */
const PROBE = `
window.touchstoneBench = { shown: false, longTasks: [] };
new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) window.touchstoneBench.longTasks.push(duration); }).observe({ type: 'longtask' });
const look = () => {
  window.touchstoneBench.shown = document.querySelector('.rows .row .case, .nothing') !== null;
  if (!window.touchstoneBench.shown) requestAnimationFrame(look);
};
requestAnimationFrame(look);`;

export async function measurePanel({ quick }: BenchmarkOptions): Promise<Claim[]> {
  const harness = await startHarness();
  const browser = await launchChromium();
  try {
    return [...(await scrolls(harness, browser, quick ? 1 : ROUNDS)), ...(await differences(harness, browser, quick ? 2 : PAGES))];
  } finally {
    await browser.close();
    await harness.close();
  }
}

async function open(harness: Harness, browser: Browser, scenario: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(PROBE);
  await page.goto(`${harness.url}compare?scenario=${scenario}`);
  await until(page, 'window.touchstoneBench.shown');
  return page;
}

/** Asks again and again from here: the page's policy forbids what `waitForFunction` would put into it. */
async function until(page: Page, condition: string): Promise<void> {
  for (const started = performance.now(); !(await page.evaluate<boolean>(condition));) {
    if (performance.now() - started > 60_000) throw new Error(`waited a minute for ${condition}`);
    await page.waitForTimeout(10);
  }
}

async function scrolls(harness: Harness, browser: Browser, rounds: number): Promise<Claim[]> {
  const counts = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const scenario of ['empty', '5000']) {
      const page = await open(harness, browser, scenario);
      counts.set(scenario, [...(counts.get(scenario) ?? []), (await scroll(page, scenario !== 'empty')).length]);
      await page.close();
    }
  }
  console.log(`  long tasks while scrolling: an empty list ${counts.get('empty')?.join(' ') ?? ''}; 5,000 cases ${counts.get('5000')?.join(' ') ?? ''}`);
  return [atMost('long tasks while scrolling 5,000 cases, more than over an empty list', median(counts.get('5000') ?? []) - median(counts.get('empty') ?? []), 0, '')];
}

async function scroll(page: Page, moves: boolean): Promise<readonly number[]> {
  await page.mouse.move(400, 500);
  await page.waitForTimeout(500);
  await page.evaluate('window.touchstoneBench.longTasks.length = 0');
  for (let at = 0; at < SCROLL.events; at++) {
    await page.mouse.wheel(0, SCROLL.pixels);
    await page.waitForTimeout(SCROLL.everyMs);
  }
  await page.waitForTimeout(500);
  if (moves && (await page.evaluate<number>("document.querySelector('.grid').scrollTop")) < (SCROLL.events * SCROLL.pixels) / 2) throw new Error('the list did not move');
  return page.evaluate<number[]>('window.touchstoneBench.longTasks');
}

/** From the first of its steps to its result: the panel measures it (`word-difference`). */
async function differences(harness: Harness, browser: Browser, pages: number): Promise<Claim[]> {
  const took: number[] = [];
  const longest: number[] = [];
  for (let round = 0; round < pages; round++) {
    const page = await open(harness, browser, 'long');
    await page.waitForTimeout(300);
    await page.evaluate('window.touchstoneBench.longTasks.length = 0');
    await page.locator('.row .case').first().click();
    await until(page, "performance.getEntriesByName('word-difference').length > 0");
    await page.waitForTimeout(300);
    took.push(await page.evaluate<number>("performance.getEntriesByName('word-difference')[0].duration"));
    longest.push(Math.max(0, ...(await page.evaluate<number[]>('window.touchstoneBench.longTasks'))));
    if ((await page.locator('.outputs ins').count()) < 100) throw new Error('the words are not marked');
    await page.close();
  }
  console.log(`  word difference of two outputs of 200 KB: ${took.map((time) => time.toFixed(0)).join(' ')} ms; longest task from the click to the marked words ${longest.map((time) => (time === 0 ? `< ${LONG_TASK_MS}` : time.toFixed(0))).join(' ')} ms`);
  return [
    atMost('the word difference of two outputs of 200 KB', median(took), DIFFERENCE_MS, ' ms'),
    atMost('… and the longest that the panel is blocked meanwhile', median(longest), LONG_TASK_MS, ' ms'),
  ];
}
