import type { Side } from '../../../src/core/compare/model.ts';
import { seededRandom } from '../../../src/core/stats/random.ts';
import type { ComparisonFilter, ComparisonView, HumanVerdict } from '../../../src/protocol/compare.ts';

/** Which side stands at the left, and whether the person may know. */
export interface Seating {
  readonly left: Side;
  readonly right: Side;
  /** Names, marks, costs and latencies are kept back: they would tell whose an output is. */
  readonly hidden: boolean;
}

const OPEN: Seating = { left: 'a', right: 'b', hidden: false };

/**
 * Blinded, the sides of a case stand in an order by chance, always the same for one seed, until a verdict has been given: then they
 * stand as they always do, and everything is told.
 */
export function seatingOf(caseIndex: number, verdict: HumanVerdict | null, { blinded, seed }: { readonly blinded: boolean; readonly seed: number }): Seating {
  if (!blinded || verdict !== null) return OPEN;
  const swapped = seededRandom(seed + Math.imul(caseIndex + 1, 0x9e3779b1))() < 0.5;
  return swapped ? { left: 'b', right: 'a', hidden: true } : { left: 'a', right: 'b', hidden: true };
}

/** Filters that say nothing of how outputs were scored. */
export const BLINDED_FILTERS = ['changed', 'all'] as const satisfies ComparisonFilter[];
export type BlindedFilter = (typeof BLINDED_FILTERS)[number];

export function isBlindedFilter(filter: ComparisonFilter): filter is BlindedFilter {
  return (BLINDED_FILTERS as readonly ComparisonFilter[]).includes(filter);
}

export function isOffered(filter: ComparisonFilter, blinded: boolean): boolean {
  return !blinded || isBlindedFilter(filter);
}

/** A view as it is asked for: blinded, neither which cases it has nor their order may tell which side did better. */
export function viewedBlinded(view: ComparisonView, { blinded, blindedFilter }: { readonly blinded: boolean; readonly blindedFilter: BlindedFilter }): ComparisonView {
  if (!blinded) return view;
  return { ...view, filter: blindedFilter, sort: view.sort.by === 'case' ? view.sort : { by: 'order', descending: false } };
}

/** The verdict that the key 1 (left), 2 (tie) or 3 (right) gives. */
export function verdictOf(choice: 'left' | 'tie' | 'right', seating: Seating): HumanVerdict {
  return choice === 'tie' ? 'tie' : seating[choice];
}
