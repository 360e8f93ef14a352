import { hashText } from '../hash.ts';

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;
const HEX = /^[0-9a-fA-F]+$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const UUID = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;

/** The id, `null` where there is none (absent, empty, all zeros), or `undefined` where the value is no id. */
export type ReadId = string | null | undefined;

/** 32 lower-case hex digits of a trace id in any encoding that senders use (hex, base64, UUID, decimal, leading zeros dropped). */
export function readTraceId(value: unknown): ReadId {
  return readId(value, TRACE_DIGITS);
}

/** 16 lower-case hex digits of a span id. */
export function readSpanId(value: unknown): ReadId {
  return readId(value, SPAN_DIGITS);
}

function readId(value: unknown, digits: number): ReadId {
  if (value === undefined || value === null || value === '') return null;
  // Datadog numbers its ids: 64 bits, decimal
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? present(value.toString(16), digits) : undefined;
  if (typeof value !== 'string' || value.length > 64) return undefined;
  const text = value.startsWith('0x') ? value.slice(2) : value;
  // A hex id of 17 to 20 digits without a letter is next to impossible; a decimal one of 64 bits has just that length.
  if (/^\d{17,20}$/.test(text) && text.length !== digits && BigInt(text) < 1n << 64n) return present(BigInt(text).toString(16), digits);
  if (HEX.test(text) && text.length <= digits) return present(text.toLowerCase(), digits);
  if (digits === TRACE_DIGITS && UUID.test(text)) return present(text.replaceAll('-', '').toLowerCase(), digits);
  return fromBase64(text, digits);
}

/** Producers that follow proto3's JSON rules to the letter write ids as base64: 24 (or 22) characters for 16 bytes, 12 (or 11) for 8. */
function fromBase64(text: string, digits: number): ReadId {
  const bytes = digits / 2;
  const unpadded = Math.ceil((bytes * 4) / 3);
  if (!BASE64.test(text) || text.replace(/=+$/, '').length !== unpadded) return undefined;
  let bits = 0n;
  for (const character of text.slice(0, unpadded)) bits = (bits << 6n) | BigInt(base64Digit(character));
  return present((bits >> BigInt(unpadded * 6 - bytes * 8)).toString(16), digits);
}

function base64Digit(character: string): number {
  const plain = character === '-' ? '+' : character === '_' ? '/' : character;
  return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(plain);
}

function present(hex: string, digits: number): string | null {
  return /^0*$/.test(hex) ? null : hex.padStart(digits, '0');
}

/**
 * A trace id for formats whose ids are something else: UUIDs keep their digits, everything else is hashed, so that importing a
 * file twice gives the same trace.
 */
export function traceIdFor(format: string, id: string): string {
  const read = HEX.test(id) && id.length !== TRACE_DIGITS ? undefined : readTraceId(id);
  return read ?? hashText(`${format}\n${id}`).slice(0, TRACE_DIGITS);
}

/**
 * A span id for formats whose ids are something else: 16 hex digits stay, everything else is hashed. (A prefix of a UUID
 * would not do: version 7 begins with the time, and runs of one millisecond collide.)
 */
export function spanIdFor(format: string, id: string): string {
  const read = HEX.test(id) && id.length === SPAN_DIGITS ? readSpanId(id) : undefined;
  return read ?? hashText(`${format}\n${id}`).slice(0, SPAN_DIGITS);
}
