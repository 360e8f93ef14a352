import { canonicalJson } from '../../json.ts';
import { binary, quote, type Evaluate } from '../outcome.ts';

/** A mapping or list is compared as data, independent of key order; anything else as text. */
export const equals: Evaluate = ({ value }, { output }) => {
  if (typeof value !== 'object' || value === null) {
    const expected = String(value);
    const pass = output === expected;
    return binary(pass, pass ? `Equals ${quote(expected)}.` : `${quote(output)} is not ${quote(expected)}.`);
  }
  const expected = canonicalJson(value);
  const actual = parsed(output);
  if (actual === undefined) return binary(false, `${quote(output)} is not JSON; expected ${quote(expected)}.`);
  const pass = canonicalJson(actual.value) === expected;
  return binary(pass, pass ? `Equals ${quote(expected)}.` : `${quote(output)} is not ${quote(expected)}.`);
};

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
