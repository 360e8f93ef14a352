/** The editor's side, in the real VS Code with the packaged extension: starting, lenses, the run panel, the package. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../scripts/tools/chromium.ts';
import { packagedExtension } from '../../scripts/tools/package.ts';
import { startVSCode, type VSCodeServer } from '../../scripts/tools/vscode-server.ts';
import { Window } from '../e2e/harness.ts';
import { atMost, median, type Benchmark, type BenchmarkOptions, type Claim } from './benchmark.ts';
import type { HostTimes } from './editor-host.ts';
import { closePanel, installProbe, openEmptyPanel, openRun, scroll, search, type LongTasks, type PaintTimes } from './tools/editor-panel.ts';
import { bundleForHost, hostPayload, measureInHost } from './tools/extension-host.ts';
import { emptyWorkspace, PROMPT_FILE, workspaceWithRun, writeControlExtension } from './tools/editor-workspace.ts';

const HOSTS = 5;
const ACTIVATE_MS = 30;
const LENSES_MS = 50;
const CELLS = 20_000;
const WINDOWS = 5;
const PAINT_MS = 500;
const SCROLLS = 5;
const PACKAGE_MB = 4;
const PACKAGE_WITH_MODEL_MB = 36;

/** The folder of everything that one benchmark needs beside VS Code. */
interface Place {
  readonly server: VSCodeServer;
  readonly control: string;
  readonly tests: string;
  readonly timesFile: string;
}

