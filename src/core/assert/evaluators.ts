import { cost, latency, perplexity, perplexityScore } from './numbers.ts';
import type { Evaluate } from './outcome.ts';
import * as contains from './text/contains.ts';
import { equals } from './text/equals.ts';
import { finishReason } from './text/finish-reason.ts';
import { isRefusal } from './text/refusal.ts';
import { regex } from './text/regex.ts';
import { wordCount } from './text/word-count.ts';
import type { ASSERTION_TYPES, AssertionTypeName } from './types.ts';

type TypesAt<Place extends string> = {
  [Name in AssertionTypeName]: (typeof ASSERTION_TYPES)[Name]['place'] extends Place ? Name : never;
}[AssertionTypeName];

/** Code is run by the worker's own runtime. */
type Evaluated = Exclude<TypesAt<'here' | 'worker'>, 'javascript'>;

/** The function of every deterministic type. Heavy parsers are imported by it on first use. */
export const EVALUATORS: Partial<Record<Evaluated, Evaluate>> = {
  equals,
  contains: contains.contains,
  icontains: contains.containsIgnoringCase,
  'contains-any': contains.containsAny,
  'contains-all': contains.containsAll,
  'icontains-any': contains.containsAnyIgnoringCase,
  'icontains-all': contains.containsAllIgnoringCase,
  'starts-with': contains.startsWith,
  regex,
  'word-count': wordCount,
  'is-refusal': isRefusal,
  'finish-reason': finishReason,
  cost,
  latency,
  perplexity,
  'perplexity-score': perplexityScore,
};

export function evaluatorOf(name: AssertionTypeName): Evaluate | undefined {
  return (EVALUATORS as Partial<Record<AssertionTypeName, Evaluate>>)[name];
}
