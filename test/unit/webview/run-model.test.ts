import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { decoded, RpcPeer } from '../../../src/protocol/rpc-peer.ts';
import { decodeRunPanelResult } from '../../../src/protocol/run-panel-decode.ts';
import { runPanelParams } from '../../../src/protocol/run-panel-params.ts';
import type { RunPanelMethods } from '../../../src/protocol/run-panel.ts';
import { RunModel } from '../../../webview/panels/run/run-model.ts';
import { INITIAL_STATE, type ViewState } from '../../../webview/panels/run/view-state.ts';
import { FakeRun, type FakeRunOptions } from '../../fixtures/webview-harness/fake-run.ts';

const models: RunModel[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

/** The panel's model over the real RPC and its decoders, with a run in memory at the other end. */
function setup(options: Partial<FakeRunOptions> = {}, state: ViewState = INITIAL_STATE) {
  const run = new FakeRun({ cases: 60, models: ['a', 'b'], ...options });
  const saved: { state: ViewState; runId: string | null }[] = [];
  const copied: string[] = [];
  const problem: { error: TouchstoneError | null } = { error: null };
  const calls: string[] = [];
  const guarded = <T>(name: string, answer: () => T): T => {
    calls.push(name);
    if (problem.error !== null) throw problem.error;
    return answer();
  };
  const host: RpcPeer<Record<never, never>> = new RpcPeer((message) => queueMicrotask(() => peer.receive(structuredClone(message))), {
    handlers: {
      'run/get': () => guarded('run/get', () => run.snapshot()),
      'grid/page': decoded(runPanelParams['grid/page'], ({ view, from, to }) => guarded('grid/page', () => run.page(view, from, to))),
      'grid/find': decoded(runPanelParams['grid/find'], ({ view, fromRow, direction, what, caseIndex }) => run.find(view, fromRow, direction, what, caseIndex)),
      'cell/get': decoded(runPanelParams['cell/get'], ({ key }) => guarded('cell/get', () => run.detail(key))),
      'copy': decoded(runPanelParams['copy'], ({ text }) => { copied.push(text); return {}; }),
      'run/cancel': () => guarded('run/cancel', () => ({})),
    },
  });
  const peer = new RpcPeer<RunPanelMethods>((message) => queueMicrotask(() => host.receive(structuredClone(message))), { decodeResult: decodeRunPanelResult });
  const model = new RunModel(peer, state, (kept, runId) => saved.push({ state: kept, runId }));
  models.push(model);
  return { run, model, saved, copied, problem, calls };
}

/** Row indices of failing or errored cells as [row, column], in the order of the grid. */
function badCells(model: RunModel): [number, number][] {
  const cells: [number, number][] = [];
  for (let row = 0; row < (model.rows.total ?? 0); row++) {
    const at = model.rows.row(row);
    if (at?.kind === 'case') at.cells.forEach((cell, i) => { if (cell.status === 'error' || cell.passes.includes(false)) cells.push([row, i + 1]); });
  }
  return cells;
}

async function started(of: ReturnType<typeof setup>): Promise<void> {
  await of.model.start();
  await of.model.rows.load(0);
}

describe('the run panel\'s model', () => {
  test('every failing cell is met once by next, and once by previous', async () => {
    const of = setup();
    await started(of);
    const { model } = of;
    const expected = badCells(model);
    expect(expected.length).toBeGreaterThan(10);
    const forward: [number, number][] = [];
    for (let i = 0; i < expected.length; i++) {
      await model.findFailing(1);
      forward.push([model.active.value.row, model.active.value.column]);
    }
    expect(forward).toEqual(expected);
    await model.findFailing(1);
    expect(model.announcement.value).toBe('No failing cell below.');
    const backward: [number, number][] = [forward.at(-1) ?? [0, 0]];
    for (let i = 1; i < expected.length; i++) {
      await model.findFailing(-1);
      backward.push([model.active.value.row, model.active.value.column]);
    }
    expect(backward).toEqual(expected.toReversed());
  });

  test('opening shows the cell, keeps it in the state with the run, and closing forgets it', async () => {
    const of = setup();
    await started(of);
    await of.model.openAt(4, 2);
    expect(of.model.open.value).toMatchObject({ key: { caseIndex: 4, modelIndex: 1, repeat: 0 }, detail: { modelLabel: 'b' }, failure: null });
    await expect.poll(() => of.saved.at(-1)).toMatchObject({ state: { open: { caseIndex: 4, modelIndex: 1 } }, runId: 'run-1' });
    of.model.closeCell();
    await expect.poll(() => of.saved.at(-1)?.state.open).toBeNull();
  });

  test('what was changed just before the page goes is kept too', async () => {
    const of = setup();
    await started(of);
    of.model.update({ tab: 'request' });
    await expect.poll(() => of.saved.at(-1)?.state.tab).toBe('request');
    of.model.update({ tab: 'response' });
    of.model.dispose();
    expect(of.saved.at(-1)?.state.tab).toBe('response');
  });

  test('after a reload the kept cell is open again and the grid stands on it', async () => {
    const of = setup({}, { ...INITIAL_STATE, view: { ...INITIAL_STATE.view, sort: { by: 'case', modelIndex: 0, descending: false } }, open: { caseIndex: 17, modelIndex: 1, repeat: 0 } });
    await started(of);
    await wait(5);
    expect(of.model.open.value?.detail?.case.id).toBe('annual-to-monthly');
    const row = of.model.rows.row(of.model.active.value.row);
    expect(row).toMatchObject({ kind: 'case', caseIndex: 17 });
    expect(of.model.active.value.column).toBe(2);
  });

  test('an engine that is gone is said, what is shown stays, and trying again recovers', async () => {
    const of = setup();
    await started(of);
    of.problem.error = new TouchstoneError('engine-stopped', 'The engine ended.');
    of.model.setView({ filter: 'failing' });
    await wait(5);
    expect(of.model.failure.value).toEqual({ code: 'engine-stopped', message: 'The engine ended.' });
    expect(of.model.snapshot.value).not.toBeNull();
    of.problem.error = null;
    await of.model.start();
    await of.model.rows.load(0);
    expect(of.model.failure.value).toBeNull();
    expect(of.model.rows.total).toBeGreaterThan(0);
  });

  test('an action that fails is a notice; the data stays in order', async () => {
    const of = setup();
    await started(of);
    of.problem.error = new TouchstoneError('store', 'The disk is full.');
    of.model.request('run/cancel', {});
    await wait(5);
    expect([of.model.notice.value, of.model.failure.value]).toEqual(['The disk is full.', null]);
  });

  test('a running cell that is open is read again when its row changed', async () => {
    const of = setup({ status: 'running', done: 0.5, models: ['a'] });
    await started(of);
    await of.model.openAt(30, 1);
    of.model.active.value = { row: 30, column: 1 };
    await of.model.openAt(30, 1);
    expect(of.model.open.value?.detail?.status).toBe('running');
    of.run.advance();
    of.model.changed(of.run.snapshot(), of.run.revision);
    await expect.poll(() => of.model.open.value?.detail?.status).toMatch(/done|error/);
  });

  test('many changes lead to few requests', async () => {
    const of = setup({ status: 'running', done: 0.1 });
    await started(of);
    of.calls.length = 0;
    for (let i = 0; i < 40; i++) {
      of.run.advance();
      of.model.changed(of.run.snapshot(), of.run.revision);
    }
    await wait(320);
    expect(of.calls.filter((call) => call === 'grid/page').length).toBeLessThanOrEqual(2);
    expect(of.model.snapshot.value?.done).toBe(of.run.snapshot().done);
  });

  test('type-ahead goes to the next case that begins so, and around the end', async () => {
    const of = setup();
    await started(of);
    await of.model.findByPrefix('Ca', 1);
    expect(of.model.rows.row(of.model.active.value.row)).toMatchObject({ caseId: 'card-expired-renew' });
    const { row } = of.model.active.value;
    await of.model.findByPrefix('refund', row);
    expect(of.model.active.value.row).toBe(0);
  });

  test('the whole output is copied; a cell without one says so', async () => {
    const of = setup({ status: 'running', done: 0.5 });
    await started(of);
    of.model.active.value = { row: 1, column: 2 };
    await of.model.copyOutput();
    expect(of.copied).toEqual(['account']);
    of.model.active.value = { row: 59, column: 1 };
    await of.model.copyOutput();
    expect(of.model.notice.value).toBe('This cell has no output yet.');
  });

  test('the rows of slices are known for the sentence and for the top of the grid', async () => {
    const of = setup();
    await started(of);
    of.model.setView({ groupBySlice: true });
    await wait(5);
    expect(of.model.slices.value.map((slice) => [slice.slice, slice.cases])).toEqual([['clear', 24], ['mixed', 14], ['terse', 12], ['spanish', 10]]);
    expect(of.model.sliceRow('terse')).toMatchObject({ collapsed: false, cases: 12 });
  });
});

describe('what reaches the panel is checked', () => {
  const run = new FakeRun({ cases: 3, models: ['a'] });
  const page = run.page(INITIAL_STATE.view, 0, 3);
  test('a page, a snapshot and a cell pass unchanged', () => {
    expect(decodeRunPanelResult('grid/page', structuredClone(page))).toEqual(page);
    expect(decodeRunPanelResult('run/get', run.snapshot())).toEqual(run.snapshot());
    const key = { caseIndex: 0, modelIndex: 0, repeat: 0 };
    expect(decodeRunPanelResult('cell/get', run.detail(key))).toEqual(run.detail(key));
  });
  test.each([
    ['rows that are no list', { ...page, rows: 'all' }], ['a row of another kind', { ...page, rows: [{ kind: 'total' }] }],
    ['a count that is missing', { ...page, counts: { all: 1 } }], ['nothing', null],
  ])('%s is refused', (_, value) => expect(() => decodeRunPanelResult('grid/page', value)).toThrow(expect.objectContaining({ code: 'invalid-message' })));
});
