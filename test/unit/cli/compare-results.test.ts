import { describe, expect, it } from 'vitest';
import { comparisonText } from '../../../src/cli/compare-results.ts';
import { compareCases } from '../../../src/core/compare/compare.ts';
import type { PairedCase } from '../../../src/core/compare/model.ts';
import type { ComparedSide, Comparison } from '../../../src/protocol/compare.ts';
import { paired } from '../compare/cases.ts';

/** `improved` cases of a slice fail before and pass after, the others pass on both sides. */
const slice = (name: string, cases: number, improved: number): PairedCase[] =>
  Array.from({ length: cases }, (_, i) => paired(i, { passes: [i >= improved] }, { passes: [true] }, { slices: [name] }));

const side = (label: string): ComparedSide => ({
  ref: { runId: label, modelIndex: 0 }, label, promptId: 'prompts/triage', promptName: 'Triage', promptPath: '/w/prompts/triage.prompt.yml', version: null, workingCopy: false,
  model: 'echo', status: 'finished', startedAt: '2026-01-01T00:00:00Z', done: 60, total: 60, cost: null, cached: 0,
});

function comparison(cases: readonly PairedCase[]): Comparison {
  const [a, b] = [side('a'), side('b')];
  return {
    ref: { a: a.ref, b: b.ref }, a, b, datasetName: null, cases: cases.length, refused: null, result: compareCases(cases, { margin: 0.05, metric: 'passRate' }),
    settings: { margin: 0.05, metric: 'passRate', sliceBy: null }, sliceFields: [], counts: { all: 60, regressed: 0, improved: 6, changed: 6, failing: 0, disagreement: 0 },
    verdicts: { a: 0, b: 0, tie: 0 }, revision: 0, stoppedEarly: null, stale: { a: false, b: false },
  };
}

describe('the slices of a comparison', () => {
  const shown = (columns: number): string[] =>
    comparisonText({ comparison: comparison([...slice('spanish', 10, 6), ...slice('terse', 12, 0), ...slice('mixed', 14, 0), ...slice('clear', 24, 0)]), regressed: [], mostSlices: 20 }, { color: false, columns }).split('\n');
  const tableOf = (lines: readonly string[]): string[] => lines.slice(lines.findIndex((line) => line.startsWith('Slice')), lines.findIndex((line) => line.startsWith('p is adjusted')) + 1);

  it('have what was before and after in 100 columns, and say once what p is adjusted for', () => {
    expect(tableOf(shown(100))).toEqual([
      'Slice    Cases  Before  After             Difference [95%]      p  Regressed  Verdict',
      'spanish     10  40.0 %  100 %  +60.0 points [+20.1, +83.2]    .13          0  ? not sure',
      'terse       12   100 %  100 %    0.0 points [−24.2, +24.2]  > .99          0  too few cases',
      'mixed       14   100 %  100 %    0.0 points [−21.5, +21.5]  > .99          0  too few cases',
      'clear       24   100 %  100 %    0.0 points [−13.8, +13.8]  > .99          0  too few cases',
      'p is adjusted for 4 slices (Holm)',
    ]);
  });

  it.each([120, 100, 90, 80, 75, 70, 60])('name both sides or none in %i columns', (columns) => {
    const [titles = ''] = tableOf(shown(columns));
    expect([/ Before /.test(titles), / After /.test(titles)]).toEqual(Array(2).fill(columns >= 80));
  });
});
