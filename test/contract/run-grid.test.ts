import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Grid } from '../../src/engine/grid.ts';
import { buildCellIndex, ERROR, FAILING } from '../../src/node/sqlite/cell-index.ts';
import type { GridView } from '../../src/protocol/engine.ts';
import { aCase, aPlan, finishedCell, reply, scriptedModel, storedRun, temporaryStore } from '../fixtures/eval/run-fixture.ts';

let opened: Awaited<ReturnType<typeof temporaryStore>>;
beforeEach(async () => {
  opened = await temporaryStore();
});
afterEach(() => opened.close());

describe('the grid over a run', () => {
  const VIEW: GridView = { filter: 'all', search: '', groupBySlice: false, collapsed: [], sort: { by: 'order', modelIndex: 0, descending: false } };

  async function filled(): Promise<{ run: Awaited<ReturnType<typeof storedRun>>; grid: Grid }> {
    const tags = ['clear', 'mixed', 'clear', 'terse', 'mixed'];
    const plan = aPlan({ models: [scriptedModel('m', () => reply('')), scriptedModel('n', () => reply(''))], cases: tags.map((tag, i) => aCase(`case-${i}`, { tags: [tag], expected: 'yes', vars: { subject: `Subject ${i}\nsecond line`, tier: i } })) });
    const run = await storedRun(opened.store, plan);
    const journal = opened.store.journal(run);
    for (let i = 0; i < 5; i++) {
      void journal.cellFinished(finishedCell(i, { modelIndex: 0, latencyMs: 100 - i, output: i === 1 ? 'no\nbecause' : 'yes', pass: i !== 1, score: i === 1 ? 0.25 : 1 }));
      if (i < 4) void journal.cellFinished(finishedCell(i, { modelIndex: 1, cached: i === 0, ...(i === 3 ? { status: 'error', error: { code: 'timeout', message: 'No byte for 30 s' }, pass: null, score: null, output: null } : {}) }));
    }
    await journal.flush();
    return { run, grid: new Grid(opened.store) };
  }
  const live = { revision: 1, running: new Map([[9, Date.now()]]), slowAbove: [99.5, null] };

  it('indexes flags, scores and slices', async () => {
    const { run } = await filled();
    const index = buildCellIndex(opened.store, run, 1, live.slowAbove);
    expect([...index.flags].map((bits) => [bits & FAILING, bits & ERROR])).toEqual([[0, 0], [FAILING, 0], [0, 0], [0, ERROR], [0, 0]]);
    expect([...index.bySlice.keys()]).toEqual(['clear', 'mixed', 'terse']);
    expect(index.bySlice.get('mixed')?.summary.models()[0]).toMatchObject({ passed: 1, failed: 1 });
    expect(index.scores[2]).toBe(0.25);
  });

  it('averages repeats over those that have a value', async () => {
    const plan = aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0')], repeats: 4 });
    const run = await storedRun(opened.store, plan, 'r-repeats');
    const journal = opened.store.journal(run);
    for (const [repeat, score] of [null, 1, null, 0].entries()) void journal.cellFinished(finishedCell(0, { repeat, score, pass: score === null ? null : score === 1, ...(score === null ? { status: 'error', error: { code: 'timeout', message: 'silence' } } : {}) }));
    await journal.flush();
    expect([...buildCellIndex(opened.store, run, 1, [null]).scores]).toEqual([0.5]);
  });

  it('finds letters beyond ASCII whether large or small', async () => {
    const run = await storedRun(opened.store, aPlan({ models: [scriptedModel('m', () => reply(''))], cases: [aCase('c0', { vars: { q: 'Ärger mit ÉCOLE' } }), aCase('c1')] }), 'r-letters');
    const grid = new Grid(opened.store);
    for (const search of ['ärger', 'ÄRGER', 'école']) expect(grid.page(run, { ...live, slowAbove: [null] }, { ...VIEW, search }, 0, 10).total, search).toBe(1);
  });

  it('pages rows with their cells', async () => {
    const { run, grid } = await filled();
    const page = grid.page(run, live, VIEW, 1, 3);
    expect(page).toMatchObject({ total: 5, from: 1, revision: 1, counts: { all: 5, failing: 1, errors: 1, slow: 1, cached: 1 } });
    expect(page.rows[0]).toMatchObject({ kind: 'case', caseId: 'case-1', slice: 'mixed', variables: 'Subject 1 · 1', expected: 'yes' });
    expect(page.rows[0]?.kind === 'case' && page.rows[0].cells[0]).toMatchObject({ status: 'done', passes: [false], text: 'no', multiline: true, score: 0.25 });
    const last = grid.page(run, live, VIEW, 3, 5).rows;
    expect(last[0]?.kind === 'case' && last[0].cells[1]).toMatchObject({ status: 'error', error: 'No byte for 30 s', score: null });
    expect(last[1]?.kind === 'case' && last[1].cells[1]).toMatchObject({ status: 'running' });
  });

  it.each([
    ['failing', ['case-1']],
    ['errors', ['case-3']],
    ['slow', ['case-0']],
    ['cached', ['case-0']],
  ] as const)('filters %s', async (filter, expected) => {
    const { run, grid } = await filled();
    expect(grid.page(run, live, { ...VIEW, filter }, 0, 10).rows.map((row) => row.kind === 'case' && row.caseId)).toEqual(expected);
  });

  it.each([
    ['subject 4', ['case-4']],
    ['BECAUSE', ['case-1']],
    ['case-2', ['case-2']],
    ['no byte', ['case-3']],
    ['100%"', []],
  ])('searches %s in ids, variables, outputs and errors', async (search, expected) => {
    const { run, grid } = await filled();
    expect(grid.page(run, live, { ...VIEW, search }, 0, 10).rows.map((row) => row.kind === 'case' && row.caseId)).toEqual(expected);
  });

  it('sorts by a model\'s latency, with what is unknown last', async () => {
    const { run, grid } = await filled();
    const order = (descending: boolean, modelIndex: number): unknown[] =>
      grid.page(run, live, { ...VIEW, sort: { by: 'score', modelIndex, descending } }, 0, 10).rows.map((row) => row.kind === 'case' && row.caseIndex);
    expect(order(false, 0)[0]).toBe(1);
    expect(order(true, 0).at(-1)).toBe(1);
    expect(order(true, 1).slice(-2)).toEqual([3, 4]);
    expect(order(false, 1).slice(-2)).toEqual([3, 4]);
  });

  it('groups by slice, collapses, and finds the next failing case', async () => {
    const { run, grid } = await filled();
    const view: GridView = { ...VIEW, groupBySlice: true, collapsed: ['clear'] };
    const { rows } = grid.page(run, live, view, 0, 20);
    expect(rows.map((row) => (row.kind === 'slice' ? `# ${row.slice} ${row.cases}` : row.caseId))).toEqual(['# clear 2', '# mixed 2', 'case-1', 'case-4', '# terse 1', 'case-3']);
    const find = (fromRow: number, direction: 1 | -1): unknown => grid.find(run, live, { runId: 'r-test', view, fromRow, direction, what: 'failing' });
    expect(find(0, 1)).toEqual({ row: 2, modelIndex: 0 });
    expect(find(2, 1)).toEqual({ row: 5, modelIndex: 1 });
    expect(find(5, 1)).toEqual({ row: -1, modelIndex: 0 });
    expect(find(5, -1)).toEqual({ row: 2, modelIndex: 0 });
  });
});
