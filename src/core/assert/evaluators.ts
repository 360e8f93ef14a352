import { cost, latency, perplexity, perplexityScore } from './numbers.ts';
import type { Evaluate } from './outcome.ts';
import { bleu } from './similarity/bleu.ts';
import { gleu } from './similarity/gleu.ts';
import { levenshtein } from './similarity/levenshtein.ts';
import { meteor } from './similarity/meteor.ts';
import { rougeN } from './similarity/rouge.ts';
import { containsHtml, isHtml } from './structure/html.ts';
import { containsJson, isJson } from './structure/json.ts';
import { containsSql, isSql } from './structure/sql.ts';
import { containsXml, isXml } from './structure/xml.ts';
import * as contains from './text/contains.ts';
import { equals } from './text/equals.ts';
import { finishReason } from './text/finish-reason.ts';
import { githubString } from './text/github-string.ts';
import { isRefusal } from './text/refusal.ts';
import { regex } from './text/regex.ts';
import { wordCount } from './text/word-count.ts';
import { guardrails, isValidFunctionCall, isValidToolsCall, skillUsed, toolCallF1 } from './tools.ts';
import type { ASSERTION_TYPES, AssertionTypeName } from './types.ts';

type TypesAt<Place extends string> = {
  [Name in AssertionTypeName]: (typeof ASSERTION_TYPES)[Name]['place'] extends Place ? Name : never;
}[AssertionTypeName];

/** Code is run by the worker's own runtime. */
type Evaluated = Exclude<TypesAt<'here' | 'worker'>, 'javascript'>;

/** The function of every deterministic type. Heavy parsers are imported by it on first use. */
const EVALUATORS: Readonly<Record<Evaluated, Evaluate>> = {
  equals,
  contains: contains.contains,
  icontains: contains.containsIgnoringCase,
  'contains-any': contains.containsAny,
  'contains-all': contains.containsAll,
  'icontains-any': contains.containsAnyIgnoringCase,
  'icontains-all': contains.containsAllIgnoringCase,
  'starts-with': contains.startsWith,
  regex,
  'is-json': isJson,
  'contains-json': containsJson,
  'is-xml': isXml,
  'contains-xml': containsXml,
  'is-html': isHtml,
  'contains-html': containsHtml,
  'is-sql': isSql,
  'contains-sql': containsSql,
  levenshtein,
  bleu,
  gleu,
  'rouge-n': rougeN,
  meteor,
  'word-count': wordCount,
  'is-refusal': isRefusal,
  'finish-reason': finishReason,
  cost,
  latency,
  perplexity,
  'perplexity-score': perplexityScore,
  'is-valid-openai-tools-call': isValidToolsCall,
  'is-valid-openai-function-call': isValidFunctionCall,
  'is-valid-function-call': isValidFunctionCall,
  'tool-call-f1': toolCallF1,
  'skill-used': skillUsed,
  guardrails,
  'github:string': githubString,
};

export function evaluatorOf(name: AssertionTypeName): Evaluate | undefined {
  return Object.hasOwn(EVALUATORS, name) ? EVALUATORS[name as Evaluated] : undefined;
}
