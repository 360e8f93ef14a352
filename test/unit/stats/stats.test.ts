import { describe, expect, it } from 'vitest';
import { meanInterval } from '../../../src/core/stats/mean.ts';
import { normalDistribution, normalQuantile } from '../../../src/core/stats/normal.ts';
import { wilsonInterval } from '../../../src/core/stats/proportion.ts';
import { quantileSorted } from '../../../src/core/stats/quantile.ts';
import { tDistribution, tQuantile } from '../../../src/core/stats/student-t.ts';
import r from '../../fixtures/statistics/intervals.json' with { type: 'json' };

/** Numbers in the fixture are what R printed; intervals.R beside it made them. */
function agrees(actual: number | undefined, expected: number | undefined): void {
  expect(actual).toBeDefined();
  expect(Math.abs((actual ?? NaN) - (expected ?? NaN))).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected ?? 0)));
}

describe('wilsonInterval', () => {
  it.each(r.wilson)('of %i in %i agrees with R', (passed, n, low, high) => {
    const interval = wilsonInterval(passed ?? NaN, n ?? NaN);
    agrees(interval?.[0], low);
    agrees(interval?.[1], high);
  });
  it('has none of nothing', () => {
    expect(wilsonInterval(0, 0)).toBeNull();
  });
});

describe('distributions agree with R', () => {
  it.each(r.tQuantile)('t quantiles with %d degrees of freedom', (df, upper, ninety) => {
    agrees(tQuantile(0.975, df ?? NaN), upper);
    agrees(tQuantile(0.025, df ?? NaN), -(upper ?? NaN));
    agrees(tQuantile(0.9, df ?? NaN), ninety);
  });
  it.each(r.tDistribution)('t distribution at %d with %d degrees of freedom', (t, df, p) => {
    agrees(tDistribution(t ?? NaN, df ?? NaN), p);
  });
  it.each(r.normal)('normal distribution at %d', (x, p) => {
    agrees(normalDistribution(x ?? NaN), p);
  });
  it.each(r.normalQuantile)('normal quantile of %d', (p, x) => {
    agrees(normalQuantile(p ?? NaN), x);
  });
});

describe('meanInterval', () => {
  it('is the t interval from 30 cases on', () => {
    const values = [...Array<number>(10).fill(0), ...Array<number>(10).fill(0.5), ...Array<number>(20).fill(1)];
    const interval = meanInterval(values);
    agrees(interval?.[0], r.meanInterval[0]);
    agrees(interval?.[1], r.meanInterval[1]);
  });
  it('resamples fewer cases repeatably, contains the mean and stays in bounds', () => {
    const values = [1, 1, 1, 0.5, 1, 0, 1, 1];
    const interval = meanInterval(values, [0, 1]);
    expect(interval).toEqual(meanInterval(values, [0, 1]));
    expect(interval?.[0]).toBeLessThan(0.8125);
    expect(interval?.[1]).toBeGreaterThan(0.8125);
    expect(interval?.[1]).toBeLessThanOrEqual(1);
  });
  it('has none of one case and is a point when all are equal', () => {
    expect(meanInterval([1])).toBeNull();
    expect(meanInterval([1, 1, 1])).toEqual([1, 1]);
  });
});

it('quantileSorted interpolates as R does', () => {
  const sorted = [1, 1, 2, 3, 4, 5, 6, 9];
  for (const [i, p] of [0.05, 0.5, 0.95].entries()) agrees(quantileSorted(sorted, p) ?? undefined, r.quantile[i]);
  expect(quantileSorted([], 0.5)).toBeNull();
});
