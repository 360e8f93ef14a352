/** What SQLite's integers and most languages' clocks hold: until the year 2262. */
const MAX_NS = (1n << 63n) - 1n;

/** Nanoseconds since 1970 as a decimal string from an integer in any of OTLP/JSON's spellings; `null`: absent or 0; `undefined`: not a time. */
export function readNanos(value: unknown): string | null | undefined {
  const nanos = readUnsigned(value);
  if (nanos === undefined) return undefined;
  return nanos === 0n ? null : nanos.toString();
}

function readUnsigned(value: unknown): bigint | undefined {
  if (value === undefined || value === null || value === '') return 0n;
  const number = readInteger(value);
  return number === undefined || number < 0n || number > MAX_NS ? undefined : number;
}

/** A 64-bit integer: decimal string, JSON number, or the `{low, high, unsigned}` of protobuf's JavaScript. `undefined`: none of these. */
export function readInteger(value: unknown): bigint | undefined {
  if (typeof value === 'string') return /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'object' || value === null || !('low' in value) || !('high' in value)) return undefined;
  const { low, high } = value;
  if (typeof low !== 'number' || typeof high !== 'number' || !Number.isInteger(low) || !Number.isInteger(high)) return undefined;
  const bits = (BigInt.asUintN(32, BigInt(high)) << 32n) | BigInt.asUintN(32, BigInt(low));
  return 'unsigned' in value && value.unsigned === true ? bits : BigInt.asIntN(64, bits);
}

/** Nanoseconds of an ISO 8601 time with up to nine decimals; without a zone it is UTC, as the SDKs that leave it out mean it. */
export function nanosOfIso(text: string): string | null {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9})\d*)?\s*(Z|[+-]\d{2}:?\d{2})?$/.exec(text.trim());
  if (!match) return null;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const ms = Date.parse(`${date}T${time}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`);
  if (Number.isNaN(ms) || ms < 0) return null;
  return (BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))).toString();
}

/** Nanoseconds of a number in the given unit (1e6: milliseconds, 1e3: microseconds, 1e9: seconds); decimals are kept as far as a double has them. */
export function nanosOfNumber(value: number, nanosPerUnit: 1e3 | 1e6 | 1e9): string | null {
  if (!Number.isFinite(value) || value < 0 || value * nanosPerUnit > Number(MAX_NS)) return null;
  const whole = Math.trunc(value);
  return (BigInt(whole) * BigInt(nanosPerUnit) + BigInt(Math.round((value - whole) * nanosPerUnit))).toString();
}

/** Nanoseconds of an ISO text, or of a number of seconds, milliseconds, microseconds or nanoseconds since 1970 — told apart by its size. */
export function nanosOf(value: unknown): string | null {
  if (typeof value === 'string') return /^\d{19}$/.test(value) ? value : nanosOfIso(value);
  if (typeof value !== 'number' || !(value > 0)) return null;
  if (value < 1e11) return nanosOfNumber(value, 1e9);
  if (value < 1e14) return nanosOfNumber(value, 1e6);
  if (value < 1e17) return nanosOfNumber(value, 1e3);
  return value <= Number(MAX_NS) ? BigInt(Math.trunc(value)).toString() : null;
}

/** Decimal strings of nanoseconds by their value. */
export function compareNanos(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** ISO 8601 in UTC with milliseconds, of nanoseconds since 1970. */
export function isoOfNanos(nanos: string): string {
  return new Date(Number(BigInt(nanos) / 1_000_000n)).toISOString();
}
