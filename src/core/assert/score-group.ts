import { errorMessage, TouchstoneError } from '../errors.ts';
import type { CellResult } from '../eval/model.ts';
import { isObject, type JsonObject } from '../json.ts';
import { aggregate } from './aggregate.ts';
import { finish, finishError } from './finish.ts';
import { selectBest } from './judge/select-best.ts';
import { Spending } from './judge/ask.ts';
import type { AssertionResult, AssertionSpec } from './model.ts';
import { CheckError, figure, type Outcome } from './outcome.ts';
import type { ScoreOptions, ScorePorts } from './ports.ts';
import { parseType } from './types.ts';
import { fillSpec } from './values.ts';

export interface GroupOptions extends ScoreOptions {
  readonly vars: JsonObject;
  readonly expected?: unknown;
}

/** Whether some check compares the outputs of a case with each other. */
export function hasGroupChecks(specs: readonly AssertionSpec[]): boolean {
  return specs.some(isGroupCheck);
}

/**
 * Applies select-best and max-score among the outputs of one case: models against each other, each repeat for itself.
 * Returns the cells whose score changed, with the new results at the place of their checks; cells that have them already
 * and cells without an output stay as they are.
 * @throws TouchstoneError 'cancelled', or 'budget-exceeded' when the run's budget does not allow the judge
 */
export async function scoreGroup(
  specs: readonly AssertionSpec[],
  cells: readonly CellResult[],
  ports: ScorePorts,
  options: GroupOptions,
): Promise<CellResult[]> {
  const open = cells.filter((cell) => cell.status === 'done' && !cell.assertions.some(isGroupCheck));
  const changed: CellResult[] = [];
  for (const repeat of new Set(open.map((cell) => cell.repeat))) {
    changed.push(...(await scoreOutputs(specs, open.filter((cell) => cell.repeat === repeat), ports, options)));
  }
  return changed;
}

function isGroupCheck({ type }: { readonly type: string }): boolean {
  return parseType(type)?.info.place === 'group';
}

async function scoreOutputs(specs: readonly AssertionSpec[], cells: readonly CellResult[], ports: ScorePorts, options: GroupOptions): Promise<CellResult[]> {
  const chosen = new Map<AssertionSpec, readonly AssertionResult[]>();
  for (const spec of specs.filter(isGroupCheck)) chosen.set(spec, await choose(fillSpec(spec, { expected: options.expected, ...options.vars }), cells, ports, options));
  return cells.map((cell, position) => {
    const own = cell.assertions.values();
    const assertions = specs.flatMap((spec) => {
      const result = chosen.get(spec)?.[position] ?? own.next().value;
      return result === undefined ? [] : [result];
    });
    const { pass, score, namedScores } = aggregate(assertions, options.threshold);
    const spent = [...chosen.values()].map((results) => results[position]?.cost).filter((cost) => cost !== undefined);
    const cost = spent.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), cell.cost);
    return { ...cell, pass, score, assertions, namedScores, cost };
  });
}

/** One result for each output. What the judge cost stands with the first. */
async function choose(spec: AssertionSpec, cells: readonly CellResult[], ports: ScorePorts, options: GroupOptions): Promise<AssertionResult[]> {
  const spending = new Spending();
  let outcomes: readonly Outcome[];
  try {
    outcomes = spec.type === 'max-score' ? maxScore(spec, cells) : await selectBest(spec, cells, ports, options, spending);
  } catch (error) {
    if (ports.signal.aborted || (error instanceof TouchstoneError && (error.code === 'cancelled' || error.code === 'budget-exceeded'))) throw error;
    const failed = finishError(spec, new CheckError(errorMessage(error)));
    return cells.map((_, position) => (position === 0 && spending.usd !== undefined ? { ...failed, cost: spending.usd } : failed));
  }
  return outcomes.map((outcome, position) => {
    const cost = position === 0 && spending.usd !== undefined ? { cost: spending.usd } : {};
    return finish(spec, { ...outcome, ...cost, ...(spending.reply === undefined ? {} : { judgeOutput: spending.reply }) });
  });
}

/** The output with the highest mean (or sum) of its other checks, weighted by type; the first of several. */
function maxScore(spec: AssertionSpec, cells: readonly CellResult[]): Outcome[] {
  const settings = isObject(spec.value) ? spec.value : {};
  const weights = isObject(settings['weights']) ? settings['weights'] : {};
  const threshold = typeof settings['threshold'] === 'number' ? settings['threshold'] : spec.threshold;
  const totals = cells.map(({ assertions }) => {
    if (assertions.length === 0) throw new CheckError('max-score needs other assertions to compare by.');
    let sum = 0;
    let weight = 0;
    for (const { type, score } of assertions) {
      const own = Object.hasOwn(weights, type) ? Number(weights[type]) : 1;
      sum += score * own;
      weight += own;
    }
    return settings['method'] === 'sum' ? sum : weight > 0 ? sum / weight : 0;
  });
  const best = Math.max(...totals);
  const winner = totals.indexOf(best);
  return totals.map((total, position) => {
    const enough = threshold === undefined || total >= threshold;
    const pass = position === winner && enough;
    const reason = pass
      ? `Highest score of ${totals.length} outputs: ${figure(total)}.`
      : position === winner
        ? `Highest score, ${figure(total)}; at least ${threshold} asked for.`
        : `Score ${figure(total)}; the highest is ${figure(best)}.`;
    return { pass, score: pass ? 1 : 0, reason };
  });
}
