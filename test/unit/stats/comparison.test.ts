import { describe, expect, it } from 'vitest';
import { kendallTauB, pearson, spearman } from '../../../src/core/stats/correlation.ts';
import { holmAdjust } from '../../../src/core/stats/holm.ts';
import { exactMcNemar } from '../../../src/core/stats/mcnemar.ts';
import { normalQuantile } from '../../../src/core/stats/normal.ts';
import { differenceError, pairedMeans } from '../../../src/core/stats/paired-means.ts';
import { passHatK } from '../../../src/core/stats/pass-k.ts';
import { casesForDifference, casesToExclude, minimumDetectable } from '../../../src/core/stats/power.ts';
import { wilsonInterval } from '../../../src/core/stats/proportion.ts';
import { newcombePaired, pairedScoreInterval } from '../../../src/core/stats/score-interval.ts';
import { signFlipTest } from '../../../src/core/stats/sign-flip.ts';
import { tQuantile, tTwoSided } from '../../../src/core/stats/student-t.ts';
import r from '../../fixtures/statistics/comparison.json' with { type: 'json' };
import { lehmer, quarters } from '../compare/cases.ts';

const Z95 = normalQuantile(0.975);

/** To six significant digits of what R printed (comparison.R). */
function agrees(actual: number | undefined, expected: number | undefined): void {
  expect(actual).toBeDefined();
  expect(Math.abs((actual ?? NaN) - (expected ?? NaN)), `${actual} is not ${expected}`).toBeLessThanOrEqual(5e-7 * Math.abs(expected ?? 0) + 1e-12 * Number(expected === 0));
}

describe('exactMcNemar is binom.test of the discordant cases', () => {
  it.each(r.mcnemar)('%i against %i', (b, c, p) => agrees(exactMcNemar(b ?? NaN, c ?? NaN), p));
  it('is 1 when no case is discordant, and finite for a million of them', () => {
    expect(exactMcNemar(0, 0)).toBe(1);
    expect(exactMcNemar(1_000_000, 0)).toBe(0);
  });
});

describe('means with errors', () => {
  it.each(r.pairedT)('seed %i, %i cases: t.test(paired = TRUE)', (seed, n, delta, low, high, p) => {
    const { a, b } = quarters(seed ?? 0, n ?? 0);
    const means = pairedMeans(Float64Array.from(a), Float64Array.from(b), null);
    const error = differenceError(means);
    const half = tQuantile(0.975, means.units - 1) * error;
    agrees(means.b - means.a, delta);
    agrees(means.b - means.a - half, low);
    agrees(means.b - means.a + half, high);
    const actual = tTwoSided((means.b - means.a) / error, means.units - 1);
    if (p === 0) expect(actual).toBeLessThan(1e-300);
    else agrees(actual, p);
  });

  it.each(r.clustered)('seed %i, %i cases in %i clusters: cluster-robust errors', (seed, n, clusters, delta, low, high, p) => {
    const { a, b } = quarters(seed ?? 0, n ?? 0);
    const numbers = Int32Array.from({ length: n ?? 0 }, (_, i) => Math.floor((i * (clusters ?? 0)) / (n ?? 1)));
    const means = pairedMeans(Float64Array.from(a), Float64Array.from(b), numbers);
    const error = differenceError(means);
    const half = tQuantile(0.975, means.units - 1) * error;
    expect(means.units).toBe(clusters);
    agrees(means.b - means.a, delta);
    agrees(means.b - means.a - half, low);
    agrees(means.b - means.a + half, high);
    agrees(tTwoSided((means.b - means.a) / error, means.units - 1), p);
  });

  it('have no error when all differences are equal', () => {
    const a = Float64Array.from([0.1, 0.7, 0.3]);
    expect(differenceError(pairedMeans(a, a.map((x) => x + 0.2), null))).toBe(0);
  });
});

