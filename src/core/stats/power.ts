import { normalQuantile } from './normal.ts';

/** Power at which "large enough to be shown" is meant. */
const POWER = 0.8;

function factor(alpha: number): number {
  return normalQuantile(1 - alpha / 2) + normalQuantile(POWER);
}

/**
 * The smallest true difference that is shown in four of five datasets like this one: (z_{α/2} + z_β) · SE (Miller 2024, §5).
 * `standardError` is of the mean of paired differences of case means: its variance, of cases and of repeats together,
 * is what the formula writes as (ω² + σ_A²/K_A + σ_B²/K_B) / n.
 */
export function minimumDetectable(standardError: number, alpha: number): number {
  return factor(alpha) * standardError;
}

/** How many cases altogether show a difference of `difference` with the same power, where `n` cases gave `standardError`. */
export function casesForDifference(n: number, standardError: number, difference: number, alpha: number): number {
  return Math.ceil(n * ((factor(alpha) * standardError) / difference) ** 2);
}

/** How many cases without a single change exclude one of `share`: those at which Wilson's interval of none reaches no higher. */
export function casesToExclude(share: number, alpha: number): number {
  const z = normalQuantile(1 - alpha / 2);
  return Math.ceil((z * z * (1 - share)) / share);
}
