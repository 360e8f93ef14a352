/**
 * The trace panel in Chromium: when its first rows are painted, and what scrolling and zooming cost, beside an empty trace. What the engine
 * does, reading the skeleton from a real store and handing it to the extension, is measured apart. The extension asks for it when it makes the
 * panel, so it happens while the page loads: what it takes longer than that is added. (The page of this benchmark, on loopback and of one
 * process, loads sooner than VS Code's.)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/tools/chromium.ts';
import { startHarness, type Harness } from '../fixtures/webview-harness/serve.ts';
import { DATABASE_FILE, DATABASE_FOLDER, openDatabase } from '../../src/node/sqlite/database.ts';
import { createTraceReads } from '../../src/node/traces/read/reads.ts';
import { atMost, median, type Benchmark, type Claim } from './benchmark.ts';
import { fillStore, traceIdOf } from './trace-store.ts';

const SIZES: readonly (readonly [spans: number, paintMs: number])[] = [[20_000, 200], [100_000, 1000], [1_000_000, 5000]];
const PAGES = 5;
const ROUNDS = 3;
const SCROLL = { events: 120, everyMs: 16, pixels: 240 };
const ZOOM = { events: 40, everyMs: 30, pixels: 40 };

/**
 * A text, because the types of this program are those of Node. Notes when the frame after the one with the first rows begins: they are
 * painted then; and when the histograms of all rows and the overview are drawn, which follow. The fake host has made its trace before `host-ready`, as the engine has in the extension; its way to the panel through
 * postMessage is in the figure.
 */
const PROBE = `
window.touchstoneBench = { painted: null, complete: null, longTasks: [] };
new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) window.touchstoneBench.longTasks.push(duration); }).observe({ type: 'longtask' });
const look = () => {
  const shown = document.querySelector('.rows .row .name, .nothing-at-all');
  if (!shown) return requestAnimationFrame(look);
  requestAnimationFrame(() => { window.touchstoneBench.painted = performance.now(); whole(); });
};
const drawn = (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0);
const whole = () => {
  if (![...document.querySelectorAll('.rows .row canvas:not([hidden]), .map canvas')].every(drawn)) return requestAnimationFrame(whole);
  window.touchstoneBench.complete = performance.now();
};
requestAnimationFrame(look);`;

interface LongTasks {
  readonly count: number;
  readonly longestMs: number;
}

export const tracePanelBenchmark: Benchmark = {
  name: 'trace-panel',
  what: 'the trace panel in Chromium with a made-up run, from the panel’s first script to its painted rows, beside an empty trace in the same browser',
  async run({ quick }) {
    const harness = await startHarness();
    const browser = await launchChromium();
    try {
      // A million spans take minutes to store.
      const engine = await readsOf(quick ? SIZES.slice(0, 2) : SIZES, quick ? 2 : PAGES);
      return [...(await paints(harness, browser, quick ? 2 : PAGES, engine)), ...(await movements(harness, browser, quick ? 1 : ROUNDS))];
    } finally {
      await browser.close();
      await harness.close();
    }
  },
};

async function open(harness: Harness, browser: Browser, scenario: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript({ content: PROBE });
  await page.goto(`${harness.url}trace?scenario=${scenario}`);
  // Asked from here: the page's own policy forbids what waitForFunction does inside it.
  for (const end = Date.now() + 60_000; !(await page.evaluate<boolean>('window.touchstoneBench.complete !== null')); await page.waitForTimeout(20)) {
    if (Date.now() > end) throw new Error(`nothing was painted of ${scenario}`);
  }
  return page;
}

/** Milliseconds: until the page has loaded so far that the panel can ask, and from there on. */
interface PaintTimes {
  readonly load: number;
  readonly rows: number;
  readonly complete: number;
}

