import { describe, expect, test } from 'vitest';
import type { RunStatus, Summary } from '../../../src/core/eval/model.ts';
import { wilsonInterval } from '../../../src/core/stats/proportion.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import type { SliceRow } from '../../../webview/panels/run/row-cache.ts';
import { answerOf, costOf, remainingOf, sizeOf, versionOf } from '../../../webview/panels/run/wording.ts';

function summary(passed: number, scored: number, errors = 0): Summary {
  return {
    cells: scored + errors, passed, failed: scored - passed, errors, passRate: scored === 0 ? null : passed / scored, interval: wilsonInterval(passed, scored),
    score: null, cost: 0.0128, tokens: { input: null, output: null }, latency: { p50: null, p95: null }, cached: 0, namedScores: {},
  };
}

function snapshot(models: Record<string, Summary>, status: RunStatus = 'finished', more: { done?: number; total?: number; repeats?: number; budgetUsd?: number; estimate?: number | null; costSoFar?: number | null } = {}): RunSnapshot {
  const all = Object.values(models);
  const total = more.total ?? all.reduce((sum, one) => sum + one.cells, 0);
  return {
    info: {
      id: 'r', promptId: 'p', promptName: 'P', promptPath: '/p', promptHash: 'h', workingCopy: true, datasetName: 'd', datasetHash: 'd', assertionsHash: 'a',
      models: Object.keys(models).map((label) => ({ label, id: label, kind: 'remote' })), cases: 60, repeats: more.repeats ?? 1, status, startedAt: '', durationMs: 0,
      budgetUsd: more.budgetUsd ?? null, estimate: { usd: more.estimate === undefined ? 0.018 : more.estimate, requests: 0, inputTokens: 0, outputTokens: 0, unpriced: [] },
    },
    summary: { ...summary(0, 0), errors: all.reduce((sum, one) => sum + one.errors, 0) },
    models: Object.entries(models).map(([label, one]) => ({ label, summary: one })),
    slices: [], done: more.done ?? total, total, running: 0, costSoFar: more.costSoFar === undefined ? 0.0128 : more.costSoFar, remainingMs: null,
  };
}

function slice(name: string, passed: number, n: number): SliceRow {
  return { kind: 'slice', slice: name, cases: n, collapsed: true, models: [{ passRate: passed / n, interval: wilsonInterval(passed, n), n }] };
}

const say = (of: RunSnapshot, slices: readonly SliceRow[] = []): string => {
  const { main, aside } = answerOf(of, slices);
  return `${main} | ${aside}`;
};

