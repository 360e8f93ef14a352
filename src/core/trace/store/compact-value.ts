import { isObject } from '../../json.ts';
import type { AnyValue, KeyValue } from '../model.ts';

/**
 * OTLP values as JSON without their wrappers, in which they take less than half the room: texts, booleans and whole numbers as
 * themselves, `null` for no value; what JSON has no type for in an object of one member: `d` double, `i` long integer, `b` bytes,
 * `a` list, `k` keys and values in turn.
 */
export type CompactValue = string | number | boolean | null | CompactTagged;

export type CompactTagged =
  | { readonly d: number | string }
  | { readonly i: string }
  | { readonly b: string }
  | { readonly a: readonly CompactValue[] }
  | { readonly k: readonly CompactValue[] };

/** The value as JSON text. */
export function compactText(value: AnyValue): string {
  if ('stringValue' in value) return JSON.stringify(value.stringValue);
  if ('intValue' in value) return isPlainInteger(value.intValue) ? value.intValue : `{"i":${JSON.stringify(value.intValue)}}`;
  if ('boolValue' in value) return value.boolValue ? 'true' : 'false';
  if ('doubleValue' in value) return `{"d":${JSON.stringify(value.doubleValue)}}`;
  if ('bytesValue' in value) return `{"b":${JSON.stringify(value.bytesValue)}}`;
  if ('arrayValue' in value) return `{"a":[${value.arrayValue.values.map(compactText).join(',')}]}`;
  if ('kvlistValue' in value) return `{"k":${compactPairs(value.kvlistValue.values)}}`;
  return 'null';
}

/** Keys and values in turn, as a JSON list. */
export function compactPairs(pairs: readonly KeyValue[]): string {
  return `[${pairs.map(({ key, value }) => `${JSON.stringify(key)},${compactText(value)}`).join(',')}]`;
}

/** Whether a JSON number is read back as the same digits. */
function isPlainInteger(digits: string): boolean {
  return digits.length <= 15 ? /^(?:0|-?[1-9]\d*)$/.test(digits) : Number.isSafeInteger(Number(digits)) && String(Number(digits)) === digits;
}

export function valueOfCompact(value: CompactValue): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  if (!isObject(value)) return {};
  if ('d' in value) return { doubleValue: value.d as number };
  if ('i' in value) return { intValue: value.i };
  if ('b' in value) return { bytesValue: value.b };
  if ('a' in value) return { arrayValue: { values: value.a.map(valueOfCompact) } };
  return { kvlistValue: { values: pairsOfCompact(value.k) } };
}

export function pairsOfCompact(list: readonly CompactValue[], keyPrefix = ''): KeyValue[] {
  const pairs: KeyValue[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) pairs.push({ key: keyPrefix + (list[at] as string), value: valueOfCompact(list[at + 1]!) });
  return pairs;
}
