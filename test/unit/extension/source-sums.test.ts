import { describe, expect, it } from 'vitest';
import type { SourceSums } from '../../../src/core/text/source-sums.ts';
import { summaryText } from '../../../src/extension/traces/source-sums.ts';

const ROW: SourceSums = { key: 'gpt-5', traces: 1204, spans: 31_000, errors: 3, inputTokens: 2_000_000, outputTokens: 45_000, cost: 12.5, p50Ms: 830, p95Ms: 4200 };
const SUMMARY = { title: 'ClickHouse: production', query: 'after:-7d', by: 'model', at: Date.UTC(2026, 10, 22, 10, 41, 59), rows: [ROW], notes: [] } as const;

describe('what a source added up, as a text', () => {
  it('says whose it is, of what and when, with numbers below each other and nothing where nothing is known', () => {
    const small: SourceSums = { key: '', traces: 1, spans: 1, errors: 0, inputTokens: null, outputTokens: null, cost: null, p50Ms: null, p95Ms: null };
    expect(summaryText({ ...SUMMARY, rows: [ROW, { ...ROW, key: '模型', cost: 0 }, small], notes: ['“status:running” cannot be asked.'] })).toBe(`ClickHouse: production
By model, of after:-7d, 2026-11-22 10:41 UTC

Model       Traces   Spans  Errors  Tokens in  Tokens out    Cost     p50    p95
gpt-5        1,204  31,000       3  2,000,000      45,000  $12.50  830 ms  4.2 s
模型         1,204  31,000       3  2,000,000      45,000      $0  830 ms  4.2 s
(no model)       1       1

p50 and p95: of the calls’ durations, estimated by the source.
Tokens and cost: of calls, as their spans report them.

“status:running” cannot be asked.
`);
  });

  it('has no table where nothing was found', () => {
    const text = summaryText({ ...SUMMARY, by: 'day', query: '', rows: [] });
    expect(text).toBe('ClickHouse: production\nBy day, of all traces, 2026-11-22 10:41 UTC\n\nNo trace is found by this.\n');
  });

  it('is one line for each row, however a source names it', () => {
    const hostile = `\u202Ea\u2028b\r\nc\td\u001B[31m\u0085${'x'.repeat(100_000)}`;
    const lines = summaryText({ ...SUMMARY, title: hostile, query: hostile, rows: [{ ...ROW, key: hostile }], notes: [hostile] }).split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[4]).toMatch(/^\\u202ea\\u2028b⏎c d\\u001b\[31m\\u0085x+… {3}1,204 {2}31,000 /);
    expect(lines[4]!.length).toBeLessThan(130);
    expect(lines.join('')).not.toMatch(/[\p{Cc}\u2028\u202E]/u);
  });
});
