import { passes } from './columns.ts';
import type { CaseChange, CaseOutputs, PairedCase } from './model.ts';

/**
 * How one case changed. It regressed when most repeats of `a` pass and of `b` do not, and improved the other way round;
 * `delta` is that of the share that passes.
 *
 * @param changed whether the outputs differ: this knows only how they were judged
 */
export function caseChange({ a, b }: Pick<PairedCase, 'a' | 'b'>, changed: boolean): CaseChange {
  const [before, after] = [passes(a), passes(b)];
  const both = before.judged > 0 && after.judged > 0;
  const passesBefore = 2 * before.passed > before.judged;
  const passesAfter = 2 * after.passed > after.judged;
  return {
    delta: both ? after.passed / after.judged - before.passed / before.judged : null,
    regressed: both && passesBefore && !passesAfter,
    improved: both && !passesBefore && passesAfter,
    changed,
    failing: b.passes.includes(false),
    disagreement: disagrees(a) || disagrees(b),
  };
}

function disagrees({ passes: outcomes }: CaseOutputs): boolean {
  return outcomes.includes(true) && outcomes.includes(false);
}
