/**
 * The one family of errors that a user can meet. `code` is stable (tests and scripts rely on it), `message` says what
 * happened and what to do next, and never holds a secret.
 */
export type ErrorCode =
  | 'usage' // the command line or a setting is wrong
  | 'not-found'
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

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; place?: ErrorPlace } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.place = options.place;
  }
}

/** `file:line:column: message`, the form that terminals and problem matchers make clickable. */
export function describeError(error: unknown): string {
  if (!(error instanceof TouchstoneError) || error.place === undefined) return errorMessage(error);
  const { file, line, column } = error.place;
  const at = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
  return `${at}: ${error.message}`;
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
    return { code: error.code, message: error.message, ...(error.place ? { place: error.place } : {}) };
  }
  return { code: 'internal', message: errorMessage(error) };
}
