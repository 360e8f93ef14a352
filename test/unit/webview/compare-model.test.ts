import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import type { ComparisonRef } from '../../../src/protocol/compare.ts';
import { decodeComparePanelResult } from '../../../src/protocol/compare-panel-decode.ts';
import { comparePanelParams } from '../../../src/protocol/compare-panel-params.ts';
import { FIRST_QUESTION, type ComparePanelMethods, type ComparisonQuestion, type ShownComparison } from '../../../src/protocol/compare-panel.ts';
import { decoded, RpcPeer } from '../../../src/protocol/rpc-peer.ts';
import { CompareModel } from '../../../webview/panels/compare/compare-model.ts';
import { decodeViewState, type ViewState } from '../../../webview/panels/compare/view-state.ts';
import { HEADER_ROW } from '../../../webview/shared/grid-place.ts';
import { FakeComparison, type FakeComparisonOptions } from '../../fixtures/webview-harness/fake-comparison.ts';

const models: CompareModel[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

const TICKETS: FakeComparisonOptions = { cases: 60, repeats: 2, patterns: ['pp>ff', 'ff>pp', 'pf>pp'] };

/** The panel's model over the real RPC and its decoders, with comparisons in memory at the other end. */
function setup(options: readonly FakeComparisonOptions[] = [TICKETS], kept: Partial<ViewState> = {}) {
  const fakes = options.map((one) => new FakeComparison(one));
  const saved: { state: ViewState; subject: string }[] = [];
  const problem: { error: TouchstoneError | null } = { error: null };
  const calls: { method: string; params: unknown }[] = [];
  const of = (ref: ComparisonRef | null): FakeComparison => fakes.find((fake) => fake.ref.b.runId === ref?.b.runId) ?? fakes[0]!;
  const answer = <T>(method: string, params: unknown, result: () => T): T => {
    calls.push({ method, params });
    if (problem.error !== null) throw problem.error;
    return result();
  };
  const shown = ({ ref, settings, rows }: ComparisonQuestion): ShownComparison => ({
    comparison: of(ref).comparison(settings), environments: [], choices: fakes.map((fake) => ({ ref: fake.ref, label: fake.comparison(settings).b.label, verdict: null })),
    page: rows === null ? null : of(ref).page(rows.view, 0, rows.count),
  });
  const host: RpcPeer<Record<never, never>> = new RpcPeer((message) => queueMicrotask(() => peer.receive(structuredClone(message))), {
    handlers: {
      'comparison/get': decoded(comparePanelParams['comparison/get'], (params) => answer('comparison/get', params, () => shown(params))),
      'comparison/page': decoded(comparePanelParams['comparison/page'], (params) => answer('comparison/page', params, () => of(params.ref).page(params.view, params.from, params.to))),
      'comparison/find': decoded(comparePanelParams['comparison/find'], (params) => of(params.ref).find(params.view, params.caseIndex)),
      'comparison/case': decoded(comparePanelParams['comparison/case'], (params) => answer('comparison/case', params, () => of(params.ref).case(params.caseIndex))),
      'comparison/distributions': decoded(comparePanelParams['comparison/distributions'], (params) => answer('comparison/distributions', params, () => of(params.ref).distributions())),
      'comparison/verdict': decoded(comparePanelParams['comparison/verdict'], (params) => answer('comparison/verdict', params, () => {
        of(params.ref).judge(params.caseIndex, params.verdict);
        return {};
      })),
      'comparison/estimate': decoded(comparePanelParams['comparison/estimate'], (params) => answer('comparison/estimate', params, () => ({ cells: 3, known: 117, usd: 0.1 }))),
      'output/accept': decoded(comparePanelParams['output/accept'], (params) => answer('output/accept', params, () => ({}))),
      'copy': decoded(comparePanelParams['copy'], (params) => answer('copy', params, () => ({}))),
    },
  });
  const peer = new RpcPeer<ComparePanelMethods>((message) => queueMicrotask(() => host.receive(structuredClone(message))), { decodeResult: decodeComparePanelResult });
  const model = new CompareModel(peer, { ...decodeViewState(undefined, 5), ...kept }, (state, subject) => saved.push({ state, subject }));
  models.push(model);
  const asked = (method: string) => calls.filter((call) => call.method === method);
  return { fakes, fake: fakes[0]!, model, saved, problem, asked };
}

async function started(options?: readonly FakeComparisonOptions[], kept?: Partial<ViewState>): Promise<ReturnType<typeof setup>> {
  const all = setup(options, kept);
  await all.model.start();
  await all.model.rows.load(0);
  return all;
}

describe('the comparison panel’s model', () => {
  test('reads the comparison, then rows: what regressed first; keeps which runs it shows', async () => {
    const { model, saved } = await started();
    expect(model.shown.value?.comparison.counts).toMatchObject({ all: 60, regressed: 1, improved: 2 });
    expect([0, 1, 2].map((row) => model.rows.row(row)?.caseIndex)).toEqual([0, 1, 2]);
    await expect.poll(() => saved.length).toBeGreaterThan(0);
    expect(JSON.parse(saved.at(-1)?.subject ?? '')).toEqual([model.ref]);
  });

  test('asks first what the extension has ready, and its rows come with it', async () => {
    const { model, asked } = setup();
    await model.start();
    expect(asked('comparison/get').map(({ params }) => params)).toEqual([FIRST_QUESTION]);
    expect([model.rows.total, model.rows.row(59)?.caseId]).toEqual([60, expect.any(String)]);
    model.rows.want(0, 30);
    await model.rows.load(59);
    expect(asked('comparison/page')).toEqual([]);
    model.changed();
    await expect.poll(() => asked('comparison/get')).toHaveLength(2);
    expect(asked('comparison/get')[1]?.params).toMatchObject({ rows: null });
  });

  test('an open case follows the keyboard when it rests, and comes back after a reload', async () => {
    const { model, asked } = await started();
    await model.openRow(0);
    expect(model.open.value?.detail?.caseIndex).toBe(0);
    for (const row of [1, 2, 3]) model.moveTo(row);
    await expect.poll(() => model.open.value?.detail?.caseIndex).toBe(model.rows.row(3)?.caseIndex);
    expect(asked('comparison/case')).toHaveLength(2);
    const again = await started([TICKETS], { open: 1 });
    await expect.poll(() => again.model.open.value?.detail?.caseIndex).toBe(1);
    expect(again.model.active.value).toBe(1);
  });

  test('above the first row the columns are sorted by, in turn; the keyboard and the open case stay', async () => {
    const { model, asked } = await started();
    await model.openRow(0);
    const opened = asked('comparison/case').length;
    model.moveTo(HEADER_ROW, 2);
    const orders: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      model.sortBy('b');
      orders.push(model.view.sort);
      expect([model.active.value, model.column]).toEqual([HEADER_ROW, 2]);
    }
    expect(orders).toEqual([{ by: 'b', descending: false }, { by: 'b', descending: true }, { by: 'change', descending: false }]);
    expect(await model.rows.load(HEADER_ROW)).toBeUndefined();
    await wait(100);
    expect(asked('comparison/case')).toHaveLength(opened);
    expect(model.failure.value).toBeNull();
    // Another search begins with its first row.
    model.setView({ search: 'a' });
    expect(model.active.value).toBe(0);
    // Blinded there is one column left to sort by.
    model.toggleBlinded();
    expect([model.sorts, model.column]).toEqual([['case'], 0]);
  });

  test('another choice has rows and a case of its own, although its revision is a lower one', async () => {
    const { model, fakes } = await started([{ ...TICKETS, runId: 'one' }, { ...TICKETS, runId: 'two', patterns: ['ff>pp'] }]);
    for (let i = 0; i < 5; i++) fakes[0]!.judge(0, 'a');
    model.changed();
    await expect.poll(() => model.shown.value?.comparison.revision).toBe(6);
    await model.openRow(0);
    model.choose(fakes[1]!.ref);
    await expect.poll(() => model.ref).toEqual(fakes[1]!.ref);
    model.rows.want(0, 10);
    await expect.poll(() => model.rows.row(0)).toMatchObject({ improved: true, regressed: false });
    await expect.poll(() => model.open.value?.detail?.improved).toBe(true);
  });

  test('settings are asked with, and the rows anew', async () => {
    const { model, asked } = await started();
    const before = asked('comparison/page').length;
    model.changeSettings({ metric: 'cost', margin: 0.1 });
    await expect.poll(() => model.shown.value?.comparison.result?.metrics[0]?.name).toBe('cost');
    await expect.poll(() => asked('comparison/page').length).toBeGreaterThan(before);
    expect(asked('comparison/page').at(-1)?.params).toMatchObject({ settings: { metric: 'cost', margin: 0.1, sliceBy: null } });
  });

  test('many changes are one question', async () => {
    const { model, asked } = await started();
    const before = asked('comparison/get').length;
    for (let i = 0; i < 50; i++) model.changed();
    await expect.poll(() => asked('comparison/get').length).toBe(before + 1);
    await wait(300);
    expect(asked('comparison/get').length).toBe(before + 1);
  });

  test('a verdict is told and taken back; blinded it goes to the side that sat there', async () => {
    const { model, fake } = await started();
    await model.openRow(0);
    await model.judge('left');
    expect(fake.verdicts.get(0)).toBe('a');
    expect(model.open.value?.detail?.verdict).toBe('a');
    await model.judge('left');
    expect(fake.verdicts.has(0)).toBe(false);
    model.toggleBlinded();
    for (const caseIndex of [3, 4, 5, 6, 7, 8]) {
      await model.openCase(caseIndex);
      const { left, right } = model.seating(caseIndex, null);
      expect(model.acceptedSide(model.open.value!.detail!)).toBe(right);
      await model.judge('left');
      expect(fake.verdicts.get(caseIndex)).toBe(left);
    }
  });

  test('blinded, rows are asked for in the order of the dataset: at first those whose outputs differ, or all of them', async () => {
    const { model, asked } = await started();
    model.setView({ filter: 'regressed' });
    await expect.poll(() => asked('comparison/page').at(-1)?.params).toMatchObject({ view: { filter: 'regressed' } });
    model.toggleBlinded();
    await expect.poll(() => asked('comparison/page').at(-1)?.params).toMatchObject({ view: { filter: 'changed', sort: { by: 'order', descending: false } } });
    model.setView({ filter: 'failing' });
    expect(model.view.filter).toBe('changed');
    model.setView({ filter: 'all' });
    await expect.poll(() => asked('comparison/page').at(-1)?.params).toMatchObject({ view: { filter: 'all', sort: { by: 'order', descending: false } } });
    model.toggleBlinded();
    await expect.poll(() => asked('comparison/page').at(-1)?.params).toMatchObject({ view: { filter: 'regressed', sort: { by: 'change', descending: false } } });
  });

  test('what the person found better is accepted, in the repeat that is looked at', async () => {
    const { model, asked } = await started();
    await model.openRow(0);
    await model.judge('left');
    model.update({ repeats: { a: 1, b: 0 } });
    model.acceptAsExpected();
    await expect.poll(() => asked('output/accept').at(-1)?.params).toEqual({ ref: model.ref, side: 'a', caseIndex: 0, repeat: 1 });
  });

  test('an open case is read again when its row changes, not with every other cell', async () => {
    const { model, fake, asked } = await started([{ ...TICKETS, status: 'running', done: 0.1 }]);
    model.rows.want(0, 59);
    const last = fake.find(model.state.value.view, 59).row;
    await model.rows.load(last);
    model.active.value = last;
    await model.openCase(59);
    expect(model.open.value?.detail?.cells.b[0]?.status).toBe('waiting');
    const before = asked('comparison/case').length;
    fake.advance(1);
    model.changed();
    await expect.poll(() => model.shown.value?.comparison.revision).toBe(2);
    await wait(50);
    expect(asked('comparison/case')).toHaveLength(before);
    fake.advance(60);
    model.changed();
    await expect.poll(() => model.open.value?.detail?.cells.b[0]?.status).toBe('done');
  });

  test('distributions are read when they are looked at, and again only when something changed', async () => {
    const { model, fake, asked } = await started();
    expect(asked('comparison/distributions')).toHaveLength(0);
    model.showTab('scores');
    await expect.poll(() => model.distributions.value?.value?.latencyMs.a).toHaveLength(60);
    model.showTab('slices');
    model.showTab('scores');
    await wait(20);
    expect(asked('comparison/distributions')).toHaveLength(1);
    fake.judge(0, 'b');
    model.changed();
    await expect.poll(() => asked('comparison/distributions')).toHaveLength(2);
  });

  test('what is stale has its price asked for; what is not has none', async () => {
    const { model } = await started([{ ...TICKETS, over: { stale: { a: false, b: true } } }]);
    await expect.poll(() => model.missing.value).toEqual({ cells: 3, known: 117, usd: 0.1 });
    const fresh = await started();
    await wait(20);
    expect(fresh.model.missing.value).toBeNull();
  });

  test('a failure of the data keeps what is shown, and is gone when it can be read again', async () => {
    const { model, problem } = await started();
    problem.error = new TouchstoneError('engine-stopped', 'It stopped.');
    model.changed();
    await expect.poll(() => model.failure.value?.code).toBe('engine-stopped');
    expect(model.shown.value).not.toBeNull();
    problem.error = null;
    await model.start();
    expect(model.failure.value).toBeNull();
    problem.error = new TouchstoneError('not-found', 'The run was deleted.');
    await model.openCase(2);
    expect(model.open.value?.failure?.message).toBe('The run was deleted.');
    expect(await model.act(() => Promise.reject(new TouchstoneError('usage', 'Not now.')))).toBe(false);
    expect(model.notice.value).toBe('Not now.');
  });
});
