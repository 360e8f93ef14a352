const halves = new Uint32Array(2);
const whole = new BigInt64Array(halves.buffer);
/** Which half of a 64-bit integer lies first in memory. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The 16 hex digits of a span id as the signed integer that `span.id` holds. */
export function bitsOfSpanId(id: string): bigint {
  halves[HIGH] = parseInt(id.slice(0, 8), 16);
  halves[1 - HIGH] = parseInt(id.slice(8), 16);
  return whole[0]!;
}

export function spanIdOfBits(bits: bigint): string {
  return BigInt.asUintN(64, bits).toString(16).padStart(16, '0');
}
