import type { AssertionResult } from '../../../src/core/assert/model.ts';

/** One check of a case, as it fell out on either side; `null`: it was not made there. */
export interface AssertionPair {
  readonly key: string;
  readonly left: AssertionResult | null;
  readonly right: AssertionResult | null;
  /** Of an assertion set: its parts. */
  readonly depth: number;
}

/**
 * The same checks beside each other, the parts of a set below it. Both sides were judged by the same ones in the same order, but for an
 * output that ended the judging early: a check is found by what it is and by its turn among its like.
 */
export function pairAssertions(left: readonly AssertionResult[], right: readonly AssertionResult[], depth = 0): readonly AssertionPair[] {
  const [named, others] = [byName(left), byName(right)];
  const keys = [...named.keys(), ...[...others.keys()].filter((key) => !named.has(key))];
  return keys.flatMap((key) => {
    const pair = { key, left: named.get(key) ?? null, right: others.get(key) ?? null, depth };
    return [pair, ...pairAssertions(pair.left?.components ?? [], pair.right?.components ?? [], depth + 1)];
  });
}

function byName(results: readonly AssertionResult[]): ReadonlyMap<string, AssertionResult> {
  const turns = new Map<string, number>();
  return new Map(results.map((result) => {
    const name = JSON.stringify([result.type, result.name, result.value, result.metric]);
    const turn = turns.get(name) ?? 0;
    turns.set(name, turn + 1);
    return [`${name}${turn}`, result];
  }));
}
