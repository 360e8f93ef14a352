import { describe, expect, it } from 'vitest';
import { PagedList } from '../../../src/extension/traces/paged-list.ts';

/** A store that pages by position: rows are put in front, as new traces are. */
function store(count: number) {
  const rows = Array.from({ length: count }, (_, index) => ({ id: `row ${index}`, revision: 1 }));
  const requests: number[] = [];
  const list = new PagedList<{ id: string; revision: number }>(
    async (limit, cursor) => {
      requests.push(limit);
      const from = Number(cursor ?? 0);
      const to = Math.min(from + limit, rows.length);
      return { rows: rows.slice(from, to), next: to < rows.length ? String(to) : null };
    },
    (row) => `${row.id} ${row.revision}`,
    10,
  );
  return { rows, requests, list };
}

describe('a list that is loaded page by page', () => {
  it('asks once for its first page, whoever else asks meanwhile', async () => {
    const { list, requests } = store(25);
    const [first, second] = await Promise.all([list.load(), list.load()]);
    expect(first).toHaveLength(10);
    expect(second).toBe(first);
    expect(list.hasMore).toBe(true);
    expect(requests).toEqual([10]);
  });

  it('appends pages until there is none', async () => {
    const { list, rows } = store(25);
    await list.load();
    await list.more();
    await list.more();
    expect(list.rows).toEqual(rows);
    expect(list.hasMore).toBe(false);
    await list.more();
    expect(list.rows).toHaveLength(25);
  });

  it('reads again what was loaded, and tells whether anything differs', async () => {
    const { list, rows } = store(25);
    expect(await list.refresh()).toBe(false);
    await list.load();
    await list.more();
    expect(await list.refresh()).toBe(false);
    rows.unshift({ id: 'new', revision: 1 });
    expect(await list.refresh()).toBe(true);
    expect(list.rows).toHaveLength(20);
    expect(list.rows[0]?.id).toBe('new');
    rows[3] = { id: 'row 2', revision: 2 };
    expect(await list.refresh()).toBe(true);
    expect(list.rows[3]?.revision).toBe(2);
    rows.splice(0);
    expect(await list.refresh()).toBe(true);
    expect(list.rows).toEqual([]);
  });

  it('reads a long list again in bounded requests', async () => {
    const { list, requests } = store(2000);
    await list.load();
    for (let page = 1; page < 120; page++) await list.more();
    requests.length = 0;
    await list.refresh();
    expect(list.rows).toHaveLength(1200);
    expect(requests).toEqual([500, 500, 200]);
  });

  it('goes on after a failure', async () => {
    let fail = true;
    const list = new PagedList<number>(async () => {
      if (fail) throw new Error('the engine stopped');
      return { rows: [1], next: null };
    }, String);
    await expect(list.load()).rejects.toThrow('the engine stopped');
    fail = false;
    expect(await list.load()).toEqual([1]);
  });
});
