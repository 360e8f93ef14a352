import { incompleteBeta } from './student-t.ts';

/**
 * Exact McNemar test: two-sided p that of `b + c` cases in which two sides disagree, as unevenly many as `b` and `c` favour each
 * (McNemar 1947 with the binomial distribution; R: `binom.test(b, b + c)`). By the incomplete beta function, so that a million
 * disagreements neither overflow nor take long. 1 when none disagree.
 */
export function exactMcNemar(b: number, c: number): number {
  const disagreements = b + c;
  const fewer = Math.min(b, c);
  if (disagreements === 0 || 2 * fewer === disagreements) return 1;
  // P(X ≤ k) of Binomial(m, 1/2) is I_{1/2}(m − k, k + 1).
  return Math.min(1, 2 * incompleteBeta(disagreements - fewer, fewer + 1, 0.5));
}
