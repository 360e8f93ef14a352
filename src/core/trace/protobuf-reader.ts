import { UndecodableValue } from './any-value.ts';

/** Wire types of https://protobuf.dev/programming-guides/encoding: the low three bits of a tag. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;

/** Groups within groups that are skipped: protobuf's own readers stop here too. */
const MAX_GROUPS = 100;

/** `tag(3, 'bytes')` is what stands before field 3: what a `switch` over `WireReader.tag()` compares. */
export function tag(field: number, type: 'varint' | 'fixed64' | 'bytes' | 'fixed32'): number {
  return (field << 3) | { varint: VARINT, fixed64: FIXED64, bytes: LENGTH, fixed32: FIXED32 }[type];
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Shorter texts are put together faster than a TextDecoder is called. */
const SHORT_TEXT = 18;
/** Slots of the cache of short texts (keys of attributes, mostly): a power of two. */
const TEXT_SLOTS = 1024;
const LONGEST_CACHED_TEXT = 48;

/**
 * Reads protobuf's wire format from bytes. Every read checks that it stays within the bytes; a message within is read up to the
 * position that `end()` gives, and whoever reads it checks with `finish` that it ended just there.
 * @throws UndecodableValue on anything that is no protobuf
 */
export class WireReader {
  readonly bytes: Uint8Array;
  pos: number;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #texts: (string | undefined)[] = new Array<string | undefined>(TEXT_SLOTS).fill(undefined);
  readonly #textStarts = new Int32Array(TEXT_SLOTS);
  readonly #textLengths = new Uint8Array(TEXT_SLOTS);
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.pos = 0;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next field's number and wire type, as `tag()` writes them. */
  tag(): number {
    const value = this.uint32();
    if (value >>> 3 === 0 || this.#high !== 0) throw new UndecodableValue('a field has a number that no field can have');
    return value;
  }

  /** Where the message (text, bytes) that begins here ends; the position is then at its first byte. Not behind `limit`. */
  end(limit: number): number {
    const length = this.uint32();
    if (this.#high !== 0 || length > limit - this.pos) throw new UndecodableValue('a length reaches beyond the end');
    return this.pos + length;
  }

  /** That a message's fields ended where the message does. */
  finish(end: number): void {
    if (this.pos !== end) throw new UndecodableValue('a field reaches beyond the end of its message');
  }

  /** The low 32 bits of a varint. */
  uint32(): number {
    const first = this.#byte();
    this.#high = 0;
    if (first < 0x80) return first;
    return this.#varint(first);
  }

  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    const low = this.uint32();
    return low !== 0 || this.#high !== 0;
  }

  /** A signed 64-bit integer in decimal. */
  int64(): string {
    const low = this.uint32();
    return decimal(this.#high | 0, low);
  }

  fixed32(): number {
    this.#need(4);
    const value = this.#view.getUint32(this.pos, true);
    this.pos += 4;
    return value;
  }

  double(): number {
    this.#need(8);
    const value = this.#view.getFloat64(this.pos, true);
    this.pos += 8;
    return value;
  }

  /** Nanoseconds since 1970 in decimal; `null`: 0, nothing said. @throws UndecodableValue past 63 bits (the year 2262) */
  nanos(what: string): string | null {
    this.#need(8);
    const low = this.#view.getUint32(this.pos, true);
    const high = this.#view.getUint32(this.pos + 4, true);
    this.pos += 8;
    if (high > 0x7fff_ffff) throw new UndecodableValue(`${what} must be nanoseconds since 1970`);
    return low === 0 && high === 0 ? null : decimalOfNanos(high, low);
  }

  /** Text up to `end`. What is no UTF-8 (SDKs cut values in the middle of a character) becomes U+FFFD. */
  text(limit: number): string {
    const end = this.end(limit);
    const start = this.pos;
    this.pos = end;
    const length = end - start;
    if (length === 0) return '';
    if (length > LONGEST_CACHED_TEXT) return this.#decoder.decode(this.bytes.subarray(start, end));
    return this.#cachedText(start, length);
  }

  /** Bytes up to `end`, in base64. */
  base64(limit: number): string {
    const end = this.end(limit);
    const { bytes } = this;
    const pieces: string[] = [];
    let text = '';
    for (let at = this.pos; at < end; at += 3) {
      const bits = (bytes[at]! << 16) | ((at + 1 < end ? bytes[at + 1]! : 0) << 8) | (at + 2 < end ? bytes[at + 2]! : 0);
      text += BASE64[bits >>> 18]! + BASE64[(bits >>> 12) & 63]! + (at + 1 < end ? BASE64[(bits >>> 6) & 63]! : '=') + (at + 2 < end ? BASE64[bits & 63]! : '=');
      // A string put together from very many pieces is a deep rope.
      if (text.length >= 8192) {
        pieces.push(text);
        text = '';
      }
    }
    this.pos = end;
    return pieces.length === 0 ? text : pieces.join('') + text;
  }

  /** Lower-case hex of the bytes up to `end`. */
  hex(limit: number): string {
    const end = this.end(limit);
    let digits = '';
    while (this.pos < end) digits += HEX[this.bytes[this.pos++]!]!;
    return digits;
  }

  /** Passes over the value of a field that is not known. */
  skip(fieldTag: number, depth = 0): void {
    switch (fieldTag & 7) {
      case VARINT: this.uint32(); return;
      case FIXED64: this.#need(8); this.pos += 8; return;
      case LENGTH: this.pos = this.end(this.bytes.length); return;
      case FIXED32: this.#need(4); this.pos += 4; return;
      case GROUP_START: {
        if (depth >= MAX_GROUPS) throw new UndecodableValue(`groups are nested deeper than ${MAX_GROUPS} levels`);
        for (let inner = this.tag(); inner !== (fieldTag & ~7 | GROUP_END); inner = this.tag()) this.skip(inner, depth + 1);
        return;
      }
      default: throw new UndecodableValue('a field has no known wire type');
    }
  }

  #byte(): number {
    if (this.pos >= this.bytes.length) throw new UndecodableValue('it ends in the middle of a field');
    return this.bytes[this.pos++]!;
  }

  #need(length: number): void {
    if (length > this.bytes.length - this.pos) throw new UndecodableValue('it ends in the middle of a field');
  }

  /** The rest of a varint whose first byte was read; leaves its high 32 bits in `#high`. */
  #varint(first: number): number {
    let low = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low;
    }
    let byte = this.#byte();
    low = (low | (byte << 28)) >>> 0;
    this.#high = (byte & 0x7f) >>> 4;
    if (byte < 0x80) return low;
    for (let shift = 3; shift < 31; shift += 7) {
      byte = this.#byte();
      this.#high = (this.#high | ((byte & 0x7f) << shift)) >>> 0;
      if (byte < 0x80) return low;
    }
    byte = this.#byte();
    if (byte > 1) throw new UndecodableValue('a varint is longer than 64 bits');
    this.#high = (this.#high | (byte << 31)) >>> 0;
    return low;
  }

  /** The same few texts stand before every value: those that came lately are compared with, not made anew. */
  #cachedText(start: number, length: number): string {
    const { bytes } = this;
    let hash = length;
    for (let at = start; at < start + length; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const slot = (hash ^ (hash >>> 11)) & (TEXT_SLOTS - 1);
    const known = this.#texts[slot];
    if (known !== undefined && this.#textLengths[slot] === length && this.#same(this.#textStarts[slot]!, start, length)) return known;
    const text = this.#shortText(start, length);
    this.#texts[slot] = text;
    this.#textStarts[slot] = start;
    this.#textLengths[slot] = length;
    return text;
  }

  #same(known: number, start: number, length: number): boolean {
    const { bytes } = this;
    for (let at = 0; at < length; at++) if (bytes[known + at] !== bytes[start + at]) return false;
    return true;
  }

  #shortText(start: number, length: number): string {
    if (length > SHORT_TEXT) return this.#decoder.decode(this.bytes.subarray(start, start + length));
    let text = '';
    for (let at = start; at < start + length; at++) {
      const byte = this.bytes[at]!;
      if (byte > 0x7f) return this.#decoder.decode(this.bytes.subarray(start, start + length));
      text += String.fromCharCode(byte);
    }
    return text;
  }
}

/** A signed 64-bit integer of two halves in decimal. */
function decimal(high: number, low: number): string {
  if (high === 0) return String(low);
  // what a double holds exactly
  if (high >= -0x20_0000 && high < 0x20_0000) return String(high * 4_294_967_296 + low);
  return ((BigInt(high) << 32n) | BigInt(low)).toString();
}

/** An unsigned integer of 63 bits in decimal by seconds and the rest: an eighth of what BigInt costs. */
function decimalOfNanos(high: number, low: number): string {
  let quotient = 0;
  let rest = 0;
  for (const digit of [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff]) {
    const dividend = rest * 65_536 + digit;
    const part = Math.floor(dividend / 1e9);
    quotient = quotient * 65_536 + part;
    rest = dividend - part * 1e9;
  }
  return quotient === 0 ? String(rest) : String(quotient) + String(rest).padStart(9, '0');
}
