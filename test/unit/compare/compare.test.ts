import { describe, expect, it } from 'vitest';
import { caseChange } from '../../../src/core/compare/change.ts';
import { adjustTogether, compareCases, sliceField } from '../../../src/core/compare/compare.ts';
import type { CompareOptions, ComparisonResult, MetricComparison, PairedCase } from '../../../src/core/compare/model.ts';
import { gateSentence, metricSentence, pValue, verdictSentence } from '../../../src/core/compare/sentence.ts';
import { exactMcNemar } from '../../../src/core/stats/mcnemar.ts';
import { newcombePaired } from '../../../src/core/stats/score-interval.ts';
import { seededRandom } from '../../../src/core/stats/random.ts';
import r from '../../fixtures/statistics/comparison.json' with { type: 'json' };
import { lehmer, outputs, paired, passFail, quarters } from './cases.ts';

const OPTIONS: CompareOptions = { margin: 0.05, metric: 'passRate' };

function metric(result: ComparisonResult, name: string): MetricComparison {
  const found = result.metrics.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found;
}

const main = (cases: readonly PairedCase[], options: Partial<CompareOptions> = {}): MetricComparison => metric(compareCases(cases, { ...OPTIONS, ...options }), options.metric ?? 'passRate');

function agrees(actual: number | null | undefined, expected: number | undefined): void {
  expect(Math.abs((actual ?? NaN) - (expected ?? NaN)), `${actual} is not ${expected}`).toBeLessThanOrEqual(5e-7 * Math.abs(expected ?? 0));
}

describe('the test fits the data', () => {
  it('one output a case that passes or fails: exact McNemar, Newcombe’s interval', () => {
    const result = main(passFail(40, 2, 12, 6));
    expect(result).toMatchObject({ a: 42 / 60, b: 52 / 60, test: 'mcnemar-exact', n: 60, clusters: null, verdict: 'better' });
    expect(result.p).toBe(exactMcNemar(2, 12));
    const [low, high] = newcombePaired(40, 2, 12, 6, 1.959963984540054) ?? [];
    agrees(result.interval?.[0], low);
    agrees(result.interval?.[1], high);
  });

  it.each(r.pairedT.filter(([, n]) => (n ?? 0) >= 200))('scores, seed %i, %i cases: R’s t.test', (seed, n, delta, low, high, p) => {
    const { a, b } = quarters(seed ?? 0, n ?? 0);
    const result = main(a.map((score, i) => paired(i, { scores: [score] }, { scores: [b[i] ?? 0] })), { metric: 'score' });
    expect(result.test).toBe('paired-t');
    agrees(result.delta, delta);
    agrees(result.interval?.[0], low);
    agrees(result.interval?.[1], high);
    if ((p ?? 0) > 0) agrees(result.p, p);
  });

  it('the same, as passes of four repeats', () => {
    const { a, b } = quarters(4, 200);
    const passes = (share: number): boolean[] => Array.from({ length: 4 }, (_, i) => i < 4 * share);
    const result = compareCases(a.map((share, i) => paired(i, { passes: passes(share) }, { passes: passes(b[i] ?? 0) })), OPTIONS);
    const [, , delta, low, high, p] = r.pairedT[3] ?? [];
    const rate = metric(result, 'passRate');
    expect(result.repeats).toBe(4);
    agrees(rate.delta, delta);
    agrees(rate.interval?.[0], low);
    agrees(rate.interval?.[1], high);
    agrees(rate.p, p);
  });

  it.each(r.clustered)('seed %i, %i cases in %i clusters: cluster-robust', (seed, n, clusters, delta, low, high, p) => {
    const { a, b } = quarters(seed ?? 0, n ?? 0);
    const cluster = (i: number): string => `conversation ${Math.floor((i * (clusters ?? 0)) / (n ?? 1))}`;
    const result = main(a.map((score, i) => paired(i, { scores: [score] }, { scores: [b[i] ?? 0] }, { cluster: cluster(i) })), { metric: 'score' });
    expect(result.clusters).toBe(clusters);
    agrees(result.delta, delta);
    agrees(result.interval?.[0], low);
    agrees(result.interval?.[1], high);
    // R's figure is Student's t; twenty clusters are few enough to count every choice of their signs instead.
    if (clusters === 20) expect(result.test).toBe('sign-flip');
    else agrees(result.p, p);
  });

  it.each(r.tokens)('tokens, seed %i, %i cases: means and their ratio', (seed, n, delta, low, high, p, ratioLow, ratioHigh) => {
    const u = lehmer(seed ?? 0, 2 * (n ?? 0));
    const cases = Array.from({ length: n ?? 0 }, (_, i) => paired(i, { tokens: [Math.floor((u[i] ?? 0) * 900 + 100)] }, { tokens: [Math.floor((u[(n ?? 0) + i] ?? 0) * 1000 + 100)] }));
    const result = main(cases, { metric: 'tokens' });
    agrees(result.delta, delta);
    agrees(result.interval?.[0], low);
    agrees(result.interval?.[1], high);
    agrees(result.p, p);
    agrees(result.ratio?.interval?.[0], ratioLow);
    agrees(result.ratio?.interval?.[1], ratioHigh);
    expect(result).toMatchObject({ higherIsBetter: false, verdict: 'worse' });
  });

  it('few cases with repeats: every choice of signs', () => {
    const cases = Array.from({ length: 12 }, (_, i) => paired(i, { passes: [true, false, false] }, { passes: [true, true, i < 10] }));
    expect(main(cases)).toMatchObject({ test: 'sign-flip', p: 2 / 2 ** 12, verdict: 'better' });
  });

  it('cases that share one cluster are no more than one case', () => {
    const single = main(passFail(20, 0, 20, 0, { cluster: 'one' }));
    expect(single).toMatchObject({ interval: null, p: null, verdict: 'too-few-cases' });
    expect(single.warning).toContain('one cluster');
  });
});

