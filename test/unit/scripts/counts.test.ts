import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countHost, countVitest, sentence } from '../../../scripts/tools/counts.ts';

describe('the sum of npm test', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'touchstone-counts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function report(content: unknown): string {
    const file = join(folder, 'report.json');
    writeFileSync(file, JSON.stringify(content));
    return file;
  }
  const file = (status: string, ...tests: string[]) => ({ name: 'a.test.ts', status, assertionResults: tests.map((test) => ({ status: test })) });

  it('counts what passed, failed and was skipped over all files', () => {
    const counts = countVitest(report({ success: false, testResults: [file('passed', 'passed', 'passed', 'pending'), file('failed', 'failed', 'passed', 'todo')] }));
    expect(counts).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  it('counts a file that could not be loaded as one failed test', () => {
    expect(countVitest(report({ success: false, testResults: [file('passed', 'passed'), file('failed')] }))).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('counts a failure outside of any test', () => {
    expect(countVitest(report({ success: false, testResults: [file('passed', 'passed')] }))).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('counts a suite that left no report as failed', () => {
    expect(countVitest(join(folder, 'absent.json'))).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countHost(join(folder, 'absent.json'))).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('names skipped tests only when there are any', () => {
    expect(sentence({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(sentence({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped');
  });
});
