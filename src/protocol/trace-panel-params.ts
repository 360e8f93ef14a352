import * as v from 'valibot';
import type { TracePanelMethods } from './trace-panel.ts';

/** For the side that answers: of what the trace panel asks. Apart from the decoders of answers, which the panel carries. */
type Schema<T> = v.GenericSchema<unknown, T>;

const number = v.number();
const index = v.pipe(number, v.integer(), v.minValue(0));
const text = v.string();
const spanId = v.pipe(text, v.regex(/^[0-9a-f]{16}$/));
const nothing: Schema<Record<string, never>> = v.custom<Record<string, never>>(() => true);

const format = v.picklist(['json', 'otlp', 'tree', 'markdown']);
// JSON pointers into a span: never a way to anything else.
const pointer = v.pipe(text, v.maxLength(10_000), v.regex(/^(?:\/|$)/));

export const tracePanelParams: { readonly [M in keyof TracePanelMethods]: Schema<TracePanelMethods[M][0]> } = {
  'trace/get': nothing,
  'trace/skeleton': v.object({ knownRevision: v.optional(number) }),
  'trace/span': v.object({ spanId }),
  'trace/value': v.object({ spanId, pointer }),
  'trace/find': v.object({ text: v.pipe(text, v.maxLength(1000)), limit: v.pipe(index, v.maxValue(1_000_000)) }),
  'trace/findings': nothing,
  'trace/prompt': v.object({ spanId }),
  'trace/memory': v.object({ session: text }),
  'trace/copy': v.object({ format, spanId: v.optional(spanId) }),
  'trace/export': v.object({ format, spanId: v.optional(spanId) }),
  'trace/delete': nothing,
  'open': v.variant('what', [
    v.object({ what: v.literal('code'), spanId }),
    v.object({ what: v.picklist(['prompt', 'new-prompt', 'golden', 'replay']), spanId }),
    v.object({ what: v.literal('traces'), query: v.pipe(text, v.maxLength(2000)) }),
    v.object({ what: v.literal('trace'), traceId: v.pipe(text, v.regex(/^[0-9a-f]{32}$/)), spanId: v.nullable(spanId) }),
    v.object({ what: v.literal('value'), spanId, pointer }),
  ]),
  'copy': v.object({ text }),
};