describe('medians of cost and latency', () => {
  const random = seededRandom(7);
  const lognormal = (): number => Math.exp(6 + random() + random() + random());
  const cases = (n: number, factor: number): PairedCase[] => Array.from({ length: n }, (_, i) => {
    const ms = lognormal();
    return paired(i, { passes: [true], latencyMs: [ms] }, { passes: [true], latencyMs: [ms * factor * (0.9 + random() / 5)] });
  });

  it('are drawn again alike with the same seed, and differently with another', () => {
    const some = cases(40, 1.3);
    const latency = (seed?: number): MetricComparison => main(some, { metric: 'latencyMs', seed });
    expect(latency()).toEqual(latency());
    expect(latency()).toMatchObject({ test: 'bootstrap', higherIsBetter: false, unit: 'ms' });
    const tokens = (seed: number): MetricComparison => main(some.slice(0, 20).map(({ a, b }, i) => paired(i, { tokens: a.latencyMs }, { tokens: b.latencyMs })), { metric: 'tokens', seed });
    expect(tokens(1)).toEqual(tokens(1));
    expect(tokens(1).interval).not.toEqual(tokens(2).interval);
  });

  it('of many cases come from order statistics, which agree with the bootstrap', () => {
    const many = cases(400, 1.2);
    const all = main(many, { metric: 'latencyMs' });
    const some = main(many.slice(0, 99), { metric: 'latencyMs' });
    expect([all.test, some.test]).toEqual(['paired-medians', 'bootstrap']);
    expect(all.ratio?.interval?.[0]).toBeLessThan(1.2);
    expect(all.ratio?.interval?.[1]).toBeGreaterThan(1.2);
    const width = ({ interval }: MetricComparison): number => (interval?.[1] ?? NaN) - (interval?.[0] ?? NaN);
    // A quarter of the cases: twice as wide, give or take what other cases make of it.
    expect(width(some) / width(all)).toBeGreaterThan(1.2);
    expect(width(some) / width(all)).toBeLessThan(3);
    expect(all.verdict).toBe('worse');
  });

  it('have no ratio to a median of 0, and no interval of one case', () => {
    const free = Array.from({ length: 20 }, (_, i) => paired(i, { costs: [0] }, { costs: [0.01] }));
    expect(main(free, { metric: 'cost' }).ratio).toBeUndefined();
    expect(main(cases(1, 1), { metric: 'latencyMs' })).toMatchObject({ interval: null, p: null, verdict: 'too-few-cases' });
  });

  it('of latency say that the cache has none, where one side was answered from it', () => {
    const cached = cases(20, 1).map((one) => ({ ...one, a: { ...one.a, latencyMs: [null] } }));
    expect(metric(compareCases(cached, OPTIONS), 'latencyMs')).toMatchObject({ n: 0, a: null, verdict: 'too-few-cases', warning: expect.stringContaining('--no-cache') as unknown });
    const partly = cached.map((one, i) => (i === 0 ? { ...one, a: one.b } : one));
    expect(metric(compareCases(partly, OPTIONS), 'latencyMs').warning).not.toContain('--no-cache');
  });
});

