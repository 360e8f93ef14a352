import { evaluatorOf } from '../../../src/core/assert/evaluators.ts';
import { finish, finishError } from '../../../src/core/assert/finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext } from '../../../src/core/assert/model.ts';
import { parseType } from '../../../src/core/assert/types.ts';
import { contextOf } from './context.ts';

/** One deterministic check as the worker makes it, without the worker. */
export async function check(spec: AssertionSpec, output: unknown, more: Partial<ScoreContext> = {}): Promise<AssertionResult> {
  const name = parseType(spec.type)?.name;
  const evaluate = name === undefined ? undefined : evaluatorOf(name);
  if (evaluate === undefined) throw new Error(`${spec.type} is not deterministic.`);
  try {
    return finish(spec, await evaluate(spec, contextOf(output, more), {}));
  } catch (error) {
    return finishError(spec, error);
  }
}
