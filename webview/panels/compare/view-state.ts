import * as v from 'valibot';
import type { ComparisonRef, ComparisonView, CompareSettings } from '../../../src/protocol/compare.ts';
import { FIRST_QUESTION } from '../../../src/protocol/compare-panel.ts';
import { comparisonRef, comparisonView } from '../../../src/protocol/compare-panel-decode.ts';
import { BLINDED_FILTERS, type BlindedFilter } from './blinding.ts';

export type Tab = 'outputs' | 'prompt' | 'slices' | 'scores';

/** What survives a reload of the panel: where the person was looking, never what was there. */
export interface ViewState {
  /** The shown one of several comparisons. */
  readonly chosen: ComparisonRef | null;
  readonly settings: CompareSettings;
  readonly view: ComparisonView;
  readonly tab: Tab;
  /** The open case. */
  readonly open: number | null;
  /** The repeat that is looked at, of each side. */
  readonly repeats: { readonly a: number; readonly b: number };
  /** Parts of the detail that are folded. */
  readonly folded: readonly ('variables' | 'assertions')[];
  /** Outputs are judged without knowing whose they are. `seed` sets which side is left, for each case. */
  readonly blinded: boolean;
  readonly seed: number;
  /** Which cases are shown meanwhile; `view` keeps the filter that the person comes back to. */
  readonly blindedFilter: BlindedFilter;
  /** Pixels of the detail; `null`: as designed. */
  readonly detailWidth: number | null;
  readonly detailHeight: number | null;
}

export const INITIAL_VIEW: ComparisonView = FIRST_QUESTION.rows.view;

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const size = v.fallback(v.nullable(v.pipe(v.number(), v.minValue(100), v.maxValue(10_000))), null);

const schema = v.object({
  chosen: v.fallback(v.nullable(comparisonRef), null),
  settings: v.fallback(v.object({ margin: v.pipe(v.number(), v.minValue(0)), metric: v.string(), sliceBy: v.nullable(v.string()) }), { ...FIRST_QUESTION.settings }),
  view: v.fallback(comparisonView, INITIAL_VIEW),
  tab: v.fallback(v.picklist(['outputs', 'prompt', 'slices', 'scores']), 'outputs'),
  open: v.fallback(v.nullable(index), null),
  repeats: v.fallback(v.object({ a: index, b: index }), { a: 0, b: 0 }),
  folded: v.fallback(v.array(v.picklist(['variables', 'assertions'])), []),
  blinded: v.fallback(v.boolean(), false),
  seed: v.fallback(index, 0),
  blindedFilter: v.fallback(v.picklist(BLINDED_FILTERS), 'changed'),
  detailWidth: size,
  detailHeight: size,
});

/** Takes what VS Code kept, also from an older build: what does not fit falls back to its default. `seed`: for a panel that is new. */
export function decodeViewState(kept: unknown, seed: number): ViewState {
  const parsed = v.safeParse(schema, kept ?? { seed });
  return parsed.success ? parsed.output : v.parse(schema, { seed });
}
