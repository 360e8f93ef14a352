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
  it('is near R’s t interval where cases are many and rates not extreme', () => {
    const values: number[] = Array.from({ length: 1000 }, (_, i) => (i % 4 === 0 ? 0 : i % 4 === 1 ? 0.5 : 1));
    const interval = meanInterval(values);
    const half = tQuantile(0.975, 999) * Math.sqrt(values.reduce((sum, x) => sum + (x - 0.625) ** 2, 0) / 999 / 1000);
    expect(interval?.[0]).toBeCloseTo(0.625 - half, 3);
    expect(interval?.[1]).toBeCloseTo(0.625 + half, 3);
  });
  it('leans to the middle where few fail, contains the mean and stays in 0..1', () => {
    const [low, high] = meanInterval([1, 1, 1, 0.5, 1, 0, 1, 1]) ?? [NaN, NaN];
    expect(0.8125 - low).toBeGreaterThan(high - 0.8125);
    expect(high).toBeGreaterThan(0.8125);
    expect(high).toBeLessThan(1);
    expect(low).toBeGreaterThan(0);
  });
  it('has none of one case, and says of equal ones how few they are', () => {
    expect(meanInterval([1])).toBeNull();
    expect(meanInterval([1, 1, 1])?.[1]).toBe(1);
    expect(meanInterval([1, 1, 1])?.[0]).toBeLessThan(0.5);
  });
});

it('quantileSorted interpolates as R does', () => {
  const sorted = [1, 1, 2, 3, 4, 5, 6, 9];
  for (const [i, p] of [0.05, 0.5, 0.95].entries()) agrees(quantileSorted(sorted, p) ?? undefined, r.quantile[i]);
  expect(quantileSorted([], 0.5)).toBeNull();
});
