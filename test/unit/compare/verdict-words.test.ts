import { describe, expect, test } from 'vitest';
import { compareCases } from '../../../src/core/compare/compare.ts';
import type { PairedCase } from '../../../src/core/compare/model.ts';
import { isUnsure, metricsTogether, slicesTogether, verdictSentence, verdictWords } from '../../../src/core/compare/sentence.ts';

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

  test('are plain where the interval holds 0, and where nothing else was tested', () => {
    const spanish = of('spanish');
    expect(verdictWords({ ...spanish, interval: [-0.01, 0.8] }, '4 slices')).toBe('no difference shown');
    const { pAdjusted, ...alone } = spanish;
    expect(pAdjusted).toBeDefined();
    expect(verdictWords(alone, '4 slices')).toBe('no difference shown');
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
