import { isObject } from '../../json.ts';
import { binary, CheckError, type Evaluate } from '../outcome.ts';

/** Words are runs of characters that are not white space. */
export const wordCount: Evaluate = ({ value }, { output }) => {
  const words = countWords(output);
  const exact = toCount(value);
  if (exact !== undefined) return binary(words === exact, `${words} words, ${words === exact ? 'as' : `not the ${exact}`} asked for.`);
  const min = isObject(value) ? toCount(value['min']) : undefined;
  const max = isObject(value) ? toCount(value['max']) : undefined;
  if (min === undefined && max === undefined) throw new CheckError('word-count needs a number, or min and max.');
  const pass = words >= (min ?? 0) && words <= (max ?? Infinity);
  const range = [min === undefined ? '' : `at least ${min}`, max === undefined ? '' : `at most ${max}`].filter(Boolean).join(' and ');
  return binary(pass, `${words} words; ${range} asked for.`);
};

function countWords(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(/\S+/gu)) count++;
  return count;
}

function toCount(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' && /^\s*\d+\s*$/u.test(value)) return Number(value);
  return undefined;
}
