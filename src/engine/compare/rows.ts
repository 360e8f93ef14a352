import type { CaseChange, CaseOutputs, Side } from '../../core/compare/model.ts';
import type { ComparisonCell, ComparisonFilter, ComparisonRow, ComparisonView } from '../../protocol/compare.ts';
import type { Pairing } from './pairings.ts';

export function countChanges(changes: readonly CaseChange[]): Record<ComparisonFilter, number> {
  const counts: Record<ComparisonFilter, number> = { all: changes.length, regressed: 0, improved: 0, changed: 0, failing: 0, disagreement: 0 };
  for (const change of changes) {
    if (change.regressed) counts.regressed++;
    if (change.improved) counts.improved++;
    if (change.changed) counts.changed++;
    if (change.failing) counts.failing++;
    if (change.disagreement) counts.disagreement++;
  }
  return counts;
}

/** Indices of the cases that a view shows, in its order. `matching`: those with the text that is searched for; `null`: all. */
export function viewedCases(pairing: Pairing, changes: readonly CaseChange[], slices: readonly (readonly string[])[], view: ComparisonView, matching: ReadonlySet<number> | null): number[] {
  const cases: number[] = [];
  for (const [i, change] of changes.entries()) {
    if (view.filter !== 'all' && !change[view.filter]) continue;
    if (view.slice !== null && slices[i]?.includes(view.slice) !== true) continue;
    if (matching === null || matching.has(i)) cases.push(i);
  }
  return sorted(cases, pairing, changes, view);
}

function sorted(cases: number[], pairing: Pairing, changes: readonly CaseChange[], { sort: { by, descending } }: ComparisonView): number[] {
  const sign = descending ? -1 : 1;
  if (by === 'order') return descending ? cases.reverse() : cases;
  if (by === 'case') {
    const collator = new Intl.Collator('en', { numeric: true });
    return cases.sort((x, y) => sign * collator.compare(pairing.facts.caseIds[x] ?? '', pairing.facts.caseIds[y] ?? ''));
  }
  const valueOf = valueBy(by, pairing, changes);
  const values = new Float64Array(changes.length);
  for (const i of cases) values[i] = valueOf(i) ?? Number.NaN;
  // What is not known stands last in both directions.
  return cases.sort((x, y) => {
    const p = values[x] ?? Number.NaN;
    const q = values[y] ?? Number.NaN;
    if (Number.isNaN(p) || Number.isNaN(q)) return Number(Number.isNaN(p)) - Number(Number.isNaN(q)) || x - y;
    return sign * (p - q) || x - y;
  });
}

/** Of `a` and `b` the score; of latency and cost what `b` takes more than `a`. */
function valueBy(by: Exclude<ComparisonView['sort']['by'], 'order' | 'case'>, { cells }: Pairing, changes: readonly CaseChange[]): (caseIndex: number) => number | null {
  const difference = (of: (outputs: CaseOutputs) => readonly (number | null)[]) => (i: number): number | null => {
    const [a, b] = [mean(of(cells.a.outputs[i]!)), mean(of(cells.b.outputs[i]!))];
    return a === null || b === null ? null : b - a;
  };
  switch (by) {
    case 'change':
      return (i) => changeRank(changes[i]);
    case 'delta':
      return (i) => changes[i]?.delta ?? null;
    case 'a':
    case 'b':
      return (i) => mean(cells[by].outputs[i]!.scores);
    case 'latency':
      return difference(({ latencyMs }) => latencyMs);
    case 'cost':
      return difference(({ costs }) => costs);
  }
}

/** What is looked for first has the lowest; among its like the larger change. */
function changeRank(change: CaseChange | undefined): number {
  if (change === undefined) return Infinity;
  const kind = change.regressed ? 0 : change.improved ? 1 : change.delta !== null && change.delta !== 0 ? 2 : change.changed ? 3 : change.failing ? 4 : 5;
  return kind - Math.min(1, Math.abs(change.delta ?? 0)) / 2;
}

export function rowOf(pairing: Pairing, caseIndex: number, change: CaseChange): ComparisonRow {
  return {
    ...change,
    caseIndex,
    caseId: pairing.facts.caseIds[caseIndex] ?? '',
    expected: pairing.facts.expected[caseIndex] ?? null,
    a: cellOf(pairing, 'a', caseIndex),
    b: cellOf(pairing, 'b', caseIndex),
    verdict: pairing.verdicts.get(caseIndex)?.verdict ?? null,
  };
}

function cellOf({ cells }: Pairing, side: Side, caseIndex: number): ComparisonCell {
  const { ordinal: _ordinal, digest: _digest, text, ...shown } = cells[side].shown[caseIndex]!;
  const outputs = cells[side].outputs[caseIndex]!;
  return { passes: outputs.passes, score: mean(outputs.scores), text: text === '' && shown.error !== null ? shown.error : text, ...shown };
}

/** Of the values that are known; `null`: of none. */
export function mean(values: readonly (number | null)[]): number | null {
  let sum = 0;
  let n = 0;
  for (const value of values) {
    if (value === null) continue;
    sum += value;
    n++;
  }
  return n === 0 ? null : sum / n;
}
