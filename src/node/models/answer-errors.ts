/** The answer came but is not what the protocol promises. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/** The endpoint reported a failure inside a stream or an answer that began well. */
export class ReportedError extends Error {
  override readonly name = 'ReportedError';
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super('The endpoint reported an error.');
    this.status = status;
    this.body = body;
  }
}
