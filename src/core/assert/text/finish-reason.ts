import { binary, CheckError, type Evaluate } from '../outcome.ts';

export const finishReason: Evaluate = ({ value }, context) => {
  if (typeof value !== 'string' || value === '') throw new CheckError('finish-reason needs a reason such as stop or length.');
  const actual = context.finishReason;
  if (actual === null) return binary(false, 'The endpoint did not say why the model stopped.');
  const pass = actual.toLowerCase() === value.toLowerCase();
  return binary(pass, `The model stopped with ${actual}${pass ? '' : `, not ${value}`}.`);
};