export const editorBenchmark: Benchmark = {
  name: 'editor',
  what: 'the packaged extension in the real VS Code, each figure beside a control in the same window or host',
  async run(options) {
    const slim = await packagedExtension({ weights: false });
    const vsix = await packagedExtension({ weights: true });
    const own = mkdtempSync(join(tmpdir(), 'touchstone-bench-'));
    const control = join(own, 'control');
    writeControlExtension(control);
    const tests = join(own, 'host.cjs');
    await bundleForHost('editor-host.ts', tests);
    const timesFile = join(own, 'times.json');
    const server = await startVSCode({ vsix, smokeTestDriver: true, env: { TOUCHSTONE_BENCH_TIMES: timesFile } });
    try {
      const place: Place = { server, control, tests, timesFile };
      return [...(await hosts(place, options)), ...(await panels(place, options)), ...sizes(slim, vsix)];
    } finally {
      await server.stop();
      rmSync(own, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

function sizes(slim: string, vsix: string): Claim[] {
  const megabytes = (file: string): number => statSync(file).size / 1e6;
  return [atMost('package for one target, without the local model', megabytes(slim), PACKAGE_MB, ' MB'), atMost('package for one target, with it', megabytes(vsix), PACKAGE_WITH_MODEL_MB, ' MB')];
}

/** Each in an extension host of its own. */
async function hosts(place: Place, { quick }: BenchmarkOptions): Promise<Claim[]> {
  const all: HostTimes[] = [];
  for (let at = 0; at < (quick ? 2 : HOSTS); at++) all.push(await oneHost(place));
  const activation = (what: 'load' | 'activate' | 'whole', which: 'ours' | 'control' = 'ours'): number[] => all.map((times) => times.activation[which][what]);
  for (const what of ['activate', 'load', 'whole'] as const) console.log(`  ${{ activate: 'activate()', load: 'loading the bundle', whole: 'both, with VS Code’s own work' }[what]}, ${all.length} hosts: ${list(activation(what))}; an empty extension ${list(activation(what, 'control'))}`);
  const first = (which: 'ours' | 'control'): number[] => all.map(({ lenses }) => lenses[which].first);
  const edited = (which: 'ours' | 'control'): number[] => all.map(({ lenses }) => median(lenses[which].edited));
  const unchanged = (which: 'ours' | 'control'): number[] => all.map(({ lenses }) => median(lenses[which].unchanged));
  console.log(`  lenses of 2,000 lines, the first ones of a host: ${list(first('ours'))}; of a YAML file without any ${list(first('control'))}`);
  console.log(`  … an edit and the lenses after it, each the median of ${all[0]?.lenses.ours.edited.length ?? 0}: ${list(edited('ours'))}; ${list(edited('control'))}`);
  console.log(`  … unchanged, each the median of ${all[0]?.lenses.ours.unchanged.length ?? 0}: ${list(unchanged('ours'))}; ${list(unchanged('control'))}`);
  return [
    atMost('activate()', median(activation('activate')), ACTIVATE_MS, ' ms'),
    atMost('lenses of 2,000 lines, the first ones of a host', median(first('ours')), LENSES_MS, ' ms'),
    atMost('an edit of 2,000 lines and the lenses after it', median(edited('ours')), LENSES_MS, ' ms'),
  ];
}

/** Rounded, in the order measured, and the median. */
function list(values: readonly number[]): string {
  return `${values.map((value) => value.toFixed(value < 10 ? 1 : 0)).join(' ')} ms (median ${median(values).toFixed(1)})`;
}

async function oneHost(place: Place): Promise<HostTimes> {
  const workspace = emptyWorkspace();
  try {
    return await measureInHost<HostTimes>({ ...place, folder: workspace.folder });
  } finally {
    workspace.remove();
  }
}

async function panels(place: Place, options: BenchmarkOptions): Promise<Claim[]> {
  const workspace = await workspaceWithRun(CELLS);
  const cold: PaintTimes[] = [];
  const warm: PaintTimes[] = [];
  const empty: PaintTimes[] = [];
  const scrolls: { rows: LongTasks; none: LongTasks }[] = [];
  try {
    const windows = options.quick ? 2 : WINDOWS;
    for (let at = 0; at < windows; at++) {
      const browser = await launchChromium();
      try {
        const window = await openedWindow(browser, place, workspace.folder);
        const opened = await openRun(window);
        cold.push(opened.paint);
        await closePanel(window);
        empty.push(await openEmptyPanel(window));
        await closePanel(window);
        const again = await openRun(window);
        warm.push(again.paint);
        if (at === windows - 1) for (let round = 0; round < (options.quick ? 2 : SCROLLS); round++) scrolls.push(await scrollBoth(window, again.frame));
      } finally {
        await browser.close();
      }
    }
  } finally {
    workspace.remove();
  }
  const paint = (times: readonly PaintTimes[]): string => `${list(times.map(({ sinceCreation }) => sinceCreation))}, of its own document ${list(times.map(({ sinceNavigation }) => sinceNavigation))}`;
  console.log(`  the first rows of ${CELLS.toLocaleString('en')} cells, from the panel's creation, first of a window: ${paint(cold)}`);
  console.log(`  … again: ${paint(warm)}`);
  console.log(`  … a panel with one word: ${paint(empty)}`);
  const tasks = (which: 'rows' | 'none'): string => scrolls.map((round) => `${round[which].count}${round[which].count > 0 ? ` (${Math.round(round[which].longestMs)} ms)` : ''}`).join(', ');
  console.log(`  long tasks while scrolling, ${scrolls.length} rounds in turn: ${CELLS.toLocaleString('en')} rows ${tasks('rows')}; an empty list ${tasks('none')}`);
  const own = [...cold, ...warm].map(({ sinceNavigation }) => sinceNavigation);
  const whole = [...cold, ...warm].map(({ sinceCreation }) => sinceCreation);
  return [
    atMost(`the run panel with ${CELLS.toLocaleString('en')} cells paints rows, from its own document's start`, median(own), PAINT_MS, ' ms'),
    atMost(`… from the panel's creation, VS Code's part included`, median(whole), PAINT_MS, ' ms'),
    atMost('long tasks while scrolling, more than over an empty list', median(scrolls.map(({ rows }) => rows.count)) - median(scrolls.map(({ none }) => none.count)), 0, ''),
  ];
}

async function openedWindow(browser: Browser, { server, control }: Place, folder: string): Promise<Window> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await installProbe(page);
  const window = new Window(page, server, folder, () => browser.close());
  await page.goto(server.address(folder, hostPayload(server, { extensionDevelopmentPath: control })));
  await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
  await page.locator('.explorer-folders-view, .explorer-viewlet').first().waitFor({ timeout: 60_000 });
  // The palette offers the last run once somebody has looked at its prompt.
  await window.openFile(PROMPT_FILE);
  await window.lens(/\d\/\d/);
  return window;
}

async function scrollBoth(window: Window, frame: Awaited<ReturnType<typeof openRun>>['frame']): Promise<{ rows: LongTasks; none: LongTasks }> {
  const rows = await scroll(window, frame);
  await search(window, frame, 'no such ticket');
  const none = await scroll(window, frame);
  await search(window, frame, '');
  return { rows, none };
}