describe('edge data', () => {
  it('no case, one case: no interval and a reason', () => {
    expect(main([])).toMatchObject({ n: 0, a: null, b: null, delta: null, interval: null, p: null, test: 'none', verdict: 'too-few-cases', warning: expect.stringContaining('No case') as unknown });
    expect(main(passFail(1, 0, 0, 0))).toMatchObject({ n: 1, delta: 0, interval: null, p: null, test: 'none', verdict: 'too-few-cases', warning: 'One case has no interval.' });
  });

  it.each([['one output', 1], ['three repeats', 3]])('all pass on both sides, %s: an interval that is no point, and a warning', (_, repeats) => {
    const all = Array<boolean>(Number(repeats)).fill(true);
    const result = main(Array.from({ length: 60 }, (_unused, i) => paired(i, { passes: all }, { passes: all })));
    expect(result).toMatchObject({ a: 1, b: 1, delta: 0, p: 1, verdict: 'too-few-cases' });
    expect(result.interval?.[0]).toBeLessThan(-0.05);
    expect(result.interval?.[1]).toBeGreaterThan(0.05);
    expect(result.warning).toContain('Too few cases fail');
    // From there on, a loss of the margin is excluded: the bound is z² (1 − 0.05) / 0.05.
    expect(result.casesNeeded).toBe(73);
    expect(compareCases(passFail(73, 0, 0, 0), OPTIONS).gate).toBe('passes');
    expect(compareCases(passFail(72, 0, 0, 0), OPTIONS).gate).toBe('inconclusive');
  });

  it('no discordant pair', () => {
    expect(main(passFail(27, 0, 0, 27))).toMatchObject({ delta: 0, p: 1, test: 'mcnemar-exact', verdict: 'no-difference-shown' });
    const repeated = main(Array.from({ length: 54 }, (_, i) => paired(i, { passes: [i < 27, i < 27] }, { passes: [i < 27, i < 27] })));
    expect(repeated).toMatchObject({ delta: 0, p: 1, test: 'sign-flip' });
    expect(repeated.interval?.[0]).toBeLessThan(0);
    expect(repeated.interval?.[1]).toBeGreaterThan(0);
  });

  it('all equal scores', () => {
    const result = main(Array.from({ length: 40 }, (_, i) => paired(i, { scores: [0.7] }, { scores: [0.7] })), { metric: 'score' });
    expect(result).toMatchObject({ delta: 0, p: 1 });
    expect(result.interval?.[0]).toBeLessThan(0);
  });

  it('a hundred thousand cases', () => {
    const result = main(passFail(60_000, 9_800, 10_200, 20_000));
    expect(result.p).toBe(exactMcNemar(9_800, 10_200));
    expect(result).toMatchObject({ verdict: 'better', n: 100_000 });
  });

  it('an answer that is missing takes its case out, and a repeat that is missing only that repeat', () => {
    const result = compareCases([...passFail(5, 1, 1, 3), paired(98, { passes: [null] }, { passes: [true] }), paired(99, { passes: [null, true] }, { passes: [false, false] })], OPTIONS);
    expect(result).toMatchObject({ n: 11, unanswered: 1, repeats: 2 });
    expect(metric(result, 'passRate')).toMatchObject({ n: 11, a: 7 / 11, b: 6 / 11 });
  });

  it('names of metrics that are also names in every object', () => {
    const cases = Array.from({ length: 12 }, (_, i) => paired(i, { passes: [true], named: { constructor: [1] } }, { passes: [true], named: i < 6 ? { constructor: [0.5] } : {} }));
    const result = compareCases(cases, OPTIONS);
    expect(metric(result, 'constructor')).toMatchObject({ n: 6, a: 1, b: 0.5 });
    expect(result.metrics.map(({ name }) => name)).not.toContain('toString');
  });

  it('scores outside 0..1 are compared without those bounds', () => {
    const result = main(Array.from({ length: 40 }, (_, i) => paired(i, { scores: [i % 5] }, { scores: [(i % 5) + (i % 2)] })), { metric: 'score', margin: 0.1 });
    expect(result).toMatchObject({ delta: 0.5, verdict: 'better', test: 'paired-t' });
    expect(result.b).toBeGreaterThan(1);
  });
});

