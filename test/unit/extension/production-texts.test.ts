import { describe, expect, it } from 'vitest';
import { productionDetail, productionText } from '../../../src/extension/features/prompt-lenses/production-wording.ts';
import type { ProductionUse } from '../../../src/protocol/spans.ts';

const USE: ProductionUse = {
  promptId: 'support/triage', calls: 1204, errors: 14, p50Ms: 840, p95Ms: 2100, costPerCall: 0.0004,
  feedback: [{ name: 'helpful', count: 31, mean: 0.8387 }, { name: 'reviewed', count: 1, mean: null }],
  versions: [{ ref: 'a', label: 'v7 · 3f9a1c2e', calls: 1200, errors: 14 }, { ref: 'working', label: 'working copy', calls: 4, errors: 0 }],
  since: '2026-10-23T08:00:00.000Z', query: 'prompt:support/triage', pending: 3,
};

describe('what production says of a prompt', () => {
  it('stands above it, without what is not known', () => {
    expect(productionText(USE)).toBe('1,204 calls · p95 2.1 s · $0.0004 a call · 1.2% errors');
    expect(productionText({ calls: 1, errors: 0, p95Ms: null, costPerCall: null })).toBe('1 call');
  });

  it('is nothing while nobody has called it', () => {
    expect(productionText({ calls: 0, errors: 0, p95Ms: null, costPerCall: null })).toBeNull();
  });

  it('never rounds errors away, nor makes all of some', () => {
    expect(productionText({ calls: 100_000, errors: 1, p95Ms: null, costPerCall: null })).toBe('100,000 calls · 0.1% errors');
    expect(productionText({ calls: 100_000, errors: 99_999, p95Ms: null, costPerCall: null })).toBe('100,000 calls · 99.9% errors');
  });

  it('has its feedback and its versions in the tooltip', () => {
    expect(productionDetail(USE).split('\n')).toEqual([
      '1,204 recorded calls of this prompt · since 2026-10-23',
      'p50 840 ms · p95 2.1 s · 14 errors',
      'helpful: mean 0.839, 31 times',
      'reviewed: once',
      'v7 · 3f9a1c2e · 1,200 calls · 14 errors',
      'working copy · 4 calls',
      '3 traces not looked at yet',
    ]);
  });
});
