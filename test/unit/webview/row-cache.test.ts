import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { GridPage, GridRow, GridView } from '../../../src/protocol/engine.ts';
import { RowCache } from '../../../webview/panels/run/row-cache.ts';
import { INITIAL_VIEW } from '../../../webview/panels/run/view-state.ts';
import { PAGE_SIZE } from '../../../webview/shared/paged-rows.ts';

const row = (caseIndex: number, caseId = `case-${caseIndex}`): GridRow => ({ kind: 'case', caseIndex, caseId, slice: null, variables: '', expected: null, cells: [] });

/** Answers are given by the test, one by one. */
function setup(total = 1000) {
  const asked: { view: GridView; from: number; signal: AbortSignal; answer: (revision?: number, name?: string) => Promise<void>; refuse: (error: Error) => Promise<void> }[] = [];
  const errors: unknown[] = [];
  let changes = 0;
  const cache = new RowCache(INITIAL_VIEW, (view, from, to, signal) => new Promise<GridPage>((resolve, reject) => {
    asked.push({
      view, from, signal,
      answer: async (revision = 1, name) => {
        const rows = Array.from({ length: Math.max(0, Math.min(to, total) - from) }, (_, i) => row(from + i, name));
        resolve({ total, from, rows, revision, counts: { all: total, failing: 0, errors: 0, slow: 0, cached: 0 } });
        await turn();
      },
      refuse: async (error) => {
        reject(error);
        await turn();
      },
    });
  }), { onChange: () => { changes++; }, onError: (error) => errors.push(error) });
  return { cache, asked, errors, changes: () => changes, at: (index: number) => asked[index] ?? expect.fail(`request ${index} was not made`) };
}

afterEach(() => vi.useRealTimers());

describe('pages of rows', () => {
  test('what is seen is asked for once, page by page', async () => {
    const { cache, asked, at } = setup();
    cache.want(0, 40);
    cache.want(10, 50);
    expect(asked).toHaveLength(1);
    expect(cache.row(3)).toBeUndefined();
    await at(0).answer();
    expect(cache.total).toBe(1000);
    expect(cache.row(3)).toMatchObject({ caseIndex: 3 });
    cache.want(PAGE_SIZE - 5, PAGE_SIZE + 30);
    expect(asked.map((request) => request.from)).toEqual([0, PAGE_SIZE]);
  });

  test('nothing beyond the end is asked for', async () => {
    const { cache, asked, at } = setup(120);
    cache.want(0, 30);
    await at(0).answer();
    cache.want(90, 5000);
    expect(asked.map((request) => request.from)).toEqual([0, 100]);
  });

  test('a newer revision keeps the old rows visible and asks again for what is seen', async () => {
    const { cache, asked, at } = setup();
    cache.want(0, 30);
    await at(0).answer(1, 'old');
    cache.want(200, 230);
    await at(1).answer(1, 'old');
    cache.setRevision(2);
    expect(asked.map((request) => request.from)).toEqual([0, 200, 200]);
    expect(cache.row(210)).toMatchObject({ caseId: 'old' });
    await at(2).answer(2, 'new');
    expect(cache.row(210)).toMatchObject({ caseId: 'new' });
    cache.want(0, 30);
    expect(asked.at(-1)?.from).toBe(0);
  });

  test('revisions that come while a page is under way lead to one more request, not to many', async () => {
    const { cache, asked, at } = setup();
    cache.want(0, 30);
    for (let revision = 2; revision < 9; revision++) cache.setRevision(revision);
    expect(asked).toHaveLength(1);
    await at(0).answer(2);
    expect(asked).toHaveLength(2);
    await at(1).answer(8);
    expect(asked).toHaveLength(2);
  });

  test('a page whose own revision lags behind the told one is not asked for in circles', async () => {
    const { cache, asked, at } = setup();
    cache.setRevision(50);
    await at(0).answer(1);
    cache.want(0, 30);
    expect(asked).toHaveLength(1);
  });

  test('another view aborts what is under way and ignores its answer; the old rows linger a moment', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { cache, at } = setup();
    cache.want(0, 30);
    await at(0).answer(1, 'before');
    cache.want(100, 130);
    cache.setView({ ...INITIAL_VIEW, filter: 'failing' });
    expect(at(1).signal.aborted).toBe(true);
    expect(cache.row(3)).toMatchObject({ caseId: 'before' });
    await at(1).answer(1, 'late');
    expect(cache.row(103)).toBeUndefined();
    vi.advanceTimersByTime(200);
    expect(cache.row(3)).toBeUndefined();
    await at(2).answer(1, 'after');
    expect(at(2).view.filter).toBe('failing');
    expect(cache.row(3)).toMatchObject({ caseId: 'after' });
  });

  test('a row whose page is already under way is waited for', async () => {
    const { cache, asked, at } = setup();
    cache.want(0, 30);
    const row = cache.load(7);
    await at(0).answer();
    expect(await row).toMatchObject({ caseIndex: 7 });
    expect(asked).toHaveLength(1);
  });

  test('a failure is told, and retry asks again', async () => {
    const { cache, asked, errors, at } = setup();
    cache.want(0, 30);
    await at(0).refuse(new Error('engine gone'));
    expect(errors).toEqual([new Error('engine gone')]);
    cache.retry();
    expect(asked).toHaveLength(2);
    await at(1).answer();
    expect(cache.row(0)).toBeDefined();
  });

  test('pages far from the eye are given up', async () => {
    const { cache, asked, at } = setup(10_000);
    for (let page = 0; page < 70; page++) {
      cache.want(page * PAGE_SIZE, page * PAGE_SIZE + 30);
      await at(page).answer();
    }
    expect(cache.row(0)).toBeUndefined();
    expect(cache.row(6950)).toBeDefined();
    cache.want(0, 30);
    expect(asked).toHaveLength(71);
  });
});
