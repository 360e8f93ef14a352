import { errorMessage } from '../errors.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import { EMPTY_RANGE } from '../text/position.ts';
import { templateInCode } from './code.ts';
import type { AssertionSpec } from './model.ts';
import { parseType, type AssertionTypeInfo } from './types.ts';
import { unknownType } from './unknown-type.ts';
import { hasTemplate } from './values.ts';

/**
 * What is wrong with checks as they are written, before anything is run: types that do not exist or are not offered,
 * values and thresholds that are missing or of the wrong kind. Code 'assertion'; each at its spec's range.
 */
export function checkAssertions(specs: readonly AssertionSpec[]): Diagnostic[] {
  return specs.flatMap((spec) => checkOne(spec, false));
}

function checkOne(spec: AssertionSpec, member: boolean): Diagnostic[] {
  const type = parseType(spec.type);
  if (type === null) return [finding(spec, unknownType(spec.type))];
  if (member && (type.info.place === 'set' || type.info.place === 'group')) {
    return [finding(spec, `${spec.type} cannot be a member of an assert-set.`)];
  }
  const found = problems(spec, type.info).map((message) => finding(spec, message));
  if (type.info.place !== 'set') return found;
  if (spec.assert === undefined || spec.assert.length === 0) found.push(finding(spec, 'assert-set needs members under assert.'));
  return [...found, ...(spec.assert ?? []).flatMap((inner) => checkOne(inner, true))];
}

function problems(spec: AssertionSpec, info: AssertionTypeInfo): string[] {
  const { type, value, threshold, weight } = spec;
  const found: (string | null)[] = [
    info.value === 'required' && (value === undefined || value === null || value === '') ? `${type} needs a value.` : null,
    info.threshold === 'required' && threshold === undefined ? `${type} needs a threshold.` : null,
    threshold !== undefined && !Number.isFinite(threshold) ? `The threshold of ${type} is not a number.` : null,
    weight !== undefined && !(Number.isFinite(weight) && weight >= 0) ? `The weight of ${type} is not a number from 0.` : null,
    info.code === true ? templateInCode(value) : null,
    templateInCode(spec.transform),
    type.endsWith('regex') ? regexProblem(value) : null,
  ];
  return found.filter((message) => message !== null);
}

function regexProblem(value: unknown): string | null {
  if (typeof value !== 'string' || value.startsWith('file://') || hasTemplate(value)) return null;
  try {
    new RegExp(value);
    return null;
  } catch (error) {
    return `${errorMessage(error)}.`;
  }
}

function finding(spec: AssertionSpec, message: string): Diagnostic {
  return { severity: 'error', code: 'assertion', message, range: spec.range ?? EMPTY_RANGE };
}
