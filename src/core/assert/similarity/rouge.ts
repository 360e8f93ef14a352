import { CheckError, type Evaluate } from '../outcome.ts';
import { scored } from './references.ts';
import { ngramCounts, overlap, treebankTokens } from './tokens.ts';

export const rougeN: Evaluate = ({ value, threshold }, { output }) => {
  if (typeof value !== 'string') throw new CheckError('rouge-n needs one text to compare with.');
  return scored('ROUGE-1', rouge1(output, value), threshold ?? 0.75);
};

/** ROUGE-N of Lin 2004 with N = 1, as F-measure: 2·matches / (tokens of the text + tokens of the reference). */
export function rouge1(text: string, reference: string): number {
  const candidate = treebankTokens(text);
  const target = treebankTokens(reference);
  const total = candidate.length + target.length;
  return total === 0 ? 0 : (2 * overlap(ngramCounts(candidate, 1), ngramCounts(target, 1))) / total;
}
