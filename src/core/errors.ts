/**
 * The one family of errors that a user can meet. `code` is stable (tests and scripts rely on it), `message` says what
 * happened and what to do next, and never holds a secret.
 */
export type ErrorCode =
  | 'usage' // the command line or a setting is wrong
  | 'not-found'
  | 'ambiguous' // a name that means several things: the message names them
  | 'damaged' // a file of the registry does not hold what it says, and is not used
  | 'invalid-prompt'
  | 'invalid-dataset'
  | 'invalid-config'
  | 'invalid-message' // a message of a socket or webview that does not decode
  | 'unknown-model'
  | 'unknown-price'
  | 'missing-secret'
  | 'budget-exceeded'
  | 'untrusted-workspace'
  | 'cancelled'
  | 'timeout' // our own time limit on a call, or on code and regular expressions
  | 'rate-limited'
  | 'unauthorized'
  | 'model-request' // the endpoint refused the request (4xx)
  | 'model-server' // the endpoint failed (5xx)
  | 'model-response' // the answer cannot be understood: broken stream, wrong content type, invalid JSON
  | 'source-request' // a source of traces refused the request, or cannot do what is asked
  | 'source-server' // a source failed (5xx)
  | 'source-response' // a source's answer cannot be understood, or ended early
  | 'network'
  | 'code-failed' // user code (assertion, transform, exec:, file: provider) threw or exited with an error
  | 'store' // the database is damaged, newer than the program, or cannot be written
  | 'engine-stopped'
  | 'internal';

export interface ErrorPlace {
  readonly file: string;
  /** One-based, as editors show it. */
  readonly line?: number;
  /** One-based. */
  readonly column?: number;
}

export class TouchstoneError extends Error {
  override readonly name: string = 'TouchstoneError';
  readonly code: ErrorCode;
  readonly place: ErrorPlace | undefined;
  /** What was found to be wrong beside it, so that a person need not find out one by one. */
  readonly others: readonly TouchstoneError[];

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; place?: ErrorPlace; others?: readonly TouchstoneError[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.place = options.place;
    this.others = options.others ?? [];
  }
}

/** One error for several; `undefined` for none. */
export function joinErrors(errors: readonly TouchstoneError[]): TouchstoneError | undefined {
  const [first, ...others] = errors;
  if (first === undefined || others.length === 0) return first;
  return new TouchstoneError(first.code, first.message, { cause: first, others, ...(first.place === undefined ? {} : { place: first.place }) });
}

/** `file:line:column: message`, the form that terminals and problem matchers make clickable; a line for each of several. */
export function describeError(error: unknown): string {
  if (!(error instanceof TouchstoneError)) return errorMessage(error);
  const { file, line, column } = error.place ?? {};
  const at = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
  return [at === '' ? error.message : `${at}: ${error.message}`, ...error.others.map(describeError)].join('\n');
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What crosses a process border in place of an Error. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly place?: ErrorPlace;
}

export function serializeError(error: unknown): SerializedError {
  if (error instanceof TouchstoneError) {
    const count = error.others.length;
    const message = count === 0 ? error.message : `${error.message} (and ${count} more ${count === 1 ? 'problem' : 'problems'})`;
    return { code: error.code, message, ...(error.place ? { place: error.place } : {}) };
  }
  return { code: 'internal', message: errorMessage(error) };
}
