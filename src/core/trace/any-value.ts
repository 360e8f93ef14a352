import { isObject, type JsonObject } from '../json.ts';
import type { AnyValue, KeyValue } from './model.ts';
import { readInteger } from './time.ts';

/** As deep as protobuf's own readers go. Deeper values are somebody's attack or accident. */
export const MAX_DEPTH = 100;

/** Whether a value of JSON is nested deeper than so many levels. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels <= 0) return true;
  return Array.isArray(value) ? value.some((item) => isDeeperThan(item, levels - 1)) : Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}

/** The value's JSON. @throws UndecodableValue when nested so deep that writing it would end in an overflow of the stack */
export function textOfJson(value: unknown): string {
  if (isDeeperThan(value, MAX_DEPTH)) throw new UndecodableValue(`a value is nested deeper than ${MAX_DEPTH} levels`);
  return JSON.stringify(value) ?? '';
}

/** A value cannot be taken; the message says why, without the value. */
export class UndecodableValue extends Error {
  override readonly name = 'UndecodableValue';

  constructor(message: string) {
    // Input can hold millions of them, each caught at once: V8 would spend most of the time on writing down where they came from.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const INT64 = 1n << 63n;

/** OTLP/JSON's AnyValue in any spelling that was seen, in canonical form. @throws UndecodableValue */
export function decodeAnyValue(value: unknown, depth = 0): AnyValue {
  if (depth > MAX_DEPTH) throw new UndecodableValue(`a value is nested deeper than ${MAX_DEPTH} levels`);
  if (!isObject(value)) return anyValueOf(value, depth);
  const keys = Object.keys(value);
  if (keys.length === 0) return {};
  const key = keys.find((name) => VALUE_KEYS.has(name));
  // A value without a type is what hand-made exporters send: taken as plain JSON.
  return key === undefined ? anyValueOf(value, depth) : VALUE_KEYS.get(key)!(value[key], depth);
}

const VALUE_KEYS: ReadonlyMap<string, (value: unknown, depth: number) => AnyValue> = new Map(
  Object.entries({
    stringValue: (value: unknown) => ({ stringValue: typeof value === 'string' ? value : textOfJson(value) }),
    boolValue: (value: unknown) => ({ boolValue: value === true || value === 'true' }),
    intValue: decodeInt,
    doubleValue: (value: unknown) => ({ doubleValue: decodeDouble(value) }),
    bytesValue: (value: unknown) => ({ bytesValue: typeof value === 'string' ? value.replaceAll('-', '+').replaceAll('_', '/') : '' }),
    arrayValue: (value: unknown, depth: number) => ({ arrayValue: { values: decodeArray(value, depth) } }),
    kvlistValue: (value: unknown, depth: number) => ({ kvlistValue: { values: decodeAttributes(isObject(value) ? value['values'] : undefined, depth + 1) } }),
  }).flatMap(([name, decode]): [string, typeof decode][] => [[name, decode], [name.replace('V', '_v'), decode]]),
);

function decodeArray(value: unknown, depth: number): AnyValue[] {
  const values = Array.isArray(value) ? (value as unknown[]) : isObject(value) ? value['values'] : undefined;
  return Array.isArray(values) ? values.map((item) => decodeAnyValue(item, depth + 1)) : [];
}

function decodeInt(value: unknown): AnyValue {
  const number = readInteger(value);
  if (number === undefined) throw new UndecodableValue('an intValue is not an integer');
  if (number < -INT64 || number >= INT64) throw new UndecodableValue('an intValue has more than 64 bits');
  return { intValue: number.toString() };
}

function decodeDouble(value: unknown): Extract<AnyValue, { doubleValue: unknown }>['doubleValue'] {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity' || value === '-0') return value;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number') throw new UndecodableValue('a doubleValue is not a number');
  return doubleOf(number);
}

function doubleOf(number: number): Extract<AnyValue, { doubleValue: unknown }>['doubleValue'] {
  if (Object.is(number, -0)) return '-0';
  if (Number.isFinite(number)) return number;
  return Number.isNaN(number) ? 'NaN' : number > 0 ? 'Infinity' : '-Infinity';
}

/** A list of `{key, value}`, or the plain object that hand-made exporters send. @throws UndecodableValue */
export function decodeAttributes(value: unknown, depth = 0): KeyValue[] {
  if (depth > MAX_DEPTH) throw new UndecodableValue(`a value is nested deeper than ${MAX_DEPTH} levels`);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) {
    const attributes: KeyValue[] = [];
    for (const entry of value as unknown[]) {
      if (!isObject(entry) || typeof entry['key'] !== 'string') throw new UndecodableValue('an attribute has no key');
      attributes.push({ key: entry['key'], value: decodeAnyValue(entry['value'] ?? {}, depth) });
    }
    return attributes;
  }
  if (!isObject(value)) throw new UndecodableValue('attributes are neither a list nor an object');
  return Object.entries(value).map(([key, entry]) => ({ key, value: decodeAnyValue(entry, depth) }));
}

/** Plain JSON as an OTLP value: whole numbers become integers, the rest doubles. @throws UndecodableValue when nested too deep */
export function anyValueOf(value: unknown, depth = 0): AnyValue {
  if (depth > MAX_DEPTH) throw new UndecodableValue(`a value is nested deeper than ${MAX_DEPTH} levels`);
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? { intValue: String(value) } : { doubleValue: doubleOf(value) };
  if (Array.isArray(value)) return { arrayValue: { values: value.map((item) => anyValueOf(item, depth + 1)) } };
  if (isObject(value)) return { kvlistValue: { values: attributesOf(value, depth + 1) } };
  return {};
}

/** The members of an object as attributes; members without a value are left out. @throws UndecodableValue */
export function attributesOf(object: Readonly<JsonObject>, depth = 0): KeyValue[] {
  const attributes: KeyValue[] = [];
  for (const [key, value] of Object.entries(object)) if (value !== undefined && value !== null) attributes.push({ key, value: anyValueOf(value, depth) });
  return attributes;
}

/** The value as plain JSON: integers that a double holds exactly become numbers, larger ones stay text. */
export function jsonOf(value: AnyValue): unknown {
  if ('stringValue' in value) return value.stringValue;
  if ('intValue' in value) return numberOrText(value.intValue);
  if ('boolValue' in value) return value.boolValue;
  if ('doubleValue' in value) return value.doubleValue;
  if ('bytesValue' in value) return value.bytesValue;
  if ('arrayValue' in value) return value.arrayValue.values.map(jsonOf);
  if ('kvlistValue' in value) return jsonOfAttributes(value.kvlistValue.values);
  return null;
}

function numberOrText(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits;
}

/** An object without a prototype's keys: `__proto__` is a key like any other. Of a key that was sent twice the last one stands. */
export function jsonOfAttributes(attributes: readonly KeyValue[]): JsonObject {
  const object: JsonObject = {};
  for (const { key, value } of attributes) {
    if (key === '__proto__') Object.defineProperty(object, key, { value: jsonOf(value), enumerable: true, configurable: true, writable: true });
    else object[key] = jsonOf(value);
  }
  return object;
}
