import { MAX_DEPTH, UndecodableValue } from './any-value.ts';
import type { AnyValue, KeyValue } from './model.ts';
import { tag, WireReader } from './protobuf-reader.ts';

/**
 * More values (spans, attributes, members of lists) in one request are an attack or an accident: an empty one takes two bytes on
 * the wire and a hundred in memory.
 */
const MAX_VALUES = 4_000_000;

/** A reader that counts the values it makes. */
export class OtlpReader extends WireReader {
  #values = 0;

  /** To be called once for each value that takes memory. */
  count(): void {
    if (++this.#values > MAX_VALUES) throw new TooManyValues(`the request holds more than ${MAX_VALUES.toLocaleString('en')} values: send smaller batches`);
  }
}

/** Said of the request, not of the span in which the count was passed. */
export class TooManyValues extends UndecodableValue {}

/** A field behind the last one known is newer than this reader; a known one in another wire type shows that the bytes are something else. */
export function skipUnknown(reader: OtlpReader, field: number, last: number, what: string): void {
  if (field >>> 3 <= last) throw new UndecodableValue(`field ${field >>> 3} of ${what} is of the wrong type`);
  reader.skip(field);
}

const FIELD_1 = tag(1, 'bytes');
const FIELD_2 = tag(2, 'bytes');

/** An attribute of the message that ends at `limit`. @throws UndecodableValue */
export function readKeyValue(reader: OtlpReader, limit: number, depth: number): KeyValue {
  const end = reader.end(limit);
  reader.count();
  let key = '';
  let value: AnyValue = {};
  while (reader.pos < end) {
    const field = reader.tag();
    if (field === FIELD_1) key = reader.text(end);
    else if (field === FIELD_2) value = readAnyValue(reader, end, depth);
    else skipUnknown(reader, field, 2, 'an attribute');
  }
  reader.finish(end);
  return { key, value };
}

const VALUE = { string: tag(1, 'bytes'), bool: tag(2, 'varint'), int: tag(3, 'varint'), double: tag(4, 'fixed64'), array: tag(5, 'bytes'), kvlist: tag(6, 'bytes'), bytes: tag(7, 'bytes') } as const;

/** A value of the message that ends at `limit`; of several members the last one stands. @throws UndecodableValue */
export function readAnyValue(reader: OtlpReader, limit: number, depth: number): AnyValue {
  if (depth > MAX_DEPTH) throw new UndecodableValue(`a value is nested deeper than ${MAX_DEPTH} levels`);
  const end = reader.end(limit);
  let value: AnyValue = {};
  while (reader.pos < end) {
    const field = reader.tag();
    switch (field) {
      case VALUE.string: value = { stringValue: reader.text(end) }; break;
      case VALUE.bool: value = { boolValue: reader.bool() }; break;
      case VALUE.int: value = { intValue: reader.int64() }; break;
      case VALUE.double: value = { doubleValue: doubleOf(reader.double()) }; break;
      case VALUE.array: value = { arrayValue: { values: readList(reader, end, depth, readElement) } }; break;
      case VALUE.kvlist: value = { kvlistValue: { values: readList(reader, end, depth, readKeyValue) } }; break;
      case VALUE.bytes: value = { bytesValue: reader.base64(end) }; break;
      default: skipUnknown(reader, field, 7, 'a value');
    }
  }
  reader.finish(end);
  return value;
}

/** `ArrayValue` and `KeyValueList`: field 1, repeated. */
function readList<T>(reader: OtlpReader, limit: number, depth: number, read: (reader: OtlpReader, limit: number, depth: number) => T): T[] {
  const end = reader.end(limit);
  const values: T[] = [];
  while (reader.pos < end) {
    const field = reader.tag();
    if (field === FIELD_1) values.push(read(reader, end, depth + 1));
    else skipUnknown(reader, field, 1, 'a list');
  }
  reader.finish(end);
  return values;
}

function readElement(reader: OtlpReader, limit: number, depth: number): AnyValue {
  reader.count();
  return readAnyValue(reader, limit, depth);
}

function doubleOf(number: number): Extract<AnyValue, { doubleValue: unknown }>['doubleValue'] {
  if (Object.is(number, -0)) return '-0';
  if (Number.isFinite(number)) return number;
  return Number.isNaN(number) ? 'NaN' : number > 0 ? 'Infinity' : '-Infinity';
}
