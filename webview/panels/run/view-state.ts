import * as v from 'valibot';
import type { CellKey } from '../../../src/core/eval/model.ts';
import type { GridView } from '../../../src/protocol/engine.ts';

export type DetailTab = 'result' | 'request' | 'response';
export type OutputMode = 'difference' | 'text' | 'json' | 'markdown';

/** What survives a reload of the panel: where the person was looking, never what was there. */
export interface ViewState {
  readonly view: GridView;
  /** The open cell. */
  readonly open: CellKey | null;
  readonly tab: DetailTab;
  /** What the person chose; `null`: what suits the output. */
  readonly outputMode: OutputMode | null;
  /** Pixels of the detail; `null`: as designed. */
  readonly detailWidth: number | null;
  readonly detailHeight: number | null;
}

export const INITIAL_VIEW: GridView = {
  filter: 'all', search: '', groupBySlice: false, collapsed: [], sort: { by: 'order', modelIndex: 0, descending: false },
};

export const INITIAL_STATE: ViewState = { view: INITIAL_VIEW, open: null, tab: 'result', outputMode: null, detailWidth: null, detailHeight: null };

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const size = v.fallback(v.nullable(v.pipe(v.number(), v.minValue(100), v.maxValue(10_000))), null);

const schema = v.object({
  view: v.fallback(v.object({
    filter: v.picklist(['all', 'failing', 'errors', 'slow', 'cached']),
    search: v.pipe(v.string(), v.maxLength(1000)),
    groupBySlice: v.boolean(),
    collapsed: v.array(v.string()),
    sort: v.object({ by: v.picklist(['order', 'case', 'score', 'latency', 'cost']), modelIndex: index, descending: v.boolean() }),
  }), { ...INITIAL_VIEW, collapsed: [] }),
  open: v.fallback(v.nullable(v.object({ caseIndex: index, modelIndex: index, repeat: index })), null),
  tab: v.fallback(v.picklist(['result', 'request', 'response']), 'result'),
  outputMode: v.fallback(v.nullable(v.picklist(['difference', 'text', 'json', 'markdown'])), null),
  detailWidth: size,
  detailHeight: size,
});

/** Takes what VS Code kept, also from an older build: what does not fit falls back to its default. */
export function decodeViewState(kept: unknown): ViewState {
  const parsed = v.safeParse(schema, kept);
  return parsed.success ? parsed.output : INITIAL_STATE;
}
