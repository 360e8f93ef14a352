/** The run panel in a window of the real VS Code: when its first rows are painted, and what scrolling costs. */
import type { Frame, Page } from 'playwright-core';
import type { Window } from '../../e2e/harness.ts';
import { CONTROL } from './editor-texts.ts';

/** Milliseconds. */
export interface PaintTimes {
  /** From the creation of the panel in the window. VS Code's own part of it is what the control shows. */
  readonly sinceCreation: number;
  /** From the navigation to the panel's own document. */
  readonly sinceNavigation: number;
}

export interface LongTasks {
  readonly count: number;
  readonly longestMs: number;
}

/** Rows with what the model said in them, not the placeholders that stand there before. */
const ROW = '.rows .row .cell .out';
const EMPTY = '.bench-empty';

const WHEEL = { events: 180, everyMs: 16, pixels: 240 };

/**
 * Runs in the window before anything else; a text, because the types of this program are those of Node. It notes when a panel
 * is created, and when the frame after the one that has its first rows begins: they are painted then. VS Code loads a panel in a
 * hidden frame within a frame, both of the window's own origin here. The long tasks are those of the window and of its frames.
 */
const PROBE = `
if (window === window.top) {
  const bench = (window.touchstoneBench = { created: null, navigated: null, painted: null, longTasks: [] });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) bench.longTasks.push({ startTime, duration });
  }).observe({ type: 'longtask' });
  const look = () => {
    const frame = document.querySelector('iframe.webview')?.contentDocument?.getElementById('active-frame');
    const shown = frame && getComputedStyle(frame).visibility === 'visible' && frame.contentDocument?.querySelector(${JSON.stringify(`${ROW}, ${EMPTY}`)});
    if (!shown) return requestAnimationFrame(look);
    requestAnimationFrame(() => {
      bench.navigated = frame.contentWindow.performance.timeOrigin - performance.timeOrigin;
      bench.painted = performance.now();
    });
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes)
        if (node.nodeName === 'IFRAME' && node.classList.contains('webview')) {
          Object.assign(bench, { created: performance.now(), navigated: null, painted: null });
          requestAnimationFrame(look);
        }
  }).observe(document, { childList: true, subtree: true });
}`;

export async function installProbe(page: Page): Promise<void> {
  await page.addInitScript({ content: PROBE });
}

/** Opens the last run from the palette. */
export async function openRun(window: Window): Promise<{ paint: PaintTimes; frame: Frame }> {
  return openPanel(window, 'Touchstone: Open Last Run', ROW);
}

/** Opens a panel that shows one word. */
export async function openEmptyPanel(window: Window): Promise<PaintTimes> {
  return (await openPanel(window, CONTROL.openPanel, EMPTY)).paint;
}

async function openPanel(window: Window, command: string, selector: string): Promise<{ paint: PaintTimes; frame: Frame }> {
  await window.runCommand(command);
  const frame = await window.webview(selector);
  return { paint: await paintTimes(window.page), frame };
}

async function paintTimes(page: Page): Promise<PaintTimes> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const { created, navigated, painted } = await page.evaluate<Record<'created' | 'navigated' | 'painted', number | null>>('({ ...window.touchstoneBench, longTasks: [] })');
    if (created !== null && navigated !== null && painted !== null) return { sinceCreation: painted - created, sinceNavigation: painted - navigated };
    await page.waitForTimeout(50);
  }
  throw new Error('the window did not see the panel painted');
}

export async function closePanel(window: Window): Promise<void> {
  await window.runCommand('View: Close All Editors');
  await window.page.locator('iframe.webview').waitFor({ state: 'detached' });
}

/** Shows no row, or all of them. */
export async function search(window: Window, frame: Frame, text: string): Promise<void> {
  await frame.locator('[role=grid]').focus();
  await window.page.keyboard.press('/');
  await frame.getByRole('textbox', { name: 'Search cases, variables and outputs' }).fill(text);
  await (text === '' ? frame.locator(ROW).first().waitFor() : frame.getByText(`No case matches “${text}”.`).waitFor());
  await window.page.waitForTimeout(500);
}

/** The same turns of the wheel over the list, whatever is in it. @throws when a list with rows did not move */
export async function scroll(window: Window, frame: Frame): Promise<LongTasks> {
  const grid = frame.locator('[role=grid]');
  const box = await grid.boundingBox();
  if (!box) throw new Error('the grid cannot be seen');
  await grid.evaluate((element: { scrollTop: number }) => { element.scrollTop = 0; });
  await window.page.waitForTimeout(500);
  await window.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await window.page.evaluate('window.touchstoneBench.longTasks.length = 0');
  for (let at = 0; at < WHEEL.events; at++) {
    await window.page.mouse.wheel(0, WHEEL.pixels);
    await window.page.waitForTimeout(WHEEL.everyMs);
  }
  await window.page.waitForTimeout(300);
  const tasks = await window.page.evaluate<{ duration: number }[]>('window.touchstoneBench.longTasks');
  const moved = await grid.evaluate((element: { scrollTop: number }) => element.scrollTop);
  const rows = (await grid.getAttribute('aria-rowcount')) !== '1';
  if (rows && moved < (WHEEL.events * WHEEL.pixels) / 2) throw new Error(`the list moved by ${moved} pixels only`);
  if (rows) await frame.locator(ROW).first().waitFor();
  return { count: tasks.length, longestMs: Math.max(0, ...tasks.map(({ duration }) => duration)) };
}