describe('the sentence', () => {
  test('one model that has ended: counts, rate and interval', () => {
    expect(say(snapshot({ a: summary(52, 60) }))).toBe('52 of 60 pass: 86.7% [75.8–93.1]. | ');
  });

  test('under way: so far, and no verdict', () => {
    expect(say(snapshot({ a: summary(20, 30) }, 'running'))).toBe('So far 20 of 30 pass: 66.7% [48.8–80.8]. | No verdict before the run ends.');
    expect(say(snapshot({ a: summary(0, 0) }, 'running'))).toBe('No output has been scored so far. | ');
  });

  test('below five scored outputs no rate and no verdict', () => {
    expect(say(snapshot({ a: summary(3, 4) }))).toBe('3 of 4 pass. | Too few cases for a verdict.');
    expect(say(snapshot({ a: summary(3, 4), b: summary(4, 4) }))).toBe('b passes 4 of 4; a passes 3 of 4. | Too few cases for a verdict.');
  });

  test('the weakest slice is named only when it lies clearly below all', () => {
    const all = snapshot({ a: summary(52, 60) });
    expect(say(all, [slice('clear', 43, 44), slice('mixed', 4, 16)])).toBe('52 of 60 pass: 86.7% [75.8–93.1]. Weakest slice: mixed, 25.0% [10–49] of 16. | ');
    expect(say(all, [slice('clear', 41, 46), slice('mixed', 11, 14)])).toBe('52 of 60 pass: 86.7% [75.8–93.1]. | ');
    expect(say(all, [slice('clear', 52, 56), slice('tiny', 0, 4)])).toBe('52 of 60 pass: 86.7% [75.8–93.1]. | ');
  });

  test('two models stand side by side without a comparison', () => {
    expect(say(snapshot({ 'local/x': summary(44, 60), 'openai/y': summary(55, 60) })))
      .toBe('openai/y passes 55 of 60, 91.7% [82–96]; local/x passes 44 of 60, 73.3% [61–83]. | Rates of each model by itself, not a paired comparison.');
  });

  test('many models: the range', () => {
    expect(say(snapshot({ a: summary(44, 60), b: summary(55, 60), c: summary(50, 60) })))
      .toBe('Pass rates of 3 models go from 73.3% [61–83] (a) to 91.7% [82–96] (b). | Rates of each model by itself, not a paired comparison.');
    expect(say(snapshot({ a: summary(44, 60), b: summary(55, 60), c: summary(50, 60) }, 'running'))).toMatch(/^So far pass rates of 3 models/);
  });

  test('errors are told apart from failures', () => {
    expect(say(snapshot({ a: summary(50, 58, 2) }))).toBe('50 of 58 pass: 86.2% [75.1–92.8]. | 2 cells gave no output and are not counted.');
    expect(say(snapshot({ a: summary(0, 0, 1) }))).toBe('No output: the only finished cell ended with an error. | ');
  });

  test.each([
    ['cancelled', /^Cancelled: 30 of 60 cells are kept\. 20 of 30 pass/],
    ['interrupted', /^Interrupted, its process is gone: 30 of 60 cells are kept\./],
    ['budget', /^Stopped at its limit of \$0\.50: 30 of 60 cells are kept\./],
  ] as const)('a run that was %s says what is kept', (status, expected) => {
    expect(answerOf(snapshot({ a: summary(20, 30) }, status, { done: 30, total: 60, budgetUsd: 0.5 }), []).main).toMatch(expected);
  });

  test('repeats count outputs', () => {
    expect(answerOf(snapshot({ a: summary(104, 120) }, 'finished', { repeats: 2 }), []).main).toMatch(/^104 of 120 outputs pass/);
  });
});

describe('facts of the header', () => {
  test('sizes', () => {
    expect(sizeOf(snapshot({ a: summary(50, 60), b: summary(50, 60) }))).toBe('2 models × 60 cases × 1 repeat = 120 cells');
  });

  test('cost: unknown is said, nothing is $0', () => {
    expect(costOf(snapshot({ a: summary(1, 2) }, 'running'))).toBe('$0.0128 of about $0.0180');
    expect(costOf(snapshot({ a: summary(1, 2) }, 'running', { estimate: null, costSoFar: null }))).toBe('cost unknown');
    expect(costOf(snapshot({ a: summary(1, 2) }, 'running', { estimate: 0, costSoFar: 0 }))).toBe('$0');
  });

  test('time left', () => {
    expect(remainingOf({ ...snapshot({ a: summary(1, 2) }), remainingMs: 6200 })).toBe('about 6 s left');
    expect(remainingOf({ ...snapshot({ a: summary(1, 2) }), remainingMs: 125_000 })).toBe('about 2 m 05 s left');
    expect(remainingOf(snapshot({ a: summary(1, 2) }))).toBeNull();
  });
});

describe('which text ran', () => {
  const run = snapshot({ a: summary(1, 2) });
  const of = (workingCopy: boolean, versionLabel?: string): string =>
    versionOf({ ...run, info: { ...run.info, promptHash: '3ccf5d86'.padEnd(64, '0'), workingCopy }, ...(versionLabel === undefined ? {} : { versionLabel }) });

  test('is called as the lens calls it, and by its hash where nobody saved it as a version', () => {
    expect(of(false, 'v2 · 3ccf5d86')).toBe('v2 · 3ccf5d86');
    expect(of(true, 'v2 · 3ccf5d86')).toBe('v2 · 3ccf5d86');
    expect(of(false)).toBe('3ccf5d86');
    expect(of(true)).toBe('working copy · 3ccf5d86');
  });
});
