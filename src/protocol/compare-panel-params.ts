import * as v from 'valibot';
import type { CompareSettings } from './compare.ts';
import { comparisonRef as ref, comparisonView, compareSettings as settings, humanVerdict } from './compare-panel-decode.ts';
import type { ComparedOutput, ComparePanelMethods } from './compare-panel.ts';

/** For the side that answers: of what the comparison panel asks. Apart from the decoders of answers, which the panel carries. */
type Schema<T> = v.GenericSchema<unknown, T>;

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.string();
const view = comparisonView;
const sides = v.picklist(['a', 'b']);
const only = v.object({ ref });
const output: Schema<ComparedOutput> = v.object({ ref, side: sides, caseIndex: index, repeat: index });
const given: Schema<Partial<CompareSettings> | undefined> = v.optional(v.object({ margin: v.optional(v.pipe(v.number(), v.minValue(0))), metric: v.optional(text), sliceBy: v.optional(v.nullable(text)) }));

export const comparePanelParams: { readonly [M in keyof ComparePanelMethods]: Schema<ComparePanelMethods[M][0]> } = {
  'comparison/get': v.object({ ref: v.nullable(ref), settings, rows: v.nullable(v.object({ view, count: v.pipe(index, v.maxValue(1000)) })) }),
  'comparison/page': v.object({ ref, settings: given, view, from: index, to: index }),
  'comparison/find': v.object({ ref, settings: given, view, caseIndex: index }),
  'comparison/case': v.object({ ref, settings: given, caseIndex: index }),
  'comparison/prompts': only, 'comparison/distributions': only, 'comparison/estimate': only,
  'comparison/verdict': v.object({ ref, caseIndex: index, verdict: humanVerdict }),
  'comparison/again': v.object({ ref, untilClear: v.optional(settings) }), 'comparison/run-changed': only, 'comparison/cancel': only, 'comparison/resume': only, 'comparison/swap': only,
  'comparison/choose-side': v.object({ ref, side: sides }), 'comparison/promote': only,
  'comparison/export': v.object({ ref, settings, format: v.picklist(['markdown', 'html', 'json']), to: v.picklist(['clipboard', 'file']) }),
  'prompts/diff': only, 'outputs/diff': v.object({ ref, caseIndex: index, repeats: v.object({ a: index, b: index }) }),
  'output/accept': output, 'output/trace': output,
  'open': v.variant('what', [
    v.object({ ref, what: v.picklist(['prompt', 'version', 'run']), side: sides }), v.object({ ref, what: v.literal('dataset') }), v.object({ ref, what: v.literal('case'), caseIndex: index }),
  ]),
  'copy': v.object({ text }),
};
