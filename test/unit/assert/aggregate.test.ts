import { describe, expect, it } from 'vitest';
import { aggregate, namedScoreTotals } from '../../../src/core/assert/aggregate.ts';
import { finish } from '../../../src/core/assert/finish.ts';
import type { AssertionResult, AssertionSpec } from '../../../src/core/assert/model.ts';

const result = (score: number, more: Partial<AssertionSpec> = {}): AssertionResult => finish({ type: 'contains', ...more }, { pass: score > 0, score, reason: `${score}` });

describe('totals of named scores', () => {
  it('are sums of score × weight: promptfoo’s configuration h_weights gives m1 = 3, m2 = 1', () => {
    const first = aggregate([result(1), result(1, { weight: 2, metric: 'm1' }), result(0, { metric: 'm2' })]);
    const set = finish({ type: 'assert-set', weight: 2, metric: 'm1' }, { pass: true, score: 0.5, reason: '', components: [result(1), result(0)] });
    const second = aggregate([set, result(1, { metric: 'm2' })], 0.6);
    expect(first.score).toBe(0.75);
    expect(second).toMatchObject({ pass: true, namedScores: { m1: 0.5, m2: 1 } });
    expect(namedScoreTotals([first, second])).toEqual({ m1: 3, m2: 1 });
  });

  it('hold a metric of any name', () => {
    const cell = aggregate([result(1, { metric: '__proto__' })]);
    expect(Object.entries(cell.namedScores)).toEqual([['__proto__', 1]]);
    expect(Object.entries(namedScoreTotals([cell, cell]))).toEqual([['__proto__', 2]]);
  });
});

describe('a cell', () => {
  it('passes without checks', () => {
    expect(aggregate([], 1)).toMatchObject({ pass: true, score: 1 });
  });

  it('reports a check of weight 0 and does not fail by it', () => {
    expect(aggregate([result(1), result(0, { weight: 0 })])).toMatchObject({ pass: true, score: 1 });
  });

  it('keeps scores in 0..1', () => {
    expect(result(7).score).toBe(1);
    expect(result(-3).score).toBe(0);
    expect(finish({ type: 'javascript' }, { pass: true, score: NaN, reason: '' }).score).toBe(0);
    expect(finish({ type: 'not-bleu' }, { pass: true, score: 0.8, reason: '' })).toMatchObject({ pass: false, score: expect.closeTo(0.2, 12) as number });
  });
});
