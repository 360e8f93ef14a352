import { existsSync, readFileSync } from 'node:fs';

/** How the tests of one step ended. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface VitestReport {
  success: boolean;
  testResults: Array<{ name: string; status: string; message?: string; assertionResults: Array<{ status: string }> }>;
}

/**
 * Counts vitest's JSON report. A file that failed as a whole, for instance because it could not be loaded, counts as one
 * failed test: otherwise its tests would just be missing from the sum.
 */
export function countVitest(reportFile: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (!existsSync(reportFile)) return { ...counts, failed: 1 };
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport;
  for (const file of report.testResults) {
    const failedBefore = counts.failed;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') counts.failed++;
      else counts.skipped++;
    }
    if (file.status === 'failed' && counts.failed === failedBefore) counts.failed++;
  }
  if (!report.success && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** Counts what the tests inside the extension host wrote (test/host/results.ts). */
export function countHost(resultsFile: string): Counts {
  if (!existsSync(resultsFile)) return { passed: 0, failed: 1, skipped: 0 };
  const { passed, failed, skipped } = JSON.parse(readFileSync(resultsFile, 'utf8')) as Counts;
  return { passed, failed, skipped };
}

/** `12 passed, 0 failed`, and the skipped ones when there are any. */
export function sentence({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
