import { isObject, type JsonObject } from '../json.ts';
import { UndecodableValue } from './any-value.ts';
import type { Decoded } from './model.ts';
import { decodeOtlpJson } from './otlp-json.ts';
import { countPointsJson, countPointsProtobuf } from './otlp-metrics.ts';
import { decodeLogsProtobuf, decodeTracesProtobuf } from './otlp-protobuf.ts';
import { parseKeepingLongIntegers } from './parse-json.ts';
import type { EncodedBatch } from './sink.ts';

export type OtlpForm = Exclude<EncodedBatch['form'], 'documents'>;

export interface OtlpRequest extends Decoded {
  /** Data points of metrics: counted, not kept. */
  readonly metrics: number;
}

/** Bodies up to so many bytes need no look at how many values they hold. */
const SMALL_BODY = 4 * 1024 * 1024;

/** An empty object takes three bytes of JSON and forty of memory: more of them in one request are an attack or an accident. */
const MAX_JSON_VALUES = 8_000_000;

/**
 * What was posted to `/v1/traces`, `/v1/logs` or `/v1/metrics`, in either encoding. A request without anything in it is a good one.
 * @throws UndecodableValue when the body as a whole is not what it is said to be
 */
export function decodeOtlpRequest(form: OtlpForm, body: Uint8Array): OtlpRequest {
  switch (form) {
    case 'otlp-traces-protobuf': return { ...decodeTracesProtobuf(body), metrics: 0 };
    case 'otlp-logs-protobuf': return { ...decodeLogsProtobuf(body), metrics: 0 };
    case 'otlp-metrics-protobuf': return { ...NOTHING, metrics: countPointsProtobuf(body) };
    case 'otlp-metrics-json': return { ...NOTHING, metrics: countPointsJson(parseRequest(body)) };
    case 'otlp-traces-json':
    case 'otlp-logs-json': return { ...decodeJson(parseRequest(body)), metrics: 0 };
  }
}

const NOTHING: Decoded = { spans: [], logs: [], rejected: [] };

function parseRequest(body: Uint8Array): JsonObject {
  if (body.length > SMALL_BODY && countValues(body) > MAX_JSON_VALUES) throw new UndecodableValue(`the request holds more than ${MAX_JSON_VALUES.toLocaleString('en')} values: send smaller batches`);
  const parsed = parseKeepingLongIntegers(new TextDecoder().decode(body));
  if ('error' in parsed) throw new UndecodableValue(`the body is not valid JSON: ${parsed.error}`);
  if (!isObject(parsed.value)) throw new UndecodableValue('the body is not an object');
  return parsed.value;
}

const LISTS = ['resourceSpans', 'resource_spans', 'batches', 'resourceLogs', 'resource_logs'];

function decodeJson(request: JsonObject): Decoded {
  const wrong = LISTS.find((key) => request[key] !== undefined && request[key] !== null && !Array.isArray(request[key]));
  if (wrong !== undefined) throw new UndecodableValue(`${wrong} is not a list`);
  // Keys that are not known are to be ignored; without any that is known there is nothing to take.
  return decodeOtlpJson(request) ?? NOTHING;
}

/** Values of JSON text, by what stands before each of them: opening brackets and commas outside of strings. */
function countValues(body: Uint8Array): number {
  let values = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === 0x22) {
      for (at++; at < body.length && body[at] !== 0x22; at++) if (body[at] === 0x5c) at++;
    } else if (byte === 0x2c || byte === 0x7b || byte === 0x5b) values++;
  }
  return values;
}
