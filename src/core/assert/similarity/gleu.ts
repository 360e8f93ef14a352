import type { Evaluate } from '../outcome.ts';
import { references, scored } from './references.ts';
import { bareWords, ngramCounts, ngramTotal, overlap } from './tokens.ts';

const ORDERS = [1, 2, 3, 4];

export const gleu: Evaluate = (spec, { output }) => scored('GLEU', gleuScore(output, references(spec)), spec.threshold ?? 0.5);

/**
 * Google BLEU of Wu et al. 2016 (arXiv 1609.08144, section 8): over all n-grams of orders 1 to 4, the smaller of
 * precision and recall, which is the matches over the larger number of n-grams. The best reference counts.
 */
export function gleuScore(text: string, references: readonly string[]): number {
  const candidate = bareWords(text);
  return Math.max(...references.map((reference) => againstOne(candidate, bareWords(reference))));
}

function againstOne(candidate: readonly string[], target: readonly string[]): number {
  let matched = 0;
  let candidateTotal = 0;
  let targetTotal = 0;
  for (const n of ORDERS) {
    matched += overlap(ngramCounts(candidate, n), ngramCounts(target, n));
    candidateTotal += ngramTotal(candidate.length, n);
    targetTotal += ngramTotal(target.length, n);
  }
  const most = Math.max(candidateTotal, targetTotal);
  return most === 0 ? 0 : matched / most;
}