describe('verdicts', () => {
  it('are too few below five cases, whatever these show; of five to nine only what is shown', () => {
    expect(main(passFail(0, 0, 4, 0))).toMatchObject({ verdict: 'too-few-cases', p: null, casesNeeded: 10 });
    expect(main(passFail(0, 0, 9, 0)).verdict).toBe('better');
    expect(main(passFail(5, 2, 2, 0)).verdict).toBe('too-few-cases');
  });

  it('never say better where the interval holds 0 or the test does not say so', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const [x, y, z, w] = lehmer(seed * 7919, 4).map((value) => Math.floor(value * 30));
      const result = main(passFail(x ?? 0, y ?? 0, z ?? 0, w ?? 0));
      if (result.verdict === 'better' || result.verdict === 'worse') {
        expect(result.p).toBeLessThan(0.05);
        expect((result.interval?.[0] ?? 0) * (result.interval?.[1] ?? 0)).toBeGreaterThan(0);
        expect(result.verdict).toBe((result.delta ?? 0) > 0 ? 'better' : 'worse');
      }
    }
  });

  it('turn round when the sides do', () => {
    for (const cases of [passFail(40, 2, 12, 6), passFail(10, 5, 0, 0), Array.from({ length: 25 }, (_, i) => paired(i, { passes: [true, i % 3 > 0] }, { passes: [i % 2 > 0, false] }))]) {
      const forth = main(cases);
      const back = main(cases.map(({ a, b, ...rest }) => ({ ...rest, a: b, b: a })));
      expect(back.delta).toBeCloseTo(-(forth.delta ?? NaN), 12);
      expect(back.p).toBeCloseTo(forth.p ?? NaN, 12);
      expect(back.interval?.[0]).toBeCloseTo(-(forth.interval?.[1] ?? NaN), 12);
      // What is not shown depends on the side: the margin is about losses.
      const turned: Partial<Record<string, string>> = { better: 'worse', worse: 'better' };
      expect(turned[back.verdict]).toBe(turned[forth.verdict] === undefined ? undefined : forth.verdict);
    }
  });

  it('say more cases are needed where they are too few, and with these it is decided', () => {
    const few = main(passFail(14, 1, 3, 2));
    expect(few.verdict).toBe('too-few-cases');
    const times = Math.ceil((few.casesNeeded ?? 0) / few.n);
    expect(times).toBeGreaterThan(1);
    expect(main(passFail(14 * times, times, 3 * times, 2 * times)).verdict).toBe('better');
  });
});

