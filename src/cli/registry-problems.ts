import { problemError } from '../core/registry/history.ts';
import type { RegistryProblem } from '../core/registry/model.ts';
import { errorLine } from './exit.ts';

/** A line for each, with its place; nothing where all is well. */
export function problemLines(problems: readonly RegistryProblem[], cwd: string): string {
  return problems.map((problem) => `${errorLine(problemError(problem), cwd)}\n`).join('');
}
