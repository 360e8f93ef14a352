import type { AssertionResult, CellScore } from './model.ts';

/** Weighted mean of scores; 0 when the weights add up to 0. */
function weightedMean(results: readonly { readonly score: number; readonly weight: number }[]): number {
  let sum = 0;
  let weights = 0;
  for (const { score, weight } of results) {
    sum += score * weight;
    weights += weight;
  }
  return weights > 0 ? sum / weights : 0;
}

/**
 * What the checks of one cell say together. Without checks a cell passes with 1. A positive `threshold` replaces "all
 * checks pass"; 0 asks for nothing, so it does not turn failures into passes (promptfoo: it does).
 */
export function aggregate(assertions: readonly AssertionResult[], threshold?: number): CellScore {
  if (assertions.length === 0) return { pass: true, score: 1, reason: 'No assertions.', assertions, namedScores: {} };
  const score = weightedMean(assertions);
  const failed = assertions.filter((result) => !result.pass);
  const byThreshold = threshold !== undefined && threshold > 0;
  const pass = byThreshold ? score >= threshold : failed.length === 0;
  const reason = byThreshold
    ? `Score ${score.toFixed(2)}, ${pass ? 'at least' : 'below'} the threshold ${threshold}.`
    : failed.length === 0
      ? 'All assertions passed.'
      : failed.map((result) => result.reason).join('\n');
  return { pass, score, reason, assertions, namedScores: namedScores(assertions) };
}

/**
 * Scores by metric: the weighted mean of the checks that name it (0 when they weigh nothing), and what code checks and
 * assert-sets report under names of their own. Members of a set count as the set's, not again beside it.
 */
function namedScores(assertions: readonly AssertionResult[]): Record<string, number> {
  const groups = new Map<string, AssertionResult[]>();
  const named: Record<string, number> = {};
  for (const result of assertions) {
    for (const [name, score] of Object.entries(result.namedScores ?? {})) setOwn(named, name, score);
    if (result.metric === null) continue;
    const group = groups.get(result.metric);
    if (group === undefined) groups.set(result.metric, [result]);
    else group.push(result);
  }
  for (const [metric, results] of groups) setOwn(named, metric, weightedMean(results));
  return named;
}

/**
 * Sums over cells of score × weight by metric: what derived metrics are computed from. Each metric weighs as much as the
 * checks that name it; a name that only code reported weighs 1.
 */
export function namedScoreTotals(cells: readonly Pick<CellScore, 'assertions' | 'namedScores'>[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { assertions, namedScores: named } of cells) {
    for (const [name, score] of Object.entries(named)) {
      const naming = withMembers(assertions).filter((result) => result.metric === name);
      const weight = naming.length === 0 ? 1 : naming.reduce((sum, result) => sum + result.weight, 0);
      setOwn(totals, name, (Object.hasOwn(totals, name) ? (totals[name] ?? 0) : 0) + score * weight);
    }
  }
  return totals;
}

function withMembers(results: readonly AssertionResult[]): AssertionResult[] {
  return results.flatMap((result) => [result, ...(result.type === 'assert-set' ? withMembers(result.components ?? []) : [])]);
}

/** A metric may be called `__proto__`. */
function setOwn(target: Record<string, number>, name: string, value: number): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
