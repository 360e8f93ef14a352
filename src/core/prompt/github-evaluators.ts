import type { AssertionSpec } from '../assert/model.ts';
import { describe } from '../text/describe.ts';
import { isObject } from '../json.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';

/** The first of these that an evaluator has decides what it is. */
const KINDS = ['string', 'llm', 'uses'] as const;
const STRING_CHECKS = ['equals', 'contains', 'startsWith', 'endsWith'];

/** GitHub Models' `evaluators` as assertions `github:string`, `github:llm` and `github:uses`, whose value is the evaluator's body. */
export function readEvaluators(value: unknown, locate: Locate, findings: Findings, baseDir: string): AssertionSpec[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    findings.error('evaluator', `evaluators are a list, not ${describe(value)}`, locate());
    return [];
  }
  return value.flatMap((item: unknown, index) => readEvaluator(item, locateIn(locate, index), findings, baseDir) ?? []);
}

function readEvaluator(item: unknown, locate: Locate, findings: Findings, baseDir: string): AssertionSpec | null {
  if (!isObject(item)) {
    findings.error('evaluator', `an evaluator is a mapping with a name and one of string, llm, uses, not ${describe(item)}`, locate());
    return null;
  }
  const present = KINDS.filter((kind) => item[kind] !== undefined && item[kind] !== null);
  const kind = present[0];
  if (!kind) {
    findings.error('evaluator', 'an evaluator needs one of string, llm, uses', locate());
    return null;
  }
  if (present.length > 1) findings.warning('evaluator', `only "${kind}" counts: an evaluator has one of string, llm, uses`, locate(present[1] ?? kind));
  const body = item[kind];
  const problem = checkBody(kind, body);
  if (problem !== null) {
    findings.error('evaluator', problem, locate(kind));
    return null;
  }
  return { type: `github:${kind}`, name: typeof item['name'] === 'string' && item['name'] !== '' ? item['name'] : `${kind} evaluator`, value: body, baseDir, range: locate() };
}

function checkBody(kind: (typeof KINDS)[number], body: unknown): string | null {
  if (kind === 'uses') return typeof body === 'string' ? null : `"uses" is the name of an evaluator such as github/similarity, not ${describe(body)}`;
  if (!isObject(body)) return `"${kind}" is a mapping, not ${describe(body)}`;
  if (kind === 'string') {
    const check = STRING_CHECKS.find((key) => body[key] !== undefined && body[key] !== null && body[key] !== '');
    if (!check) return `a string evaluator needs one of ${STRING_CHECKS.join(', ')}`;
    return typeof body[check] === 'object' ? `"${check}" is a text, not ${describe(body[check])}` : null;
  }
  if (typeof body['prompt'] !== 'string' || body['prompt'] === '') return 'an llm evaluator needs a prompt';
  const choices = body['choices'];
  if (!Array.isArray(choices) || choices.length === 0) return 'an llm evaluator needs choices, each with a choice and a score';
  const bad = choices.some((choice: unknown) => !isObject(choice) || choice['choice'] === undefined || typeof choice['score'] !== 'number');
  return bad ? 'every choice has a choice (text) and a score (number)' : null;
}
