import { isObject } from '../../json.ts';
import { binary, CheckError, quote, type Evaluate } from '../outcome.ts';

const KEYS = ['equals', 'contains', 'startsWith', 'endsWith'] as const;

/**
 * GitHub Models' string evaluator (gh-models, cmd/eval): the output is trimmed; of the keys below the first that is not
 * empty counts. `equals` minds upper and lower case, the others do not.
 */
export const githubString: Evaluate = ({ value }, { output }) => {
  const rule = isObject(value) ? value : {};
  const key = KEYS.find((name) => rule[name] !== undefined && rule[name] !== null && rule[name] !== '');
  if (key === undefined) throw new CheckError(`A string evaluator needs one of ${KEYS.join(', ')}.`);
  const wanted = String(rule[key]);
  const text = output.trim();
  const folded = text.toLowerCase();
  const pass = {
    equals: text === wanted,
    contains: folded.includes(wanted.toLowerCase()),
    startsWith: folded.startsWith(wanted.toLowerCase()),
    endsWith: folded.endsWith(wanted.toLowerCase()),
  }[key];
  return binary(pass, pass ? `${key} ${quote(wanted)}.` : `${quote(text)} does not satisfy ${key} ${quote(wanted)}.`);
};
