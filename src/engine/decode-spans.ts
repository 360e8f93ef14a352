import * as v from 'valibot';
import type { SpanMethods } from '../protocol/spans.ts';

const text = v.pipe(v.string(), v.maxLength(4096));
const name = v.pipe(text, v.minLength(1));
const overlays = v.optional(v.array(v.object({ path: name, text: v.string() })));
const span = { traceId: name, spanId: name };
const prompt = v.optional(v.object({ path: name, prompt: v.optional(name) }));
const vars = v.record(v.string(), v.unknown());
const promptOfReplay = v.object({ kind: v.literal('prompt'), path: name, prompt: v.optional(name), ref: name, vars: v.optional(vars) });
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1000));

/** One decoder a method of what is asked of spans. */
export const SPAN_SCHEMAS = {
  'spans/prompt': v.object({ ...span, overlays }),
  'prompts/production': v.object({ path: name, days: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(36_500))) }),
  'calls/match': v.object({ forMs: v.pipe(v.number(), v.minValue(0), v.maxValue(10_000)) }),
  'calls/new-prompt': v.object({ ...span, name }),
  'golden/propose': v.object({ spans: v.pipe(v.array(v.object(span)), v.maxLength(1000)), prompt, corrections: v.optional(v.record(name, v.unknown())), vars: v.optional(v.record(name, vars)), overlays }),
  'golden/sample': v.object({ query: text, count, prompt }),
  'replay/variables': v.object({ span: v.object(span), with: promptOfReplay, overlays }),
  'replay/run': v.object({
    span: v.object(span),
    with: v.variant('kind', [v.object({ kind: v.literal('recorded') }), promptOfReplay]),
    model: v.optional(name),
    times: v.pipe(v.number(), v.safeInteger()),
    overlays,
    agent: v.optional(v.object({ maxSteps: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(200)) })),
    budgetUsd: v.optional(v.pipe(v.number(), v.minValue(0))),
    stream: name,
  }),
  'spans/code': v.object(span),
  'code/lines': v.object({ traceId: name }),
  'code/functions': v.object({ file: name }),
} satisfies { readonly [M in keyof SpanMethods]: v.GenericSchema<unknown, SpanMethods[M][0]> };
