import { isObject, type JsonObject } from '../../json.ts';
import { hashJson } from '../../hash.ts';
import { decodeAttributes } from '../any-value.ts';
import type { RawSpan } from '../model.ts';
import { asText, itemsOf, makeScope, makeSpan, readItems, sample } from './build.ts';
import { Sequence } from './conversation.ts';
import type { TraceFormat } from './format.ts';

/**
 * The attributes of one span with its name and scope and nothing else: no ids, no times. Such bags are kept as test data of
 * instrumentations. Each is a trace of one span, whose ids follow from its content.
 */
export const attributeBag: TraceFormat = {
  name: 'attributes',
  sniff(value) {
    const bag = sample(value);
    return bag !== null && isObject(bag['attributes']) && ('spanName' in bag || 'scopeName' in bag) && !('spanId' in bag) && !('traceId' in bag);
  },
  read(documents, { baseNs = '0' }) {
    const time = new Sequence(baseNs);
    return readItems(itemsOf(documents), (bag) => spanOf(bag, time.next()));
  },
};

function spanOf(bag: JsonObject, at: string): RawSpan {
  const id = hashJson(bag);
  return makeSpan({
    traceId: id.slice(0, 32),
    spanId: id.slice(32, 48),
    parentSpanId: null,
    name: asText(bag['spanName']) ?? '',
    startTimeUnixNano: at,
    endTimeUnixNano: at,
    // Values may be OTLP's without its letter case of a list: {values: [{stringValue}]}
    attributes: decodeAttributes(Object.fromEntries(Object.entries(bag['attributes'] as JsonObject).map(([key, value]) => [key, isObject(value) && Array.isArray(value['values']) && Object.keys(value).length === 1 ? { arrayValue: value } : value]))),
    scope: makeScope(asText(bag['scopeName']) ?? ''),
  });
}
