/** Ends a check: says what was looked at, or every problem, and sets the exit code. */
export function finish(name: string, problems: readonly string[], summary: string): void {
  for (const problem of problems) console.error(`${name}: ${problem}`);
  console.log(problems.length === 0 ? `${name}: good (${summary})` : `${name}: ${problems.length} problem${problems.length === 1 ? '' : 's'}`);
  if (problems.length > 0) process.exitCode = 1;
}
