import { describe, expect, it } from 'vitest';
import { compareCases } from '../../../src/core/compare/compare.ts';
import type { MetricComparison, PairedCase } from '../../../src/core/compare/model.ts';
import { tTwoSided } from '../../../src/core/stats/student-t.ts';
import { paired } from './cases.ts';

function main(cases: readonly PairedCase[], metric: string): MetricComparison {
  const [first] = compareCases(cases, { margin: 0.05, metric }).metrics;
  if (first === undefined) throw new Error('There is no metric.');
  return first;
}

describe('differences that are all equal', () => {
  it('between means: p of the signs, which is never 0, and a reason', () => {
    const more = (n: number, by: number, clusters = n): MetricComparison =>
      main(Array.from({ length: n }, (_, i) => paired(i, { tokens: [100 + (i % 7)] }, { tokens: [100 + (i % 7) + by] }, clusters === n ? {} : { cluster: `conversation ${i % clusters}` })), 'tokens');
    const warning = 'Every case differs by the same: the interval has no width, and p is that of the signs.';
    expect(more(60, 3)).toMatchObject({ delta: 3, interval: [3, 3], p: 2 / 2 ** 60, test: 'sign-flip', verdict: 'worse', warning });
    expect(more(60, -3)).toMatchObject({ p: 2 / 2 ** 60, verdict: 'better' });
    // Of few cases every choice of signs is counted, with the same answer.
    expect(more(29, 3).p).toBe(2 / 2 ** 29);
    expect(more(120, 3, 40)).toMatchObject({ p: 2 / 2 ** 40, clusters: 40, test: 'sign-flip' });
    expect(more(2000, 3).p).toBeGreaterThan(0);
    expect(more(60, 0)).toMatchObject({ delta: 0, p: 1, verdict: 'no-difference-shown', warning: 'No case differs: there is nothing to tell how certain that is.' });
    const scores = main(Array.from({ length: 40 }, (_, i) => paired(i, { scores: [0.1 + (i % 2) / 2] }, { scores: [0.3 + (i % 2) / 2] })), 'score');
    expect([scores.test, scores.p]).toEqual(['sign-flip', 2 / 2 ** 40]);
  });

  it('between medians, and where many cases have the median itself: p of the narrowest interval that reaches 0', () => {
    const cost = (n: number, of: (i: number) => number): MetricComparison => main(Array.from({ length: n }, (_, i) => paired(i, { costs: [0.01] }, { costs: [of(i)] })), 'cost');
    const all = cost(200, () => 0.012);
    // No interval reaches 0; the widest one, between all values, is that of t = √n.
    expect(Math.log10(all.p ?? 1)).toBeCloseTo(Math.log10(tTwoSided(Math.sqrt(200), 199)), 1);
    // A quarter of the cases costs half: the interval reaches 0 where it holds a quarter of them below, at t = √n / 2.
    const some = cost(200, (i) => (i % 4 === 0 ? 0.005 : 0.012));
    expect(some.p ?? 0).toBeGreaterThan(tTwoSided(Math.sqrt(200) / 2, 199) * 0.5);
    expect(some.p ?? 1).toBeLessThan(tTwoSided(Math.sqrt(200) / 2, 199) * 2);
    expect(cost(5000, () => 0.012).p).toBeGreaterThan(0);
  });
});
