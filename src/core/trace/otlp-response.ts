/** What a request was encoded in, and so must its answer be. */
export type OtlpEncoding = 'protobuf' | 'json';

export type OtlpSignal = 'traces' | 'logs' | 'metrics';

/** Codes of google.rpc that a receiver answers: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
export const RPC_CODES = { invalidArgument: 3, notFound: 5, permissionDenied: 7, resourceExhausted: 8, unimplemented: 12, internal: 13, unavailable: 14, unauthenticated: 16 } as const;

const REJECTED = { traces: 'rejectedSpans', logs: 'rejectedLogRecords', metrics: 'rejectedDataPoints' } as const;

/** The answer to a request all of which was taken: no bytes, or `{}`. */
export function encodeFullSuccess(encoding: OtlpEncoding): Uint8Array {
  return encoding === 'json' ? utf8('{}') : new Uint8Array();
}

/** `Export…ServiceResponse { partial_success { rejected…, error_message } }`: the sender must not send it again. */
export function encodePartialSuccess(signal: OtlpSignal, rejected: number, message: string, encoding: OtlpEncoding): Uint8Array {
  // 64-bit integers are text in OTLP's JSON
  if (encoding === 'json') return utf8(JSON.stringify({ partialSuccess: { [REJECTED[signal]]: String(rejected), errorMessage: message } }));
  return field(1, join(varintField(1, rejected), field(2, utf8(message))));
}

/** `google.rpc.Status`, what every failure is told by. `retryAfter`: seconds, told as google.rpc.RetryInfo. */
export function encodeStatus(code: number, message: string, encoding: OtlpEncoding, retryAfter?: number): Uint8Array {
  if (encoding === 'json') return utf8(JSON.stringify({ code, message, ...(retryAfter === undefined ? {} : { details: [{ '@type': RETRY_INFO, retryDelay: `${retryAfter}s` }] }) }));
  const retryInfo = retryAfter === undefined ? new Uint8Array() : field(3, join(field(1, utf8(RETRY_INFO)), field(2, field(1, varintField(1, retryAfter)))));
  return join(varintField(1, code), field(2, utf8(message)), retryInfo);
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A field that holds text, bytes or a message. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return join(varint((number << 3) | 2), varint(bytes.length), bytes);
}

function varintField(number: number, value: number): Uint8Array {
  return join(varint(number << 3), varint(value));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

function join(...pieces: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
