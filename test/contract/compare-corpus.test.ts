import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { compareCases } from '../../src/core/compare/compare.ts';
import type { CaseOutputs, PairedCase } from '../../src/core/compare/model.ts';
import { SequentialComparison, randomOrder } from '../../src/core/compare/sequential.ts';
import { passHatK } from '../../src/core/stats/pass-k.ts';
import type { ListedCell } from '../../src/protocol/engine.ts';
import { CORPUS, HAS_CORPUS, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';
import r from '../fixtures/statistics/gsm8k.json' with { type: 'json' };
import { outputs } from '../unit/compare/cases.ts';

let open: TestEngine | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

function agrees(actual: number | null | undefined, expected: number | undefined): void {
  expect(Math.abs((actual ?? NaN) - (expected ?? NaN)), `${actual} is not ${expected}`).toBeLessThanOrEqual(5e-7 * Math.abs(expected ?? NaN));
}

describe.skipIf(!HAS_CORPUS)('comparisons of recorded outputs of real models (skipped without ../shared)', () => {
  describe('gsm8k: difference, interval and p are what R says of the same verdicts', () => {
    const rows = HAS_CORPUS ? readFileSync(join(CORPUS, 'golden/gsm8k/model_solutions.slim.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, { is_correct: boolean }>) : [];
    const compared = (a: string, b: string): PairedCase[] => {
      const side = (row: (typeof rows)[number], model: string): CaseOutputs => outputs({ passes: [row[model]?.is_correct ?? null] });
      return rows.map((row, i) => ({ caseId: String(i), cluster: null, slices: [], a: side(row, a), b: side(row, b) }));
    };

    it.each(['6b_verification, 175b_verification', '175b_finetuning, 175b_verification'] as const)('%s', (pair) => {
      const [a = '', b = ''] = pair.split(', ');
      const expected = Object.fromEntries(r.columns.map((name, i) => [name, r[pair][i]]));
      const result = compareCases(compared(a, b), { margin: 0.05, metric: 'passRate' });
      const [metric] = result.metrics;
      expect(result).toMatchObject({ n: 1319, repeats: 1, unanswered: 0, gate: 'passes' });
      expect(metric).toMatchObject({ test: 'mcnemar-exact', verdict: 'better', n: 1319 });
      agrees(metric?.a, expected['a']);
      agrees(metric?.b, expected['b']);
      agrees(metric?.delta, expected['delta']);
      agrees(metric?.interval?.[0], expected['low']);
      agrees(metric?.interval?.[1], expected['high']);
      agrees(metric?.p, expected['p']);
      // The same verdicts as scores in twos, for which the paired t test is meant.
      const scores = compareCases(compared(a, b).map((one) => ({ ...one, a: outputs({ scores: [one.a.passes[0] === true ? 0.75 : 0.25] }), b: outputs({ scores: [one.b.passes[0] === true ? 0.75 : 0.25] }) })), { margin: 0.05, metric: 'score' }).metrics[0];
      expect(scores?.test).toBe('paired-t');
      agrees((scores?.interval?.[0] ?? NaN) * 2, expected['tLow']);
      agrees((scores?.interval?.[1] ?? NaN) * 2, expected['tHigh']);
      agrees(scores?.p, expected['tP']);
    });

    it('a sequential comparison needs a fraction of the cases', () => {
      const cases = compared('6b_verification', '175b_verification');
      const sequence = new SequentialComparison({ margin: 0.05, metric: 'passRate', until: 'verdict' });
      for (const unit of randomOrder(cases.map(() => null), 1)) {
        sequence.add(unit.flatMap((index) => cases[index] ?? []));
        if (sequence.answer !== null) break;
      }
      expect(sequence.answer?.outcome).toBe('better');
      expect(sequence.answer?.cases).toBeLessThan(1319 / 3);
      const [low, high] = sequence.result().metrics[0]?.interval ?? [];
      const truth = r['6b_verification, 175b_verification'][6] ?? NaN;
      expect(low).toBeLessThan(truth);
      expect(high).toBeGreaterThan(truth);
    });
  });

  it('tau-bench: recorded rewards of 50 tasks × 4 trials, evaluated, give the published pass^1 to pass^4', async () => {
    const file = join(CORPUS, 'golden/tau-bench/gpt-4o-airline.rewards.json');
    const tasks = new Set((JSON.parse(readFileSync(file, 'utf8')) as { task_id: number }[]).map(({ task_id }) => task_id));
    open = await testEngine({
      'airline.prompt.yml': 'name: airline\nmessages: [{ role: user, content: "task {{task}}" }]\ngolden: airline.golden.jsonl\nassert: [{ type: equals, value: "1" }]\n',
      'airline.golden.jsonl': [...tasks].map((task) => JSON.stringify({ id: String(task), vars: { task } })).join('\n'),
      'touchstone.yml': `models:\n  "agent/gpt-4o": { provider: replay, file: ${JSON.stringify(file)}, match: { case: task, record: task_id }, output: reward }\n`,
    });
    const { run, cells } = await open.eval({ models: ['agent/gpt-4o'], repeats: 4 });
    expect(run.summary).toMatchObject({ cells: 200, errors: 0 });
    const passed = new Map<number, number>();
    for (const { result } of cells) passed.set(result.caseIndex, (passed.get(result.caseIndex) ?? 0) + (result.pass === true ? 1 : 0));
    const average = (k: number): number => [...passed.values()].reduce((sum, count) => sum + (passHatK(count, 4, k) ?? NaN), 0) / passed.size;
    expect([1, 2, 3, 4].map((k) => average(k).toFixed(3))).toEqual(['0.420', '0.273', '0.220', '0.200']);
    // A comparison says the first and the last of them.
    const ofCase = (index: number, list: readonly ListedCell[]): CaseOutputs => outputs({ passes: list.filter(({ result }) => result.caseIndex === index).map(({ result }) => result.pass) });
    const cases = [...passed.keys()].map((index): PairedCase => ({ caseId: String(index), cluster: null, slices: [], a: ofCase(index, cells), b: ofCase(index, cells) }));
    const { metrics } = compareCases(cases, { margin: 0.05, metric: 'passRate' });
    expect(metrics.map(({ name, a, b, delta }) => [name, a, b?.toFixed(3), delta])).toEqual([['passRate', expect.closeTo(0.42, 10), '0.420', 0], ['pass^4', expect.closeTo(0.2, 10), '0.200', 0]]);
  });
});