describe('newcombePaired', () => {
  // Newcombe 1998, Statistics in Medicine 17, 2635–2650, Table III, method 10: e, f, g, h (both, only the first, only the second, neither) and the limits,
  // as the tests of other implementations quote them: the paper itself was not at hand. Of its eighteen rows one is left out, 1, 97, 1, 1, which is
  // quoted with a lower limit of 0.8736 where the formula gives 0.87367.
  it.each([
    [36, 12, 2, 0, 0.0569, 0.3404], [20, 12, 2, 16, 0.0562, 0.3292], [18, 12, 2, 18, 0.0562, 0.329],
    [36, 14, 0, 0, 0.1528, 0.4167], [35, 14, 0, 1, 0.1461, 0.4175], [18, 14, 0, 18, 0.1441, 0.3963],
    [2, 97, 1, 0, 0.8721, 0.9854], [0, 29, 1, 0, 0.6666, 0.9882],
    [2, 98, 0, 0, 0.9178, 0.9945], [1, 98, 0, 1, 0.9171, 0.9916], [0, 30, 0, 0, 0.8395, 1],
    [54, 0, 0, 0, -0.0664, 0.0664], [53, 0, 0, 1, -0.0729, 0.0729], [30, 0, 0, 24, -0.0358, 0.0358],
    [29, 0, 0, 25, -0.0354, 0.0354], [28, 0, 0, 26, -0.0352, 0.0352], [27, 0, 0, 27, -0.0351, 0.0351],
  ])('of %i, %i, %i, %i is what he published', (e, f, g, h, low, high) => {
    // He takes the first minus the second.
    const interval = newcombePaired(e, g, f, h, Z95);
    expect([interval?.[0].toFixed(4), interval?.[1].toFixed(4)]).toEqual([low.toFixed(4), high.toFixed(4)]);
  });

  it('agrees with others who give an example of it', () => {
    // Altman et al. 2000, "Statistics with confidence", Table 6.2; Fagerland, Lydersen & Laake's R package contingencytables, chapter 8.
    const digits = (interval: readonly number[] | null, count: number): string[] | undefined => interval?.map((bound) => bound.toFixed(count));
    expect(digits(newcombePaired(14, 0, 5, 22, Z95), 3)).toEqual(['0.011', '0.226']);
    expect(digits(newcombePaired(59, 16, 6, 80, Z95), 4)).toEqual(['-0.1186', '-0.0046']);
  });

  it('has none of no case', () => {
    expect(newcombePaired(0, 0, 0, 0, Z95)).toBeNull();
  });

  it('is what the interval for means becomes of single outputs, but for the n − 1 of their variances', () => {
    const counts = [300, 40, 70, 90] as const;
    const values = (keep: (kind: number) => number): Float64Array => Float64Array.from(counts.flatMap((count, kind) => Array<number>(count).fill(keep(kind))));
    const means = pairedMeans(values((kind) => (kind < 2 ? 1 : 0)), values((kind) => (kind === 0 || kind === 2 ? 1 : 0)), null);
    const expected = newcombePaired(...counts, Z95);
    const actual = pairedScoreInterval(means, Z95);
    expect(actual?.[0]).toBeCloseTo(expected?.[0] ?? NaN, 3);
    expect(actual?.[1]).toBeCloseTo(expected?.[1] ?? NaN, 3);
  });
});

describe('signFlipTest', () => {
  const differences = (seed: number, n: number): number[] => {
    const u = lehmer(seed, 2 * n);
    return Array.from({ length: n }, (_, i) => Math.floor(Math.sqrt(u[n + i] ?? 0) * 4) / 3 - Math.floor((u[i] ?? 0) * 4) / 3);
  };
  it.each(r.signFlip)('seed %i, %i cases: every choice of signs as R lists them', (seed, n, p) => agrees(signFlipTest(differences(seed ?? 0, n ?? 0)), p));

  it('counts what a plain enumeration counts, for arbitrary numbers', () => {
    for (let n = 1; n <= 14; n++) {
      const values = lehmer(100 + n, n).map((x) => x - 0.4);
      const observed = Math.abs(values.reduce((sum, x) => sum + x, 0));
      let beyond = 0;
      for (let signs = 0; signs < 2 ** n; signs++) {
        const sum = values.reduce((total, x, i) => total + ((signs >> i) & 1 ? x : -x), 0);
        if (Math.abs(sum) >= observed - 1e-9) beyond++;
      }
      expect(signFlipTest(values)).toBeCloseTo(beyond / 2 ** n, 12);
    }
  });

  it('is the binomial sign test when all differences are as large', () => {
    const values = [...Array<number>(22).fill(1), ...Array<number>(7).fill(-1), ...Array<number>(10).fill(0)];
    agrees(signFlipTest(values), exactMcNemar(22, 7));
  });

  it('is 1 of nothing, of no difference and of a sum of 0; refuses what it cannot count', () => {
    expect([signFlipTest([]), signFlipTest([0, 0, 0]), signFlipTest([0.5, -0.5])]).toEqual([1, 1, 1]);
    expect(() => signFlipTest(Array<number>(41).fill(1))).toThrow(RangeError);
  });
});

