import type { RunStore, StoredRun } from './run-store.ts';

const ASCII = /^[\x20-\x7e]*$/;

/** Cases of a run whose id, variables, expectation or outputs hold the text, upper and lower case alike; `null`: no text, so all. */
export function casesWithText(store: RunStore, run: StoredRun, search: string): Set<number> | null {
  const text = search.trim().toLowerCase();
  if (text === '') return null;
  const { database } = store;
  const needle = JSON.stringify(text).slice(1, -1);
  const perCase = run.info.models.length * run.info.repeats;
  const lower = ASCII.test(text) ? 'lower' : 'unicode_lower';
  const inCases = database
    .prepare(`SELECT c.case_index FROM run_case c JOIN case_body b ON b.n = c.body WHERE c.run = ? AND (instr(${lower}(c.case_id), ?) > 0 OR instr(${lower}(json_extract(b.json, '$.vars', '$.expected', '$.description')), ?) > 0)`)
    .pluck()
    .all(run.n, text, needle) as number[];
  const inOutputs = database
    .prepare(`SELECT DISTINCT ordinal / ${perCase} FROM cell_body WHERE run = ? AND instr(${lower}(json_extract(json, '$.output', '$.error.message')), ?) > 0`)
    .pluck()
    .all(run.n, needle) as number[];
  return new Set([...inCases, ...inOutputs]);
}
