import type { AssertionSpec } from '../model.ts';
import { binary, CheckError, quote, type Evaluate } from '../outcome.ts';
import { textList } from './list.ts';

type Fold = (text: string) => string;

const exact: Fold = (text) => text;
const lowerCase: Fold = (text) => text.toLowerCase();

export const contains = one(exact);
export const containsIgnoringCase = one(lowerCase);
export const containsAny = any(exact);
export const containsAnyIgnoringCase = any(lowerCase);
export const containsAll = all(exact);
export const containsAllIgnoringCase = all(lowerCase);

export const startsWith: Evaluate = (spec, { output }) => {
  const text = needle(spec);
  const pass = output.startsWith(text);
  return binary(pass, pass ? `Starts with ${quote(text)}.` : `Starts with ${quote(output.slice(0, text.length + 20))}, not with ${quote(text)}.`);
};

function one(fold: Fold): Evaluate {
  return (spec, { output }) => {
    const text = needle(spec);
    const pass = fold(output).includes(fold(text));
    return binary(pass, `${pass ? 'Contains' : 'Does not contain'} ${quote(text)}.`);
  };
}

function any(fold: Fold): Evaluate {
  return (spec, { output }) => {
    const texts = textList(spec);
    const folded = fold(output);
    const found = texts.find((text) => folded.includes(fold(text)));
    return found === undefined
      ? binary(false, `Contains none of ${texts.map((text) => quote(text)).join(', ') || 'an empty list'}.`)
      : binary(true, `Contains ${quote(found)}.`);
  };
}

function all(fold: Fold): Evaluate {
  return (spec, { output }) => {
    const texts = textList(spec);
    const folded = fold(output);
    const missing = texts.filter((text) => !folded.includes(fold(text)));
    return missing.length === 0
      ? binary(true, `Contains all of ${texts.map((text) => quote(text)).join(', ') || 'an empty list'}.`)
      : binary(false, `Does not contain ${missing.map((text) => quote(text)).join(', ')}.`);
  };
}

/** Every text contains the empty one, so an empty value is a mistake, not a pass. */
function needle({ type, value }: AssertionSpec): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string' && value !== '') return value;
  throw new CheckError(`${type} needs a text to look for; its value is ${value === '' ? 'empty' : 'not a text'}.`);
}
