import type { NormalisedTrace } from '../normalise/normalise-trace.ts';
import { afterFinalAnswer, errors, hiddenErrors, truncated, unanswered, wrongCalls } from './calls.ts';
import { MergedFindings } from './failures.ts';
import { examine, type Finding, type Rule } from './finding.ts';
import { cycles, growingInput, pingPong, repeatedCalls, repeatedErrors } from './repetition.ts';

/** What a span says alone and a row of it holds: told of large traces without reading them (failureFindings). */
const FAILURES: readonly Rule[] = [errors, hiddenErrors];
const RULES: readonly Rule[] = [wrongCalls, unanswered, truncated, repeatedErrors, repeatedCalls, cycles, growingInput, pingPong, afterFinalAnswer];
const SEVERITIES = ['error', 'warning', 'info'];

/** What stands out in a trace, the worst first. */
export function findIn(trace: Pick<NormalisedTrace, 'spans' | 'tree'>): Finding[] {
  const examined = examine(trace.spans, trace.tree);
  return worstFirst(new MergedFindings().add([...FAILURES, ...RULES].flatMap((rule) => rule(examined))).list());
}

/** The same of a piece of a trace, without what failed: an agent's own spans, say. */
export function findInPiece({ spans, tree }: Pick<NormalisedTrace, 'spans' | 'tree'>): Finding[] {
  const examined = examine(spans, tree);
  return RULES.flatMap((rule) => rule(examined));
}

/** Each thing once: errors in results that are told of as repeated are not told of singly. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const repeated = new Set(findings.filter(({ rule }) => rule === 'repeated-error').flatMap(({ spanIds }) => spanIds));
  const single = findings.filter(({ rule, spanIds }) => rule !== 'error-in-result' || !spanIds.every((id) => repeated.has(id)));
  return single.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}
