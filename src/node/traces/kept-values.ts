import type { Rejection } from '../../core/trace/model.ts';

/** Of one batch: the hundredth span that is wrong tells no more than the tenth. */
const MAX_OF_BATCH = 20;
/** More than the store keeps (Rejections): a secret that lies across that cut must be whole when it is looked for. */
const MAX_BODY = 256 * 1024 + 4096;

/**
 * Rejections with the bytes that are to be kept in place of what was rejected, so that they go from thread to thread as they are: a
 * value may be nested deeper than a message to a thread can be.
 */
export function keepBytes(rejected: readonly Rejection[]): Rejection[] {
  return rejected.map((rejection, index) => ({ ...rejection, value: index < MAX_OF_BATCH ? bytesOf(rejection.value) : null }));
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value === null) return null;
  // A copy: a message to a thread would carry all of what a view is a part of.
  return Uint8Array.from((value instanceof Uint8Array ? value : Buffer.from(textOf(value))).subarray(0, MAX_BODY));
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    // Nested deeper than the stack: that it was refused is all that can be said.
    return '';
  }
}
