/** What the tests inside the extension host hand to the runner outside, as a JSON file. */
export interface HostResults {
  passed: number;
  failed: number;
  skipped: number;
  tests: Array<{ title: string; state: 'passed' | 'failed' | 'skipped'; ms: number; error?: string }>;
}

/** Prints every test and the sum. @returns true when all was well and something was tested */
export function printResults(name: string, results: HostResults): boolean {
  for (const test of results.tests) {
    console.log(`  ${{ passed: '✓', failed: '✗', skipped: '-' }[test.state]} ${test.title} (${test.ms} ms)`);
    if (test.error) console.log(test.error.replace(/^/gm, '      '));
  }
  console.log(`${name}: ${results.passed} passed, ${results.failed} failed${results.skipped > 0 ? `, ${results.skipped} skipped` : ''} in VS Code's extension host`);
  return results.failed === 0 && results.passed > 0;
}
