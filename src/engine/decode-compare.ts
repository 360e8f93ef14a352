import * as v from 'valibot';
import type { CompareMethods } from '../protocol/compare.ts';
import { comparisonRef } from '../protocol/compare-panel-decode.ts';

/** One decoder a method about comparisons: nothing from the channel is used before it passed. */

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const path = v.pipe(v.string(), v.minLength(1));
const overlays = v.optional(v.array(v.object({ path, text: v.string() })));

const request = v.object({
  sides: v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(4096))),
  folder: v.optional(path),
  overlays,
  model: v.optional(v.string()),
  dataset: v.optional(path),
  repeats: v.optional(v.number()),
  concurrency: v.optional(v.number()),
  noCache: v.optional(v.boolean()),
  budgetUsd: v.optional(v.number()),
  options: v.optional(v.object({ margin: v.optional(amount), metric: v.optional(v.string()), sliceBy: v.optional(v.nullable(v.string())) })),
  sequential: v.optional(v.boolean()),
  origin: v.picklist(['editor', 'cli']),
});

const ref = comparisonRef;
const settings = v.optional(v.object({ margin: v.optional(amount), metric: v.optional(v.string()), sliceBy: v.optional(v.nullable(v.string())) }));
const together = v.optional(v.pipe(v.array(ref), v.maxLength(100)));
const view = v.object({
  filter: v.picklist(['all', 'regressed', 'improved', 'changed', 'failing', 'disagreement']),
  search: v.string(),
  slice: v.nullable(v.string()),
  sort: v.object({ by: v.picklist(['order', 'case', 'change', 'delta', 'a', 'b', 'latency', 'cost']), descending: v.boolean() }),
});

export const COMPARE_SCHEMAS = {
  'compare/estimate': request,
  'compare/start': request,
  'compare/get': v.object({ ref, settings, together, overlays, soon: v.optional(v.boolean()) }),
  'compare/page': v.object({ ref, settings, view, from: index, to: index }),
  'compare/find': v.object({ ref, settings, view, caseIndex: index }),
  'compare/case': v.object({ ref, settings, caseIndex: index }),
  'compare/prompts': v.object({ ref }),
  'compare/distributions': v.object({ ref }),
  'compare/verdict': v.object({ ref, caseIndex: index, verdict: v.nullable(v.picklist(['a', 'b', 'tie'])) }),
  'compare/export': v.object({ ref, settings, together, format: v.picklist(['markdown', 'html', 'json']), file: v.optional(path) }),
  'compare/last': v.object({ path, prompt: v.optional(v.string()), environment: v.string(), overlays }),
} satisfies { readonly [M in keyof CompareMethods]: v.GenericSchema<unknown, CompareMethods[M][0]> };
