import { problemError } from '../core/registry/history.ts';
import type { RegistryProblem } from '../core/registry/model.ts';
import { errorLine } from './exit.ts';

/** A line for each, with its place, and what to do about them; nothing where all is well. */
export function problemLines(problems: readonly RegistryProblem[], cwd: string): string {
  if (problems.length === 0) return '';
  return `${problems.map((problem) => `${errorLine(problemError(problem), cwd)}\n`).join('')}Nothing in the registry is edited by hand: a file that was changed or lost is restored with Git (\`git restore FILE\`).\n`;
}
