import type { NormalisedTrace } from '../normalise/normalise-trace.ts';
import { afterFinalAnswer, errors, hiddenErrors, truncated, unanswered, wrongCalls } from './calls.ts';
import { examine, type Finding, type Rule } from './finding.ts';
import { cycles, growingInput, pingPong, repeatedCalls, repeatedErrors } from './repetition.ts';

const RULES: readonly Rule[] = [errors, hiddenErrors, wrongCalls, unanswered, truncated, repeatedErrors, repeatedCalls, cycles, growingInput, pingPong, afterFinalAnswer];
const SEVERITIES = ['error', 'warning', 'info'];

/** What stands out in a trace, the worst first. */
export function findIn({ spans, tree }: Pick<NormalisedTrace, 'spans' | 'tree'>): Finding[] {
  const trace = examine(spans, tree);
  return RULES.flatMap((rule) => rule(trace)).sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}
