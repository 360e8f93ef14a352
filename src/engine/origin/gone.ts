import { TouchstoneError } from '../../core/errors.ts';

/** For what is read of a store while others delete: what is gone is `null`; whatever else is wrong is no answer. */
export function goneIsNone(error: unknown): null {
  if (error instanceof TouchstoneError && error.code === 'not-found') return null;
  throw error;
}
