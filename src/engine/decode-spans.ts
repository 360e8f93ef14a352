import * as v from 'valibot';
import type { SpanMethods } from '../protocol/spans.ts';

const text = v.pipe(v.string(), v.maxLength(4096));
const name = v.pipe(text, v.minLength(1));
const overlays = v.optional(v.array(v.object({ path: name, text: v.string() })));
const span = { traceId: name, spanId: name };
const prompt = v.optional(v.object({ path: name, prompt: v.optional(name) }));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1000));

/** One decoder a method of what is asked of spans. */
export const SPAN_SCHEMAS = {
  'spans/prompt': v.object({ ...span, overlays }),
  'prompts/production': v.object({ path: name, days: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(36_500))) }),
  'golden/propose': v.object({ spans: v.pipe(v.array(v.object(span)), v.maxLength(1000)), prompt, corrections: v.optional(v.record(name, v.unknown())), overlays }),
  'golden/sample': v.object({ query: text, count, prompt }),
} satisfies { readonly [M in 'spans/prompt' | 'prompts/production' | 'golden/propose' | 'golden/sample']: v.GenericSchema<unknown, SpanMethods[M][0]> };
