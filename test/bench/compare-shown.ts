/**
 * From the request to the rows on the screen, by one clock: the engine in a process of its own and the panel's page in Chromium, at the same time as
 * in the extension, which asks the engine while the page loads (`FirstAnswer`). What stands between them here, Chromium's debugging protocol
 * instead of VS Code's messages, counts too; what VS Code itself takes to make a webview does not.
 */
import type { Browser, Page } from 'playwright-core';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium } from '../../scripts/tools/chromium.ts';
import { root } from '../../scripts/tools/paths.ts';
import { askShown } from '../../src/extension/features/compare-panel/shown.ts';
import { startEngineProcess, type EngineProcess } from '../../src/extension/engine/engine-process.ts';
import { FirstAnswer } from '../../src/extension/panels/first-answer.ts';
import { comparePanelParams } from '../../src/protocol/compare-panel-params.ts';
import { FIRST_QUESTION, type ComparisonQuestion, type ShownComparison } from '../../src/protocol/compare-panel.ts';
import type { ComparisonRef } from '../../src/protocol/compare.ts';
import { decoded, RpcPeer } from '../../src/protocol/rpc-peer.ts';
import { startHarness, type Harness } from '../fixtures/webview-harness/serve.ts';
import { engineSettings } from '../fixtures/eval/engine-fixture.ts';
import { atMost, median, type BenchmarkOptions, type Claim } from './benchmark.ts';

const SHOWN_MS = 300;
const ROUNDS = 11;

/** An engine that has just started is still at work: it looks for prompts, its threads begin, and it rehearses comparing (`Rehearsal`). Milliseconds. */
const SETTLED_MS = 2000;

/** A store with two pairs of runs, and what is compared in it. */
export interface ComparedStore {
  readonly folder: string;
  readonly cases: number;
  readonly ref: ComparisonRef;
  /** Compared before, where an engine is measured that is no newcomer: nothing of it is read again for `ref`. */
  readonly other: ComparisonRef;
}

/** A text, because the types of this program are those of Node. Tells when the frame after the one with the first rows begins: they are painted then. */
const PROBE = `
const look = () => (document.querySelector('.rows .row .case') ? requestAnimationFrame(() => window.painted()) : requestAnimationFrame(look));
requestAnimationFrame(look);`;

/** `large` is what is claimed; `empty`, of one case, is the control. */
export async function measureShown({ large, empty }: { readonly large: ComparedStore; readonly empty: ComparedStore }, { quick }: BenchmarkOptions): Promise<Claim[]> {
  const harness = await startHarness();
  const browser = await launchChromium();
  const times = { empty: [] as number[], first: [] as number[], later: [] as number[] };
  try {
    // Once before: both programs are read from the disk then.
    await show(empty, harness, browser, 'later');
    // In turn, so that what disturbs the machine disturbs all.
    for (let round = 0; round < (quick ? 3 : ROUNDS); round++) {
      times.empty.push(await show(empty, harness, browser, 'later'));
      times.first.push(await show(large, harness, browser, 'first'));
      times.later.push(await show(large, harness, browser, 'later'));
    }
  } finally {
    await browser.close();
    await harness.close();
  }
  const figures = (values: readonly number[]): string => `${values.map((value) => value.toFixed(0)).join(' ')} (median ${median(values).toFixed(0)}) ms`;
  console.log(`  from the request to the painted rows, engine and page together: one case ${figures(times.empty)}; ${large.cases.toLocaleString('en-US')} cases × 2 ${figures(times.later)}; as the first comparison of an engine's life ${figures(times.first)}`);
  const what = `${large.cases.toLocaleString('en-US')} cases × 2 versions from the store, from the request to the painted rows`;
  return [atMost(`${what}, as the first comparison of an engine's life`, median(times.first), SHOWN_MS, ' ms'), atMost(`${what}, as a later one`, median(times.later), SHOWN_MS, ' ms')];
}

/** A new engine and a new page; `later`: the engine has compared another pair of runs before, so that its code is compiled. @returns milliseconds */
async function show(store: ComparedStore, harness: Harness, browser: Browser, which: 'first' | 'later'): Promise<number> {
  const engine = startEngineProcess({ entry: join(root, 'dist/engine.mjs'), handlers: {}, listeners: {}, onOutput: (line) => console.error(line), onProblem: (error) => console.error(error.message) });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  try {
    await engine.peer.request('engine/configure', engineSettings(store.folder));
    // Opens the database, as whatever a person compares from has done before.
    await engine.peer.request('runs/list', { limit: 10 });
    if (which === 'later') await askShown(engine.peer, await compared(engine, store.other), [], FIRST_QUESTION);
    await sleep(SETTLED_MS);
    const comparisons = await compared(engine, store.ref);
    const painted = Promise.withResolvers<void>();
    const host: { peer?: RpcPeer<Record<never, never>> } = {};
    await page.exposeFunction('painted', () => painted.resolve());
    await page.exposeFunction('toHost', (message: unknown) => host.peer?.receive(message));
    await page.addInitScript(PROBE);
    const started = performance.now();
    host.peer = hostOf(engine, comparisons, page);
    await page.goto(`${harness.url}compare?scenario=bridge`, { waitUntil: 'commit' });
    await painted.promise;
    const took = performance.now() - started;
    if ((await page.locator('.filter [role=radio]').first().innerText()).replaceAll(/\D/g, '') !== String(store.cases)) throw new Error('the comparison is not of all cases');
    return took;
  } finally {
    await page.close();
    engine.stop();
    await engine.exited;
  }
}

/** As the command does that then shows the panel: both runs are there, and nothing is run. */
async function compared(engine: EngineProcess, { a, b }: ComparisonRef): Promise<readonly ComparisonRef[]> {
  return (await engine.peer.request('compare/start', { sides: [a, b].map(({ runId }) => `run:${runId}`), origin: 'editor' })).comparisons;
}

/** What the extension does for the page until it is painted. */
function hostOf(engine: EngineProcess, comparisons: readonly ComparisonRef[], page: Page): RpcPeer<Record<never, never>> {
  const show = async (question: ComparisonQuestion): Promise<ShownComparison> => {
    const answer = await askShown(engine.peer, comparisons, [], question);
    if (answer === null) throw new Error('there is nothing to show');
    return answer.shown;
  };
  const first = new FirstAnswer<ComparisonQuestion, ShownComparison>(show, FIRST_QUESTION);
  return new RpcPeer<Record<never, never>>((message) => void page.evaluate((sent) => (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(sent), message).catch(() => undefined), {
    onProblem: (problem) => console.error(problem.message),
    handlers: {
      'comparison/get': decoded(comparePanelParams['comparison/get'], (question, signal) => first.to(question, signal)),
      'comparison/page': decoded(comparePanelParams['comparison/page'], (asked) => engine.peer.request('compare/page', asked)),
      'comparison/estimate': () => ({ cells: 0, known: 0, usd: 0 }),
    },
  });
}
