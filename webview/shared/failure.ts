import { errorMessage, TouchstoneError, type ErrorCode } from '../../src/core/errors.ts';

/** Why something that was asked for is not here. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

export function asFailure(error: unknown): Failure {
  return error instanceof TouchstoneError ? { code: error.code, message: error.message } : { code: 'internal', message: errorMessage(error) };
}

/** What a failure means for the data of one kind of panel, in whole sentences. */
export interface FailureWords {
  /** The word for what is shown, e.g. `run`. */
  readonly thing: string;
  /** The engine has stopped: what of the data is safe. */
  readonly stopped: string;
  /** It is not there: where it may have gone. */
  readonly missing: string;
  /** The workspace is not trusted: what is not done then. */
  readonly untrusted: string;
}

/** What has happened, and what it means for the data. */
export function explainFailure({ code }: Failure, words: FailureWords): { readonly title: string; readonly meaning: string } {
  switch (code) {
    case 'engine-stopped':
      return { title: 'The engine has stopped.', meaning: words.stopped };
    case 'not-found':
      return { title: `This ${words.thing} is not there.`, meaning: words.missing };
    case 'store':
      return { title: 'The database cannot be read.', meaning: 'Nothing was changed in it.' };
    case 'untrusted-workspace':
      return { title: 'This workspace is not trusted.', meaning: words.untrusted };
    default:
      return { title: `The ${words.thing} cannot be read.`, meaning: 'Nothing was changed in it.' };
  }
}
