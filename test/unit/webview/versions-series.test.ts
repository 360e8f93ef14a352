import { describe, expect, it } from 'vitest';
import type { VersionScore, VersionSummary } from '../../../src/protocol/registry.ts';
import { pointsOf, rangeOf, seriesOf } from '../../../webview/panels/versions/series.ts';

function score(startedAt: string, passed: number, overrides: Partial<VersionScore> = {}): VersionScore {
  const rate = passed / 10;
  return {
    runId: `r-${startedAt}`, startedAt, datasetName: 'golden.jsonl', datasetHash: 'd1', model: 'echo', own: true,
    summary: { cells: 10, passed, failed: 10 - passed, errors: 0, passRate: rate, interval: [Math.max(0, rate - 0.2), Math.min(1, rate + 0.2)], score: rate, cost: 0, tokens: { input: 0, output: 0 }, latency: { p50: 1, p95: 1 }, cached: 0, namedScores: {} },
    ...overrides,
  };
}

function version(number: number, scores: readonly VersionScore[], overrides: Partial<VersionSummary> = {}): VersionSummary {
  return { promptId: 'p', hash: `h${number}`, number, message: '', author: 'Anna', time: '2026-01-01T00:00:00Z', parent: null, tags: [], useCase: null, label: `v${number} · h${number}`, source: 'registry', revision: null, environments: [], scores, ...overrides };
}

describe('scores over versions', () => {
  it('keeps datasets and models apart, the newest run first, and the last run of each version', () => {
    const versions = [version(2, [score('2026-03-02', 8), score('2026-03-01', 2)]), version(1, [score('2026-02-01', 5), score('2026-03-05', 6, { model: 'other' }), score('2026-01-01', 1, { datasetName: null })])];
    const series = seriesOf(versions);
    expect(series.map(({ label }) => label)).toEqual(['golden.jsonl · other', 'golden.jsonl · echo', 'cases in the prompt · echo']);
    expect([...(series[1]?.scores ?? [])].map(([hash, { summary }]) => [hash, summary.passed])).toEqual([['h2', 8], ['h1', 5]]);
  });

  it('begins with the runs that versions can be set side by side by, not with what was tried last with another model', () => {
    const versions = [version(2, [score('2026-03-02', 8), score('2026-03-09', 0, { model: 'other', own: false })]), version(1, [score('2026-03-01', 5)])];
    expect(seriesOf(versions).map(({ label }) => label)).toEqual(['golden.jsonl · echo', 'golden.jsonl · other']);
  });

  it('draws versions oldest first, leaves a gap for those that were not run, and marks another state of the dataset', () => {
    const versions = [version(3, [score('2026-03-03', 9)]), version(2, []), version(1, [score('2026-03-01', 5, { datasetHash: 'd0' })])];
    expect(pointsOf(versions, seriesOf(versions)[0]).map(({ label, index, rate, otherDataset }) => [label, index, rate, otherDataset])).toEqual([['v1', 0, 0.5, true], ['v3', 2, 0.9, false]]);
    expect(pointsOf(versions, undefined)).toEqual([]);
  });

  it('shows whole tenths around every interval, and never so few that noise looks like news', () => {
    expect(rangeOf([{ rate: 0.65, interval: [0.52, 0.76] }, { rate: 0.88, interval: [0.78, 0.94] }])).toEqual([0.5, 1]);
    expect(rangeOf([{ rate: 0.95, interval: [0.93, 0.97] }])).toEqual([0.6, 1]);
    expect(rangeOf([{ rate: 0, interval: null }])).toEqual([0, 0.4]);
    expect(rangeOf([])).toEqual([0, 1]);
  });
});
