import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Comparison, CompareRequest, ComparisonRef, ComparisonView } from '../../src/protocol/compare.ts';
import { HAS_CORPUS, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import { gsm8kFiles } from '../fixtures/eval/gsm8k.ts';

const open: TestEngine[] = [];
afterEach(async () => {
  for (const workspace of open.splice(0)) await workspace.close();
});

async function engineWith(...args: Parameters<typeof testEngine>): Promise<TestEngine> {
  const made = await testEngine(...args);
  open.push(made);
  return made;
}

/** Runs what is missing and waits for it. */
async function compared({ engine, folder }: TestEngine, sides: readonly string[], request: Partial<CompareRequest> = {}): Promise<{ refs: readonly ComparisonRef[]; runIds: readonly string[] }> {
  const { comparisons, runIds } = await engine.request('compare/start', { sides, folder, origin: 'cli', ...request });
  await engine.request('eval/wait', { runIds });
  return { refs: comparisons, runIds };
}

const ALL: ComparisonView = { filter: 'all', search: '', slice: null, sort: { by: 'order', descending: false } };

describe.skipIf(!HAS_CORPUS)('recorded solutions of GSM8K (skipped without ../shared)', () => {
  const answers = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/statistics/gsm8k.json'), 'utf8')) as Record<string, number[]> & { columns: string[] };
  const columns = answers['columns'] as unknown as string[];
  const expected = (pair: string, column: string): number => answers[pair]?.[columns.indexOf(column)] ?? NaN;

  it('gives the difference, the interval and p that R gives, from one run that both sides share', async () => {
    const workspace = await engineWith(gsm8kFiles());
    const side = (model: string): string => `gsm8k.prompt.yml+solver/${model}`;
    const { refs, runIds } = await compared(workspace, [side('175b_verification'), side('6b_verification'), side('175b_finetuning')]);
    expect(runIds).toHaveLength(1);
    for (const [i, pair] of ['6b_verification, 175b_verification', '175b_finetuning, 175b_verification'].entries()) {
      const { a: baseline, b: other } = refs[i]!;
      const comparison = await workspace.engine.request('compare/get', { ref: { a: other, b: baseline } });
      const [metric] = comparison.result?.metrics ?? [];
      expect(metric).toMatchObject({ name: 'passRate', n: 1319, test: 'mcnemar-exact', verdict: 'better' });
      expect([metric?.a, metric?.b, metric?.delta, metric?.interval?.[0], metric?.interval?.[1]]).toEqual(['a', 'b', 'delta', 'low', 'high'].map((column) => expect.closeTo(expected(pair, column), 9) as unknown));
      expect((metric?.p ?? 0) / expected(pair, 'p')).toBeCloseTo(1, 6);
      expect(comparison.counts).toMatchObject({ all: 1319, regressed: expected(pair, 'onlyA'), improved: expected(pair, 'onlyB') });
      const page = await workspace.engine.request('compare/page', { ref: comparison.ref, view: { ...ALL, filter: 'regressed' }, from: 0, to: 50 });
      expect([page.total, page.rows.length, page.rows.every(({ regressed, delta }) => regressed && delta === -1)]).toEqual([expected(pair, 'onlyA'), 50, true]);
    }
  });
});

export type { Comparison };
