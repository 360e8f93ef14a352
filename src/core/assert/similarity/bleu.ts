import type { Evaluate } from '../outcome.ts';
import { references, scored } from './references.ts';
import { ngramCounts, ngramTotal, overlap, words } from './tokens.ts';

const ORDERS = [1, 2, 3, 4];
/** Takes the place of a precision of 0, so that one empty order does not make the whole score 0. */
const SMOOTHING = 1e-7;

export const bleu: Evaluate = (spec, { output }) => scored('BLEU', bleuScore(output, references(spec)), spec.threshold ?? 0.5);

/**
 * BLEU of Papineni et al. 2002 for one sentence: geometric mean of the clipped n-gram precisions of orders 1 to 4 (those
 * that the text is long enough for), times the brevity penalty by the reference closest in length (the shorter one of two).
 */
export function bleuScore(text: string, references: readonly string[]): number {
  const candidate = words(text);
  const targets = references.map(words);
  if (candidate.length === 0) return 0;
  const orders = ORDERS.filter((n) => candidate.length >= n);
  let logSum = 0;
  for (const n of orders) {
    const best = new Map<string, number>();
    for (const target of targets) {
      for (const [gram, count] of ngramCounts(target, n)) best.set(gram, Math.max(count, best.get(gram) ?? 0));
    }
    const matched = overlap(ngramCounts(candidate, n), best);
    logSum += Math.log(matched === 0 ? SMOOTHING : matched / ngramTotal(candidate.length, n));
  }
  return brevity(candidate.length, targets.map((target) => target.length)) * Math.exp(logSum / orders.length);
}

function brevity(length: number, targets: readonly number[]): number {
  const closest = [...targets].sort((a, b) => Math.abs(a - length) - Math.abs(b - length) || a - b)[0] ?? 0;
  return length >= closest ? 1 : Math.exp(1 - closest / length);
}