/** When a trace's first rows are painted, and all that belongs to them; a new page. */
async function paintTimes(harness: Harness, browser: Browser, scenario: string): Promise<PaintTimes> {
  const page = await open(harness, browser, scenario);
  try {
    return await page.evaluate<PaintTimes>(`(() => {
      const ready = performance.getEntriesByName('host-ready')[0].startTime;
      const { painted, complete } = window.touchstoneBench;
      return { load: ready, rows: painted - ready, complete: complete - ready };
    })()`);
  } finally {
    await page.close();
  }
}

/** Milliseconds from the panel's first word with its host until a trace's first rows are painted; a new page. */
export async function paintTime(harness: Harness, browser: Browser, scenario: string): Promise<number> {
  return (await paintTimes(harness, browser, scenario)).rows;
}

/** Milliseconds of the engine by the number of spans: the skeleton read anew by the engine's thread, and sent as the channel between the processes sends it. */
async function readsOf(sizes: typeof SIZES, rounds: number): Promise<ReadonlyMap<number, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-bench-panel-'));
  try {
    const database = await openDatabase(folder);
    // Small ones too: so many that a large one is no longer at hand after them.
    const small = [20, 20, 20, 20, 20];
    await fillStore(folder, [...small, ...sizes.map(([spans]) => spans)]);
    const reads = createTraceReads({ path: join(folder, DATABASE_FOLDER, DATABASE_FILE), prices: () => Promise.resolve({}) });
    try {
      const taken = new Map<number, number[]>();
      for (let round = 0; round < rounds; round++) {
        for (const [index, [spans]] of sizes.entries()) {
          for (const other of small.keys()) await reads.read('traces/skeleton', { traceId: traceIdOf(other) });
          const started = performance.now();
          const skeleton = await reads.read('traces/skeleton', { traceId: traceIdOf(small.length + index) });
          deserialize(serialize(skeleton));
          taken.set(spans, [...(taken.get(spans) ?? []), performance.now() - started]);
        }
      }
      for (const [spans, all] of taken) console.log(`  read by the engine, ${spans.toLocaleString('en')} spans: ${all.map((time) => time.toFixed(0)).join(' ')} ms (median ${median(all).toFixed(0)})`);
      return new Map([...taken].map(([spans, all]) => [spans, median(all)]));
    } finally {
      await reads.close();
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function paints(harness: Harness, browser: Browser, pages: number, engine: ReadonlyMap<number, number>): Promise<Claim[]> {
  const times = new Map<string, PaintTimes[]>();
  // In turn, so that what disturbs the machine disturbs all.
  for (let round = 0; round < pages; round++) {
    for (const scenario of ['empty', ...SIZES.map(([spans]) => String(spans))]) {
      times.set(scenario, [...(times.get(scenario) ?? []), await paintTimes(harness, browser, scenario)]);
    }
  }
  const of = (scenario: string, what: keyof PaintTimes): number => median((times.get(scenario) ?? []).map((one) => one[what]));
  for (const [scenario, all] of times) console.log(`  painted, ${Number.isNaN(Number(scenario)) ? scenario : `${Number(scenario).toLocaleString('en')} spans`}: ${all.map(({ rows }) => rows.toFixed(0)).join(' ')} ms (median ${of(scenario, 'rows').toFixed(0)}; with histograms and overview ${of(scenario, 'complete').toFixed(0)})`);
  // That of the empty trace: the others make theirs while they load.
  const load = of('empty', 'load');
  const [small, , large] = SIZES.map(([spans]) => of(String(spans), 'rows'));
  return [
    ...SIZES.map(([spans, limit]) => {
      const read = engine.get(spans);
      const late = Math.max(0, (read ?? 0) - load);
      return atMost(`${spans.toLocaleString('en')} spans are painted${read === undefined ? ' (without the engine)' : `, ${late.toFixed(0)} of the engine’s ${read.toFixed(0)} ms included (the page loads in ${load.toFixed(0)})`}`, of(String(spans), 'rows') + late, limit, ' ms');
    }),
    atMost('… time from 20,000 to 1,000,000 spans, fifty times as many', (large ?? NaN) / (small ?? NaN), 50, '×'),
  ];
}

async function movements(harness: Harness, browser: Browser, rounds: number): Promise<Claim[]> {
  const measured = new Map<string, LongTasks[]>();
  const note = (what: string, tasks: LongTasks): void => void measured.set(what, [...(measured.get(what) ?? []), tasks]);
  for (let round = 0; round < rounds; round++) {
    const control = await open(harness, browser, 'empty');
    note('scroll, an empty trace', await scroll(control));
    note('zoom, an empty trace', await zoom(control));
    await control.close();
    const merged = await open(harness, browser, '1000000');
    await merged.waitForTimeout(2000);
    note('zoom, a million spans, equal ones as one row', await zoom(merged));
    await merged.close();
    const rows = await open(harness, browser, '1000000');
    await rows.getByRole('button', { name: 'More actions' }).click();
    await rows.getByRole('menuitem', { name: 'Show every span in a row of its own' }).click();
    await rows.getByRole('button', { name: 'Expand all' }).click();
    await rows.waitForTimeout(2000);
    const count = Number(await rows.getByRole('treegrid').getAttribute('aria-rowcount'));
    if (count < 500_000) throw new Error(`only ${count} rows are open`);
    note('scroll, a million spans in rows of their own', await scroll(rows));
    note('zoom, a million spans in rows of their own', await zoom(rows));
    await rows.close();
  }
  for (const [what, tasks] of measured) console.log(`  long tasks: ${what}: ${tasks.map(({ count, longestMs }) => `${count}${count > 0 ? ` (${Math.round(longestMs)} ms)` : ''}`).join(', ')}`);
  const of = (what: string): number => median((measured.get(what) ?? []).map(({ count }) => count));
  return [
    atMost('long tasks while scrolling a million rows, more than over an empty list', of('scroll, a million spans in rows of their own') - of('scroll, an empty trace'), 0, ''),
    atMost('… while zooming over a million rows', of('zoom, a million spans in rows of their own') - of('zoom, an empty trace'), 0, ''),
    atMost('… while zooming over a million spans, equal ones as one row', of('zoom, a million spans, equal ones as one row') - of('zoom, an empty trace'), 0, ''),
  ];
}

async function scroll(page: Page): Promise<LongTasks> {
  return longTasks(page, async () => {
    const before = await top(page);
    for (let at = 0; at < SCROLL.events; at++) {
      await page.mouse.wheel(0, SCROLL.pixels);
      await page.waitForTimeout(SCROLL.everyMs);
    }
    const rows = await page.locator('.rows').count();
    if (rows > 0 && (await top(page)) - before < (SCROLL.events * SCROLL.pixels) / 2) throw new Error('the list did not move');
  });
}

async function top(page: Page): Promise<number> {
  return page.evaluate<number>("document.querySelector('.rows')?.scrollTop ?? 0");
}

/** Nearer and away again, with the wheel over the timeline. */
async function zoom(page: Page): Promise<LongTasks> {
  return longTasks(page, async () => {
    await page.keyboard.down('Control');
    for (const direction of [-1, 1]) {
      for (let at = 0; at < ZOOM.events; at++) {
        await page.mouse.wheel(0, direction * ZOOM.pixels);
        await page.waitForTimeout(ZOOM.everyMs);
      }
    }
    await page.keyboard.up('Control');
  });
}

async function longTasks(page: Page, action: () => Promise<void>): Promise<LongTasks> {
  await page.mouse.move(1000, 500);
  await page.waitForTimeout(500);
  await page.evaluate('window.touchstoneBench.longTasks.length = 0');
  await action();
  await page.waitForTimeout(500);
  const tasks = await page.evaluate<number[]>('window.touchstoneBench.longTasks');
  return { count: tasks.length, longestMs: Math.max(0, ...tasks) };
}
