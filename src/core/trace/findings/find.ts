import type { NormalisedTrace } from '../normalise/normalise-trace.ts';
import { afterFinalAnswer, errors, hiddenErrors, truncated, unanswered, wrongCalls } from './calls.ts';
import { examine, type Finding, type Rule } from './finding.ts';
import { cycles, growingInput, pingPong, repeatedCalls, repeatedErrors } from './repetition.ts';

/** What a span says alone and a row of it holds: told of large traces without reading them (failureFindings). */
const FAILURES: readonly Rule[] = [errors, hiddenErrors];
const RULES: readonly Rule[] = [wrongCalls, unanswered, truncated, repeatedErrors, repeatedCalls, cycles, growingInput, pingPong, afterFinalAnswer];
const SEVERITIES = ['error', 'warning', 'info'];

/** What stands out in a trace, the worst first. */
export function findIn(trace: Pick<NormalisedTrace, 'spans' | 'tree'>): Finding[] {
  const examined = examine(trace.spans, trace.tree);
  return worstFirst([...FAILURES, ...RULES].flatMap((rule) => rule(examined)));
}

/** The same of a piece of a trace, without what failed: an agent's own spans, say. */
export function findInPiece({ spans, tree }: Pick<NormalisedTrace, 'spans' | 'tree'>): Finding[] {
  const examined = examine(spans, tree);
  return RULES.flatMap((rule) => rule(examined));
}

export function worstFirst(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}
