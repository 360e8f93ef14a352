import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/core/eval/budget.ts';

describe('a budget that runs share', () => {
  it('holds for all of them together, beside the limit of each', async () => {
    const shared = new Budget(1);
    const [a, b] = [new Budget(1, 0, undefined, shared), new Budget(0.3, 0, undefined, shared)];
    expect([a.limited, new Budget(null, 0, undefined, shared).limited, new Budget(null).limited]).toEqual([true, true, false]);
    expect(await a.reserve(0.8)).toBe(true);
    a.settle(0.8, 0.8);
    // Its own limit allows it, the one of all does not.
    expect(await b.reserve(0.25)).toBe(false);
    expect(b.explain(0.25)).toContain('$1 does not allow another request: $0.800 are spent');
    expect(await b.reserve(0.1)).toBe(true);
    b.settle(0.1, null);
    expect([a.spent, b.spent, shared.spent]).toEqual([0.8, 0.1, expect.closeTo(0.9, 12)]);
  });

  it('gives back what a run may not spend by its own limit', async () => {
    const shared = new Budget(1);
    const [small, other] = [new Budget(0.1, 0, undefined, shared), new Budget(1, 0, undefined, shared)];
    expect(await small.reserve(0.5)).toBe(false);
    expect(small.explain(0.5)).toContain('$0.1 does not allow');
    expect(await other.reserve(1)).toBe(true);
  });

  it('makes a run wait while another one may turn out cheaper', async () => {
    const shared = new Budget(1);
    const [a, b] = [new Budget(1, 0, undefined, shared), new Budget(1, 0, undefined, shared)];
    expect(await a.reserve(0.9)).toBe(true);
    const waiting = b.reserve(0.5);
    a.settle(0.9, 0.2);
    expect(await waiting).toBe(true);
  });
});
