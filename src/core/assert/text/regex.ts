import { errorMessage } from '../../errors.ts';
import { binary, CheckError, failedCheck, quote, type Evaluate } from '../outcome.ts';

/** `new RegExp(value)` without flags, found anywhere. Can take exponential time: unless it provably does not, it runs in the worker, which has a time limit. */
export const regex: Evaluate = ({ value }, { output }) => {
  if (typeof value !== 'string') throw new CheckError('regex needs a regular expression as text.');
  let pattern: RegExp;
  try {
    pattern = new RegExp(value);
  } catch (error) {
    return failedCheck(`${quote(value)} is not a regular expression: ${errorMessage(error)}.`);
  }
  const pass = pattern.test(output);
  return binary(pass, `${pass ? 'Matches' : 'Does not match'} /${value}/.`);
};
