import { describe, expect, it } from 'vitest';
import { compareCases } from '../../../src/core/compare/compare.ts';
import { seededRandom } from '../../../src/core/stats/random.ts';
import { drawCases, mustHold, settings, simulate } from './simulation.ts';

const DRAWS = 400;

/** test/long holds the whole grid to 93 % with ten times as many datasets; this finds what is broken. */
describe(`intervals hold the true difference in ${DRAWS} datasets each`, () => {
  // Every eleventh setting: all rates, sizes, repeats and clusters come up.
  const some = settings().filter((_, i) => i % 11 === 3);
  const least = 0.93 - 3 * Math.sqrt((0.93 * 0.07) / DRAWS);
  it.each(some)('$cases cases × $repeats in $clusters clusters, $a against $b', (setting) => {
    const { coverage, coverageAlone } = simulate(setting, DRAWS, 7);
    expect(coverage).toBeGreaterThanOrEqual(least);
    // Wilson's interval itself, of one output a case and a rate near 1, holds in 92 of 100.
    expect(coverageAlone).toBeGreaterThanOrEqual(least - (mustHold(setting) ? 0 : 0.015));
  });
});

it('a gate passes at a loss of exactly the margin no oftener than nominal', () => {
  const draws = 1000;
  const { passes, fails } = simulate({ cases: 200, repeats: 1, clusters: null, a: 0.8, b: 0.75 }, draws, 21);
  const most = 0.025 + 3 * Math.sqrt((0.025 * 0.975) / draws);
  expect(passes).toBeLessThanOrEqual(most);
  expect(fails).toBeLessThanOrEqual(most);
});

it('carries a warning wherever few cases fail or pass, or clusters are few', () => {
  const random = seededRandom(31);
  for (const setting of settings()) {
    const cases = drawCases(setting, random).map((one, i) => ({ ...one, cluster: setting.clusters === null ? null : String(Math.floor((i * setting.clusters) / setting.cases)) }));
    const [metric] = compareCases(cases, { margin: 0.05, metric: 'passRate' }).metrics;
    const rare = [metric?.a ?? 0, metric?.b ?? 0].some((rate) => setting.cases * rate * (1 - rate) < 5);
    const few = metric?.clusters !== null && (metric?.clusters ?? 0) < 20;
    expect(metric?.warning !== undefined, JSON.stringify({ setting, metric })).toBe(rare || few);
  }
});