it.each(r.holm.map((row) => [row]))('holmAdjust is p.adjust(holm): %j', (row) => {
  const half = row.length / 2;
  for (const [i, p] of holmAdjust(row.slice(0, half)).entries()) agrees(p, row[half + i]);
});

it.each(r.wilson)('Wilson of %i in %i at level %d is prop.test without correction', (passed, n, level, low, high) => {
  const interval = wilsonInterval(passed ?? NaN, n ?? NaN, normalQuantile(0.5 + (level ?? NaN) / 2));
  agrees(interval?.[0], low);
  agrees(interval?.[1], high);
});

describe('correlations are cor.test’s', () => {
  it.each(r.correlation)('seed %i, %i pairs of %i levels', (seed = 0, n = 0, levels = 0, ...expected) => {
    const u = lehmer(seed, 2 * n);
    const x = u.slice(0, n).map((value) => Math.floor(value * levels));
    const y = u.slice(0, n).map((value, i) => Math.floor(((value + (u[n + i] ?? 0)) / 2) * levels));
    const [p, s, k] = [pearson(x, y), spearman(x, y), kendallTauB(x, y)];
    for (const [i, actual] of [p?.estimate, p?.p, p?.interval?.[0], p?.interval?.[1], s?.estimate, s?.p, k?.estimate, k?.p].entries()) agrees(actual, expected[i]);
  });
  it('of what does not vary, or of two pairs, there is none; of the same twice it is 1', () => {
    for (const of of [pearson, spearman, kendallTauB]) {
      expect([of([1, 1, 1, 1], [1, 2, 3, 4]), of([], []), of([1, 2], [2, 1])]).toEqual([null, null, null]);
      expect(of([1, 2, 3, 9], [1, 2, 3, 9])?.estimate).toBeCloseTo(1, 12);
      expect(of([1, 2, 3, 9], [4, 3, 2, 1])?.estimate).toBeLessThan(-0.8);
    }
  });
});

it('cases needed and smallest difference are each other’s inverse', () => {
  const [n, error] = [400, 0.021];
  const smallest = minimumDetectable(error, 0.05);
  expect(smallest).toBeCloseTo((1.959964 + 0.841621) * error, 6);
  expect(casesForDifference(n, error, smallest, 0.05)).toBe(n);
  expect(casesForDifference(n, error, smallest / 2, 0.05)).toBe(4 * n);
});

it('casesToExclude is where Wilson’s interval of none ends at the share', () => {
  const n = casesToExclude(0.05, 0.05);
  expect(wilsonInterval(0, n)?.[1]).toBeLessThanOrEqual(0.05);
  expect(wilsonInterval(0, n - 1)?.[1]).toBeGreaterThan(0.05);
});

it('passHatK is C(c, k) / C(n, k)', () => {
  expect(passHatK(3, 4, 1)).toBe(0.75);
  expect(passHatK(3, 4, 2)).toBeCloseTo(3 / 6, 12);
  expect(passHatK(3, 4, 3)).toBeCloseTo(1 / 4, 12);
  expect([passHatK(3, 4, 4), passHatK(1, 4, 3), passHatK(4, 4, 4), passHatK(3, 4, 5)]).toEqual([0, 0, 1, null]);
});
