import * as v from 'valibot';
import type { CellKey } from '../core/eval/model.ts';
import type { GridView } from './engine.ts';
import type { RunPanelMethods } from './run-panel.ts';

/** For the side that answers: of what the run panel asks. Apart from the decoders of answers, which the panel carries. */
type Schema<T> = v.GenericSchema<unknown, T>;

const number = v.number();
const index = v.pipe(number, v.integer(), v.minValue(0));
const text = v.string();
const texts = v.array(text);
const nothing: Schema<Record<string, never>> = v.custom<Record<string, never>>(() => true);
const key: Schema<CellKey> = v.object({ caseIndex: index, modelIndex: index, repeat: index });
const gridView: Schema<GridView> = v.object({
  filter: v.picklist(['all', 'failing', 'errors', 'slow', 'cached']), search: v.pipe(text, v.maxLength(1000)), groupBySlice: v.boolean(), collapsed: texts,
  sort: v.object({ by: v.picklist(['order', 'case', 'score', 'latency', 'cost']), modelIndex: index, descending: v.boolean() }),
});

export const runPanelParams: { readonly [M in keyof RunPanelMethods]: Schema<RunPanelMethods[M][0]> } = {
  'run/get': nothing,
  'grid/page': v.object({ view: gridView, from: index, to: index }),
  'grid/find': v.object({
    view: gridView, fromRow: v.pipe(number, v.integer(), v.minValue(-1)), direction: v.picklist([1, -1]), what: v.picklist(['failing', 'case']), caseIndex: v.optional(index),
  }),
  'cell/get': v.object({ key }), 'cell/rerun': v.object({ caseIndex: index }),
  'run/cancel': nothing, 'run/again': nothing, 'run/resume': nothing,
  'run/export': v.object({ format: v.picklist(['json', 'xml', 'html', 'csv']) }),
  'open': v.variant('what', [v.object({ what: v.picklist(['prompt', 'dataset']) }), v.object({ what: v.literal('case'), caseIndex: index })]),
  'cell/accept': v.object({ key }), 'cell/diff': v.object({ key }), 'cell/trace': v.object({ key }), 'copy': v.object({ text }),
};
