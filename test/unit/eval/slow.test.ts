import { describe, expect, it } from 'vitest';
import { isSlow } from '../../../src/core/eval/summary.ts';

describe('isSlow', () => {
  it('is above the 95th percentile', () => {
    expect(isSlow(841, 840)).toBe(true);
    expect(isSlow(840, 840)).toBe(false);
  });

  it('never calls a cell slow whose run is answered within a millisecond', () => {
    expect(isSlow(0.04, 0)).toBe(false);
  });

  it('does not know before there is a percentile', () => {
    expect(isSlow(5000, null)).toBe(false);
  });
});