describe('the gate', () => {
  it('passes, fails or cannot tell; too few never pass', () => {
    const gate = (cases: readonly PairedCase[], margin = 0.05): string => compareCases(cases, { ...OPTIONS, margin }).gate;
    expect(gate(passFail(300, 5, 6, 89))).toBe('passes');
    expect(gate(passFail(300, 60, 5, 35))).toBe('fails');
    expect(gate(passFail(40, 3, 3, 14))).toBe('inconclusive');
    expect(gate(passFail(4, 0, 0, 0), 1)).toBe('inconclusive');
    expect(gate(passFail(0, 0, 4, 0), 0.9)).toBe('inconclusive');
    expect(gate([], 1)).toBe('inconclusive');
  });

  it('of a metric where less is better fails when there is more', () => {
    const cases = (factor: number): PairedCase[] => Array.from({ length: 40 }, (_, i) => paired(i, { latencyMs: [100 + i] }, { latencyMs: [(100 + i) * factor] }));
    const gate = (factor: number): string => compareCases(cases(factor), { margin: 20, metric: 'latencyMs' }).gate;
    expect([gate(0.5), gate(1.05), gate(2)]).toEqual(['passes', 'passes', 'fails']);
  });

  it('follows a widened margin from fails to passes, never back', () => {
    const order = ['fails', 'inconclusive', 'passes'];
    let before = 0;
    for (let margin = 0; margin <= 1; margin += 0.01) {
      const now = order.indexOf(compareCases(passFail(60, 25, 5, 30), { ...OPTIONS, margin }).gate);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    expect(before).toBe(2);
  });
});

describe('what is tested together is adjusted by Holm', () => {
  const cases = [...passFail(20, 0, 7, 3, { slices: ['lang=de', 'hard'] }), ...passFail(20, 0, 6, 4, { slices: ['lang=en'] }), ...passFail(30, 1, 1, 3, { slices: ['lang=fr', 'hard'] }), ...passFail(5, 0, 4, 0, { slices: ['lang=nl'] })];

  it('slices: those of ten cases and more; smaller ones have an interval and no p', () => {
    const { slices } = compareCases(cases, OPTIONS);
    const rate = Object.fromEntries(slices.map(({ slice, metrics: [first] }) => [slice, first]));
    expect(Object.keys(rate)).toEqual(['lang=de', 'lang=en', 'lang=fr', 'lang=nl', 'hard']);
    expect(rate['lang=de']?.p).toBe(exactMcNemar(7, 0));
    // Four are tested. The smallest p counts four times, the next three times, …
    expect(rate['lang=de']?.pAdjusted).toBeCloseTo(4 * exactMcNemar(7, 0), 12);
    expect(rate['lang=de']?.verdict).not.toBe('better');
    expect(rate['lang=nl']).toMatchObject({ n: 9, p: null, test: 'none', verdict: 'too-few-cases' });
    expect(rate['lang=nl']?.interval).not.toBeNull();
    expect(slices.find(({ slice }) => slice === 'lang=fr')).toMatchObject({ n: 35, regressed: 1, improved: 1 });
  });

  it('slices of one field only', () => {
    expect(compareCases(cases, { ...OPTIONS, sliceBy: 'tag' }).slices.map(({ slice }) => slice)).toEqual(['hard']);
    expect(compareCases(cases, { ...OPTIONS, sliceBy: 'lang' }).slices).toHaveLength(4);
    expect([sliceField('lang=de'), sliceField('hard'), sliceField('a=b=c')]).toEqual(['lang', 'tag', 'a']);
  });

  it('leaves out a score that is nothing but the pass rate once more, and keeps it where one output differs or it is what is asked about', () => {
    const scored = (last: number): PairedCase[] => Array.from({ length: 40 }, (_, i) => paired(i, { passes: [i % 3 === 0], scores: [i % 3 === 0 ? 1 : 0], tokens: [100 + i] }, { passes: [i % 2 === 0], scores: [i === 38 ? last : i % 2 === 0 ? 1 : 0], tokens: [101 + i + (i % 3)] }, { slices: ['all'] }));
    const names = (last: number, metric: string): string[] => compareCases(scored(last), { margin: 0.05, metric }).metrics.map(({ name }) => name);
    expect(names(1, 'passRate')).toEqual(['passRate', 'tokens']);
    expect(names(0.99, 'passRate')).toEqual(['passRate', 'score', 'tokens']);
    expect(names(1, 'score')).toEqual(['score', 'passRate', 'tokens']);
    const isRate = (last: number, metric: string): unknown => compareCases(scored(last), { margin: 0.05, metric }).scoreIsPassRate;
    expect([isRate(1, 'passRate'), isRate(0.99, 'passRate'), isRate(1, 'score')]).toEqual([true, undefined, undefined]);
    // It is not among what p is adjusted for, in slices neither.
    const { metrics: [, tokens], slices } = compareCases(scored(1), { margin: 0.05, metric: 'passRate' });
    expect([tokens?.pAdjusted, slices[0]?.metrics.map(({ name }) => name)]).toEqual([undefined, ['passRate']]);
  });

  it('the other metrics, not that of the verdict', () => {
    const random = seededRandom(3);
    const both = cases.map((one, i) => paired(i, { passes: one.a.passes, scores: [random()], tokens: [100 + i] }, { passes: one.b.passes, scores: [random()], tokens: [101 + i + (i % 3)] }));
    const { metrics } = compareCases(both, OPTIONS);
    expect(metrics.map(({ name }) => name)).toEqual(['passRate', 'score', 'tokens']);
    expect(metrics[0]?.pAdjusted).toBeUndefined();
    expect(metrics[1]?.pAdjusted).toBeCloseTo(Math.max(metrics[1]?.p ?? 0, 2 * (metrics[2]?.p ?? 0)), 12);
    expect(compareCases(both, { ...OPTIONS, metric: 'tokens' }).metrics.map(({ name }) => name)).toEqual(['tokens', 'passRate', 'score']);
  });

  it('several versions against one baseline', () => {
    const results = [passFail(40, 0, 7, 13), passFail(40, 0, 6, 14), passFail(40, 3, 3, 14)].map((some) => compareCases(some, OPTIONS));
    expect(results.map(({ metrics: [first] }) => first?.verdict)).toEqual(['better', 'better', 'too-few-cases']);
    const together = adjustTogether(results, OPTIONS);
    expect(together.map(({ metrics: [first] }) => first?.pAdjusted)).toEqual([3 * exactMcNemar(7, 0), 2 * exactMcNemar(6, 0), 1]);
    expect(together.map(({ metrics: [first] }) => first?.verdict)).toEqual(['better', 'no-difference-shown', 'too-few-cases']);
    expect(adjustTogether(results.slice(0, 1), OPTIONS)).toEqual(results.slice(0, 1));
  });
});

it('pass^k counts cases of which all repeats pass', () => {
  const cases = Array.from({ length: 40 }, (_, i) => paired(i, { passes: [true, true, i < 10] }, { passes: [true, true, i < 30] }));
  expect(main(cases, { metric: 'pass^3' })).toMatchObject({ unit: 'rate', a: 0.25, b: 0.75, verdict: 'better' });
});

describe('caseChange', () => {
  it.each([
    [[true], [false], { delta: -1, regressed: true, improved: false, failing: true, disagreement: false }],
    [[false], [true], { delta: 1, regressed: false, improved: true, failing: false, disagreement: false }],
    [[true, true, false], [true, false, false], { delta: -1 / 3, regressed: true, improved: false, failing: true, disagreement: true }],
    [[true, true, true], [true, true, false], { delta: -1 / 3, regressed: false, improved: false, failing: true, disagreement: true }],
    [[true, false], [true, true], { delta: 0.5, regressed: false, improved: true, failing: false, disagreement: true }],
    [[null], [true], { delta: null, regressed: false, improved: false, failing: false, disagreement: false }],
  ])('%j → %j', (a, b, expected) => {
    const actual = caseChange({ a: outputs({ passes: a }), b: outputs({ passes: b }) }, true);
    expect(actual).toMatchObject({ ...expected, delta: expected.delta === null ? null : (expect.closeTo(expected.delta, 12) as unknown), changed: true });
  });
});

describe('sentences', () => {
  it('say the verdict, by how much, how certain and of how many cases', () => {
    expect(verdictSentence(compareCases(passFail(40, 2, 12, 6), OPTIONS))).toBe('Better: pass rate 70.0 % → 86.7 %, +16.7 points [+4.6, +28.7], p = .013 (paired, 60 cases)');
    expect(verdictSentence(compareCases(passFail(40, 12, 2, 6), OPTIONS))).toMatch(/^Worse: pass rate 86.7 % → 70.0 %, −16.7 points \[−28.7, −4.6\]/);
    expect(verdictSentence(compareCases(passFail(14, 1, 3, 2), OPTIONS))).toMatch(/^Too few cases: about \d+ more would be needed; pass rate 75.0 % → 85.0 %/);
    expect(verdictSentence(compareCases([], OPTIONS))).toBe('Too few cases: no case has a pass rate on both sides');
    const clustered = compareCases([...passFail(20, 0, 5, 5, { cluster: 'x' }), ...passFail(20, 0, 5, 5, { cluster: 'y' })], OPTIONS);
    expect(verdictSentence(clustered)).toContain('(paired, 60 cases in 2 clusters)');
  });

  it('of the gate name the margin', () => {
    expect(gateSentence(compareCases(passFail(300, 5, 6, 89), OPTIONS))).toBe('Not worse by more than 5.0 points');
    expect(gateSentence(compareCases(passFail(300, 60, 5, 35), OPTIONS))).toBe('Worse by more than 5.0 points');
    expect(gateSentence(compareCases(passFail(14, 3, 3, 0), OPTIONS))).toMatch(/^Cannot tell whether it is worse by more than 5.0 points: about \d+ more would be needed$/);
  });

  it('write other units as they are written elsewhere', () => {
    const cases = Array.from({ length: 40 }, (_, i) => paired(i, { latencyMs: [800 + i], costs: [0.018], tokens: [1000 + i], named: { tone: [0.8] } }, { latencyMs: [840 + 2 * i], costs: [0.012 + i / 1e6], tokens: [900 + i], named: { tone: [0.4] } }));
    const { metrics } = compareCases(cases, { margin: 10, metric: 'latencyMs' });
    expect(metrics.map(metricSentence)).toEqual([
      expect.stringMatching(/^Worse: p50 latency 820 ms → 879 ms, \+60 ms \[\+\d+ ms, \+\d+ ms\], p < \.001 \(paired, 40 cases\)$/),
      'Too few cases: no case has a pass rate on both sides',
      expect.stringMatching(/^Worse: tone 0\.80 → 0\.40, −0\.400 \[−0\.\d{3}, −0\.\d{3}\]/),
      expect.stringMatching(/^Better: median cost \$0\.0180 → \$0\.0120, −\$0\.00598 \[/),
      expect.stringMatching(/^Better: tokens 1,020 tokens → 920 tokens, −100\.0 tokens/),
    ]);
  });

  it.each([[0.012, 'p = .012'], [0.0004, 'p < .001'], [0.995, 'p > .99'], [0.5, 'p = .50'], [0.0999, 'p = .10'], [0.0994, 'p = .099'], [0.001, 'p = .001'], [1, 'p > .99'], [0.99, 'p = .99']])('p %d: %s', (p, text) => expect(pValue(p)).toBe(text));
});
