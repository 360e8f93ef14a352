import { isObject, type JsonObject } from '../json.ts';
import { clampScore } from './finish.ts';
import type { AssertionResult, AssertionSpec, ScoreContext } from './model.ts';
import { CheckError, type Outcome } from './outcome.ts';
import { outputValue } from './output.ts';
import { parseType } from './types.ts';

/** The second argument of code checks, shaped as in promptfoo, with the case's `expected` beside `vars`. */
export function codeContext(context: ScoreContext, config?: JsonObject): JsonObject {
  const { vars, promptText, description, metadata, modelId } = context;
  return {
    vars,
    expected: context.expected,
    prompt: promptText,
    test: { vars, description, metadata, id: context.caseId, expected: context.expected },
    logProbs: context.logprobs,
    config: config ?? {},
    provider: { id: modelId },
    providerResponse: {
      output: outputValue(context),
      cost: context.cost,
      cached: context.cached,
      latencyMs: context.latencyMs,
      finishReason: context.finishReason,
      logProbs: context.logprobs,
      toolCalls: context.toolCalls,
      ...(context.refusal === undefined ? {} : { refusal: context.refusal }),
    },
  };
}

/**
 * Reads what code returned: true or false; a number, which passes from the threshold on, or above 0 without one; or a
 * grading `{pass, score, reason, namedScores?, componentResults?}`, whose own `pass` stands.
 */
export function readGrading(returned: unknown, spec: AssertionSpec): Outcome {
  if (typeof returned === 'boolean') {
    return { pass: returned, score: returned ? 1 : 0, reason: `The code returned ${returned}.` };
  }
  if (typeof returned === 'number' && !Number.isNaN(returned)) {
    const pass = spec.threshold === undefined ? returned > 0 : returned >= spec.threshold;
    const asked = spec.threshold === undefined ? '' : `; at least ${spec.threshold} asked for`;
    return { pass, score: returned, reason: `The code returned ${returned}${asked}.` };
  }
  if (!isObject(returned)) throw new CheckError(`The code must return true or false, a number, or {pass, score, reason}; it returned ${describe(returned)}.`);
  const { pass, score, reason } = returned;
  if (typeof pass !== 'boolean' || typeof score !== 'number' || Number.isNaN(score) || typeof reason !== 'string') {
    throw new CheckError(`A grading needs pass (true or false), score (a number) and reason (a text); the code returned ${describe(returned)}.`);
  }
  return { pass, score, reason, ...extras(returned) };
}

function extras(grading: JsonObject): Pick<Outcome, 'namedScores' | 'components'> {
  const named = grading['namedScores'];
  const components = grading['componentResults'];
  return {
    ...(isObject(named) ? { namedScores: numbersOf(named) } : {}),
    ...(Array.isArray(components) ? { components: components.filter(isObject).map(component) } : {}),
  };
}

function numbersOf(value: JsonObject): Record<string, number> {
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

function component(value: JsonObject): AssertionResult {
  const assertion = isObject(value['assertion']) ? value['assertion'] : {};
  const pass = value['pass'] === true;
  return {
    type: typeof assertion['type'] === 'string' ? assertion['type'] : 'component',
    pass,
    score: typeof value['score'] === 'number' ? clampScore(value['score']) : pass ? 1 : 0,
    reason: typeof value['reason'] === 'string' ? value['reason'] : '',
    weight: 1,
    metric: typeof assertion['metric'] === 'string' ? assertion['metric'] : null,
  };
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  return text === undefined ? `a ${typeof value}` : `${typeof value} ${text.slice(0, 120)}`;
}

export interface CodeFile {
  readonly path: string;
  /** The function to call; absent: the default one. */
  readonly export?: string;
  readonly language: 'javascript' | 'python' | 'ruby';
}

/** Takes `file://path/check.js:name` apart. `null`: not a code file. A Windows drive's colon is part of the path. */
export function parseCodeFile(value: unknown): CodeFile | null {
  if (typeof value !== 'string') return null;
  const match = /^file:\/\/(.+?\.(?:([cm]?[jt]s)|(py)|rb))(?::([\p{L}_$][\p{L}\p{N}_$.]*))?$/iu.exec(value.trim());
  const path = match?.[1];
  if (match === null || path === undefined) return null;
  const language = match[2] !== undefined ? 'javascript' : match[3] !== undefined ? 'python' : 'ruby';
  return { path, language, ...(match[4] === undefined ? {} : { export: match[4] }) };
}

/**
 * Inline code is not a template: text of a dataset put into code would be run. promptfoo fills `{{name}}` there, so code
 * that relies on it is refused with the way to write it.
 */
export function templateInCode(code: unknown): string | null {
  if (typeof code !== 'string' || parseCodeFile(code) !== null) return null;
  const name = /\{\{\s*([\p{L}_$][\p{L}\p{N}_$.]*)\s*\}\}/u.exec(code)?.[1];
  return name === undefined ? null : `Code is not a template: write context.vars.${name} in place of {{${name}}}.`;
}

/** Whether making this check runs JavaScript of the user: only in a trusted workspace, and in a process of its own. */
export function needsCode(spec: AssertionSpec): boolean {
  return spec.transform !== undefined || parseType(spec.type)?.info.code === true || parseCodeFile(spec.value) !== null;
}
