import { errorMessage } from '../errors.ts';
import type { AssertionResult, AssertionSpec } from './model.ts';
import { CheckError, failedCheck, shorten, type Outcome } from './outcome.ts';
import { parseType, type AssertionTypeInfo } from './types.ts';

const VALUE_LENGTH = 200;

/** Applies `not-`, the score's range, weight and metric. A check of weight 0 keeps its score and never fails the cell. */
export function finish(spec: AssertionSpec, outcome: Outcome): AssertionResult {
  const type = parseType(spec.type);
  const turned = type?.negated === true && outcome.error === undefined ? negate(outcome, type.info) : outcome;
  const weight = spec.weight ?? 1;
  const value = displayValue(spec.value);
  return {
    type: spec.type,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    pass: weight === 0 ? true : turned.pass,
    score: clampScore(turned.score),
    reason: turned.reason,
    weight,
    metric: spec.metric ?? null,
    ...(value === undefined ? {} : { value }),
    ...(turned.error === undefined ? {} : { error: turned.error }),
    ...(turned.namedScores === undefined ? {} : { namedScores: turned.namedScores }),
    ...(turned.cost === undefined ? {} : { cost: turned.cost }),
    ...(turned.judgeOutput === undefined ? {} : { judgeOutput: turned.judgeOutput }),
    ...(turned.components === undefined ? {} : { components: turned.components }),
  };
}

/** The result of a check that could not be made. */
export function finishError(spec: AssertionSpec, error: unknown): AssertionResult {
  return finish(spec, failedCheck(error instanceof CheckError ? error.message : errorMessage(error)));
}

/** NaN counts as 0. */
export function clampScore(score: number): number {
  return score > 0 ? Math.min(score, 1) : 0;
}

function negate(outcome: Outcome, info: AssertionTypeInfo): Outcome {
  const pass = !outcome.pass;
  const score = { flag: pass ? 1 : 0, inverse: 1 - clampScore(outcome.score), same: outcome.score }[info.negated ?? 'flag'];
  return { ...outcome, pass, score };
}

function displayValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return shorten(typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value), VALUE_LENGTH);
}
