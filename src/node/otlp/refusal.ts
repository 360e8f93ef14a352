import { RPC_CODES } from '../../core/trace/otlp-response.ts';

/**
 * A request that is not taken. By OTLP's rules a sender tries again after 429, 502, 503 and 504, and gives up after anything else:
 * so it is 503 for whatever may pass, and 4xx only for what can never be taken.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Of HTTP. */
  readonly status: number;
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, options: { retryAfter?: number; headers?: Readonly<Record<string, string>>; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.status = status;
    this.retryAfter = options.retryAfter;
    this.headers = options.headers ?? {};
  }

  /** The code of google.rpc that stands for it. */
  get code(): number {
    switch (this.status) {
      case 401: return RPC_CODES.unauthenticated;
      case 403: return RPC_CODES.permissionDenied;
      case 404: return RPC_CODES.notFound;
      case 405: return RPC_CODES.unimplemented;
      case 413: return RPC_CODES.resourceExhausted;
      case 503: return RPC_CODES.unavailable;
      default: return this.status < 500 ? RPC_CODES.invalidArgument : RPC_CODES.internal;
    }
  }
}
