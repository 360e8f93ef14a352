import { errorMessage, TouchstoneError } from '../../errors.ts';
import { finish, finishError } from '../finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext } from '../model.ts';
import { CheckError } from '../outcome.ts';
import type { ScoreOptions, ScorePorts } from '../ports.ts';

/** One check that a model or embeddings decide. Only cancellation throws. */
export async function evaluateByJudge(
  spec: AssertionSpec,
  _context: ScoreContext,
  _ports: ScorePorts,
  _options: ScoreOptions,
): Promise<AssertionResult> {
  try {
    throw new CheckError(`${spec.type} is not wired yet.`);
  } catch (error) {
    if (error instanceof TouchstoneError && error.code === 'cancelled') throw error;
    return finishError(spec, new CheckError(errorMessage(error)));
  }
}
void finish;
