import { describe, expect, test } from 'vitest';
import { compareCases } from '../../../src/core/compare/compare.ts';
import type { PairedCase } from '../../../src/core/compare/model.ts';
import { isUnsure, metricSentence, metricsTogether, slicesTogether, verdictSentence, verdictWords } from '../../../src/core/compare/sentence.ts';

const outputs = (passes: boolean): PairedCase['a'] => ({ passes: [passes], scores: [null], latencyMs: [null], costs: [null], tokens: [null], named: {} });

/** `improved` cases of a slice fail before and pass after, the others pass on both sides. */
const slice = (name: string, cases: number, improved: number): PairedCase[] =>
  Array.from({ length: cases }, (_, i) => ({ caseId: `${name}-${i}`, cluster: null, slices: [name], a: outputs(i >= improved), b: outputs(true) }));

describe('the words of a verdict', () => {
  const result = compareCases([...slice('spanish', 10, 6), ...slice('terse', 12, 0), ...slice('mixed', 14, 0), ...slice('clear', 24, 0)], { margin: 0.05, metric: 'passRate' });
  const of = (name: string) => {
    const metric = result.slices.find((one) => one.slice === name)?.metrics[0];
    if (metric === undefined) throw new Error(`no slice ${name}`);
    return metric;
  };

  test('are no contradiction where the interval of a slice excludes 0 and the adjusted p does not', () => {
    const spanish = of('spanish');
    expect(spanish).toMatchObject({ verdict: 'no-difference-shown', pAdjusted: expect.closeTo(0.125, 6) as unknown });
    expect(spanish.p).toBeLessThan(0.05);
    expect(spanish.interval?.[0]).toBeGreaterThan(0);
    expect(verdictWords(spanish, slicesTogether(result.slices))).toBe('not sure among 4 slices');
  });

  test('are none either where a metric stands alone: its exact test asks for more than its interval', () => {
    const some = (name: string, before: boolean, after: boolean, count: number): PairedCase[] => Array.from({ length: count }, (_, i) => ({ caseId: `${name}-${i}`, cluster: null, slices: [], a: outputs(before), b: outputs(after) }));
    const { metrics: [main], gate } = compareCases([...some('both', true, true, 27), ...some('lost', true, false, 2), ...some('won', false, true, 9), ...some('none', false, false, 2)], { margin: 0.05, metric: 'passRate' });
    if (main === undefined) throw new Error('no metric');
    // R: binom.test(2, 11)$p.value is 0.06542969; Newcombe's interval is 0.00829 to 0.33557.
    expect([main.verdict, gate]).toEqual(['no-difference-shown', 'passes']);
    expect([main.p, ...(main.interval ?? [])]).toEqual([0.06542969, 0.00828867, 0.33557193].map((value) => expect.closeTo(value, 7) as unknown));
    expect(verdictWords(main, '1 metric')).toBe('not sure');
    expect(metricSentence(main)).toBe('Not sure: the interval excludes 0, the test does not; about 32 more would be needed; pass rate 72.5 % → 90.0 %, +17.5 points [+0.8, +33.6], p = .065 (paired, 40 cases)');
  });

  test('are plain where the interval holds 0', () => {
    const spanish = of('spanish');
    expect(verdictWords({ ...spanish, interval: [-0.01, 0.8] }, '4 slices')).toBe('no difference shown');
    expect(isUnsure({ ...spanish, verdict: 'better' })).toBe(false);
    expect(verdictWords({ ...spanish, verdict: 'too-few-cases' }, '4 slices')).toBe('too few cases');
  });

  test('name the metrics, or the versions where several were compared', () => {
    const [main, ...others] = result.metrics;
    if (main === undefined) throw new Error('no metric');
    const named = (name: string) => ({ ...main, name, pAdjusted: 0.2 });
    expect(metricsTogether([main, named('helpful'), named('polite'), ...others])).toBe('2 metrics');
    expect(metricsTogether([{ ...main, pAdjusted: 0.08 }, named('helpful')])).toBe('the versions');
    expect(verdictSentence({ ...result, metrics: [of('spanish')] })).toMatch(/^Not sure among the versions: pass rate 40\.0 % → 100 %/);
  });
});
